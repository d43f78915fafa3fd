from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Command

from ..tools.coerce import short_text, with_ids
from ..tools.labels import TAG, Label

# https://mailchimp.com/help/create-and-manage-tags/
MAX_NAME = 100


class MailchimpTagManaged(models.Model):
    """Tags that Odoo adds to members and takes away from them.

    A managed tag may wait for Mailchimp: it is created there by the first member that
    is sent with it, and recognized by its name when it is read.
    """

    _inherit = "mailchimp.tag"
    _mapping_fields = ("category_id", "managed")

    # A tag that waits has none.
    mailchimp_id = fields.Char(required=False)
    managed = fields.Boolean(
        string="Managed by Odoo",
        help="Members get and lose this tag together with the Odoo tag of their "
        "contact. Other tags are only read.",
    )
    note = fields.Char(compute="_compute_note")

    # === COMPUTE METHODS === #

    @api.depends("managed", "category_id", "mailchimp_id", "settled", "name")
    def _compute_note(self):
        twins = self.audience_id.tag_ids.filtered(lambda tag: tag.type == "static")
        twins = twins.grouped(lambda tag: (tag.audience_id, tag.name.casefold()))
        for tag in self:
            same = twins.get((tag.audience_id, tag.name.casefold()), tag)
            tag.note = tag._note(len(same) > 1)

    def _note(self, is_twin):
        """Say what is special about a tag, False if nothing is."""
        if self.managed and not self.category_id:
            return self.env._("Without an Odoo tag, nobody gets or loses it.")
        if not self.mailchimp_id:
            return self.env._("Created in Mailchimp with the first member who gets it.")
        if self.managed and not self.settled:
            return self.env._("Contacts of its members are getting the Odoo tag.")
        if is_twin:
            return self.env._("There are several tags with this name in Mailchimp.")
        return False

    # === CONSTRAINT METHODS === #

    @api.constrains("managed", "category_id", "type", "active")
    def _check_managed(self):
        managed = self.filtered("managed")
        if managed.filtered(lambda tag: tag.type != "static"):
            raise ValidationError(
                self.env._("Who is in a segment is decided by Mailchimp, not by Odoo.")
            )
        others = managed.audience_id.tag_ids.filtered("managed")
        for tag in managed.filtered("category_id"):
            twins = others.filtered(
                lambda o, tag=tag: o.audience_id == tag.audience_id
                and o.category_id == tag.category_id
            )
            if twins - tag:
                raise ValidationError(
                    self.env._(
                        "The Odoo tag “%(category)s” stands for two tags of "
                        "%(audience)s: %(tags)s. Let Odoo manage one of them only.",
                        category=tag.category_id.display_name,
                        audience=tag.audience_id.name,
                        tags=", ".join(twins.mapped("name")),
                    )
                )

    # === CRUD METHODS === #

    def write(self, vals):
        """Drop tags that Mailchimp never heard of when nobody wants them any more."""
        result = super().write(vals)
        if vals.get("managed") is False:
            waiting = self.filtered(lambda tag: tag.active and not tag.mailchimp_id)
            waiting.active = False
        return result

    # === MIRROR === #

    @api.model
    def _mirror(self, parent, items, is_whole=True):
        """Recognize tags that wait for Mailchimp, and say which are gone there."""
        tags = [item for item in with_ids(items) if item.get("type") == "static"]
        self._adopt(parent, tags)
        managed = parent.tag_ids.filtered("managed")
        found = super()._mirror(parent, items, is_whole)
        managed.filtered(lambda tag: not tag.active)._hand_over()
        return found

    @api.model
    def _find_or_create(self, audience, items):
        """As above, and let deleted tags that members carry again be there again."""
        self._adopt(audience, items)
        found = super()._find_or_create(audience, items)
        gone = self.browse().union(*found.values()).filtered(lambda t: not t.active)
        gone.active = True
        return found

    @api.model
    def _adopt(self, audience, items):
        """Give tags that wait the remote id of those with their name, in any case.

        :param recordset audience: one `mailchimp.audience`
        :param items: tags as Mailchimp sent them, with ``id`` and ``name``
        """
        if not items:
            return
        domain = [("audience_id", "=", audience.id), ("mailchimp_id", "=", False)]
        waiting = self.search(domain)
        if not waiting:
            return
        by_name = {tag.name.casefold(): tag for tag in waiting}
        ids = {str(item["id"]): short_text(item.get("name")) or "" for item in items}
        held = self.with_context(active_test=False).search(
            [("audience_id", "=", audience.id), ("mailchimp_id", "in", list(ids))]
        )
        for remote_id in ids.keys() - set(held.mapped("mailchimp_id")):
            if tag := by_name.pop(ids[remote_id].casefold(), None):
                tag.write({"mailchimp_id": remote_id, "name": ids[remote_id]})

    def _miss(self):
        """Archive tags that were deleted in Mailchimp, not those that wait for it."""
        gone = self.filtered("mailchimp_id")
        # If it is made again, nobody has it.
        gone.member_ids = [Command.clear()]
        return super(MailchimpTagManaged, gone)._miss()

    def _hand_over(self):
        """Manage deleted tags no more: the push must not make them again.

        Where somebody made the tag anew, that one is managed from now on.
        """
        for tag in self:
            category = tag.category_id
            tag.with_context(mailchimp_no_back_fill=True).managed = False
            heir = tag.audience_id.tag_ids.filtered(
                lambda other, tag=tag: other.active
                and other.type == "static"
                and other.name == tag.name
            )
            if heir:
                heir[0].write({"managed": True, "category_id": category.id})
            else:
                tag._tell_deleted()

    def _tell_deleted(self):
        self.audience_id.message_post(
            body=self.env._(
                "The tag “%s” was deleted in Mailchimp. Odoo does not manage it any "
                "more; contacts keep their Odoo tag. To have it again, manage the "
                "Odoo tag again.",
                self.name,
            )
        )

    # === DECLARE === #

    @api.model
    def _declare(self, audience, categories):
        """Let Odoo manage the tags of an audience that Odoo tags stand for.

        :param recordset audience: one `mailchimp.audience`
        :param recordset categories: `res.partner.category`
        :return: the tags; those that Mailchimp does not have yet wait
        :raise ValidationError: when a name is too long, or is that of another one
        """
        named = categories.with_context(lang=audience._outgoing_context()["lang"])
        tags = self.browse()
        for category in named:  # as many as somebody chose
            name = (category.name or "").strip()
            if len(name) > MAX_NAME:
                raise ValidationError(
                    self.env._(
                        "“%(name)s” is longer than %(count)s characters, which "
                        "Mailchimp does not take. Shorten it first.",
                        name=name,
                        count=MAX_NAME,
                    )
                )
            tags |= self._declare_one(audience, category, name)
        audience._enqueue_settle_labels()
        return tags

    @api.model
    def _declare_one(self, audience, category, name):
        known = audience.tag_ids.filtered(lambda tag: tag.type == "static")
        same = known.filtered(lambda tag: tag.name.casefold() == name.casefold())
        tag = (same.filtered(lambda tag: tag.name == name) or same)[:1]
        if tag.managed and tag.category_id and tag.category_id != category:
            raise ValidationError(
                self.env._(
                    "The tag “%(tag)s” of %(audience)s is that of another Odoo tag "
                    "already: %(category)s.",
                    tag=tag.name,
                    audience=audience.name,
                    category=tag.category_id.display_name,
                )
            )
        vals = {"managed": True, "category_id": category.id}
        if tag:
            tag.write(vals)
            return tag
        return self.create({**vals, "audience_id": audience.id, "name": name})

    def _label(self):
        return Label(
            (TAG, self.name),
            self.category_id.id or None,
            None,
            self.managed,
            self.settled,
        )
