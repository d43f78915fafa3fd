import {percentageField} from "@web/views/fields/percentage/percentage_field";
import {formatPercentage} from "@web/views/fields/formatters";
import {registry} from "@web/core/registry";

/** A percentage whose average over nothing is nothing, instead of 0 %. */
export function formatRate(value, options) {
    return value === false ? "" : formatPercentage(value, options);
}
formatRate.extractOptions = formatPercentage.extractOptions;

registry.category("formatters").add("mailchimp_rate", formatRate);
registry.category("fields").add("mailchimp_rate", percentageField);
