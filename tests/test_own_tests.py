"""Each file has a test of its own, and tests ask what it does for its users: not what it keeps for itself."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import source

TESTS = Path(__file__).parent
#: A file of fewer lines has little to decide; many of these are tested with their neighbours.
SHORT = 60

#: Longer files that have none, each with the reason. Migrations have one for all: `store/test_migrations.py`.
WITHOUT = {
    "admin/noted.py": "a table, to which conftest.py holds every entry that any test writes",
    "service/exchange/exchange.py": "a protocol: the type checker holds whoever keeps to it",
    "service/signin/stores/needs.py": "protocols, as above",
    "store/service/actions.py": "a table, held by admin/test_audit_page.py",
    "store/tables/core.py": "tables, which store/test_migrations.py compares with what migrations make",
    "store/tables/devices.py": "tables, as above",
    "store/tables/machines.py": "tables, as above",
    "store/tables/risk.py": "tables, as above",
    "store/tables/roles.py": "tables, as above",
}


def _own_test(path: Path) -> Path:
    place = path.relative_to(source.ROOT)
    return TESTS / place.parent / f"test_{place.stem}.py"


def _untested() -> Iterator[str]:
    """Longer files without a test of their own, as the table names them."""
    for path in source.files():
        if path.name == "__init__.py" or "migrations" in path.parts or _own_test(path).exists():
            continue
        if len(path.read_text().splitlines()) > SHORT:
            yield path.relative_to(source.ROOT).as_posix()


def test_each_file_has_a_test_of_its_own() -> None:
    """At the same place, under the same name. Whoever looks for what a file promises finds it there."""
    assert sorted(_untested()) == sorted(WITHOUT), "write tests/PLACE/test_NAME.py, or say in WITHOUT why there is none"


#: How often each test file, by name, reads what others keep for themselves. No number may grow; where one has fallen, write
#: down the new one. What is in WHY cannot be done otherwise.
PRIVATE = {
    "measured_node.py": 1, "rig.py": 1, "second_tries.py": 1, "test_address_watch.py": 1, "test_administration.py": 2,
    "test_agent.py": 1, "test_api.py": 2, "test_application.py": 1, "test_applications.py": 2, "test_back_channel.py": 1,
    "test_body.py": 2, "test_certificate_orders.py": 3, "test_chunked.py": 1, "test_closing.py": 1, "test_coding.py": 2,
    "test_collector.py": 1, "test_command_report.py": 3, "test_compiling.py": 1, "test_connection.py": 4,
    "test_connector_view.py": 2, "test_console.py": 1, "test_contexts.py": 4, "test_control.py": 1, "test_decoders.py": 3,
    "test_dialer.py": 1, "test_doctor_faults.py": 3, "test_documented_commands.py": 1, "test_ending.py": 2,
    "test_endpoint.py": 1, "test_exchange.py": 1, "test_exporter.py": 2, "test_follow.py": 1, "test_forwarding.py": 3,
    "test_gate.py": 2, "test_h2_pressure.py": 1, "test_half_close.py": 4, "test_listeners.py": 1, "test_live.py": 1,
    "test_load_balancer.py": 1, "test_lock.py": 1, "test_notes.py": 6, "test_observation.py": 3, "test_operations.py": 3,
    "test_origin.py": 1, "test_parent.py": 1, "test_patterns.py": 4, "test_provider_agent.py": 3,
    "test_provider_logout.py": 1, "test_reactor.py": 1, "test_reading.py": 5, "test_records.py": 8, "test_refreshing.py": 1,
    "test_refused.py": 2, "test_remote.py": 3, "test_risk.py": 2, "test_routing.py": 1, "test_sections.py": 2,
    "test_server.py": 1, "test_shared_identity.py": 1, "test_sources.py": 3, "test_state.py": 1, "test_steps.py": 1,
    "test_stream.py": 2, "test_stream_moves.py": 2, "test_tls.py": 1, "test_tls_factory.py": 2, "test_traces.py": 2,
    "test_tracing.py": 3, "test_uplinks.py": 1, "test_websockets.py": 3, "test_wildcard.py": 2,
}

#: Why some have to.
WHY = {
    "test_records.py": "OpenSSL's memory BIOs are pyOpenSSL's own, and their records are what the test is about",
    "test_contexts.py": "what a context of OpenSSL was told, pyOpenSSL does not say",
    "test_half_close.py": "the state of Twisted's TLS, which its half-close has to leave as it was",
    "test_doctor_faults.py": "a file system that is full is one that says so: `shutil.disk_usage` has no public type",
    "test_lock.py": "a child of `fork` must not end as its parent does: `os._exit`",
    "test_reading.py": "which of two ways a transport reads in is nothing that its user sees",
    "second_tries.py": "pytest has no public way to set fixtures up once more",
    "test_console.py": "`http.cookiejar` keeps SameSite to itself",
    "test_documented_commands.py": "Click keeps what a group was asked to itself",
}


def _private_reads(tree: ast.Module) -> int:
    """Attributes with an underscore of what is neither `self` nor made in this file."""
    own: set[str] = set()
    read = 0
    nodes = list(ast.walk(tree))
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            own.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            own.add(node.target.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _is_self(node):
            own.add(node.attr)
    for node in nodes:
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
            read += not _is_self(node) and node.attr not in own
    return read


def _is_self(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")


@pytest.mark.parametrize(("text", "count"), [
    ("a._b", 1), ("a._b._c = 1", 2), ("self._b", 0), ("a.__class__", 0), ("def f(self): self._b = 1\na._b", 0), ("a.b", 0),
])  # fmt: skip
def test_what_counts_as_private(text: str, count: int) -> None:
    """A test file's own classes may keep what they like."""
    assert _private_reads(ast.parse(text)) == count


def test_what_others_keep_for_themselves_is_read_less_and_less() -> None:
    """Such a test fails when the inside is made otherwise, and passes when what users see is broken."""
    found: Counter[str] = Counter()
    for path in TESTS.rglob("*.py"):
        found[path.name] += _private_reads(ast.parse(path.read_text()))
    found = +found
    grown = {name: count for name, count in found.items() if count > PRIVATE.get(name, 0)}
    assert not grown, f"more than in PRIVATE: {grown}; ask for what it does, or give it a public name"
    fallen = {name: found[name] for name, count in PRIVATE.items() if found[name] < count}
    assert not fallen, f"fewer than in PRIVATE; write down {fallen}"
    assert WHY.keys() <= PRIVATE.keys()
