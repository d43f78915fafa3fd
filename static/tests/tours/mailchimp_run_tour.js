import {registry} from "@web/core/registry";
import {rpc} from "@web/core/network/rpc";

/** Let the server run an action of the test by its name. */
async function act(name) {
    const call = (method, args) =>
        rpc(`/web/dataset/call_kw/ir.actions.server/${method}`, {
            model: "ir.actions.server",
            method,
            args,
            kwargs: {},
        });
    await call("run", [await call("search", [[["name", "=", name]]])]);
}
const readPage = () => act("Read a page");
const readRest = () => act("Read the rest");

registry.category("web_tour.tours").add("mailchimp_run", {
    url: "/odoo/mailchimp-runs",
    steps: () => [
        {
            content: "The run waits",
            trigger: ".o_data_row td[name=state]:contains(Waiting)",
            run: readPage,
        },
        {
            content: "The list shows by itself that it began",
            trigger: ".o_data_row td[name=state]:contains(Running)",
        },
        {
            content: "The bar of the list moved",
            trigger: ".o_data_row td[name=progress]:contains(40)",
        },
        {
            content: "Open the run",
            trigger: ".o_data_row td[name=name]",
            run: "click",
        },
        {
            content: "It goes on where the list showed it",
            trigger: ".o_form_view .o_field_widget[name=done]:contains(10)",
            run: readPage,
        },
        {
            content: "The form shows by itself how far it is",
            trigger: ".o_form_view .o_field_widget[name=done]:contains(20)",
        },
        {
            content: "The bar of the form moved",
            trigger: ".o_form_view .o_field_widget[name=progress]:contains(80)",
            run: readRest,
        },
        {
            content: "It shows by itself that it is done",
            trigger: ".o_form_view .o_arrow_button_current:contains(Done)",
        },
        {
            content: "All members are in",
            trigger: ".o_form_view .o_field_widget[name=created]:contains(25)",
        },
        {
            content: "What is done cannot be paused",
            trigger: ".o_form_view:not(:has(button[name=action_pause]))",
        },
    ],
});
