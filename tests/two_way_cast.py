"""The people of a story: each deed by its name."""

from contextlib import suppress

from odoo.exceptions import UserError
from odoo.fields import Command

from .two_way_oracle import ODOO, Register
from .two_way_story import AROUND, AUDIENCES, FIELDS, IN_ODOO, TAGS, VALUES
from .two_way_world import MANAGED, MAPPING, OF_CUSTOMER, Killed


class Cast:
    """Does what a story says, and remembers who gave which value to what.

    :param case: a `TwoWayCase`, at the beginning
    """

    def __init__(self, case):
        self.case = case
        self.env = case.env
        self.turn = 0
        self.persons = self._persons()
        self.contact_of = {
            key: contact for contact, keys in self.persons.items() for key in keys
        }
        self.registers = {
            (contact, field): Register(VALUES[field][0])
            for contact in self.persons
            for field in VALUES
        }
        for contact in self.persons:
            self.registers |= {(contact, tag): Register(False) for tag in TAGS}
        self.opted_out = {}
        self.odoo_at = {}
        self.changed_there = {}

    def _persons(self):
        """Return {id of a contact: {(audience, contact id in Mailchimp)}}."""
        found = {}
        for name in AUDIENCES:
            for member in self.case.ours(name).member_ids:
                keys = found.setdefault(member.contact_id.id, set())
                keys.add((name, member.remote_contact_id))
        found.pop(False, None)
        return found

    def act(self, deed):
        """Do something; what cannot be done is left undone."""
        kind, *words = deed
        deed_of = getattr(self, f"_{kind}")
        if kind in IN_ODOO:
            with suppress(UserError), self.env.cr.savepoint():
                deed_of(*words)
            self.env.flush_all()
        elif kind in AROUND:
            deed_of(*words)
        else:
            with suppress(KeyError, ValueError), self.case.sandbox.lock:
                deed_of(*words)
        self.env.cr.flush()
        self.case.sandbox.clock.advance(1)

    # === MEMORY === #

    def _now(self):
        return self.case.sandbox.clock.now()

    def _note(self, contact, field, side, value):
        register = self.registers.get((contact, field))
        if register:
            register.note(side, value, self.turn)

    def disturb(self, *contacts):
        """Nobody can tell any more what these people's values should be."""
        for key in [key for key in self.registers if key[0] in contacts]:
            del self.registers[key]

    def _disturb_addresses(self, *emails):
        contacts = self.env["mailing.contact"].search(
            [("email_normalized", "in", emails)]
        )
        self.disturb(*contacts.ids)
        for name in AUDIENCES:
            for email in emails:
                if member := self.case.remotes[name].by_email(email):
                    self.disturb(self.contact_of.get((name, member.contact_id)))

    def _remember_opt_out(self, name, members):
        """Who opts out in Odoo stays out, whatever comes."""
        count = len(self.case.sandbox.transitions)
        for member in members:
            if member.remote_contact_id and not member.forgotten:
                self.opted_out.setdefault((name, member.remote_contact_id), count)

    # === IN ODOO === #

    def _edit(self, email, change):
        field, value = change
        contact = self.case.who(email)
        record = self.case.customer(email) if field in OF_CUSTOMER else contact
        if not record:
            return
        record.write(self.values_in_odoo(field, value))
        if contact:
            self.odoo_at[contact.id] = self._now()
            self._note(contact.id, field, ODOO, value)

    def values_in_odoo(self, field, value):
        """Return what to write for a value."""
        if field == "name":
            return dict(zip(("first_name", "last_name"), value.split(), strict=True))
        name = MAPPING[field][2].removeprefix("partner_id.")
        if field == "country":
            countries = self.env["res.country"].search([("name", "=", value)], limit=1)
            value = countries.id
        return {name: value}

    def _label(self, email, tag, on):
        category = self.env["res.partner.category"].search([("name", "=", tag)])
        contact = self.case.who(email)
        command = Command.link if on else Command.unlink
        contact.tag_ids = [command(category.id)]
        if contact:
            self.odoo_at[contact.id] = self._now()
            self._note(contact.id, tag, ODOO, on)

    def _move(self, email, address):
        contact = self.case.who(email)
        if contact and email != address:
            self._disturb_addresses(email, address)
            contact.email = address

    def _opt_out(self, name, email):
        audience, contact = self.case.ours(name), self.case.who(email)
        subscription = contact.subscription_ids.filtered(
            lambda s: s.list_id == audience.mailing_list_id and not s.opt_out
        )
        if subscription:
            self._remember_opt_out(
                name, audience.member_ids.filtered(lambda m: m.contact_id == contact)
            )
            subscription.opt_out = True

    def _blacklist(self, email):
        for name in AUDIENCES:
            members = self.case.ours(name).member_ids
            self._remember_opt_out(name, members.filtered(lambda m: m.email == email))
        self.env["mail.blacklist"]._add(email)

    def _remove(self, email):
        self._disturb_addresses(email)
        self.case.who(email).unlink()

    def _create(self, name, email):
        self._disturb_addresses(email)
        list_id = self.case.ours(name).mailing_list_id.id
        self.env["mailing.contact"].create(
            {
                "first_name": "New",
                "last_name": "One",
                "email": email,
                "subscription_ids": [Command.create({"list_id": list_id})],
            }
        )

    def _merge_customers(self, email, other):
        kept, gone = self.case.customer(email), self.case.customer(other)
        if kept and gone and kept != gone:
            self._disturb_addresses(email, other)
            wizard = self.env["base.partner.merge.automatic.wizard"].create({})
            wizard._merge((kept | gone).ids, kept, extra_checks=False)

    def _contacts(self, emails):
        found = [self.case.who(email).id for email in emails]
        return self.env["mailing.contact"].browse(id_ for id_ in found if id_)

    def _export(self, name, emails):
        if contacts := self._contacts(emails):
            self._disturb_new(name, contacts)
            contacts._mailchimp_start_export(self.case.ours(name), "user", 5)

    def _disturb_new(self, name, contacts):
        """What is linked with a member only now was never agreed on."""
        known = {m.contact_id for m in self.case.ours(name).member_ids}
        self.disturb(*[c.id for c in contacts if c not in known])

    def _auto_export(self, name):
        if name == "news":
            self._disturb_new(name, self.env["mailing.contact"].search([]))
            self.case.ours(name)._start_auto_export("user", 5)

    def _update(self, emails):
        contacts = self._contacts(emails)
        if len(contacts) > 1:
            contacts.action_mailchimp_update()

    def _act(self, name, email, action):
        """Somebody chooses a few members and presses a button."""
        members = self.case.ours(name).member_ids
        chosen = members.filtered(lambda m: m.email == email)
        if not chosen:
            return
        if action == "unsubscribe":
            self._remember_opt_out(name, chosen.filtered(lambda m: not m.forgotten))
            (chosen | members[:0]).sudo()._in_act()._prepare_act(action)
        else:
            self._disturb_addresses(email)
        chosen.sudo()._in_act()._start_act(self.case.ours(name), action)

    # === IN MAILCHIMP === #

    def _profile(self, name, email, change):
        field, value = change
        name = name if field in FIELDS[name] else "news"
        remote = self.case.remotes[name]
        member = remote.by_email(email)
        if member is None:
            return
        merges = self.values_in_mailchimp(field, value)
        self.case.people.update_profile(remote, email, merges)
        contact = self.contact_of.get((name, member.contact_id))
        if contact is None:  # they may find one now
            self._disturb_addresses(email)
        self._note(contact, field, name, value)
        self.changed_there[name, member.contact_id] = self._now()

    def values_in_mailchimp(self, field, value):
        """Return the merge values for a value."""
        if field == "name":
            return dict(zip(("FNAME", "LNAME"), value.split(), strict=True))
        return {MAPPING[field][0]: value}

    def _tag(self, name, email, tag, on):
        remote = self.case.remotes[name]
        self.case.people.tag(remote, email, tag, on)
        contact = self.contact_of.get((name, remote.by_email(email).contact_id))
        if contact is None:  # as above
            self._disturb_addresses(email)
        if name in MANAGED:
            self._note(contact, tag, name, on)
        else:
            self.registers.pop((contact, tag), None)

    def _change_email(self, name, email, address):
        self._disturb_addresses(email, address)
        self.case.people.change_email(self.case.remotes[name], email, address)

    def _unsubscribe(self, name, email):
        self.case.people.unsubscribe(self.case.remotes[name], email)

    def _take_off(self, name, email):
        self.case.people.unsubscribe(self.case.remotes[name], email, source="admin")

    def _bounce(self, name, email):
        self.case.people.bounce(self.case.remotes[name], email)

    def _complain(self, name, email):
        self.case.people.complain(self.case.remotes[name], email)

    def _archive(self, name, email):
        self._disturb_addresses(email)
        self.case.people.archive(self.case.remotes[name], email)

    def _delete(self, name, email):
        self._disturb_addresses(email)
        self.case.people.delete_permanently(self.case.remotes[name], email)

    def _sign_up(self, name, email):
        member = self.case.remotes[name].by_email(email)
        if member is None or member.status == "archived":
            self._disturb_addresses(email)
        self.case.people.subscribe_by_form(self.case.remotes[name], email)

    def _confirm(self, name, email):
        self.case.people.confirm(self.case.remotes[name], email)

    # === AROUND === #

    def _both(self, name, email, changes, ours_first):
        """Both sides change the same value before one hears of the other."""
        field, ours, theirs = changes
        deeds = [
            ("edit", email, (field, ours)),
            ("profile", name, email, (field, theirs)),
        ]
        for deed in deeds if ours_first else reversed(deeds):
            self.act(deed)

    def _deliver(self, number, twice):
        waiting = self.case.sandbox.webhooks.pending
        if waiting:
            delivery = waiting[number % len(waiting)]
            self.case.assertEqual(self.case.deliver(delivery), 200)
            if twice:
                self.case.assertEqual(self.case.deliver(delivery), 200)

    def _fetch(self, name, full):
        self.case.ours(name)._start_fetch("schedule", 20, full=full)

    def _fault(self, kind, times, after, match):
        self.case.sandbox.faults.inject(
            kind, times=times, after=after, match=match, seconds=0.01
        )

    def _batches(self):
        self.case.release_batches()

    def _wait(self, seconds):
        self.case.sandbox.clock.advance(seconds)

    def _hurry(self):
        jobs = self.env["mailchimp.job"].search([("state", "=", "pending")])
        jobs.action_run_now()

    # === THE QUEUE === #

    def work(self, between, meanwhile, crash):
        """Run steps of the queue; things happen between and within them."""
        self.turn += 1
        gremlin = self.case.gremlin
        # Of one that is killed the next one goes on.
        with suppress(Killed), self.case.worker() as step:
            gremlin.deeds, gremlin.crash = list(meanwhile), crash
            gremlin.act = self._act_meanwhile
            for deed in between:
                more = step()
                self.turn += 1
                self._between(deed, gremlin)
                if not more:
                    break
        self.turn += 1

    def _between(self, deed, gremlin):
        """Nothing happens to requests that people make."""
        held = gremlin.__dict__.copy()
        gremlin.calm()
        self.env.invalidate_all(flush=False)
        if deed:
            self.act(deed)
        gremlin.__dict__.update(held)

    def _act_meanwhile(self, deed):
        self.turn += 1
        kind, *words = deed
        with suppress(KeyError, ValueError), self.case.sandbox.lock:
            getattr(self, f"_{kind}")(*words)
        self.case.sandbox.clock.advance(1)
        self.turn += 1

    def there_at(self, name, member):
        """Return when somebody last changed a member in Mailchimp."""
        return self.changed_there.get((name, member.contact_id), 0)
