"""Take the pictures of docs/images with a headless Chromium.

Run by ``dev/pictures``. A picture is what a page shows after some clicks.
"""

import base64
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests
import websocket
from PIL import Image

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
WIDTH, HEIGHT = 1400, 900
# Of pages that say more
HEIGHTS = {"account-settings": 1440, "campaign": 1200, "campaign-report": 1500}
PATIENCE = 60  # seconds
COLOURS = 128

FORM = ".o_form_view"
LIST = ".o_list_view .o_data_row"
GROUP = ".o_list_view .o_group_header"


def tab(label):
    """Return the script that opens a tab of a form."""
    return (
        "[...document.querySelectorAll('.o_notebook .nav-link')]"
        f".find((link) => link.textContent.trim() === '{label}').click()"
    )


def click(selector):
    """Return the script that clicks something."""
    return f"document.querySelector('{selector}').click()"


def press(label):
    """Return the script that presses a button of a form."""
    return (
        "[...document.querySelectorAll('.o_form_view button')]"
        f".find((button) => button.textContent.trim() === '{label}').click()"
    )


def choose(label):
    """Return the scripts that select all rows and open an entry of the gear menu."""
    return (
        click(".o_list_view thead .o_list_record_selector input"),
        click(".o_cp_action_menus .dropdown-toggle"),
        "[...document.querySelectorAll('.o-dropdown--menu .o-dropdown-item')]"
        f".find((item) => item.textContent.trim() === '{label}').click()",
    )


def fill(selector, text):
    """Return the script that types something into a field and leaves it."""
    return (
        f"{{ const field = document.querySelector('{selector}');"
        f" field.focus(); field.value = '{text}';"
        " field.dispatchEvent(new Event('input', {bubbles: true}));"
        " field.dispatchEvent(new Event('change', {bubbles: true}));"
        " field.blur(); }"
    )


def show(selector):
    """Return the script that scrolls to something."""
    return f"document.querySelector('{selector}').scrollIntoView()"


# name: (address, what has to be there, scripts to run then)
PICTURES = {
    "account-new": ("mailchimp-accounts/new", FORM, ()),
    "account": ("mailchimp-accounts/{account}", FORM, ()),
    "account-settings": (
        "mailchimp-accounts/{account}",
        FORM,
        (tab("Settings"), show(".o_notebook")),
    ),
    "account-webhook": (
        "mailchimp-accounts/{account}",
        FORM,
        (tab("Webhook"), show(".o_notebook")),
    ),
    "activity": ("mailchimp-campaign-activity", ".o_graph_view canvas", ()),
    "audience": ("mailchimp-audiences/{audience}", FORM, ()),
    "audience-merge-fields": (
        "mailchimp-audiences/{audience}",
        FORM,
        (tab("Merge Fields"), show(".o_notebook")),
    ),
    "audience-webhook": (
        "mailchimp-audiences/{audience}",
        FORM,
        (tab("Webhook"), show(".o_notebook")),
    ),
    "audience-auto-export": (
        "mailchimp-audiences/{audience}",
        FORM,
        (tab("Auto Export"), show(".o_notebook")),
    ),
    "routing-test": (
        "mailchimp-audiences/{audience}",
        FORM,
        (
            tab("Auto Export"),
            press("Why is a contact here, or not?"),
            fill(".modal div[name=email] input", "orders@cave-sablon.example"),
        ),
    ),
    "audience-tags": (
        "mailchimp-audiences/{audience}",
        FORM,
        (tab("Tags and Segments"), show(".o_notebook")),
    ),
    "campaign": ("mailchimp-campaigns/{campaign}", FORM, ()),
    "campaign-report": (
        "mailchimp-campaigns/{sent}",
        FORM,
        (tab("Report"), show(".o_notebook")),
    ),
    "campaign-send": ("mailchimp-campaigns/{campaign}", FORM, (press("Schedule"),)),
    "campaign-test": ("mailchimp-campaigns/{test}", FORM, ()),
    "campaigns": (
        "mailchimp-campaigns?view_type=kanban",
        ".o_kanban_view .o_kanban_record",
        (),
    ),
    "conflicts": ("mailchimp-conflicts", LIST, ()),
    "contact": (
        "action-mass_mailing.action_view_mass_mailing_contacts/{contact}",
        FORM,
        (),
    ),
    "contact-activity": (
        "action-mass_mailing.action_view_mass_mailing_contacts/{reader}",
        FORM,
        (tab("MailChimp Activity"),),
    ),
    "contact-mailchimp": (
        "action-mass_mailing.action_view_mass_mailing_contacts/{contact}",
        FORM,
        (tab("MailChimp"),),
    ),
    "customer": (
        "action-base.action_partner_form/{customer}",
        FORM,
        (tab("MailChimp List"),),
    ),
    "export": (
        "action-base.action_partner_form?view_type=list",
        LIST,
        (
            *choose("Export to MailChimp"),
            click(".modal div[name=audience_ids] input"),
            click(".o-autocomplete--dropdown-item a"),
        ),
    ),
    "jobs": ("mailchimp-jobs", LIST, ()),
    "logs": (
        "mailchimp-logs",
        GROUP,
        (f"document.querySelectorAll('{GROUP}').forEach((group) => group.click())",),
    ),
    "member": ("mailchimp-members/{member}", FORM, ()),
    "members": ("mailchimp-members", LIST, ()),
    "menu": (
        "mailchimp-audiences",
        LIST,
        (click('[data-menu-xmlid="mailchimp_connector.mailchimp_menu_root"]'),),
    ),
    "operations": (
        "mailchimp-audiences",
        LIST,
        (
            click('[data-menu-xmlid="mailchimp_connector.mailchimp_menu_root"]'),
            click('[data-menu-xmlid="mailchimp_connector.mailchimp_menu_operations"]'),
        ),
    ),
    "plan": ("mailchimp-plans/{plan}", FORM, ()),
    "run": ("mailchimp-runs/{run}", FORM, ()),
    "run-approval": ("mailchimp-runs/{asking}", FORM, ()),
    "runs": ("mailchimp-runs", LIST, ()),
    "template": ("mailchimp-templates/{template}", FORM, ()),
    "templates": ("mailchimp-templates", ".o_kanban_record img", ()),
}


