import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("mailchimp_report", {
    url: "/odoo/mailchimp-campaigns",
    steps: () => [
        {
            content: "The list shows the rates",
            trigger: ".o_data_row:contains(Letter) td[name=open_rate]:contains(%)",
        },
        {
            content: "Open the campaign",
            trigger: ".o_data_row td[name=name]:contains(Letter)",
            run: "click",
        },
        {
            content: "Open the report",
            trigger: ".o_notebook .nav-link:contains(Report)",
            run: "click",
        },
        {
            content: "It is live",
            trigger: ".o_field_widget[name=report_state]:contains(Live)",
        },
        {
            content: "See who opened it, beside others",
            trigger: "table[name=rates]:contains(Your Audience):contains(Industry)",
        },
        {
            content: "The first day is drawn",
            trigger: ".o_field_widget[name=opens_graph] canvas",
        },
        {
            content: "See the links",
            trigger:
                ".o_field_widget[name=link_ids] td[name=url]:contains(harbourvine.example)",
        },
        {
            content: "Stop fetching it every hour",
            trigger: "button[name=action_freeze_report]",
            run: "click",
        },
        {
            content: "It is frozen",
            trigger: ".o_field_widget[name=report_state]:contains(Frozen)",
        },
        {
            content: "Fetch it every hour again",
            trigger: "button[name=action_reopen_report]",
            run: "click",
        },
        {
            content: "It is live again",
            trigger: ".o_field_widget[name=report_state]:contains(Live)",
        },
        {
            content: "Look at the first day",
            trigger: "button:contains(Analyze)",
            run: "click",
        },
        {
            content: "Hour by hour",
            trigger: ".o_graph_view .o_graph_canvas_container canvas",
        },
        {
            content: "Back to the campaign",
            trigger: ".o_back_button",
            run: "click",
        },
        {
            content: "Open the report again",
            trigger: ".o_notebook .nav-link:contains(Report)",
            run: "click",
        },
        {
            content: "Fetch it now",
            trigger: "button[name=action_fetch_report]",
            run: "click",
        },
        {
            content: "Follow it",
            trigger: ".o_form_view:contains(Fetch Campaign Reports)",
        },
    ],
});
