from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..const import PRIORITY_SCHEDULED, PRIORITY_USER
from .mailchimp_contact_merge import LINKS
from .mailchimp_exportable import EXPORT_STEP


class MailchimpAudienceExport(models.Model):
    """*Auto Export Contact?*: whoever matches a filter gets into the audience."""

    _name = "mailchimp.audience"
    _inherit = ["mailchimp.audience", "mailchimp.filter"]

    auto_export = fields.Boolean(
        string="Auto Export Contact?",
        help="Add everybody who matches the filter to the audience in Mailchimp, each "
        "hour. Nobody is added who opted out, is blacklisted, or was there before.",
    )
    export_model = fields.Selection(
        [("res.partner", "Customers"), ("mailing.contact", "Mailing Contacts")],
        string="Export",
        default="res.partner",
        required=True,
    )
    export_domain = fields.Char(string="Filter", default="[]")
    export_unmatched = fields.Selection(
        [("keep", "Keep in Mailchimp"), ("archive", "Archive in Mailchimp")],
        string="Who Stops Matching",
        default="keep",
        required=True,
        help="What becomes of members that Odoo added and that the filter does not "
        "match any more. Archived ones can be brought back; nobody is unsubscribed.",
    )
    exported_at = fields.Datetime(string="Last Auto Export", readonly=True, copy=False)

    # === CONSTRAINT METHODS === #

    @api.constrains("auto_export", "export_model", "export_domain")
    def _check_export_domain(self):
        for audience in self.filtered("auto_export"):
            self._check_filter(audience.export_model, audience.export_domain)

    @api.onchange("export_model")
    def _onchange_export_model(self):
        self.export_domain = "[]"

    # === ACTION METHODS === #

    def action_auto_export(self):
        """Export whoever matches the filter now, in the background."""
        self.check_access("read")
        self.account_id._check_connected()
        for audience in self:
            audience._check_filters()
        return self._start_auto_export("user", PRIORITY_USER)._open()

    # === EXPORT === #

    @api.model
    def _cron_auto_export(self):
        """Queue the hourly export of each audience that wants it."""
        audiences = self.search(
            [("auto_export", "=", True), ("account_id.state", "=", "connected")]
        )
        for audience in audiences:
            audience._enqueue_auto_export(PRIORITY_SCHEDULED)

    def _start_auto_export(self, trigger, priority):
        """Open a run for each audience and queue its export, unless one is under way.

        :param str trigger: who asked (`mailchimp.run.trigger`)
        :param int priority: of the jobs
        :return: the runs, new or under way
        """
        # sudo: users start runs, only the connector writes them.
        Run = self.env["mailchimp.run"].sudo()
        runs = Run._find_open(self, ("auto_export",))
        for audience in self - runs.audience_id:
            run = Run._open_run(audience.account_id, "auto_export", trigger, audience)
            audience._enqueue_auto_export(priority, run)
            runs |= run
        return runs

    def _enqueue_auto_export(self, priority, run=None):
        self.env["mailchimp.job"]._enqueue(
            self,
            "_job_auto_export",
            name=self.env._("Auto export to %s", self.name),
            identity=f"auto_export:{self.id}",
            run=run,
            account=self.account_id,
            priority=priority,
            args={"run_id": run.id if run else False, "priority": priority},
        )

    def _job_auto_export(self, run_id, priority):
        """Put whoever matches the filter on the way, some at a time.

        The scheduled action opens a run only if there is somebody.

        :param int run_id: the `mailchimp.run` to report to, if a person asked; its
            checkpoint tells up to which record all were looked at
        :param int priority: of the push that follows
        :return: a generator with a checkpoint after each step
        """
        run = self.env["mailchimp.run"].browse(run_id or ())
        try:
            self._check_filters()
            domain = self._export_candidates()
        except ValidationError as error:
            self._report_bad_filter(run, error)
            return
        self.exported_at = fields.Datetime.now()
        leaving = self._unmatched_members()
        count = self.env[self.export_model].search_count(domain)
        if not run:
            if count or leaving:
                self._start_auto_export("schedule", priority)
            return
        run._start()
        run.total = count
        self._archive_unmatched(leaving)
        yield from self._export_matching(run, domain, priority)

    def _export_matching(self, run, domain, priority):
        """Export the records of a domain, a step at a time."""
        Model = self.env[self.export_model]
        last = (run.checkpoint or {}).get("exported", 0)
        while records := Model.search(
            domain & Domain("id", ">", last), order="id", limit=EXPORT_STEP
        ):
            self.env["mailchimp.member"]._export(self, records, run, priority)
            last = records[-1].id
            run.checkpoint = {"exported": last}
            yield

    def _report_bad_filter(self, run, error):
        """Name a filter that does not work any more; other audiences go on."""
        if not run:
            # sudo: only the connector writes runs.
            Run = self.env["mailchimp.run"].sudo()
            run = Run._open_run(self.account_id, "auto_export", "schedule", self)
        run._add_lines(
            [
                {
                    "state": "failed",
                    "code": "bad_filter",
                    "name": self.name,
                    "reason": str(error),
                    "advice": self.env._(
                        "Correct the filter or the rules on the Auto Export tab of the "
                        "audience. Nobody was exported meanwhile."
                    ),
                    "res_model": self._name,
                    "res_id": self.id,
                }
            ]
        )
        now = fields.Datetime.now()
        run.write({"state": "failed", "finished_at": now, "message": str(error)})

    # === WHO === #

    def _check_filters(self):
        """Try the filter, and the rules of the routing.

        :raise ValidationError: when one of them does not work (any more)
        """
        self._check_filter(self.export_model, self.export_domain)
        self.routing_rule_ids._check_domain()

    def _export_filter(self):
        """Return the domain of whom the filter and the routing choose.

        :raise ValidationError: when one of them does not work any more
        """
        self.ensure_one()
        domain = self._parse_filter(self.export_model, self.export_domain)
        if self.export_model == "res.partner":
            return domain & self._routed_customers()
        if not self.routing_rule_ids:
            return domain
        customers = self.env["res.partner"]._search(
            self._routed_customers() & Domain("email_normalized", "!=", False)
        )
        emails = customers.subselect("email_normalized")
        return domain & Domain("email_normalized", "in", emails)

    def _export_candidates(self):
        """Return the domain of those that the filter chooses and that are new here.

        Whoever has no address at all, is blacklisted or opted out is left out silently:
        they would be named again each hour. The tester tells why they are not in.

        :raise ValidationError: when the filter does not work any more
        """
        domain = self._export_filter() & Domain("email", "not in", (False, ""))
        return domain & Domain("id", "not in", self._not_exportable())

    def _not_exportable(self):
        """SQL: ids of the records that are members already, or must not be written."""
        Model = self.env[self.export_model]
        Model.flush_model(["email_normalized"])
        self.env["mailchimp.member"].flush_model()
        self.env["mail.blacklist"].flush_model()
        self.env["mailing.subscription"].flush_model()
        return SQL(
            """(SELECT r.id FROM %(table)s r
                 WHERE EXISTS (SELECT FROM mailchimp_member m
                                WHERE m.audience_id = %(audience)s
                                  AND m.%(link)s = r.id)
                    OR EXISTS (SELECT FROM mailchimp_member m
                                WHERE m.audience_id = %(audience)s
                                  AND m.subscriber_hash = md5(r.email_normalized))
                    OR EXISTS (SELECT FROM mail_blacklist b
                                WHERE b.email = r.email_normalized AND b.active)
                    OR EXISTS (SELECT FROM mailing_subscription s
                                 JOIN mailing_contact c ON c.id = s.contact_id
                                WHERE s.list_id = %(list)s AND s.opt_out
                                  AND c.email_normalized = r.email_normalized))""",
            table=SQL.identifier(Model._table),
            link=SQL.identifier(LINKS[self.export_model]),
            audience=self.id,
            list=self.mailing_list_id.id,
        )
