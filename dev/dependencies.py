"""Print the modules of Odoo's own that some of ours depend on.

python dev/dependencies.py REPO mailchimp_connector,mailchimp_connector_sale
"""

import ast
import sys
from pathlib import Path


def main():
    repo, modules = Path(sys.argv[1]), sys.argv[2].split(",")
    needed = set()
    for module in modules:
        folder = repo / "bridges" / module
        manifest = (folder if folder.exists() else repo) / "__manifest__.py"
        needed.update(ast.literal_eval(manifest.read_text())["depends"])
    print(",".join(sorted(needed.difference(modules))))


if __name__ == "__main__":
    main()
