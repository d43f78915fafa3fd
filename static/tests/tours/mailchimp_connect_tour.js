import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("mailchimp_connect", {
    url: "/odoo/mailchimp-accounts",
    steps: () => [
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
            run: "edit 0123456789abcdef0123456789abcdef-us1",
        },
        {
            content: "Test the connection",
            trigger: "button[name=action_test_connection].btn-primary",
            run: "click",
        },
        {
            content: "It is connected",
            trigger: ".o_arrow_button_current:contains(Connected)",
        },
        {
            content: "Mailchimp said who we are",
            trigger:
                ".o_field_widget[name=mailchimp_login]:contains(owner@sandbox.example)",
        },
        {
            content: "Open the menu",
            trigger: "[data-menu-xmlid='mailchimp_connector.mailchimp_menu_root']",
            run: "click",
        },
        {
            content: "Choose the operations",
            trigger:
                "[data-menu-xmlid='mailchimp_connector.mailchimp_menu_operations']",
            run: "click",
        },
        {
            content: "The account is proposed",
            trigger:
                ".modal .o_field_widget[name=account_ids]:contains(Nordwind Outdoor)",
        },
        {
            content: "Import its audiences",
            trigger: ".modal button[name=action_process]",
            run: "click",
        },
        {
            content: "A run shows how far it is",
            trigger:
                ".o_form_view .o_field_widget[name=name]:contains(Import Audiences)",
        },
        {
            content: "It waits for the queue and can be paused",
            trigger: ".o_form_view button[name=action_pause]",
        },
    ],
});