class Browser:
    """A Chromium and its one page, by the DevTools protocol."""

    def __init__(self, folder):
        program = next(
            filter(
                None,
                map(shutil.which, ("chromium", "chromium-browser", "google-chrome")),
            )
        )
        self.process = subprocess.Popen(
            [
                program,
                "--headless=new",
                "--no-sandbox",
                "--hide-scrollbars",
                "--force-device-scale-factor=1",
                "--remote-debugging-port=0",
                "--remote-allow-origins=*",
                f"--user-data-dir={folder}",
                f"--window-size={WIDTH},{HEIGHT}",
                "about:blank",
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        line = next(one for one in self.process.stderr if "DevTools listening" in one)
        port = line.split(":")[2].split("/")[0]
        pages = requests.get(f"http://127.0.0.1:{port}/json/list", timeout=30).json()
        page = next(one for one in pages if one["type"] == "page")
        self.socket = websocket.create_connection(
            page["webSocketDebuggerUrl"], timeout=PATIENCE
        )
        self.last = 0
        self.resize(HEIGHT)

    def call(self, method, **params):
        """Send a command and return its result."""
        self.last += 1
        message = {"id": self.last, "method": method, "params": params}
        self.socket.send(json.dumps(message))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.last:
                return answer["result"]

    def resize(self, height):
        """Make the window so high."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=WIDTH,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def run(self, script):
        """Evaluate a script in the page and return its value."""
        answer = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, selector):
        """Wait until something is there and the page has come to rest."""
        limit = time.monotonic() + PATIENCE
        script = (
            f"!!document.querySelector(`{selector}`)"
            " && !document.querySelector('.o_loading_indicator')"
            " && document.readyState === 'complete'"
        )
        while not self.run(script):
            if time.monotonic() > limit:
                raise TimeoutError(f"{selector} did not appear")
            time.sleep(0.1)
        time.sleep(1)

    def open(self, url, selector):
        """Go to an address."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=url)
        self.wait(selector)

    def take(self, path):
        """Save what is seen, small."""
        shot = self.call("Page.captureScreenshot", format="png")
        image = Image.open(io.BytesIO(base64.b64decode(shot["data"]))).convert("RGB")
        image = image.quantize(COLOURS, dither=Image.Dither.NONE)
        image.save(path, optimize=True)

    def close(self):
        """End the process."""
        self.socket.close()
        self.process.terminate()
        self.process.wait()


def take_all(browser, names):
    """Log in and take the pictures of these names."""
    root = os.environ["ODOO_URL"]
    facts = json.loads(Path(os.environ["PICTURES_FACTS"]).read_text())
    browser.open(f"{root}/web/login", "input[name=login]")
    browser.run(
        "document.querySelector('input[name=login]').value = 'admin';"
        "document.querySelector('input[name=password]').value = 'admin';"
        "document.querySelector('.oe_login_form').submit()"
    )
    browser.wait(".o_web_client .o_main_navbar")
    for name in names:
        address, selector, scripts = PICTURES[name]
        browser.resize(HEIGHTS.get(name, HEIGHT))
        browser.open(f"{root}/odoo/{address.format(**facts)}", selector)
        for script in scripts:
            browser.run(script)
            browser.wait(selector)
        path = IMAGES / f"{name}.png"
        browser.take(path)
        print(f"{path.relative_to(IMAGES.parent.parent)}: {path.stat().st_size} bytes")


def main():
    """Take the pictures that were asked for, or all."""
    names = sys.argv[1:] or PICTURES
    if unknown := set(names) - PICTURES.keys():
        sys.exit(f"No such pictures: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(folder)
        try:
            take_all(browser, names)
        finally:
            browser.close()


main()
