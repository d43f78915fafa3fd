import {registry} from "@web/core/registry";

const item = (label) =>
    `.o_model_field_selector_popover_item:has(.o_model_field_selector_popover_item_name:contains(/^${label}$/))`;

registry.category("web_tour.tours").add("mailchimp_mapping", {
    url: "/odoo/mailchimp-audiences",
    steps: () => [
        {
            content: "Open the audience",
            trigger: ".o_data_row td[name=name]:contains(Newsletter)",
            run: "click",
        },
        {
            content: "See its merge fields",
            trigger: ".o_notebook .nav-link:contains(Merge Fields)",
            run: "click",
        },
        {
            content: "See what is required",
            trigger: ".alert:contains(LAND: Required in Mailchimp)",
        },
        {
            content: "Edit the field",
            trigger: ".o_data_row:contains(LAND) td[name=field_path]",
            run: "click",
        },
        {
            content: "Open the selector",
            trigger: ".o_selected_row .o_model_field_selector_value",
            run: "click",
        },
        {
            content: "Go to the customer",
            trigger: `${item("Customer")} .o_model_field_selector_popover_item_relation`,
            run: "click",
        },
        {
            content: "Go to the country",
            trigger: `${item("Country")} .o_model_field_selector_popover_item_relation`,
            run: "click",
        },
        {
            content: "Choose its code",
            trigger: `${item("Country Code")} .o_model_field_selector_popover_item_name`,
            run: "click",
        },
        {
            content: "See where it goes to",
            trigger:
                ".o_selected_row .o_model_field_selector_value:contains(Country Code)",
        },
        {
            content: "Save",
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "Such a field only goes to Mailchimp",
            trigger:
                ".o_data_row:contains(LAND) [name=direction]:contains(To Mailchimp)",
        },
        {
            content: "Nothing is missing any more",
            trigger: ".o_form_saved:not(:has(.alert:contains(LAND)))",
        },
        {
            content: "Check what would be sent",
            trigger: "button[name=action_check_mapping]",
            run: "click",
        },
        {
            content: "See whose value is missing",
            trigger: ".o_data_row:contains(LAND):contains(Required and Empty)",
        },
        {
            content: "Open the contacts",
            trigger: ".o_data_row:contains(LAND) button[name=action_open_contacts]",
            run: "click",
        },
        {
            content: "They are listed",
            trigger: ".o_list_view .o_data_row:contains(ada@example.com)",
        },
    ],
});
