"""docs/audit.md, and the tables that it is made of."""

from __future__ import annotations

import ast
from pathlib import Path

from appproxy.store.service import actions
from appproxy.store.service.actions import EVENTS, KEYS
from tests import source

ROOT = Path(__file__).parents[2]
#: Who makes names of actions: the table of events, and the commands of the admin API.
MAKERS = {"appproxy/store/service/actions.py", "appproxy/admin/base/operation.py", "appproxy/store/service/note.py"}


def test_nobody_else_makes_actions() -> None:
    """Whatever is written takes an `Action`, as the type checker sees to; so all are in the two tables."""
    makers = {
        str(path.relative_to(ROOT)) for path in source.files() for node in source.nodes(path)
        if isinstance(node, ast.Call) and any(ast.unparse(one).endswith("Action") for one in (node.func, *node.args[:1]))
    }
    assert makers <= MAKERS


def test_every_event_is_written_somewhere() -> None:
    """A name in the table that nobody uses tells readers of what never happens."""
    table = {value: name for name, value in vars(actions).items() if isinstance(value, str) and value in EVENTS}
    assert table.keys() == EVENTS.keys()
    used = {node.id for path in source.files() if path.name != "actions.py" for node in source.nodes(path)
            if isinstance(node, ast.Name)}
    assert set(table.values()) - used == set()


def test_every_key_is_explained() -> None:
    """And none that is nowhere."""
    assert {key for one in EVENTS.values() for key in one.keys} == set(KEYS)
