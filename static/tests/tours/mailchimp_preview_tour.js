import {registry} from "@web/core/registry";

/** Put a frame into the page and wait until all of it is loaded. */
function load(frame) {
    return new Promise((resolve) => {
        frame.addEventListener("load", () => resolve(frame), {once: true});
        document.body.append(frame);
    });
}

function reaches(frame) {
    try {
        return Boolean(frame.contentWindow.location.href);
    } catch {
        return false;
    }
}

function assert(condition, message) {
    if (!condition) {
        throw new Error(message);
    }
}

/** The HTML of the template tells the page around it by `top.owned` that it ran. */
async function attack({anchor}) {
    const frame = await load(anchor.cloneNode());
    assert(frame.getAttribute("sandbox") === "", "The frame has rights");
    assert(frame.contentDocument === null, "Odoo sees into the frame");
    assert(!reaches(frame), "The frame is of Odoo's origin");
    assert(window.owned === undefined, `The frame ran something: ${window.owned}`);
    assert(document.title !== "Owned", "The frame changed the page");
    frame.remove();
    // The same would have run without what keeps it.
    const open = document.createElement("iframe");
    open.srcdoc = anchor.srcdoc.replace(/<meta http-equiv[^>]*>/, "");
    await load(open);
    assert(window.owned !== undefined, "The attack is harmless anyway");
    open.remove();
    delete window.owned;
}

registry.category("web_tour.tours").add("mailchimp_preview", {
    url: "/odoo/mailchimp-templates",
    steps: () => [
        {
            content: "Open the template",
            trigger: ".o_kanban_record:contains(Evil letter)",
            run: "click",
        },
        {
            content: "It is shown, and nothing in it runs",
            trigger: ".o_form_view iframe.o_mailchimp_html_preview",
            run: attack,
        },
        {
            content: "See its HTML",
            trigger: ".o_notebook .nav-link:contains(HTML)",
            run: "click",
        },
        {
            content: "As code",
            trigger: ".o_field_widget[name=html] .ace_editor:contains(onerror)",
        },
        {
            content: "Save it to Mailchimp",
            trigger: "button[name=action_push]",
            run: "click",
        },
        {
            content: "It is there",
            trigger: ".o_notification:contains(Saved to Mailchimp)",
        },
        {
            content: "Nothing is left to save",
            trigger: ".o_form_view:not(:has(button[name=action_push]))",
        },
    ],
});
