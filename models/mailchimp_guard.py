from odoo import api, models
from odoo.exceptions import AccessError


class MailchimpGuard(models.AbstractModel):
    """Keeps what a record stands for at Mailchimp out of people's hands.

    A form shows it readonly, which does not keep anybody from writing it: an audience
    that is moved to the account of another company would be read with its key.
    """

    _name = "mailchimp.guard"
    _description = "Fields Written by the Mailchimp Connector"

    _connector_fields = frozenset()
    # What people choose for a new record, and nobody changes afterwards.
    _identity_fields = frozenset()

    @api.model
    def _guarded_fields(self):
        """Return what only the connector writes; extensions of a model add theirs."""
        return frozenset(self._connector_fields)

    @api.model_create_multi
    def create(self, vals_list):
        """Refuse fields that only the connector writes, as superuser."""
        names = set().union(*vals_list)
        self._check_guarded(names & self._guarded_fields())
        self = self._without_forged_defaults()
        return super().create(vals_list)

    def _without_forged_defaults(self):
        """Forget what the context of a client proposes for such fields."""
        forged = {f"default_{name}" for name in self._guarded_fields()}
        if self.env.su or not forged & self.env.context.keys():
            return self
        context = {k: v for k, v in self.env.context.items() if k not in forged}
        # Keywords cannot take anything away.
        return self.with_context(context)  # pylint: disable=context-overridden

    def write(self, vals):
        """Refuse fields that only the connector writes, as superuser."""
        guarded = self._guarded_fields() | self._identity_fields
        self._check_guarded(vals.keys() & guarded)
        return super().write(vals)

    def _check_guarded(self, names):
        if names and not self.env.su:
            raise AccessError(
                self.env._(
                    "Only the connector may change %s.", ", ".join(sorted(names))
                )
            )
