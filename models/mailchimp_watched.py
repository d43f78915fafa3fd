from odoo import api, models


class MailchimpWatched(models.AbstractModel):
    """What decides which edits of contacts matter to Mailchimp.

    That is asked for with each of these edits, and kept in memory therefore
    (`ormcache`): it is forgotten when one of these records changes.
    """

    _name = "mailchimp.watched"
    _description = "What Is Watched for Mailchimp"

    # Who changes one of these changes what is watched.
    _watched_fields = frozenset()

    @api.model_create_multi
    def create(self, vals_list):
        """Watch what new records want."""
        result = super().create(vals_list)
        self.env.registry.clear_cache()
        return result

    def write(self, vals):
        """Watch what these records want now."""
        result = super().write(vals)
        if self._watched_fields & vals.keys():
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        """Watch no more what only these records wanted."""
        result = super().unlink()
        self.env.registry.clear_cache()
        return result
