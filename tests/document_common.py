"""The base class of the tests about templates and campaigns."""

from odoo.addons.mailchimp_connector.sandbox import openapi
from odoo.addons.mailchimp_connector.sandbox.campaign import Campaign, Template

from .common import MailchimpCase

USER = "mailchimp_connector.group_mailchimp_user"
HTML = (
    '<html><body><h1 mc:edit="title">Dear reader</h1>'
    '<div mc:edit="body">Hello *|FNAME|*</div></body></html>'
)


class DocumentCase(MailchimpCase):
    """What an owner makes in Mailchimp, and the imports."""

    def tearDown(self):
        """Check that all that was asked is as Mailchimp describes it."""
        super().tearDown()
        self.assertEqual(openapi.check_recorded(self.sandbox.requests), [])

    # === IN MAILCHIMP === #

    def add_template(self, name="Letter", html=HTML, account=None, **values):
        """Make a template there."""
        account = account or self.remote_account
        kind, folder_id = values.pop("kind", "user"), values.pop("folder_id", "")
        template = Template(account, name, html, kind, folder_id)
        for attribute, value in values.items():
            setattr(template, attribute, value)
        account.templates[template.id] = template
        return template

    def add_campaign(self, title="Spring", account=None, kind="regular", **values):
        """Make a campaign for ``self.remote`` there.

        :param values: settings, or attributes of `sandbox.campaign.Campaign`
        """
        account = account or self.remote_account
        campaign = Campaign(account, kind)
        campaign.list_id = values.pop("list_id", self.remote.id)
        campaign.html = values.pop("html", f"<p>{title}</p>")
        campaign.plain_text = values.pop("plain_text", title)
        campaign.settings.update(title=title, subject_line=f"{title}!")
        for name, value in values.items():
            if name in campaign.settings:
                campaign.settings[name] = value
            else:
                setattr(campaign, name, value)
        account.campaigns[campaign.id] = campaign
        return campaign

    def add_folder(self, name, kind="template", account=None):
        """Make a folder there, and return its id."""
        account = account or self.remote_account
        key = self.sandbox.ids.hex(10)
        account.folders[key] = (kind, name)
        return key

    # === IN ODOO === #

    def import_templates(self, *kinds, account=None, trigger="user"):
        """Import templates, and return the run."""
        self.later()
        account = account or self.account
        run = account._start_import_templates(trigger, 5, kinds or ("user",))
        self.run_jobs()
        self.env.invalidate_all()
        return run

    def import_campaigns(self, account=None, trigger="user"):
        """Import campaigns, and return the run."""
        self.later()
        run = (account or self.account)._start_import_campaigns(trigger, 5)
        self.run_jobs()
        self.env.invalidate_all()
        return run

    def again(self):
        """Try at once what waits, as long as anything does."""
        Job = self.env["mailchimp.job"]
        for _round in range(20):
            waiting = Job.search([("state", "=", "pending")])
            if not waiting:
                break
            waiting.action_run_now()
            self.run_jobs()
            self.env.invalidate_all()
        self.assertFalse(Job.search([("state", "=", "pending")]).mapped("error"))

    def template(self, remote):
        """Find the record of a template."""
        return self._of("mailchimp.template", remote)

    def campaign(self, remote):
        """Find the record of a campaign."""
        return self._of("mailchimp.campaign", remote)

    def _of(self, model, remote):
        records = self.env[model].with_context(active_test=False)
        found = records.search([("mailchimp_id", "=", str(remote.id))])
        return found.with_env(self.env)

    def counts(self, run):
        """Return what a run counted."""
        names = ("created", "updated", "unchanged", "skipped", "failed")
        return tuple(run[name] for name in names)

    def asked(self, method="GET", path=None):
        """Return the requests of a kind since the record was cleared."""
        return [
            request
            for request in self.sandbox.requests
            if request.method == method and (path is None or path in request.path)
        ]

    def put_there(self, template, **values):
        """Edit a template in Mailchimp, some time later."""
        self.later(60)
        for name, value in values.items():
            setattr(template, name, value)
        template.date_edited = self.sandbox.clock.now()
