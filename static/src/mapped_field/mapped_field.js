import {registry} from "@web/core/registry";
import {
    FieldSelectorField,
    fieldSelectorField,
} from "@web/views/fields/field_selector/field_selector_field";

// A member leads to its contact and its customer, where the paths begin.
const ROOT = "mailchimp.member";
const CONTACT = "contact_id";
const CUSTOMER = "partner_id";
const USABLE = new Set([
    "boolean",
    "char",
    "date",
    "datetime",
    "float",
    "html",
    "integer",
    "many2many",
    "many2one",
    "monetary",
    "selection",
    "text",
]);

/** Path from the member -> path as it is stored, which is that from the contact. */
export function toStored(path) {
    if (!path || path === CONTACT) {
        return false;
    }
    const [root, ...names] = path.split(".");
    return root === CONTACT ? names.join(".") : path;
}

/** The reverse of it. */
export function toPath(stored) {
    if (!stored) {
        return "";
    }
    const root = stored.split(".")[0];
    return root === CUSTOMER ? stored : `${CONTACT}.${stored}`;
}

/**
 * Choose the field of a contact or customer that belongs to a merge field. What may be
 * chosen in the end is for the server to say; here, only what is never of use is hidden.
 */
export class MappedField extends FieldSelectorField {
    static template = "mailchimp_connector.MappedField";

    get resModel() {
        return ROOT;
    }

    get selectorProps() {
        const stored = this.props.record.data[this.props.name];
        return {...super.selectorProps, path: toPath(stored), allowEmpty: true};
    }

    filter(field, _path, model) {
        if (model === ROOT) {
            return [CONTACT, CUSTOMER].includes(field.name);
        }
        const type = this.props.record.data.type;
        const usable =
            USABLE.has(field.type) || (field.type === "binary" && type === "imageurl");
        return usable && field.store !== false && !field.groups;
    }

    async update(path) {
        await super.update(toStored(path));
    }
}

registry.category("fields").add("mailchimp_mapped_field", {
    ...fieldSelectorField,
    component: MappedField,
});
