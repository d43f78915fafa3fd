"""Print where apt may find Odoo 19, as a deb822 file.

That is the machine's own main package source, so no address is written down here. On
Debian its suites become those of its release and of unstable, which is where Odoo is.
"""

import platform
import re
from pathlib import Path

ETC = Path("/etc/apt")


def stanzas():
    """Yield every package source of the machine as {field: value}."""
    for path in sorted(ETC.glob("sources.list.d/*.sources")):
        lines = re.sub(r"(?m)^#.*\n", "", path.read_text())
        for stanza in re.split(r"\n\s*\n", lines):
            yield dict(re.findall(r"(?m)^([\w-]+):\s*(.*(?:\n[ \t].*)*)", stanza))
    for path in [ETC / "sources.list", *sorted(ETC.glob("sources.list.d/*.list"))]:
        for line in path.read_text().splitlines() if path.exists() else ():
            if found := re.match(r"deb\s+(\[.*?\])?\s*(\S+)\s+(\S+)\s+(.*)", line):
                options, uri, suite, components = found.groups()
                signed = re.search(r"signed-by=([^\s\]]+)", options or "")
                yield {
                    "Types": "deb",
                    "URIs": uri,
                    "Suites": suite,
                    "Components": components,
                } | ({"Signed-By": signed[1]} if signed else {})


def main():
    system = platform.freedesktop_os_release()
    release = system.get("VERSION_CODENAME", "")
    suites = f"{release} sid" if system["ID"] == "debian" else release
    for source in stanzas():
        if (
            release in source.get("Suites", "").split()
            and "main" in source.get("Components", "").split()
            and source.get("Enabled", "yes") == "yes"
        ):
            source |= {"Types": "deb", "Suites": suites}
            print(*(f"{name}: {source[name]}" for name in source), "", sep="\n")


if __name__ == "__main__":
    main()
