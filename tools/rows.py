"""Questions about a row: a member on its way from Mailchimp to Odoo.

Rows are dicts, see `mailchimp.member.import._changed_rows`. Pure functions.
"""

from ..const import MARKETABLE_STATUS


def with_contact(rows):
    """Return the rows of contacts that existed before this page."""
    return [r for r in rows if r["contact_id"] and not r.get("contact_is_new")]


def keyed(mapped, value):
    """Return {(model, field): converted value} of one merge value.

    An address is the customer's; its country is the contact's too, who has no more.
    """
    converted = mapped.convert(value)
    if mapped.field:
        return {(mapped.model, mapped.field): converted}
    values = {(mapped.model, name): part for name, part in converted.items()}
    if country_id := converted.get("country_id"):
        values[("mailing.contact", "country_id")] = country_id
    return values


def of_model(values, model):
    """Return {field: value} of those values that are for a model."""
    return {name: value for (m, name), value in values.items() if m == model}


def full_name(values):
    """Return the name of a contact from its converted merge values, or False."""
    return name_of(of_model(values, "mailing.contact"))


def name_of(vals):
    """Return the name that the values of a contact make, or False."""
    parts = (vals.get("first_name"), vals.get("last_name"))
    return " ".join(part for part in parts if part) or vals.get("name") or False


def is_out_in_odoo(row):
    """Tell whether a member without a subscription was opted out in Odoo."""
    return row["opt_out_by"] == "odoo"


def settle_opt_out(row, opted_out):
    """Return who opted a contact out, None if nobody did.

    What was decided in Odoo is not for Mailchimp to undo.

    :param bool opted_out: what the subscription says
    """
    if opted_out and row["opt_out_by"] != "mailchimp":
        return "odoo"
    return None if row["status"] == MARKETABLE_STATUS else "mailchimp"


def opt_out_values(row):
    """Return the values of a new subscription; only `subscribed` may be mailed."""
    if not row["opt_out_by"]:
        return {"opt_out": False, "opt_out_datetime": False}
    moment = row["last_changed"]
    return {"opt_out": True, **({"opt_out_datetime": moment} if moment else {})}
