import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("mailchimp_audience", {
    url: "/odoo/mailchimp-audiences",
    steps: () => [
        {
            content: "Open the audience",
            trigger: ".o_data_row td[name=name]:contains(Newsletter)",
            run: "click",
        },
        {
            content: "See how many opted out",
            trigger: ".oe_stat_button:contains(Unsubscribed) .o_stat_value:contains(1)",
        },
        {
            content: "See what Mailchimp says",
            trigger: ".o_field_widget[name=remote_subscribed]:contains(2)",
        },
        {
            content: "Open the subscribers",
            trigger: ".oe_stat_button:contains(Subscribers):contains(2)",
            run: "click",
        },
        {
            content: "Only subscribers are listed",
            trigger: ".o_list_view:not(:contains(grace@example.com))",
        },
        {
            content: "Open a member",
            trigger: ".o_data_row td[name=email]:contains(ada@example.com)",
            run: "click",
        },
        {
            content: "Open the contact of the member",
            trigger: ".oe_stat_button[name=action_open_contact]",
            run: "click",
        },
        {
            content: "The subscription says what Mailchimp says",
            trigger:
                ".o_field_widget[name=subscription_ids] td[name=mailchimp_status]:contains(Subscribed)",
        },
        {
            content: "Open the history of the contact",
            trigger: ".o_notebook .nav-link:contains(MailChimp)",
            run: "click",
        },
        {
            content: "The consent is on record",
            trigger:
                ".o_field_widget[name=mailchimp_consent_ids] td[name=new_status]:contains(Subscribed)",
        },
    ],
});
