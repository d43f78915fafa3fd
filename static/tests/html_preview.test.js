import {beforeEach, describe, expect, getFixture, test} from "@odoo/hoot";
import {defineModels, fields, models, mountView} from "@web/../tests/web_test_helpers";
import {defineMailModels} from "@mail/../tests/mail_test_helpers";
import {toDocument} from "@mailchimp_connector/html_preview/html_preview";

describe.current.tags("desktop");

// Each of them tells the page around it that it ran.
const ATTACKS = `
    <script>parent.postMessage("script", "*")</script>
    <img src="data:image/png,broken" onerror="parent.postMessage('onerror', '*')"/>
    <svg onload="parent.postMessage('onload', '*')"/>
    <iframe srcdoc="<script>top.postMessage('nested', '*')</script>"></iframe>
    <a href="javascript:parent.postMessage('link', '*')" target="_top">Link</a>`;

class Mail extends models.Model {
    _name = "mail.of.mailchimp";

    html = fields.Text();

    _records = [
        {id: 1, html: `<p>Dear reader</p>${ATTACKS}`},
        {id: 2, html: false},
    ];
}

defineMailModels();
defineModels([Mail]);

let heard = [];
let listen = null;

beforeEach(() => {
    heard = [];
    listen = (event) => typeof event.data === "string" && heard.push(event.data);
    window.addEventListener("message", listen);
    return () => window.removeEventListener("message", listen);
});

function loaded(selector) {
    return new Promise((resolve) => {
        const onLoad = (event) => {
            if (event.target.matches?.(selector)) {
                document.removeEventListener("load", onLoad, true);
                resolve(event.target);
            }
        };
        document.addEventListener("load", onLoad, true);
    });
}

/** Show the attacks in a frame without a sandbox; what it posts comes last. */
async function attackForReal() {
    const frame = document.createElement("iframe");
    frame.className = "unprotected";
    frame.srcdoc = `${ATTACKS}<script>parent.postMessage("end", "*")</script>`;
    const done = new Promise((resolve) => {
        const onMessage = (event) => {
            if (event.data === "onerror") {
                window.removeEventListener("message", onMessage);
                resolve();
            }
        };
        window.addEventListener("message", onMessage);
    });
    getFixture().append(frame);
    await done;
}

function mountMail(resId) {
    return mountView({
        type: "form",
        resModel: "mail.of.mailchimp",
        resId,
        arch: `<form><field name="html" widget="mailchimp_html_preview"
            placeholder="No content"/></form>`,
    });
}

test("nothing in foreign HTML runs, and it cannot reach Odoo", async () => {
    const whenLoaded = loaded(".o_mailchimp_html_preview");
    await mountMail(1);
    const frame = await whenLoaded;
    expect(frame.getAttribute("sandbox")).toBe("");
    expect(frame.contentDocument).toBe(null);
    expect(() => frame.contentWindow.location.href).toThrow();
    expect(heard).toEqual([]);
    // The same would have run without what keeps it.
    await attackForReal();
    expect(heard).toInclude("script");
    expect(heard).toInclude("onerror");
});

test("a mail without content says so", async () => {
    await mountMail(2);
    expect(".o_mailchimp_html_preview").toHaveCount(0);
    expect(".o_mailchimp_html_preview_empty").toHaveText("No content");
});

test("the policy comes first, and links lead nowhere", () => {
    const page = toDocument(
        `<!DOCTYPE html><html><head><base href="https://odoo.example/"/>
        <meta http-equiv="refresh" content="0;url=https://evil.example/"/></head>
        <body class="mail"><a href="/web/session/logout" target="_self">Out</a>
        <p>Dear *|FNAME|*</p></body></html>`
    );
    expect(page).toMatch(
        /^<!DOCTYPE html><html><head><meta http-equiv="Content-Security-Policy"/
    );
    expect(page).not.toMatch("refresh");
    expect(page).not.toMatch("odoo.example");
    expect(page).not.toMatch("_self");
    expect(page).toMatch('<body class="mail">');
    expect(page).toMatch("Dear *|FNAME|*");
});
