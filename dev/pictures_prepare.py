"""Bring the database of the pictures to the moment they show.

Run by ``dev/pictures`` inside ``odoo shell``, beside an Odoo that receives webhooks.
"""

import json
import os

import requests

from odoo import SUPERUSER_ID

SANDBOX = os.environ["SANDBOX_URL"].removesuffix("/3.0") + "/_sandbox"
HARVEST = """<!DOCTYPE html>
<html>
  <body style="margin: 0; background: #f4efe6; font-family: Georgia, serif">
    <table width="600" align="center" cellpadding="0" style="background: #fff">
      <tr><td style="background: #7b1e3b; color: #fff; padding: 32px; font-size: 32px"
        mc:edit="title">The harvest is in</td></tr>
      <tr><td style="padding: 32px; line-height: 1.6" mc:edit="body">
        <p>Dear *|FNAME|*,</p>
        <p>Six weeks of sun, and then the cool nights that we had hoped for: what lies
        in the cellar now is the best in years. The first bottles are yours.</p>
      </td></tr>
      <tr><td style="padding: 0 32px 32px"><a href="https://harbourvine.example/shop"
        style="background: #7b1e3b; color: #fff; padding: 12px 24px; border-radius: 6px;
        text-decoration: none">Reserve a case</a></td></tr>
      <tr><td style="padding: 24px 32px; color: #888; font-size: 12px" mc:edit="footer">
        <a href="*|UNSUB|*">Unsubscribe</a></td></tr>
    </table>
  </body>
</html>
"""
PERSON = "charlotte.obrien0@pinecrest-mail.test"
LETTER = """
<h2>The harvest is in</h2>
<p>Dear <t t-out="object.first_name">friend of the house</t>,</p>
<p>twelve barrels went into the cellar this week. Come and taste before they close.</p>
<p><a href="/event">Choose an evening</a></p>
<p><a href="/view">Online</a> | <a href="/unsubscribe_from_list">Unsubscribe</a></p>
"""


def control(command, **options):
    """Steer the sandbox, see its README."""
    requests.post(f"{SANDBOX}/{command}", json=options, timeout=60).raise_for_status()


def run_queue(env):
    """Run what is due, as the scheduled action would."""
    env.cr.commit()
    env["mailchimp.job"].with_user(SUPERUSER_ID)._cron_run_jobs()
    env.cr.commit()


def name_people(env):
    """Give the company and its people names."""
    env.company.name = "Harbour & Vine Trading"
    admin = env.ref("base.user_admin")
    admin.write({"name": "Marc Demo", "tz": "Europe/Brussels"})
    # Or the login of the browser would set it to its own address.
    parameters = env["ir.config_parameter"]
    parameters.set_param("web.base.url.freeze", True)
    parameters.set_param("web.base.url", os.environ["ODOO_URL"])


def import_all(env):
    """Connect the account and import everything, what is odd as well."""
    for kind in ("no_email", "broken_email", "huge_name", "unknown_status"):
        control("oddity", kind=kind)
    account = env["mailchimp.account"].create(
        {
            "name": "Harbour & Vine Trading",
            "api_key": os.environ["SANDBOX_KEY"],
            "base_url": os.environ["SANDBOX_URL"],
            "user_id": env.ref("base.user_admin").id,
        }
    )
    account.action_test_connection()
    env["mailchimp.import"].create(
        {"account_ids": account.ids, "import_campaigns": True}
    ).action_process()
    run_queue(env)
    return account


def read_reports(env, account):
    """Fetch the reports of what was sent; return somebody who read a lot."""
    sent = env["mailchimp.campaign"].search([("account_id", "=", account.id)])
    sent.action_fetch_report()
    run_queue(env)
    run_queue(env)  # behind it: the engagement
    near = ("country_id.code", "in", ("BE", "FR", "NL"))
    domain = [("mailchimp_sent_count", ">", 2), near]
    order = "mailchimp_clicked_count desc, mailchimp_opened_count desc, id"
    return env["mailing.contact"].search(domain, order=order, limit=1)


