"""Members from Mailchimp into our own tables, against the sandbox over real HTTP."""

from unittest.mock import patch

from odoo.tests import tagged

from ..sandbox import query
from .common import MailchimpCase

STATUSES = (
    "subscribed",
    "unsubscribed",
    "cleaned",
    "pending",
    "transactional",
    "archived",
)


class FetchCase(MailchimpCase):
    """Small helpers for runs and their lines."""

    def reasons(self, run):
        """Return {name: reason} of the lines of a run."""
        return {line.name: line.reason for line in run.line_ids}

    def states(self):
        """Return {address: status} as Odoo holds it."""
        members = self.env["mailchimp.member"].search(
            [("audience_id", "=", self.audience().id)]
        )
        return {member.email: member.status for member in members}

    def remote_states(self):
        """Return {address: status} as Mailchimp holds it."""
        return {m.email: m.status for m in self.remote.members.values()}

    def page_requests(self):
        """Return the requests for pages of members."""
        path = f"/lists/{self.remote.id}/members"
        return [r for r in self.sandbox.requests if r.path == path]


@tagged("post_install", "-at_install")
class TestFetch(FetchCase):
    """First, incremental and full fetches."""

    def test_every_status_is_kept_apart(self):
        for number, status in enumerate(STATUSES):
            for index in range(number + 1):
                self.remote.add_member(f"{status}{index}@a.example", status)
        audience = self.import_audiences()
        counts = {status: audience[f"{status}_count"] for status in STATUSES}
        self.assertEqual(counts, {s: n + 1 for n, s in enumerate(STATUSES)})
        self.assertEqual(audience.total_count, 1 + 2 + 4 + 5)
        run = self.runs()
        self.assertEqual(run.state, "done")
        self.assertEqual((run.total, run.done, run.created), (21, 21, 21))

    def test_smart_buttons_open_the_members_they_count(self):
        self.remote.add_member("a@a.example", "subscribed")
        self.remote.add_member("p@a.example", "pending")
        audience = self.import_audiences()
        action = audience.with_context(mailchimp_status="pending").action_view_members()
        members = self.env["mailchimp.member"].search(action["domain"])
        self.assertEqual(members.mapped("email"), ["p@a.example"])

    def test_incremental_fetch_reads_what_changed(self):
        self.remote.fill(30)
        self.import_audiences()
        self.later(60)
        self.remote.add_member("new@a.example", merge_fields={"FNAME": "New"})
        email = next(
            m.email for m in self.remote.members.values() if m.status == "subscribed"
        )
        self.people.unsubscribe(self.remote, email)
        run = self.fetch()
        self.assertEqual((run.total, run.created, run.updated), (2, 1, 1))
        self.assertEqual(self.states(), self.remote_states())

    def test_change_within_the_second_of_a_fetch_is_not_lost(self):
        self.remote.add_member("a@a.example")
        self.import_audiences()
        # The fetch froze its window at this very second.
        self.people.unsubscribe(self.remote, "a@a.example")
        self.fetch()
        self.assertEqual(self.member("a@a.example").status, "unsubscribed")

    def test_clocks_may_differ(self):
        for skew in (-7200, 7200):
            with self.subTest(skew=skew):
                self.sandbox.clock.freeze(self.sandbox.clock.now() + skew)
                email = f"skew{skew}@a.example"
                self.remote.add_member(email)
                self.import_audiences()
                self.assertEqual(self.member(email).status, "subscribed")
                self.later(3)
                self.people.unsubscribe(self.remote, email)
                self.fetch()
                self.assertEqual(self.member(email).status, "unsubscribed")

    def test_cursor_is_mailchimps_clock(self):
        audience = self.import_audiences()
        now = self.sandbox.clock.now()
        # A second more: the window let the running one in.
        self.assertEqual(int(audience.pulled_at.timestamp()), now + 1)

    def test_fetch_without_change_reads_one_page_a_stream(self):
        self.remote.fill(20)
        self.import_audiences()
        self.later(60)
        self.sandbox.monitor.clear()
        run = self.fetch()
        self.assertEqual((run.state, run.done), ("done", 0))
        self.assertEqual(len(self.page_requests()), 2)

    def test_full_fetch_of_the_same_writes_nothing(self):
        self.remote.fill(200)
        self.remote.add_interests("Topics", ["News", "Offers"])
        for number in range(60):
            self.remote.put_tag(
                next(iter(self.remote.members.values())),
                self.remote.make_tag(f"Tag {number}"),
            )
        self.import_audiences()
        self.fetch(full=True)
        self.later(60)
        written = self._written_tables(lambda: self.fetch(full=True))
        self.assertEqual(self.runs("members_full")[0].unchanged, 200)
        ours = {
            "mailchimp_member",
            "mailchimp_consent",
            "mailchimp_member_tag_rel",
            "mailchimp_member_interest_rel",
            "mailing_contact",
            "mailing_subscription",
            "mailing_contact_res_partner_category_rel",
            "mail_blacklist",
            "res_partner",
        }
        self.assertIn("mailchimp_run", written)
        self.assertFalse(written & ours)

    def _written_tables(self, action):
        """Return the tables that rows were really written to while ``action`` ran."""
        query = """SELECT relname, n_tup_ins + n_tup_upd + n_tup_del
                     FROM pg_stat_xact_user_tables"""
        self.env.flush_all()
        self.env.cr.execute(query)
        before = dict(self.env.cr.fetchall())
        action()
        self.env.flush_all()
        self.env.cr.execute(query)
        return {name for name, n in self.env.cr.fetchall() if n != before.get(name)}

    def test_same_member_twice_on_a_page(self):
        self.remote.add_member("a@a.example", merge_fields={"FNAME": "Ann"})
        self.import_audiences(members=False)
        audience = self.audience()
        run = audience._start_fetch("user", 5)
        member = next(iter(self.remote.members.values()))
        self._list_twice(member)
        self.run_jobs()
        self.assertEqual(run.state, "done", run.message)
        self.assertEqual(len(self.member("a@a.example")), 1)

    def _list_twice(self, member):
        """Make the sandbox list a member twice, as a page shifted while read."""
        select = query.select

        def doubled(call, audience):
            found = select(call, audience)
            return found + [member] if member in found else found

        patcher = patch.object(query, "select", doubled)
        patcher.start()
        self.addCleanup(patcher.stop)
        self.later()


