"""The drawing of the house, as a test: imports point down, and what decides knows nothing of the outside world."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

#: From the ground up. A package imports only from levels below its own; never from a neighbour on the same level.
LEVELS = [
    {"errors", "json_input", "regex", "status"},
    {"branding"},
    {"http", "tunnel", "publish", "identity", "policy", "pki", "pages"},
    {"config"},
    {"store", "net"},
    {"service", "connector", "provider", "admin"},
    {"twistd"},
    {"demo", "testing"},
    {"api"},
    {"cli"},
]
RANK = {name: rank for rank, level in enumerate(LEVELS) for name in level}
PURE = set().union(*LEVELS[:4])

#: Inside a package: a module imports none from its own floor or above. Every module has a floor.
FLOORS = {
    "appproxy.service.dispatch": [
        {"gate", "responder", "sign_in_start"},
        {"request"},
        {"ports", "stage"},
        {"access", "forwarding", "hosts", "maintenance", "own_pages", "plugins", "preflight"},
        {"dispatcher", "order"},
        {"__init__"},
    ],
}

#: What ties a decision to a machine, a moment or luck. Those come in as arguments.
OUTSIDE = {
    "asyncio", "glob", "io", "logging", "os", "random", "secrets", "select", "shutil", "signal", "socket", "sqlite3",
    "ssl", "subprocess", "sys", "tempfile", "threading", "time", "twisted", "urllib.request", "zope",
}  # fmt: skip
#: Names that are fine in themselves, but read a clock, a file or luck.
OUTSIDE_NAMES = {("pathlib", "Path"), ("uuid", "uuid1"), ("uuid", "uuid4"), ("os", "urandom")}
#: Methods and functions that do so.
OUTSIDE_CALLS = {"now", "utcnow", "today", "open", "urandom", "token_bytes", "token_hex", "token_urlsafe", "read_text"}


def floor_faults(package: str, module: str, tree: ast.AST) -> list[str]:
    """Which imports of a module lead to its own floor of the package, or above; `module` is its name in the package."""
    floor = {name: number for number, names in enumerate(FLOORS[package]) for name in names}
    found = []
    for imported, name in imports(tree):
        inner = imported.removeprefix(package).removeprefix(".") if imported.startswith(package) else None
        if inner == "":
            inner = name if name in floor else "__init__"
        if inner is not None and inner != module and floor[inner.partition(".")[0]] >= floor[module]:
            found.append(f"imports {inner}, which is not below {module}")
    return found


def modules() -> list[Path]:
    """Every source file of the package, but its version."""
    return sorted(path for path in (ROOT / "appproxy").rglob("*.py") if path != ROOT / "appproxy" / "__init__.py")


def package_of(path: Path) -> str:
    """`http` for appproxy/http/fields.py, `errors` for appproxy/errors.py."""
    first = path.relative_to(ROOT / "appproxy").parts[0]
    return first.removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Each imported (module, name), also inside functions; name is "" for `import module`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (("." * node.level + (node.module or ""), alias.name) for alias in node.names)


def ours(module: str, name: str) -> str | None:
    """Which of our packages an import takes from, None if none: also for `from appproxy import http`."""
    parts = f"{module}.{name}".split(".")
    return parts[1] if parts[0] == "appproxy" and parts[1] in RANK else None


def faults(path: Path, source: str) -> list[str]:
    """What in this file breaks the rules."""
    package = package_of(path)
    tree = ast.parse(source)
    found = []
    for module, name in imports(tree):
        target = ours(module, name)
        if module.startswith("."):
            found.append(f"relative import of {module}")
        elif target is not None and target != package and RANK[target] >= RANK[package]:
            found.append(f"imports {target}, which is not below {package}")
        if package in PURE and (knows_outside(module) or (module, name) in OUTSIDE_NAMES):
            found.append(f"imports {module} {name}".rstrip())
    if package in PURE:
        found += [f"calls {name}()" for name in calls(tree) if name in OUTSIDE_CALLS]
    return found


def knows_outside(module: str) -> bool:
    """Is this module, or a package around it, part of the outside world?"""
    parts = module.split(".")
    return any(".".join(parts[:end]) in OUTSIDE for end in range(1, len(parts) + 1))


def calls(tree: ast.AST) -> Iterator[str]:
    """The last name of everything that is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            # `sealer.open(...)` is a method of ours; files are opened by the bare name, or through their module.
            if node.func.attr != "open":
                yield node.func.attr
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def test_every_package_has_a_level() -> None:
    """A new room of the house is drawn before it is built."""
    assert {package_of(path) for path in modules()} <= set(RANK)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    """No module imports from its own level or above; deciding packages know no clock, luck, file, log or reactor."""
    assert faults(path, path.read_text()) == []


