import {registry} from "@web/core/registry";

const field = (name) => `.o_form_view .o_field_widget[name=${name}]`;

const choose = (name, value) => [
    {
        content: `Look for ${value}`,
        trigger: `${field(name)} input`,
        run: `edit ${value}`,
    },
    {
        content: `Choose ${value}`,
        trigger: `.o-autocomplete--dropdown-item:contains(${value}) a`,
        run: "click",
    },
    {
        content: `${value} is chosen`,
        trigger: `${field(name)} input:value(${value})`,
    },
];

const design = [
    {
        content: "Start a new campaign",
        trigger: ".o_list_button_add",
        run: "click",
    },
    {
        content: "Name it",
        trigger: `${field("name")} input`,
        run: "edit November letter",
    },
    {
        content: "What it is about",
        trigger: `${field("subject")} input`,
        run: "edit What ripened in November",
    },
    ...choose("audience_id", "Newsletter"),
    {
        content: "The sender of the audience is proposed",
        trigger: `${field("from_name")} input:value(Nordwind Outdoor)`,
    },
    {
        content: "Where the content comes from",
        trigger: `${field("content_source")} input`,
        run: "click",
    },
    {
        content: "A mailing of Odoo's",
        trigger: ".o_select_menu_item:contains(An Odoo Mailing)",
        run: "click",
    },
    ...choose("mailing_id", "Harvest"),
    {
        content:
            "It is shown with the merge tags of Mailchimp, in a frame without rights",
        trigger: `${field("mailing_preview")} iframe[sandbox][srcdoc*='*|EMAIL|*']`,
    },
];

const schedule = [
    {
        content: "Schedule it",
        trigger: "button[name=action_schedule]",
        run: "click",
    },
    {
        content: "To how many: no date picker takes the attention",
        trigger: ".modal :focus .o_field_widget[name=recipient_count]:contains(2)",
    },
    {
        content: "From whom",
        trigger:
            ".modal .o_field_widget[name=reply_to]:contains(news@nordwind.example)",
    },
    {
        content: "Confirm",
        trigger: ".modal button[name=action_confirm]:visible",
        run: "click",
    },
    {
        content: "Mailchimp has it",
        trigger: ".o_notification:contains(is scheduled for)",
    },
    {
        content: "The campaign says so",
        trigger: ".o_form_view .o_arrow_button_current:contains(Scheduled)",
    },
    {
        content: "It may be called back",
        trigger: "button[name=action_unschedule]",
    },
];

registry.category("web_tour.tours").add("mailchimp_campaign", {
    url: "/odoo/mailchimp-campaigns",
    steps: () => [...design, ...schedule],
});
