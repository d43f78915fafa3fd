/* global Chart */
import {
    defineModels,
    fields,
    models,
    mountView,
    onRpc,
} from "@web/../tests/web_test_helpers";
import {describe, expect, test} from "@odoo/hoot";
import {queryAllTexts, queryOne} from "@odoo/hoot-dom";
import {defineMailModels} from "@mail/../tests/mail_test_helpers";

describe.current.tags("desktop");

const HOURS = [
    {label: "10:00", type: "future", value: 3},
    {label: "11:00", type: "future", value: 1},
];

class Campaign extends models.Model {
    _name = "campaign.of.mailchimp";

    status = fields.Char();
    rate = fields.Float({aggregator: "avg"});
    graph = fields.Text();

    _records = [
        {
            id: 1,
            status: "Sent",
            rate: 0.25,
            graph: JSON.stringify([{key: "Opened by", values: HOURS}]),
        },
        {id: 2, status: "Unsent", rate: 0},
    ];
}

defineMailModels();
defineModels([Campaign]);

test("the average of nothing is nothing", async () => {
    onRpc("web_read_group", ({parent}) => {
        const result = parent();
        // As the server says it of campaigns without a report.
        result.groups[1]["rate:avg"] = false;
        return result;
    });
    await mountView({
        type: "list",
        resModel: "campaign.of.mailchimp",
        groupBy: ["status"],
        arch: `<list><field name="status"/>
            <field name="rate" widget="mailchimp_rate"/></list>`,
    });
    expect(queryAllTexts(".o_group_header .o_list_number")).toEqual(["25%", ""]);
});

test("the axes of the first day say what they are", async () => {
    await mountView({
        type: "form",
        resModel: "campaign.of.mailchimp",
        resId: 1,
        arch: `<form><field name="graph" widget="mailchimp_day_graph"
            graph_type="bar"/></form>`,
    });
    const {scales, data} = Chart.getChart(queryOne("canvas"));
    expect(data.labels).toEqual(["10:00", "11:00"]);
    expect(scales.x.options.title.text.toString()).toBe("Time of Day");
    expect(scales.y.options.display).toBe(true);
    expect(scales.y.options.title.text.toString()).toBe("Recipients");
});