@pytest.mark.parametrize("package", FLOORS)
def test_floors(package: str) -> None:
    """Inside a package, too, imports point down, and every module has its floor."""
    there = {path.stem: path for path in (ROOT / package.replace(".", "/")).glob("*.py")}
    assert set(there) == set().union(*FLOORS[package])
    assert {name: floor_faults(package, name, ast.parse(path.read_text())) for name, path in there.items()} == {
        name: [] for name in there}


@pytest.mark.parametrize(("module", "source"), [
    ("hosts", "from appproxy.service.dispatch.preflight import Preflight"),
    ("stage", "import appproxy.service.dispatch.order"),
    ("gate", "from appproxy.service.dispatch import Stage"), ("request", "from appproxy.service.dispatch import stage")])
def test_a_way_up_is_seen(module: str, source: str) -> None:
    """The check itself can fail."""
    assert floor_faults("appproxy.service.dispatch", module, ast.parse(source))


@pytest.mark.parametrize(
    ("where", "source"),
    [
        ("http/a.py", "from appproxy.publish import routing"),
        ("http/a.py", "from appproxy import tunnel"),
        ("store/a.py", "def f():\n    import appproxy.service.node"),
        ("service/a.py", "from appproxy.connector.link import Link"),
        ("identity/a.py", "import time"),
        ("identity/a.py", "from twisted.web import http"),
        ("policy/a.py", "from os import urandom"),
        ("policy/a.py", "from pathlib import Path"),
        ("config/a.py", "def f(p):\n    return open(p)"),
        ("pki/a.py", "import datetime\nx = datetime.datetime.now()"),
        ("pki/a.py", "from . import b"),
    ],
)
def test_breaking_a_rule_is_seen(where: str, source: str) -> None:
    """The check itself can fail: each of these files would be refused."""
    assert faults(ROOT / "appproxy" / where, source)


@pytest.mark.parametrize(
    ("where", "source"),
    [
        ("service/a.py", "import time\nfrom appproxy.http import fields\nfrom appproxy.service import front"),
        ("pki/a.py", "import datetime\nfrom pathlib import PurePath\nfrom appproxy.errors import Code"),
    ],
)
def test_what_is_allowed_passes(where: str, source: str) -> None:
    """The check does not refuse what the rules allow."""
    assert faults(ROOT / "appproxy" / where, source) == []


def test_every_package_is_shipped() -> None:
    """setup.cfg lists each package by name, so that none is missing from what people install."""
    parser = ConfigParser()
    parser.read(ROOT / "setup.cfg")
    listed = set(parser["options"]["packages"].split())
    there = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "appproxy").rglob("__init__.py")
    }
    assert listed == there | {"twisted.plugins"}


def test_the_plugin_folder_is_no_package() -> None:
    """Twisted finds our plugins only when twisted/plugins has no __init__.py beside them."""
    assert not (ROOT / "twisted" / "plugins" / "__init__.py").exists()
    assert not (ROOT / "twisted" / "__init__.py").exists()
