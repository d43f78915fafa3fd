from odoo.http import Controller, request, route


class Bench(Controller):
    """The controllers that ours is compared with."""

    @route(
        "/mailchimp/bench/empty",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def empty(self, **_form):
        """Do nothing: what a request to Odoo costs by itself."""
        return request.make_response("")

    @route(
        "/mailchimp/bench/orm",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def orm(self, **form):
        """Insert a row by ORM."""
        request.env["mailchimp.bench.row"].sudo().create(
            {"name": form["type"], "body": form["data[email]"]}
        )
        return request.make_response("")
