import {registry} from "@web/core/registry";
import {
    SelectionField,
    selectionField,
} from "@web/views/fields/selection/selection_field";

/** A selection that says what counts (its placeholder) while nothing is chosen. */
export class DefaultedSelection extends SelectionField {
    static template = "mailchimp_connector.DefaultedSelection";

    get string() {
        return super.string || this.props.placeholder || "";
    }
}

registry.category("fields").add("mailchimp_defaulted_selection", {
    ...selectionField,
    component: DefaultedSelection,
});
