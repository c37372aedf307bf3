"""The drawing of the house, as a test: imports point down, and what decides knows nothing of the outside world."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from configparser import ConfigParser
from functools import cache
from pathlib import Path

import pytest

from appproxy.admin.audit_page import audit_page
from appproxy.admin.noted import NOTED
from appproxy.admin.operations import OPERATIONS, Command
from tests import source

ROOT = Path(__file__).parent.parent

#: From the ground up. A package imports only from levels below its own; never from a neighbour on the same level.
LEVELS = [
    {"device", "errors", "json_input", "paths", "regex", "status"},
    {"branding"},
    {"http", "tunnel", "identity", "ldap", "policy", "pki", "pages", "export"},
    {"trace"},
    {"publish"},
    {"config"},
    {"plugins"},
    {"store", "net"},
    {"service", "connector", "provider", "admin"},
    {"console"},
    {"twistd"},
    {"demo", "testing"},
    {"api"},
    {"cli"},
]
RANK = {name: rank for rank, level in enumerate(LEVELS) for name in level}
PURE = set().union(*LEVELS[:6])

#: The same inside packages that have sub-packages: a file or sub-package imports from its own level and from those below.
INNER = {
    "store": [
        {"searching"},
        {"paging"},
        {"tables", "migrations", "migrate", "engine", "names", "sealing", "snapshot", "transaction"},
        {"service"},
        {"people", "certificates", "connectors"},
        {"devices", "machines"},
        {"risk"},
        {"applications"},
        {"policies", "roles"},
        {"database"},
    ],
    "http": [
        {"authorization", "connection_authentication", "cookies", "fields", "forwarding", "head", "host", "lines", "refused",
         "retry_after", "set_cookie", "shown_url", "streams"},
        {"proxies"},
        {"h1"},
        {"h2"},
    ],
    "service": [
        {"exchange", "kept_form", "recent", "regular_look"},
        {"front"},
        {"listen"},
        {"relay"},
        {"tunnel"},
        {"dispatch", "ending"},
        {"own"},
        {"signin"},
        {"exports", "node_parts", "node_status", "revocation"},
        {"cuts"},
        {"cookie_auth", "node"},
    ],
    "service.dispatch": [
        {"error_pages", "gates", "planted"},
        {"request"},
        {"plain", "ports", "stage"},
        {"plugins", "stages"},
        {"dispatcher", "order"},
    ],
    "service.relay": [
        {"identity_blocks", "request_signer", "translated_bodies"},
        {"plan"},
        {"answers", "connectors"},
        {"revocation", "forwarded_identity"},
        {"under_way"},
        {"moves"},
        {"shared"},
        {"upload"},
        {"answered_request"},
        {"proxied_request"},
        {"small_upload"},
        {"relay"},
    ],
    "service.tunnel": [
        {"admission", "links", "sightings", "suspicion", "welcome"},
        {"former", "hints", "nodes", "rivals"},
        {"listener"},
        {"succession"},
    ],
    "service.signin": [
        {"openid", "panel"},
        {"stores"},
        {"request"},
        {"portal"},
        {"sessions"},
        {"fragment", "step_up", "way_back"},
        {"device_link", "device_step", "new_session", "sign_in_again"},
        {"device_elsewhere", "steps"},
        {"sign_in"},
    ],
    "service.front": [{"address_shares", "request_turns", "front", "pace"}, {"h1"}, {"h2"}],
    "provider": [
        {"assurance", "parameters", "words"},
        {"tokens"},
        {"oauth"},
        {"directories"},
        {"passwords"},
        {"facts"},
        {"front_channel"},
        {"factors"},
        {"steps"},
        {"api", "back_channel", "sign_in", "sign_out"},
        {"client"},
        {"resource"},
    ],
    "net": [
        {"chance", "loop"},
        {"descriptors", "secure", "small_body"},
        {"agent", "farewell", "line_file", "proxied", "read_gate", "through_proxy", "web"},
        {"traces"},
    ],
    "tunnel": [
        {"exchanges", "ids", "limits", "rendezvous", "shares"},
        {"asked_node", "backoff", "frames", "json_heads", "retry", "reply", "token_bucket"},
        {"messages"},
        {"connections", "life"},
    ],
    "identity": [
        {"grant_types", "sealing"},
        {"openid"},
        {"answer_state", "binding", "devices", "service_token", "session"},
        {"claims", "cookie"},
        {"command_line", "states"},
        {"long_address"},
    ],
    "pki": [
        {"expiry", "path", "pem", "selection", "tokens"},
        {"issuing", "node_token"},
        {"names", "revocation", "server_certificate"},
        {"acme", "client_path"},
    ],
    "policy.conditional": [
        {"parts"},
        {"model"},
        {"locations"},
        {"facts"},
        {"documents"},
        {"decision"},
        {"checks", "compiled", "explanation", "logged"},
        {"replay", "reported"},
    ],
    "admin": [
        {"base"},
        {"fleet", "people", "policy", "publishing", "running"},
        {"configuration", "logins"},
        {"operations"},
        {"audit_page", "bounds", "events", "fields", "noted"},
        {"openapi"},
        {"transport"},
    ],
    "twistd": [
        {"process", "shown", "state", "welcome"},
        {"assembly", "connector_service", "examination", "joining"},
        {"endpoint", "proxy_service"},
        {"workers"},
        {"connector_workers", "service"},
        {"connector"},
    ],
    "publish.body": [
        {"charset", "decoders", "links", "spans", "translator", "validators"},
        {"coding", "css", "script"},
        {"lines", "markup"},
    ],
    "cli.doctor": [{"findings"}, {"machine", "probes"}, {"traces"}, {"connector", "service"}, {"diagnosis"}],
    "cli": [
        {"base"},
        {"doctor"},
        {"fleet", "people", "policy", "publishing", "running"},
        {"helping", "manual"},
        {"main"},
        {"__main__", "reference"},
    ],
    "connector.origin": [
        {"origin_stream"},
        {"bindings", "waiting"},
        {"dial", "pressure"},
        {"h1", "h2"},
        {"health_check"},
        {"load_balancer"},
        {"origins"},
    ],
    "connector": [
        {"counters", "process", "reactor_lag", "transport", "turns"},
        {"observation"},
        {"config"},
        {"origin"},
        {"applications", "tunnel"},
        {"requests"},
        {"enrol", "tracing"},
        {"uplink"},
        {"uplinks"},
        {"node"},
    ],
}
#: Files that know each other, as types at least, with the reason. There are no others.
CIRCLES: dict[frozenset[str], str] = {}

#: What ties a decision to a machine, a moment or luck. Those come in as arguments.
OUTSIDE = {
    "asyncio", "glob", "io", "logging", "os", "random", "secrets", "select", "shutil", "signal", "socket", "sqlite3",
    "ssl", "subprocess", "sys", "tempfile", "threading", "time", "twisted", "urllib.request", "zope",
}  # fmt: skip
#: Names that are fine in themselves, but read a clock, a file or luck.
OUTSIDE_NAMES = {("pathlib", "Path"), ("uuid", "uuid1"), ("uuid", "uuid4"), ("os", "urandom")}
#: Methods and functions that do so.
OUTSIDE_CALLS = {"now", "utcnow", "today", "open", "urandom", "token_bytes", "token_hex", "token_urlsafe", "read_text"}


def modules() -> list[Path]:
    """Every source file of the package, but its version."""
    return [path for path in source.files() if path != ROOT / "appproxy" / "__init__.py"]


def package_of(path: Path) -> str:
    """`http` for appproxy/http/fields.py, `errors` for appproxy/errors.py."""
    first = path.relative_to(ROOT / "appproxy").parts[0]
    return first.removesuffix(".py")


def imports(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """Each imported (module, name), also inside functions; name is "" for `import module`."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (("." * node.level + (node.module or ""), alias.name) for alias in node.names)


