"""Routes, queries and commands."""

from __future__ import annotations

import pytest

from appproxy.admin.base.operation import NOT_THERE, AdminContext, Call, Change, Command, Query, Routes
from appproxy.admin.base.principal import Permission, Principal
from appproxy.admin.base.problem import Changed, WrongMethod
from appproxy.config.service import ServiceSettings
from appproxy.errors import ConfigError
from appproxy.store.names import NotFound
from appproxy.store.transaction import Reading, Transaction


def look(reading: Reading, call: Call) -> object:
    """A query."""
    return dict(call.path)


def change(tx: Transaction, call: Call) -> Change:
    """A command."""
    return Change(None, "target")


ROUTES = Routes((
    Query("/things", "All.", look, permission=Permission.READ_USERS),
    Query("/things/{thing}", "One.", look, permission=Permission.READ_USERS),
    Command("PUT", "/things/{thing}/parts/{part}", "thing.put", "Put.", change, ("size",),
            permission=Permission.CHANGE_USERS),
))  # fmt: skip
CONTEXT = AdminContext(
    Principal.full("local:0"), 0.0, ServiceSettings(domain="example.com"), lambda name, password: "hash")


@pytest.mark.parametrize(
    ("method", "path", "names"),
    [
        ("GET", "/things", {}),
        ("GET", "things/", {}),
        ("GET", "/things/a%2Fb%20c", {"thing": "a/b c"}),
        ("PUT", "/things/%C3%BC/parts/2", {"thing": "ü", "part": "2"}),
    ],
)
def test_a_path_leads_to_its_operation(method: str, path: str, names: dict[str, str]) -> None:
    """Names in it are decoded, each in its own segment."""
    assert ROUTES.find(method, path)[1] == names


@pytest.mark.parametrize("path", ["/", "/thing", "/things/a/b", "/things//parts/1", "/things/a/parts/1/2", ""])
def test_an_unknown_path(path: str) -> None:
    """Is not found, and the message says where to look."""
    with pytest.raises(NotFound, match="docs/admin-api.md"):
        ROUTES.find("GET", path)


def test_a_word_of_our_own_is_no_name() -> None:
    """Where a path is said to the letter, what is said by a name in braces is not meant: neither found nor allowed."""
    routes = Routes((
        Query("/things/{thing}", "One.", look, permission=Permission.READ_USERS),
        Command("POST", "/things/clear", "thing.clear", "All.", change, permission=Permission.CHANGE_USERS),
    ))  # fmt: skip
    assert routes.methods("/things/clear") == ["POST"] and routes.methods("/things/other") == ["GET"]
    assert routes.methods("/none") == [] and routes.find("POST", "/things/clear")[1] == {}
    with pytest.raises(WrongMethod):
        routes.find("GET", "/things/clear")


def test_a_wrong_method() -> None:
    """Is told apart from an unknown path."""
    with pytest.raises(WrongMethod, match="DELETE is not possible on /things"):
        ROUTES.find("DELETE", "/things")


def test_a_body_is_an_object_with_known_fields() -> None:
    """Anything else is refused before the operation runs."""
    wrong: object
    for wrong in (["a"], "text", 3, True):
        with pytest.raises(ConfigError, match="must be a JSON object"):
            ROUTES.prepare("GET", "/things", wrong, CONTEXT)
    for text in ("a\x00b", "\ud800", "\\\x00"):
        with pytest.raises(ConfigError, match="no database takes it"):
            ROUTES.prepare("PUT", "/things/a/parts/b", {"size": [text]}, CONTEXT)
    with pytest.raises(ConfigError, match="no database takes it"):
        ROUTES.prepare("GET", "/things/a%00", None, CONTEXT)
    assert ROUTES.prepare("PUT", "/things/a/parts/b", {"size": "\\u0000 ü \U0001f600"}, CONTEXT)
    with pytest.raises(ConfigError, match="weight: no such field"):
        ROUTES.prepare("PUT", "/things/a/parts/b", {"weight": 1}, CONTEXT)


def test_an_etag_holds_for_what_is_a_part() -> None:
    """What is below something that has an ETag may be changed by that: if it still has it, and not without looking."""
    seen = {"a": 1}
    one = Query("/things/{thing}", "One.", lambda reading, call: dict(seen), live=(), permission=Permission.READ_USERS)
    move = Command("POST", "/things/{thing}/move", "thing.move", "Move.", change, permission=Permission.CHANGE_USERS)
    routes = Routes((Query("/things", "All.", look, permission=Permission.READ_USERS), one, move))
    tag = one.etag(seen)
    _, call = routes.prepare("POST", "/things/a/move", None, CONTEXT, tag)
    assert call.unchanged == (tag, (one,))
    with pytest.raises(Changed, match="has an ETag"):
        Routes((move,)).prepare("POST", "/things/a/move", None, CONTEXT, tag)
    with pytest.raises(Changed, match="has an ETag"):
        routes.prepare("POST", "/things/a/move", None, CONTEXT, NOT_THERE)


def test_where_preconditions_can_be_met() -> None:
    """At what has an ETag, and below it; on the path alone for what must not be there yet."""
    routes = Routes((
        Query("/things/{thing}", "One.", look, live=(), permission=Permission.READ_USERS),
        Command("PUT", "/things/{thing}", "thing.set", "Set.", change, permission=Permission.CHANGE_USERS),
        Command("PUT", "/things/{thing}/parts/{part}", "thing.put", "Put.", change, permission=Permission.CHANGE_USERS),
    ))  # fmt: skip
    assert routes.has_etag("/things/{thing}") and routes.has_etag("/things/{thing}", alone=True)
    assert routes.has_etag("/things/{thing}/parts/{part}") and not routes.has_etag("/things/{thing}/parts/{part}", alone=True)
    assert not ROUTES.has_etag("/things/{thing}")