def hear_of(env, audience):
    """Let a webhook report that somebody unsubscribed."""
    audience.action_register_webhook()
    env.cr.commit()
    control("people", action="unsubscribe", email=PERSON)
    control("webhooks", wait=30)
    env.invalidate_all()
    run_queue(env)


def fetch_some(env, audience):
    """Let a fetch find nothing, and one wait in its middle for Mailchimp."""
    audience._start_fetch("schedule", 20)
    run_queue(env)
    fault = {"kind": "502_html", "match": "GET /lists/*/members"}
    control("fault", times=50, after=2, **fault)
    run = audience._start_fetch("user", 5, full=True)
    run_queue(env)
    # The account itself is shown as it is on a good day.
    audience.account_id.sudo().paused_until = False
    return run


def add_customers(env):
    """Customers as a company has them: not all with an address that works."""
    country = {"BE": env.ref("base.be").id, "NL": env.ref("base.nl").id}
    # It came with the tags of the audience.
    tag = env["res.partner.category"].search([("name", "=", "Wine club")], limit=1)
    env["mail.blacklist"]._add("stop@enoteca-roma.example")
    rows = (
        ("Cave du Sablon", "orders@cave-sablon.example", "BE", "Rue du Sablon 12"),
        ("Wijnhuis Gent", "info@wijnhuis-gent.example", "BE", "Veldstraat 7"),
        ("De Druif", "hallo@dedruif.example", "NL", "Prinsengracht 88"),
        ("Bodega Lux", "bodega-lux.example", "BE", ""),
        ("Chez Margaux", "", "BE", "Place du Marché 3"),
        ("Enoteca Roma", "stop@enoteca-roma.example", "BE", ""),
        ("Le Comptoir", "x7k2@privaterelay.appleid.com", "BE", ""),
        ("Charlotte O'Brien", PERSON, "BE", ""),
    )
    return env["res.partner"].create(
        [
            {
                "name": name,
                "email": email,
                "country_id": country[code],
                "street": street,
                "city": "Brussels" if street else False,
                "zip": "1000" if street else False,
                "state_id": False,
                "category_id": [(6, 0, tag.ids)],
            }
            for name, email, code, street in rows
        ]
    )


def export_some(env, audience):
    """Choose who is exported, export some by hand, and preview the rest."""
    account = audience.account_id
    account.write({"new_member_status": "subscribed", "skip_relay_addresses": True})
    customers = add_customers(env)
    audience.write(
        {"auto_export": True, "export_domain": "[('country_id.code', '=', 'BE')]"}
    )
    env["mailchimp.routing.rule"].create(
        {
            "audience_id": audience.id,
            "name": "Wine merchants of the Benelux",
            "domain": "[('country_id.code', 'in', ['BE', 'NL', 'LU'])]",
        }
    )
    run_queue(env)
    (customers[0] + customers[3:5])._mailchimp_export(audience)
    run_queue(env)
    customers[0].phone = "+32 2 555 01 02"
    action = customers._mailchimp_preview(audience)
    run_queue(env)
    return customers[0], env["mailchimp.plan"].browse(action["res_id"])


def manage_tags(env, audience):
    """Let Odoo manage some of the tags."""
    tags = env["res.partner.category"].search(
        [("name", "in", ("VIP", "Wine club", "Lapsed"))]
    )
    wizard = env["mailchimp.tag.declare"].create(
        {"audience_id": audience.id, "category_ids": tags.ids}
    )
    wizard.action_declare()
    run_queue(env)


