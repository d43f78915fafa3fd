import {advanceTime, beforeEach, describe, expect, test} from "@odoo/hoot";
import {
    contains,
    defineModels,
    fields,
    MockServer,
    models,
    mountView,
    onRpc,
} from "@web/../tests/web_test_helpers";
import {LONGEST, SHORTEST} from "@mailchimp_connector/run_views/use_live_runs";
import {defineMailModels} from "@mail/../tests/mail_test_helpers";

describe.current.tags("desktop");

class MailchimpRun extends models.Model {
    _name = "mailchimp.run";

    name = fields.Char();
    progress = fields.Float();
    state = fields.Selection({
        selection: [
            ["running", "Running"],
            ["done", "Done"],
        ],
    });

    _records = [
        {id: 1, name: "Fetch Members", progress: 0, state: "running"},
        {id: 2, name: "Import Audiences", progress: 100, state: "done"},
    ];
}

defineMailModels();
defineModels([MailchimpRun]);

const FIELDS = `<field name="name"/><field name="progress"/><field name="state"/>`;
const FORM = {
    type: "form",
    resModel: "mailchimp.run",
    arch: `<form edit="0" js_class="mailchimp_live_form">${FIELDS}</form>`,
};
const LIST = {
    type: "list",
    resModel: "mailchimp.run",
    arch: `<list js_class="mailchimp_live_list">${FIELDS}</list>`,
};

const write = (vals) => MockServer.env["mailchimp.run"].write([1], vals);

beforeEach(() => {
    onRpc("mailchimp.run", "web_read", () => {
        expect.step("read");
    });
    onRpc("mailchimp.run", "web_search_read", () => {
        expect.step("search");
    });
});

test("a form follows its run to the end, and then asks no more", async () => {
    await mountView({...FORM, resId: 1});
    write({progress: 40});
    await advanceTime(SHORTEST);
    expect(".o_field_widget[name=progress]").toHaveText("40.00");
    write({progress: 100, state: "done"});
    await advanceTime(SHORTEST);
    expect(".o_field_widget[name=state]").toHaveText("Done");
    expect.verifySteps(["read", "read", "read"]);
    await advanceTime(3 * LONGEST);
    expect.verifySteps([]);
});

test("a form of a run that ended does not ask", async () => {
    await mountView({...FORM, resId: 2});
    expect.verifySteps(["read"]);
    await advanceTime(3 * LONGEST);
    expect.verifySteps([]);
});

test("a form that was left asks no more", async () => {
    const view = await mountView({...FORM, resId: 1});
    expect.verifySteps(["read"]);
    view.__owl__.app.destroy();
    await advanceTime(3 * LONGEST);
    expect.verifySteps([]);
});

test("while nothing moves it asks less and less often", async () => {
    await mountView({...FORM, resId: 1});
    await advanceTime(SHORTEST);
    expect.verifySteps(["read", "read"]);
    await advanceTime(SHORTEST);
    expect.verifySteps([]);
    await advanceTime(SHORTEST);
    expect.verifySteps(["read"]);
});

test("a list follows its runs, except while some are chosen", async () => {
    await mountView(LIST);
    await contains(".o_data_row:first .o_list_record_selector input").click();
    write({progress: 40});
    await advanceTime(SHORTEST);
    expect.verifySteps(["search"]);
    await contains(".o_data_row:first .o_list_record_selector input").click();
    await advanceTime(SHORTEST);
    expect(".o_data_row:first [name=progress]").toHaveText("40.00");
    expect.verifySteps(["search"]);
});