def ours(module: str, name: str) -> str | None:
    """Which of our packages an import takes from, None if none: also for `from appproxy import http`."""
    parts = f"{module}.{name}".split(".")
    return parts[1] if parts[0] == "appproxy" and parts[1] in RANK else None


def faults(path: Path, nodes: list[ast.AST]) -> list[str]:
    """What in this file breaks the rules."""
    package = package_of(path)
    found = []
    for module, name in imports(nodes):
        target = ours(module, name)
        if module.startswith("."):
            found.append(f"relative import of {module}")
        elif target is not None and target != package and RANK[target] >= RANK[package]:
            found.append(f"imports {target}, which is not below {package}")
        if package in PURE and (knows_outside(module) or (module, name) in OUTSIDE_NAMES):
            found.append(f"imports {module} {name}".rstrip())
    if package in PURE:
        found += [f"calls {name}()" for name in calls(nodes) if name in OUTSIDE_CALLS]
    return found


def knows_outside(module: str) -> bool:
    """Is this module, or a package around it, part of the outside world?"""
    parts = module.split(".")
    return any(".".join(parts[:end]) in OUTSIDE for end in range(1, len(parts) + 1))


def calls(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The last name of everything that is called."""
    for node in nodes:
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
    assert faults(path, source.nodes(path)) == []


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("http/a.py", "from appproxy.publish import routing"),
        ("http/a.py", "from appproxy import tunnel"),
        ("store/a.py", "def f():\n    import appproxy.service.node"),
        ("service/a.py", "from appproxy.connector.tunnel.signal import Link"),
        ("identity/a.py", "import time"),
        ("identity/a.py", "from twisted.web import http"),
        ("policy/a.py", "from os import urandom"),
        ("policy/a.py", "from pathlib import Path"),
        ("config/a.py", "def f(p):\n    return open(p)"),
        ("pki/a.py", "import datetime\nx = datetime.datetime.now()"),
        ("pki/a.py", "from . import b"),
    ],
)
def test_breaking_a_rule_is_seen(where: str, text: str) -> None:
    """The check itself can fail: each of these files would be refused."""
    assert faults(ROOT / "appproxy" / where, list(ast.walk(ast.parse(text))))


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("service/a.py", "import time\nfrom appproxy.http import fields\nfrom appproxy.service import front"),
        ("pki/a.py", "import datetime\nfrom pathlib import PurePath\nfrom appproxy.errors import Code"),
    ],
)
def test_what_is_allowed_passes(where: str, text: str) -> None:
    """The check does not refuse what the rules allow."""
    assert faults(ROOT / "appproxy" / where, list(ast.walk(ast.parse(text)))) == []


@cache
def graph() -> dict[str, set[str]]:
    """Which of our modules each module imports, also only for types: `store.names` and the like."""
    names = {name_of(path) for path in modules()}
    arrows: dict[str, set[str]] = {name: set() for name in names}
    for path in modules():
        name = name_of(path)
        for module, imported in imports(source.nodes(path)):
            if module.startswith("appproxy."):
                module = module.removeprefix("appproxy.")
                target = f"{module}.{imported}" if f"{module}.{imported}" in names else module
                arrows[name] |= {target} & names - {name}
    return arrows


def name_of(path: Path) -> str:
    """`store.names` for appproxy/store/names.py, `store` for the package's own file."""
    return ".".join(path.relative_to(ROOT / "appproxy").with_suffix("").parts).removesuffix(".__init__")


def circles(arrows: dict[str, set[str]]) -> set[frozenset[str]]:
    """Names that reach each other, as groups; none of a single name."""
    reached = {name: _reach(arrows, name) for name in arrows}
    back = {name: {other for other in ends if name in reached.get(other, ())} for name, ends in reached.items()}
    return {frozenset({name} | others) for name, others in back.items() if others}


def _reach(arrows: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        for target in arrows.get(ahead.pop(), set()) - seen:
            seen.add(target)
            ahead.append(target)
    return seen - {start}


def child(name: str, package: str) -> str:
    """`applications` for store.applications.row in the package store."""
    return name.removeprefix(package + ".").split(".")[0]


def upward(package: str, arrows: dict[str, set[str]]) -> list[str]:
    """Imports inside a package that point to a higher level."""
    rank = {name: level for level, names in enumerate(INNER[package]) for name in names}
    inside = package + "."
    return [
        f"{name} imports {target}"
        for name, targets in sorted(arrows.items()) if name.startswith(inside)
        for target in sorted(targets)
        if target.startswith(inside) and rank[child(target, package)] > rank[child(name, package)]
    ]


@pytest.mark.parametrize("package", INNER)
def test_imports_point_down_inside_packages(package: str) -> None:
    """Every file and sub-package has its level, and between sub-packages there is no way round."""
    arrows = graph()
    inside = {name: targets for name, targets in arrows.items() if name.startswith(package + ".")}
    assert {child(name, package) for name in inside} == set().union(*INNER[package])
    assert upward(package, inside) == []
    between: dict[str, set[str]] = {}
    for name, targets in inside.items():
        own = between.setdefault(child(name, package), set())
        own |= {child(target, package) for target in targets if target in inside} - {child(name, package)}
    assert circles(between) == set()


def test_what_points_up_or_round_is_seen() -> None:
    """The check itself can fail."""
    assert upward("store", {"store.names": {"store.database.live"}, "store.database.live": {"store.names"}})
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == {frozenset("bc")}


def test_files_know_each_other_only_where_the_reason_is_said() -> None:
    """Types count, too: who reads one file of a circle has to read them all."""
    assert circles({name: targets for name, targets in graph().items() if "." in name}) == set(CIRCLES)


#: Lines of a file, and of a function from its first line to its last, that can still be read in one go.
FILE_LINES, FUNCTION_LINES = 400, 50


def too_long(path: Path, text: str, nodes: Iterable[ast.AST]) -> list[str]:
    """What of a file is longer than that. `path` only says which rule holds: a file of tests may be longer."""
    found = [
        f"{node.name} has {length} lines" for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (length := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
    ]
    if path.is_relative_to(ROOT / "appproxy") and (lines := text.count("\n")) > FILE_LINES:
        found.append(f"the file has {lines} lines")
    return found


@pytest.mark.parametrize("folder", ["appproxy", "tests", "bench"])
def test_files_and_functions_can_be_read_in_one_go(folder: str) -> None:
    """No function is longer than 50 lines, and no file of the product longer than 400."""
    texts = {path: path.read_text() for path in (ROOT / folder).rglob("*.py")}
    own = folder == "appproxy"
    found = {str(path.relative_to(ROOT)): too_long(path, text, source.nodes(path) if own else ast.walk(ast.parse(text)))
             for path, text in texts.items()}
    assert {path: long for path, long in found.items() if long} == {}


def test_what_is_too_long_is_seen() -> None:
    """The check itself can fail, by one line."""
    just = "def f():\n" + " x\n" * 49
    path = ROOT / "appproxy" / "a.py"
    for text, long in ((just, []), (just + " x\n", ["f has 51 lines"]), ("x\n" * 401, ["the file has 401 lines"])):
        assert too_long(path, text, ast.walk(ast.parse(text))) == long


#: Files of one folder that can still be looked over at a glance.
FOLDER_FILES = 14


def test_folders_can_be_looked_over_at_a_glance() -> None:
    """Where a folder grows beyond that, its parts get rooms of their own. Migrations are a list in the order of time."""
    counts = Counter(path.parent for path in (ROOT / "appproxy").rglob("*.py") if path.name != "__init__.py")
    large = {str(folder.relative_to(ROOT)): count for folder, count in counts.items() if count > FOLDER_FILES}
    assert large.keys() == {"appproxy/store/migrations/versions"}


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


def test_the_page_of_the_audit() -> None:
    """docs/audit.md is what the code says: every action, what it means and the keys of its detail."""
    commands = {one.action for one in OPERATIONS if isinstance(one, Command)}
    assert commands == NOTED.keys(), "each command's keys stand in appproxy/admin/noted.py"
    make = "python -c \"from appproxy.admin.audit_page import audit_page as page; print(page(), end='')\" > docs/audit.md"
    assert (ROOT / "docs" / "audit.md").read_text() == audit_page(), f"name the keys in appproxy/admin/noted.py, then: {make}"
