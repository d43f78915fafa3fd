import {registry} from "@web/core/registry";
import {rpc} from "@web/core/network/rpc";

const KEY = "0123456789abcdef0123456789abcdef-us1";
const MENU = "mailchimp_connector.mailchimp_menu";

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

const openMenu = (name) => [
    {
        content: "Open the menu",
        trigger: `[data-menu-xmlid='${MENU}_root']`,
        run: "click",
    },
    {
        content: `Choose ${name}`,
        trigger: `[data-menu-xmlid='${MENU}_${name}']`,
        run: "click",
    },
];

const connect = [
    {
        content: "Start a new account",
        trigger: ".o_list_button_add",
        run: "click",
    },
    {
        content: "Name it",
        trigger: ".o_field_widget[name=name] input",
        run: "edit Nordwind Outdoor",
    },
    {
        content: "Paste the key",
        trigger: ".o_field_widget[name=api_key] input[type=password]",
        run: `edit ${KEY}`,
    },
    {
        content: "Open the settings",
        trigger: ".o_notebook .nav-link[name=settings]",
        run: "click",
    },
    {
        content: "Choose what new members become",
        trigger: ".o_field_widget[name=new_member_status] input",
        run: "click",
    },
    {
        content: "They are subscribed",
        trigger: ".o_select_menu_item:contains(Subscribed)",
        run: "click",
    },
    {
        content: "Test the connection",
        trigger: "button[name=action_test_connection].btn-primary",
        run: "click",
    },
    {
        content: "It is connected",
        trigger:
            ".o_field_widget[name=mailchimp_login]:contains(owner@sandbox.example)",
    },
];

const importAll = [
    ...openMenu("operations"),
    {
        content: "The account is proposed",
        trigger: ".modal .o_field_widget[name=account_ids]:contains(Nordwind Outdoor)",
    },
    {
        content: "Import its audiences",
        trigger: ".modal button[name=action_process]",
        run: "click",
    },
    {
        content: "A run shows how far it is",
        trigger: ".o_form_view .o_field_widget[name=name]:contains(Import Audiences)",
        run: work,
    },
    {
        content: "It is done",
        trigger: ".o_form_view .o_arrow_button_current:contains(Done)",
    },
];

const exportCustomer = [
    {
        content: "See the apps",
        trigger: ".o_navbar_apps_menu button",
        run: "click",
    },
    {
        content: "Open the contacts",
        trigger: ".o_app[data-menu-xmlid='contacts.menu_contacts']",
        run: "click",
    },
    {
        content: "Open the customer",
        trigger: ".o_data_row td[name=complete_name]:contains(Ada Lovelace)",
        run: "click",
    },
    {
        content: "The customer is shown",
        trigger: ".o_form_view .o_breadcrumb:contains(Ada Lovelace)",
    },
    {
        content: "Open the cog menu",
        trigger: ".o_cp_action_menus .fa-cog",
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
        content: "All is well with the customer",
        trigger: ".modal p:contains(none has opted out)",
    },
    {
        content: "Go",
        trigger: ".modal button[name=action_export]",
        run: "click",
    },
    {
        content: "Mailchimp answered",
        trigger:
            ".o_notification:contains(ada@lovelace.example is in Newsletter: Subscribed)",
    },
    {
        content: "The customer knows the audience",
        trigger: ".o_notebook .nav-link[name=mailchimp]",
        run: "click",
    },
    {
        content: "It is subscribed and up to date",
        trigger:
            ".o_field_widget[name=mailchimp_member_ids] .o_data_row:contains(Subscribed):contains(Up to Date)",
    },
];

registry.category("web_tour.tours").add("mailchimp_export", {
    url: "/odoo/mailchimp-accounts",
    steps: () => [...connect, ...importAll, ...exportCustomer],
});