@tagged("post_install", "-at_install")
class TestTags(FetchCase):
    """Tags of members, beyond those that a page carries."""

    def test_more_tags_than_a_page_shows(self):
        names = [f"Tag {number:02}" for number in range(55)]
        self.remote.add_member("a@a.example", tags=names)
        self.import_audiences()
        self.assertEqual(
            sorted(self.member("a@a.example").tag_ids.mapped("name")), names
        )
        self.assertEqual(
            sorted(self.contact("a@a.example").tag_ids.mapped("name")), names
        )

    def test_lost_tag_beyond_the_page(self):
        names = [f"Tag {number:02}" for number in range(55)]
        member = self.remote.add_member("a@a.example", tags=names)
        self.import_audiences()
        self.later()
        self.remote.take_tag(member, self.remote.tag_named("Tag 54"))
        self.remote.touch(member)
        self.fetch()
        self.assertEqual(
            sorted(self.contact("a@a.example").tag_ids.mapped("name")), names[:-1]
        )


@tagged("post_install", "-at_install")
class TestOddMembers(FetchCase):
    """What cannot be a member becomes a line of the run; the page goes on."""

    def test_oddities(self):
        kinds = ("no_email", "null_email", "broken_email", "unknown_status")
        for kind in (*kinds, "huge_name", "emoji", "nul_byte", "unknown_merge_type"):
            self.remote.add_oddity(kind)
        for kind in ("address_empty", "address_dict", "no_merge_fields"):
            self.remote.add_oddity(kind)
        self.remote.add_member("fine@a.example", merge_fields={"FNAME": "Fine"})
        self.import_audiences()
        run = self.runs()
        self.assertEqual(run.state, "done", run.message)
        self.assertEqual(run.failed, 4)
        self.assertEqual((run.total, run.done, run.created), (11, 11, 7))
        states = {line.name: line.state for line in run.line_ids}
        self.assertEqual(states.pop("huge-name@oddity.example"), "notice")
        self.assertEqual(set(states.values()), {"failed"})
        self.assertIn("not an address@@nowhere", states)
        self.assertIn("unknown-status@oddity.example", states)
        self.assertEqual(
            set(run.line_ids.mapped("category")),
            {"too_long", "bad_email", "unknown_status"},
        )

    def test_texts_that_people_typed(self):
        for kind in ("huge_name", "emoji", "nul_byte"):
            self.remote.add_oddity(kind)
        self.import_audiences()
        self.assertEqual(self.contact("emoji@oddity.example").name, "Zoë 🦄👩‍👩‍👧 🎉")
        self.assertEqual(self.contact("nul-byte@oddity.example").name, "Nulbyte Nul")
        self.assertIn("x" * 1000, self.contact("huge-name@oddity.example").name)

    def test_nul_in_every_text(self):
        nul = "a\x00b"
        member = self.remote.add_member(
            "a@a.example",
            "unsubscribed",
            reason=nul,
            source=nul,
            language=nul,
            ip_signup=nul,
            ip_opt=nul,
            tags=[nul],
            merge_fields={"FNAME": nul},
        )
        member.raw = {"unique_email_id": nul, "email_address": "b\x00@@"}
        self.remote.touch(member)
        self.remote.add_member("b@b.example", "unsubscribed", reason=nul, source=nul)
        self.remote.add_merge_field("NUL", name=nul, help_text=nul, default_value=nul)
        self.remote.add_interests(nul, [nul])
        self.remote.name = nul
        audience = self.import_audiences()
        run = self.runs()
        self.assertEqual((run.state, run.failed), ("done", 1), run.message)
        self.assertEqual(audience.name, "ab")
        self.assertEqual(self.member("b@b.example").unsubscribe_reason, "ab")

    def test_values_of_another_kind(self):
        odd = {
            "status": {"code": 1},
            "email_address": ["a@a.example"],
            "id": 7,
            "contact_id": 5,
            "web_id": 2**40,
            "member_rating": "five",
            "last_changed": 12,
            "tags": None,
            "tags_count": "many",
            "merge_fields": [],
            "interests": [],
            "vip": "yes",
            "language": 3,
            "timestamp_opt": "yesterday",
            "source": ["x"],
        }
        for name, value in odd.items():
            member = self.remote.add_member(f"{name}@a.example")
            member.raw = {name: value}
            self.remote.touch(member)
        self.remote.add_member("fine@a.example")
        self.import_audiences()
        run = self.runs()
        self.assertEqual(run.state, "done", run.message)
        self.assertEqual(run.done, len(odd) + 1)
        self.assertTrue(self.contact("fine@a.example"))
        self.assertEqual(run.failed + run.created, len(odd) + 1)
        self.assertTrue(self.contact("web_id@a.example"))

    def test_address_with_blanks_and_capitals(self):
        self.remote.add_member(" Ann+News@A.Example ")
        self.import_audiences()
        self.assertTrue(self.contact("ann+news@a.example"))
