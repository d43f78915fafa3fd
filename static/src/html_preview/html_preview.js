import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

// What a mail may load: pictures, styles and fonts. Nothing runs, is sent or embedded.
const POLICY = [
    "default-src 'none'",
    "img-src https: http: data:",
    "style-src 'unsafe-inline' https:",
    "font-src https: data:",
    "form-action 'none'",
].join("; ");
// Addresses that are not absolute lead nowhere in a mail, and must not lead into Odoo.
const NOWHERE = "https://relative-address.invalid/";
const UNWANTED = "script, base, meta[http-equiv], meta[name=referrer]";

function meta(document, name, content) {
    const element = document.createElement("meta");
    element.setAttribute("http-equiv", name);
    element.setAttribute("content", content);
    return element;
}

/**
 * Make the document that the frame shows. It is parsed without being run; what keeps it
 * harmless is the sandbox of the frame and the policy, which comes first in it. With
 * the frame's links opening in a new window, which its sandbox forbids, they lead
 * nowhere.
 */
export function toDocument(html) {
    const page = new DOMParser().parseFromString(html, "text/html");
    for (const element of page.querySelectorAll(UNWANTED)) {
        element.remove();
    }
    for (const element of page.querySelectorAll("[target]")) {
        element.removeAttribute("target");
    }
    const base = page.createElement("base");
    base.setAttribute("href", NOWHERE);
    base.setAttribute("target", "_blank");
    page.head.prepend(meta(page, "Content-Security-Policy", POLICY), base);
    return (page.doctype ? "<!DOCTYPE html>" : "") + page.documentElement.outerHTML;
}

/** Show foreign HTML as a mail would look, with no rights at all. */
export class HtmlPreview extends Component {
    static template = "mailchimp_connector.HtmlPreview";
    static props = {
        ...standardFieldProps,
        height: {type: String, optional: true},
        placeholder: {type: String, optional: true},
    };

    get html() {
        return String(this.props.record.data[this.props.name] || "").trim();
    }

    get document() {
        return toDocument(this.html);
    }

    get style() {
        return this.props.height ? `height: ${this.props.height};` : "";
    }

    get empty() {
        return this.props.placeholder || _t("Nothing to show yet.");
    }

    get title() {
        return _t("Preview");
    }
}

registry.category("fields").add("mailchimp_html_preview", {
    component: HtmlPreview,
    displayName: _t("Sandboxed HTML preview"),
    supportedTypes: ["html", "text"],
    extractProps: ({options, placeholder}) => ({
        height: options.height,
        placeholder,
    }),
});
