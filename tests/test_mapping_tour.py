"""Mapping a field and checking it, in a real browser."""

from odoo.tests import HttpCase, tagged

from .common import MailchimpCase


@tagged("post_install", "-at_install")
class TestMappingTour(MailchimpCase, HttpCase):
    def test_map_and_check(self):
        self.remote.add_merge_field("LAND", "text", name="Land", required=True)
        self.remote.add_member("ada@example.com", merge_fields={"FNAME": "Ada"})
        audience = self.import_audiences()

        self.start_tour("/odoo/mailchimp-audiences", "mailchimp_mapping", login="admin")

        land = audience.merge_field_ids.filtered(lambda field: field.tag == "LAND")
        self.assertRecordValues(
            land,
            [{"field_path": "partner_id.country_id.code", "direction": "to_mailchimp"}],
        )
