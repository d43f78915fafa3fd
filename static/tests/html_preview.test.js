import {defineModels, fields, models, mountView} from "@web/../tests/web_test_helpers";
import {describe, expect, test} from "@odoo/hoot";
import {defineMailModels} from "@mail/../tests/mail_test_helpers";
import {toDocument} from "@mailchimp_connector/html_preview/html_preview";

// That nothing in the frame runs is for a tour to show: here, frames that must not be
// looked into make the test runner fail.

describe.current.tags("desktop");

class Mail extends models.Model {
    _name = "mail.of.mailchimp";

    html = fields.Text();

    _records = [{id: 1, html: false}];
}

defineMailModels();
defineModels([Mail]);

test("a mail without content says so", async () => {
    await mountView({
        type: "form",
        resModel: "mail.of.mailchimp",
        resId: 1,
        arch: `<form><field name="html" widget="mailchimp_html_preview"
            placeholder="No content"/></form>`,
    });
    expect(".o_mailchimp_html_preview").toHaveCount(0);
    expect(".o_mailchimp_html_preview_empty").toHaveText("No content");
});

test("the policy comes first, and links lead nowhere", () => {
    const page = toDocument(
        `<!DOCTYPE html><html><head><base href="https://odoo.example/"/>
        <meta http-equiv="refresh" content="0;url=https://evil.example/"/></head>
        <body class="mail"><a href="/web/session/logout" target="_self">Out</a>
        <script>top.owned = 1</script><p>Dear *|FNAME|*</p></body></html>`
    );
    expect(page).toMatch(
        /^<!DOCTYPE html><html><head><meta http-equiv="Content-Security-Policy"/
    );
    for (const unwanted of ["refresh", "odoo.example", "_self", "<script"]) {
        expect(page).not.toMatch(unwanted);
    }
    expect(page).toMatch('<body class="mail">');
    expect(page).toMatch("Dear *|FNAME|*");
});

test("what is no HTML is shown, too", () => {
    expect(toDocument("Dear < reader")).toMatch("Dear &lt; reader");
});
