import io

import xlsxwriter
from werkzeug.exceptions import Forbidden, NotFound

from odoo.http import Controller, content_disposition, request, route

MODELS = ("mailing.contact", "res.partner", "mailchimp.member", "mailchimp.consent")
GROUPS = ("mailchimp_connector.group_mailchimp_user", "base.group_allow_export")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class PersonalData(Controller):
    """The answer to a person who asks what is known about them."""

    @route(
        "/mailchimp/personal_data/<string:model>/<string:ids>",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
    )
    def personal_data(self, model, ids, **_kwargs):
        """Send a spreadsheet with all that is known about the people of records.

        Nothing of it is kept. Users see what the record rules let them see.
        """
        if model not in MODELS or not ids.replace(",", "").isdigit():
            raise NotFound
        if not all(request.env.user.has_group(group) for group in GROUPS):
            raise Forbidden
        records = request.env[model].browse(int(i) for i in ids.split(",") if i)
        records = records.exists()
        records.check_access("read")
        content = workbook(records._personal_data())
        name = request.env._("personal data.xlsx")
        headers = [
            ("Content-Type", XLSX),
            ("Content-Disposition", content_disposition(name)),
        ]
        return request.make_response(content, headers)


def workbook(sheets):
    """Return the bytes of a workbook.

    :param list sheets: (title, head, rows), all of them texts, which stay texts: what
        a stranger typed in is not to be computed
    """
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True})
        for number, (title, head, rows) in enumerate(sheets):
            letters = "".join(char for char in title if char.isalnum() or char in " -")
            # Sheets have short names, and each its own.
            sheet = book.add_worksheet(f"{number + 1} {letters}"[:31])
            for column, text in enumerate(head):
                sheet.write_string(0, column, text, bold)
            for line, row in enumerate(rows, 1):
                for column, text in enumerate(row):
                    sheet.write_string(line, column, text[:32767])
            sheet.freeze_panes(1, 0)
            sheet.autofit()
    return stream.getvalue()
