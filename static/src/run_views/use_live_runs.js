import {browser} from "@web/core/browser/browser";
import {ConnectionLostError} from "@web/core/network/rpc";
import {onMounted, onWillUnmount} from "@odoo/owl";
import {useService} from "@web/core/utils/hooks";

const LIVE_STATES = ["pending", "running"];
export const SHORTEST = 2000;
// A run may wait for hours: whoever leaves it open asks less often then.
export const LONGEST = 16000;

/**
 * Reload what is shown for as long as a run of it is under way.
 *
 * @param {Object} options
 * @param {() => Object[]} options.records the records that are shown
 * @param {() => Promise} options.reload reads them again
 * @param {() => boolean} options.isBusy whether a reload would disturb the user
 */
export function useLiveRuns({records, reload, isBusy}) {
    const ui = useService("ui");
    let timeout = null;
    let delay = SHORTEST;
    let isLeft = false;

    const live = () => records().filter(({data}) => LIVE_STATES.includes(data.state));
    const news = () =>
        live()
            .map(({resId, data}) => [resId, data.state, data.progress])
            .join();
    const canReload = () =>
        !document.hidden && ui.activeElement === document && !isBusy();

    async function refresh() {
        const before = news();
        if (before && canReload()) {
            try {
                await reload();
            } catch (error) {
                if (!(error instanceof ConnectionLostError)) {
                    throw error;
                }
            }
            delay = news() === before ? Math.min(2 * delay, LONGEST) : SHORTEST;
        }
        schedule();
    }
    function schedule() {
        if (!isLeft) {
            timeout = browser.setTimeout(refresh, delay);
        }
    }

    onMounted(schedule);
    onWillUnmount(() => {
        isLeft = true;
        browser.clearTimeout(timeout);
    });
}
