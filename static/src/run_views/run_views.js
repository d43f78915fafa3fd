import {FormController} from "@web/views/form/form_controller";
import {ListController} from "@web/views/list/list_controller";
import {formView} from "@web/views/form/form_view";
import {listView} from "@web/views/list/list_view";
import {registry} from "@web/core/registry";
import {useLiveRuns} from "./use_live_runs";

export class LiveFormController extends FormController {
    setup() {
        super.setup();
        useLiveRuns({
            records: () => [this.model.root],
            reload: () => this.model.root.load(),
            // A reload would bring the logs back to their first page.
            isBusy: () => Boolean(this.model.root.data.line_ids?.offset),
        });
    }
}

export class LiveListController extends ListController {
    setup() {
        super.setup();
        useLiveRuns({
            records: () => (this.model.useSampleModel ? [] : this.model.root.records),
            reload: () => this.model.root.load(),
            // A reload would undo what is ticked.
            isBusy: () => Boolean(this.model.root.selection.length),
        });
    }
}

registry.category("views").add("mailchimp_live_form", {
    ...formView,
    Controller: LiveFormController,
});
registry.category("views").add("mailchimp_live_list", {
    ...listView,
    Controller: LiveListController,
});
