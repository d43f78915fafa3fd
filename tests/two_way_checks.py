"""What must be true when a story is over and the dust has settled."""

from .two_way_oracle import ODOO, allowed_to_differ
from .two_way_story import AUDIENCES, FIELDS, TAGS
from .two_way_world import MANAGED, MAPPING, OF_CUSTOMER, TwoWayCase

MARKETED = ("subscribed", "pending")
AWAY = ("archived", "forgotten", "cleaned")
# Decisions are noted before Mailchimp has heard of them.
DECISIONS = ("user", "page", "blacklist", "import", "archive")
LEDGER = """
    SELECT m.id, m.email, CASE WHEN m.forgotten THEN 'forgotten' ELSE m.status END,
           (SELECT jsonb_agg(jsonb_build_array(c.old_status, c.new_status, c.source)
                             ORDER BY c.id)
              FROM mailchimp_consent c WHERE c.member_id = m.id)
      FROM mailchimp_member m
"""


class TwoWayChecks(TwoWayCase):
    """Both sides agree, as far as the rules want it."""

    def check(self, cast):
        """Compare everything with everything."""
        self.check_nobody_came_back(cast)
        for name in AUDIENCES:
            self.check_held(name)
            self.check_consent(name)
        self.check_opted_out(cast)
        self.check_values(cast)
        self.check_ledger()
        self.check_queue()

    # === WHO === #

    def check_nobody_came_back(self, cast):
        """Whoever had left was not brought back through the API."""
        self.assertEqual(self.sandbox.monitor.resubscribed(), [])
        for request in self.sandbox.requests:
            if request.method in ("PATCH", "PUT"):
                said = request.json or {}
                self.assertNotEqual(said.get("status"), "subscribed", request)
        gone = set()
        for number, entry in enumerate(self.sandbox.transitions):
            place = (entry.list_id, entry.email)
            if entry.source == "api" and entry.after == "subscribed":
                self.assertEqual(entry.before, "", entry)
            if entry.source == "api" and entry.after in MARKETED:
                self.assertNotIn(entry.before, AWAY, entry)
                self.assertNotIn(place, gone, entry)
                known = cast.opted_out.get((self.name_of(entry), entry.contact_id))
                self.assertFalse(known is not None and known <= number, entry)
            if entry.after == "forgotten":
                gone.add(place)
            elif entry.source != "api":
                gone.discard(place)

    def name_of(self, entry):
        """Return what we call the audience of a transition."""
        return next(n for n in AUDIENCES if self.remotes[n].id == entry.list_id)

    def check_held(self, name):
        """Odoo holds each member once, as Mailchimp has it."""
        members = self.ours(name).member_ids
        live = members.filtered(lambda m: not m.forgotten and m.status)
        self.assertEqual(
            sorted(
                (m.remote_contact_id, m.email, m.status, _full(m.merge_values))
                for m in live
            ),
            sorted(
                (m.contact_id, m.email, m.status, _full(m.merges))
                for m in self.remotes[name].members.values()
            ),
        )
        for contact, ours in live.grouped("contact_id").items():
            wanted = ours.filtered(lambda m: m.status in MARKETED)
            if contact:
                self.assertLessEqual(len(wanted), 1, wanted.mapped("email"))

    # === CONSENT === #

    def check_consent(self, name):
        """Subscriptions say what the table in docs/architecture.md says."""
        audience = self.ours(name)
        blacklisted = set(self.env["mail.blacklist"].search([]).mapped("email"))
        for member in audience.member_ids.filtered("status"):
            words = f"{name}: {member.email} {member.status} {member.opt_out_by}"
            if member.opt_out_by == "odoo" or member.email in blacklisted:
                self.assertNotIn(member.status, MARKETED, words)
            twins = audience.member_ids.filtered(
                lambda m, contact=member.contact_id: contact and m.contact_id == contact
            )
            if has_moved(member) and not member.forgotten and member.status not in AWAY:
                # Somebody else has the new address: that waits for a person.
                self.assertEqual(member.sync_result, "error", words)
                if member.subscription_id.opt_out:
                    self.assertNotEqual(member.status, "subscribed", words)
            elif "error" in (twins - member).mapped("sync_result"):
                continue  # as above: this is somebody else
            elif member.subscription_id:
                out = member.status != "subscribed" or member.forgotten
                self.assertEqual(member.subscription_id.opt_out, out, words)
            elif member.status != "archived":
                self.assertFalse(member.contact_id, words)

    def check_opted_out(self, cast):
        """Who opted out in Odoo is out in Mailchimp, whatever happened since."""
        for name, key in cast.opted_out:
            member = self.remotes[name].contacts.get(key)
            if member:
                self.assertNotIn(member.status, MARKETED, (name, member.email))

    def check_ledger(self):
        """The ledger tells without a gap how everybody came to the status of now."""
        self.env.flush_all()
        self.env.cr.execute(LEDGER)
        for _id, email, status, entries in self.env.cr.fetchall():
            known = {None}
            for old, new, source in entries or ():
                self.assertIn(old, known, (email, status, entries))
                known = {old, new} if source in DECISIONS else {new}
                if new == "forgotten":
                    known.add(None)
            self.assertIn(status, known, (email, status, entries))

    # === VALUES === #

    def check_values(self, cast):
        """Field by field, under the rules."""
        for name, member, remote in self.live():
            for field in self.fields_of(name, member):
                self.check_value(cast, name, member, remote, field)
            if name in MANAGED:
                self.check_tags(cast, name, member, remote)

    def live(self):
        """Return (audience, member, the same in Mailchimp) of all who have values.

        Whoever waits for a person with an address that is somebody else's is not among
        them: their other edits wait, too.
        """
        found = []
        for name in AUDIENCES:
            for member in self.ours(name).member_ids.filtered("contact_id"):
                if has_moved(member) and member.sync_result == "error":
                    continue
                remote = self.remotes[name].contacts.get(member.remote_contact_id)
                if remote and remote.status != "archived":
                    found.append((name, member, remote))
        return found

    def fields_of(self, name, member):
        """Return the fields that a member has."""
        return [
            field
            for field in FIELDS[name]
            if field not in OF_CUSTOMER or member.partner_id
        ]

    def note_agreement(self, cast):
        """Where all sides hold the same by now, that is what they agreed on."""
        held = {}
        for name, member, remote in self.live():
            for field in self.fields_of(name, member):
                values = held.setdefault((member.contact_id.id, field), set())
                values.add(self.value_here(member, field))
                values.add(self.value_there(remote, field))
        for key, values in held.items():
            if len(values) == 1 and key in cast.registers:
                cast.registers[key].settled(*values)

    def check_value(self, cast, name, member, remote, field):
        """One value of one member."""
        ours, theirs = self.value_here(member, field), self.value_there(remote, field)
        register = cast.registers.get((member.contact_id.id, field))
        rule = self.rule(name, field)
        conflict = self.conflict(member, field)
        words = (
            f"{name}, {member.email}, {field}, {rule}: Odoo {ours!r}, Mailchimp "
            f"{theirs!r}, conflict {conflict}, {register and vars(register)}"
        )
        direction = MAPPING[field][3] if field in MAPPING else "both"
        if direction != "both":
            self.check_one_way(register, direction, name, ours, theirs, words)
            return
        if ours != theirs:
            self.assertTrue(allowed_to_differ(rule, conflict, ours, theirs), words)
        else:
            self.assertIsNone(conflict, words)
        if register:
            self.assertIn(ours, self.possible(register, field), words)
        if register and remote.status != "archived":
            newer = cast.odoo_at.get(member.contact_id.id, 0) > cast.there_at(
                name, remote
            )
            expected = register.expect(name, rule, newer)
            if expected:
                self.assertEqual((ours, theirs), expected, words)

    def possible(self, register, field):
        """Return the values of which one stands in the end."""
        rules = {self.rule(name, field) for name in AUDIENCES if field in FIELDS[name]}
        stay = rules & {"ask", "if_empty"}
        return [*register.possible, *([register.last(ODOO)] if stay else [])]

    def check_one_way(self, register, direction, name, ours, theirs, words):
        """What only travels one way arrives; the other side keeps what it was given."""
        if not register:
            return
        source = ODOO if direction == "to_mailchimp" else name
        here, there = (ours, theirs) if source == ODOO else (theirs, ours)
        self.assertEqual(here, register.last(source), words)
        if register.sides <= {source}:
            self.assertEqual(there, here, words)
        else:
            other = name if source == ODOO else ODOO
            self.assertIn(there, (here, register.last(other)), words)

    def check_tags(self, cast, name, member, remote):
        """Whoever has a tag on one side has it on the other."""
        there = {self.remotes[name].segments[key].name for key in remote.tags}
        here = set(member.contact_id.tag_ids.mapped("name"))
        self.assertEqual(here, there, (name, member.email))
        for tag in TAGS:
            register = cast.registers.get((member.contact_id.id, tag))
            if register:
                words = f"{name}, {member.email}, {tag}: {vars(register)}"
                self.assertIn(tag in here, register.possible, words)
                if expected := register.expect(name, ODOO, False):
                    self.assertIn(tag in here, expected, words)

    def conflict(self, member, field):
        """Return (Odoo's, Mailchimp's) of the open conflict about a value, or None."""
        tag = "FNAME" if field == "name" else MAPPING[field][0]
        found = member.conflict_ids.filtered(
            lambda c: c.state == "open" and c.merge_field_id.tag == tag
        )
        return found and (found.odoo_value or "", found.mailchimp_value or "") or None

    def value_here(self, member, field):
        """Return a value in Odoo, as stories name it."""
        if field == "name":
            contact = member.contact_id
            return f"{contact.first_name or ''} {contact.last_name or ''}".strip()
        path = MAPPING[field][2]
        record = member.partner_id if field in OF_CUSTOMER else member.contact_id
        value = record[path.removeprefix("partner_id.")]
        if field == "country":
            return value.name or ""
        return value or (0 if field == "score" else "")

    def value_there(self, remote, field):
        """Return a value in Mailchimp, as stories name it."""
        if field == "name":
            return remote.full_name()
        return remote.merges.get(MAPPING[field][0], "") or (
            0 if field == "score" else ""
        )

    # === QUEUE === #

    def check_queue(self):
        """Nothing waits, nobody is in error, and nothing is left to be done."""
        self.env.cr.execute(
            """SELECT m.email, m.status FROM mailchimp_change c
                 JOIN mailchimp_member m ON m.id = c.member_id"""
        )
        self.assertEqual(self.env.cr.fetchall(), [])

    def check_idle(self):
        """Another fetch finds nothing, and nothing is sent."""
        count = len(self.sandbox.requests)
        self.sandbox.clock.advance(5)
        self.account.audience_ids._start_fetch("schedule", 20)
        self.drive()
        sent = [r for r in self.sandbox.requests[count:] if r.method != "GET"]
        self.assertEqual(sent, [])


def has_moved(member):
    """Tell whether the contact has another address than Mailchimp knows."""
    return member.contact_id.email_normalized not in (False, member.email)


def _full(values):
    """Return merge values without the empty ones, sorted."""
    return sorted((k, str(v)) for k, v in (values or {}).items() if v not in ("", None))
