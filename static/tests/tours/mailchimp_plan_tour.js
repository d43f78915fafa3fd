import {registry} from "@web/core/registry";
import {rpc} from "@web/core/network/rpc";

/** Let the server do what waits in its queue, as the scheduled action does. */
async function work() {
    const call = (method, args) =>
        rpc(`/web/dataset/call_kw/ir.actions.server/${method}`, {
            model: "ir.actions.server",
            method,
            args,
            kwargs: {},
        });
    await call("run", [await call("search", [[["name", "=", "Run the queue"]]])]);
}

const preview = [
    {
        content: "Choose a customer",
        trigger: ".o_list_view .o_data_row:contains(Ada Lovelace) input",
        run: "click",
    },
    {
        content: "And the one without an address",
        trigger: ".o_list_view .o_data_row:contains(Charles Babbage) input",
        run: "click",
    },
    {
        content: "Open the cog menu",
        trigger: ".o_cp_action_menus .dropdown-toggle",
        run: "click",
    },
    {
        content: "Export",
        trigger: ".o-dropdown-item:contains(Export to MailChimp)",
        run: "click",
    },
    {
        content: "The only audience is proposed",
        trigger: ".modal .o_field_widget[name=audience_ids]:contains(Newsletter)",
    },
    {
        content: "See what would happen first",
        trigger: ".modal button[name=action_preview]",
        run: "click",
    },
    {
        content: "It is being computed",
        trigger: ".o_form_view .alert:contains(The plan is being computed)",
        run: work,
    },
];

const review = [
    {
        content: "The plan is there without being asked for again",
        trigger: ".o_form_view .o_arrow_button_current:contains(To Review)",
    },
    {
        content: "It says what it adds",
        trigger: ".o_field_widget[name=cost_hint]:contains(New contacts: 1)",
    },
    {
        content: "And what stays out, and why",
        trigger: ".o_field_widget[name=skip_summary]:contains(No email address)",
    },
    {
        content: "How Ada would be in Mailchimp",
        trigger:
            ".o_data_row:contains(Ada Lovelace) td[name=after_text]:contains(First Name: Ada)",
    },
    {
        content: "Look at those who are left out",
        trigger: "button[name=action_view_lines]:contains(left out)",
        run: "click",
    },
    {
        content: "Only they are listed",
        trigger:
            ".o_list_view:not(:has(.o_data_row:contains(Ada))) .o_data_row:contains(Charles Babbage)",
    },
    {
        content: "Back to the plan",
        trigger: ".o_breadcrumb a:contains(Export to MailChimp)",
        run: "click",
    },
];

const apply = [
    {
        content: "Apply it",
        trigger: ".o_form_view button[name=action_apply]",
        run: "click",
    },
    {
        content: "Yes",
        trigger: ".modal .modal-footer button:contains(Apply)",
        run: "click",
    },
    {
        content: "A run does it",
        trigger:
            ".o_form_view .o_field_widget[name=name]:contains(Export to MailChimp)",
        run: work,
    },
    {
        content: "It is done",
        trigger: ".o_form_view .o_arrow_button_current:contains(Done)",
    },
    {
        content: "It added one",
        trigger: ".o_field_widget[name=created]:contains(1)",
    },
];

registry.category("web_tour.tours").add("mailchimp_plan", {
    steps: () => [...preview, ...review, ...apply],
});
