"""Who may import whom, and what jobs and SQL may not do: read from the source."""

import ast
from pathlib import Path

from odoo.tests import BaseCase, tagged

ROOT = Path(__file__).resolve().parent.parent
ADDON = "odoo.addons.mailchimp_connector"
PRODUCT = ("client", "controllers", "models", "tools", "wizards")
NOT_PRODUCT = ("sandbox", "benchmarks", "tests")
COMMITS = frozenset({"commit", "rollback", "_commit_progress", "_commit"})
# The engine of the queue: it is what commits.
ENGINE_JOBS = frozenset({"_cron_run_jobs"})


def sources(*folders):
    """Yield (path, syntax tree) of the Python files of folders and of the root."""
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    if not folders:
        paths = list(ROOT.glob("*.py"))
    for path in sorted(paths):
        yield path.relative_to(ROOT), ast.parse(path.read_text())


def imports(path, tree):
    """Yield (line, absolute name) of everything a file imports."""
    package = [ADDON, *path.parent.parts]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            yield from ((node.lineno, f"{module}.{a.name}") for a in node.names)


def functions(tree):
    """Yield the functions of a tree."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return (node for node in ast.walk(tree) if isinstance(node, kinds))


def is_built(node):
    """Tell whether a text is put together out of variables."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mod, ast.Add)):
        texts = (ast.Constant, ast.JoinedStr, ast.BinOp)
        return isinstance(node.left, texts) or isinstance(node.right, texts)
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr == "format"


@tagged("post_install", "-at_install")
class TestArchitecture(BaseCase):
    """The layers of docs/architecture.md."""

    def assertNone(self, found):
        """There is no offence; otherwise they are listed."""
        self.assertEqual([], [f"{path}:{line} {what}" for path, line, what in found])

    def offences(self, folders, forbidden, but=()):
        """List the imports of folders that start with a forbidden name."""
        return [
            (path, line, name)
            for path, tree in sources(*folders)
            for line, name in imports(path, tree)
            if path.as_posix() not in but and f"{name}.".startswith(forbidden)
        ]

    def test_sources_are_found(self):
        self.assertGreater(len(list(sources(*PRODUCT))), 30)
        names = dict(
            (name, line)
            for path, tree in sources("models")
            for line, name in imports(path, tree)
        )
        self.assertIn(f"{ADDON}.client.gateway.Gateway", names)

    def test_one_model_opens_the_door(self):
        forbidden = (
            f"{ADDON}.client.",
            "requests.",
            "urllib3.",
            "mailchimp_marketing.",
        )
        but = ("models/mailchimp_account.py",)
        folders = ("models", "controllers", "wizards")
        self.assertNone(self.offences(folders, forbidden, but))

    def test_one_file_knows_the_official_client(self):
        forbidden = ("mailchimp_marketing.",)
        self.assertNone(self.offences(PRODUCT, forbidden, ("client/gateway.py",)))

    def test_client_knows_no_orm(self):
        forbidden = ("odoo.",)
        found = self.offences(("client",), forbidden)
        allowed = tuple(
            f"{ADDON}.{layer}." for layer in ("client", "const", "exceptions")
        )
        self.assertNone(
            (path, line, name)
            for path, line, name in found
            if not f"{name}.".startswith(allowed)
        )

    def test_tools_are_pure(self):
        found = self.offences(("tools",), ("odoo.", "requests.", "psycopg2."))
        allowed = ("odoo.tools.", f"{ADDON}.tools.", f"{ADDON}.const.")
        self.assertNone(
            (path, line, name)
            for path, line, name in found
            if not f"{name}.".startswith(allowed)
        )
        self.assertNone(
            (path, node.lineno, "env")
            for path, tree in sources("tools")
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and node.attr == "env"
        )

    def test_constants_and_errors_know_nobody(self):
        self.assertNone(
            (path, line, name)
            for path, tree in sources()
            if path.name in ("const.py", "exceptions.py")
            for line, name in imports(path, tree)
            if name.startswith(("odoo", "requests", "mailchimp"))
        )

    def test_models_know_no_request(self):
        forbidden = ("odoo.http.request.",)
        self.assertNone(self.offences(("models", "wizards"), forbidden))

    def test_product_works_without_its_tests(self):
        forbidden = tuple(f"{ADDON}.{folder}." for folder in NOT_PRODUCT)
        self.assertNone(self.offences(PRODUCT, forbidden))
        self.assertNone(self.offences((), forbidden))

    def test_jobs_never_commit(self):
        self.assertNone(
            (path, node.lineno, f"{function.name} calls {node.func.attr}")
            for path, tree in sources("models")
            for function in functions(tree)
            if function.name.startswith(("_job_", "_cron_"))
            and function.name not in ENGINE_JOBS
            for node in ast.walk(function)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in COMMITS
        )

    def test_only_the_engine_commits(self):
        self.assertNone(
            (path, node.lineno, node.func.attr)
            for path, tree in sources("models", "controllers", "wizards", "tools")
            if not path.name.startswith("mailchimp_job")
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in COMMITS
        )

    def test_sql_is_never_put_together(self):
        self.assertNone(
            (path, node.lineno, ast.unparse(node)[:60])
            for path, tree in sources("models", "controllers", "wizards")
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and node.args
            if ast.unparse(node.func).endswith(("SQL", "execute", "execute_query"))
            if is_built(node.args[0])
        )

    def test_networks_are_for_jobs_and_buttons(self):
        """Nothing talks to Mailchimp while a record is created, written or deleted."""
        self.assertNone(
            (path, node.lineno, f"{function.name} opens the gateway")
            for path, tree in sources("models", "wizards")
            for function in functions(tree)
            if function.name in ("create", "write", "unlink")
            or function.name.startswith(("_compute_", "_onchange_", "_check_field"))
            for node in ast.walk(function)
            if isinstance(node, ast.Attribute) and node.attr == "_gateway"
        )
