import {
    JournalDashboardGraphField,
    journalDashboardGraphField,
} from "@web/views/fields/journal_dashboard_graph/journal_dashboard_graph_field";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";

/** The bars of a dashboard, with axes that say what they are. */
export class DayGraph extends JournalDashboardGraphField {
    getBarChartConfig() {
        const config = super.getBarChartConfig();
        const {x} = config.options.scales;
        x.title = {display: true, text: _t("Time of Day"), color: x.ticks.color};
        config.options.scales.y = {
            ...x,
            beginAtZero: true,
            // People are counted in whole numbers.
            ticks: {...x.ticks, precision: 0},
            title: {...x.title, text: _t("Recipients")},
        };
        return config;
    }
}

registry.category("fields").add("mailchimp_day_graph", {
    ...journalDashboardGraphField,
    component: DayGraph,
});