def disagree(env, audience):
    """Let both sides change the name of a few people, and nobody be right."""
    audience.account_id.write({"auto_push_contacts": True, "two_way_sync": True})
    mapped = audience.merge_field_ids.filtered(lambda f: f.tag in ("FNAME", "LNAME"))
    mapped.ownership = "ask"
    run_queue(env)
    found = audience.member_ids.filtered(
        lambda m: m.status == "subscribed" and (m.merge_values or {}).get("LNAME")
    ).sorted("id")[40:44]
    names = ("Berger", "Lindqvist", "Rossi", "Novak")
    for member, theirs in zip(found, names, strict=True):
        control(
            "people",
            action="update_profile",
            audience=audience.mailchimp_id,
            email=member.email,
            merge_fields={"LNAME": theirs},
        )
        first = member.merge_values["FNAME"]
        member.contact_id.name = f"{first} {theirs}-{member.merge_values['LNAME']}"
    env.cr.commit()
    audience._start_fetch("schedule", 20)
    run_queue(env)


def ask_manager(env, audience):
    """Let a run stop that would archive many people."""
    account = audience.account_id
    account.brake_share = 1
    subscribed = audience.member_ids.filtered(lambda m: m.status == "subscribed")
    subscribed[-100:].action_archive_remote()
    account.brake_share = 10
    run_queue(env)
    return env["mailchimp.run"].search([("state", "=", "approval")])


def write_template(env, account):
    """Write a template in Odoo and save it to Mailchimp."""
    template = env["mailchimp.template"].create(
        {"account_id": account.id, "name": "Harvest letter", "html": HARVEST}
    )
    template.action_push()
    template.html = HARVEST.replace("Dear", "Good morning")
    return template


def design_campaign(env, audience):
    """Make a campaign of an Odoo mailing, for some tags."""
    mailing = env["mailing.mailing"].create(
        {
            "subject": "The harvest is in",
            "email_from": "hello@harbourvine.example",
            "mailing_model_id": env["ir.model"]._get_id("mailing.list"),
            "contact_list_ids": [(6, 0, audience.mailing_list_id.ids)],
            "body_arch": LETTER,
            "body_html": LETTER,
        }
    )
    tags = audience.tag_ids.filtered(lambda tag: tag.type == "static")
    return env["mailchimp.campaign"].create(
        {
            "account_id": audience.account_id.id,
            "audience_id": audience.id,
            "name": "Harvest letter",
            "subject": "The harvest is in",
            "preview_text": "Twelve barrels are waiting",
            "recipient_kind": "tags",
            "recipient_tag_ids": [(6, 0, tags[:2].ids)],
            "content_source": "mailing",
            "mailing_id": mailing.id,
        }
    )


def prepare(env):
    """Do it all; leave the ids of what is shown."""
    env = env(user=env.ref("base.user_admin"))
    name_people(env)
    account = import_all(env)
    audience = account.audience_ids.sorted("subscribed_count")[-1]
    reader = read_reports(env, account)
    hear_of(env, audience)
    customer, plan = export_some(env, audience)
    manage_tags(env, audience)
    disagree(env, audience)
    run = fetch_some(env, audience)
    asking = ask_manager(env, audience)
    # Mailchimp wants HTTPS; only to be read by people from now on.
    env["ir.config_parameter"].set_param(
        "web.base.url", "https://odoo.harbour-vine.example"
    )
    contact = env["mailing.contact"].search([("email", "=", PERSON)], limit=1)
    facts = {
        "account": account,
        "audience": audience,
        "run": run,
        "asking": asking,
        "contact": contact,
        "customer": customer,
        "plan": plan,
        "reader": reader,
        "template": write_template(env, account),
        "campaign": design_campaign(env, audience),
        "sent": env["mailchimp.campaign"].search([("report_state", "=", "live")])[-1:],
        "test": env["mailchimp.campaign"].search([("type", "=", "variate")], limit=1),
        "member": contact.mailchimp_member_ids[:1],
    }
    with open(os.environ["PICTURES_FACTS"], "w") as file:
        json.dump({name: record.id for name, record in facts.items()}, file)
    env.cr.commit()


prepare(env)  # noqa: F821 - `odoo shell` provides it
