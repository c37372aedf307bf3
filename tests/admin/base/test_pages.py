"""Pages of listings, and changes that are made only of what was read; both from the table of operations."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.admin.base.body import Body
from appproxy.admin.base.operation import NOT_THERE
from appproxy.admin.base.pages import MOST_ROWS, PAGING, etag_of, page_of, page_wanted
from appproxy.admin.base.problem import Changed
from appproxy.admin.operations import OPERATIONS, Command, Query
from appproxy.errors import ConfigError
from tests.branding.pictures import in_base64, png

CONTEXT = {"applications": {"include": ["all"]}, "paths": ["/a/*"]}
POLICY = {"state": "off", "users": {"include": ["all"]}, "applications": {"include": ["all"]}, "grant": {"block": True}}
#: What makes one of each that has an ETag, and where it is then.
OBJECTS = {
    "/applications/{application}": ("/applications/w", ("PATCH", {"settings": {"strict": "yes"}})),
    "/applications/{application}/segments": ("/applications/w/segments", (
        "POST", {"external": "https://s.example.com", "internal": "http://s/"})),
    "/applications/{application}/cors": ("/applications/w/cors", ("POST", {"resource": "/b", "origins": ["https://b.example"]})),
    "/applications/{application}/assignments": ("/applications/w/assignments", ("POST", {"user": "ann"})),
    "/applications/{application}/logo": ("/applications/w/logo", ("PUT", {"picture": in_base64(png(grey=2))})),
    "/users/{user}": ("/users/ann", ("PATCH", {"email": "ann@example.com"})),
    "/audit-exports/{export}": ("", None),
    "/second-factor-rules": ("/second-factor-rules", ("PUT", {})),
    "/connectors/{connector}": ("", None),
    "/nodes/{node}": ("", None),
    "/configuration": ("/configuration", ("PUT", {"document": {"format": 1, "groups": [{"name": "fresh"}]}})),
    "/device-authorities/{authority}": ("", None),
    "/certificates/{certificate}": ("", None),
    "/service-tokens/{token}": ("", None),
    "/certificate-authority": ("", None),
    "/providers/{provider}": ("/providers/c", ("PATCH", {"groups_claim": "roles"})),
    "/policies/{policy}": ("/policies/p", ("PUT", {"document": POLICY})),
    "/locations/{location}": ("/locations/l", ("PUT", {"document": {"networks": ["198.51.100.0/24"]}})),
    "/strengths/{strength}": ("/strengths/s", ("PUT", {"document": {"any_of": [{"amr": ["hwk"]}]}})),
    "/clients/{client}": ("/clients/r", ("PATCH", {"redirect_uris": ["https://r.example/b"]})),
    "/contexts/{context}": ("/contexts/k", ("PUT", {"document": {**CONTEXT, "paths": ["/b/*"]}})),
    "/directories/{directory}": ("/directories/d", ("PATCH", {"refresh_minutes": 10})),
    "/role-assignments": ("/role-assignments", ("POST", {"role": "reader", "user": "ann"})),
    "/groups/{group}": ("", None),
    "/native-clients/{native}": ("", None),
    "/role-entitlements": ("", None),
    "/branding": ("/branding", ("PATCH", {"settings": {"name": "Ours"}})),
}


@pytest.fixture
def filled(desk: Any) -> Any:
    """A desk with one of nearly everything."""
    for number in range(3):
        desk.call("POST", "/users", {"name": f"u{number}", "password": "long enough", "groups": [f"g{number}"]})
        desk.call("POST", "/connector-groups", {"name": f"lab{number}"})
        desk.call("POST", "/connector-tokens", {"group": "default"})
        external = f"https://w{number}.example.com"
        desk.call("POST", "/applications", {"name": f"w{number}", "internal": "http://w/", "external": external})
        desk.call("POST", "/providers", {"name": f"c{number}", "issuer": "https://c", "client_id": "c", "client_secret": "c"})
        desk.call("PUT", f"/break-glass/u{number}")
        desk.call("POST", "/role-assignments", {"role": "auditor", "user": f"u{number}"})
        desk.call("PUT", f"/policies/p{number}", {"document": POLICY})
        desk.call("PUT", f"/locations/l{number}", {"document": {"networks": ["192.0.2.0/24"]}})
        desk.call("PUT", f"/strengths/s{number}", {"document": {"any_of": [{"amr": ["mfa"]}]}})
        desk.call("POST", "/clients", {"name": f"r{number}", "redirect_uris": ["https://r.example/a"]})
        desk.call("PUT", f"/contexts/k{number}", {"document": CONTEXT})
    desk.call("PUT", "/policies/p", {"document": POLICY})
    desk.call("PUT", "/locations/l", {"document": {"networks": ["192.0.2.0/24"]}})
    desk.call("PUT", "/strengths/s", {"document": {"any_of": [{"amr": ["mfa"]}]}})
    desk.call("POST", "/clients", {"name": "r", "redirect_uris": ["https://r.example/a"]})
    desk.call("PUT", "/contexts/k", {"document": CONTEXT})
    desk.call("POST", "/users", {"name": "ann", "password": "long enough"})
    desk.call("POST", "/applications", {"name": "w", "internal": "http://w/", "external": "https://w.example.com"})
    desk.call("PUT", "/applications/w/logo", {"picture": in_base64(png(grey=1))})
    desk.call("POST", "/providers", {"name": "c", "issuer": "https://c", "client_id": "c", "client_secret": "c"})
    for name in ("d", "d1", "d2"):
        desk.call("POST", "/directories", {
            "name": name, "kind": "ad", "servers": ["ldaps://dc"], "bind_name": "a", "bind_password": "b",
            "user_base": "dc=x"})
    return desk


PAGED = [one for one in OPERATIONS if isinstance(one, Query) and one.page]
TAGGED = [one for one in OPERATIONS if isinstance(one, Query) and one.live is not None]


def test_every_object_that_can_be_changed_has_an_etag() -> None:
    """So that two admins do not undo each other's work unseen; and this file knows each."""
    changed = {one.path for one in OPERATIONS if isinstance(one, Command) and one.method != "POST"}
    looked_at = {one.path for one in OPERATIONS if isinstance(one, Query)}
    assert changed & looked_at <= {one.path for one in TAGGED} == set(OBJECTS)


@pytest.mark.parametrize("query", PAGED, ids=lambda one: one.path)
def test_pages_are_the_whole(filled: Any, query: Query) -> None:
    """However small they are; without the fields, all come as ever."""
    path = query.path.replace("{application}", "w").replace("{group}", "g1")
    whole = filled.rows(path)
    found: list[dict[str, object]] = []
    while page := filled.call("GET", path, {"limit": 2, **({"after": found[-1][query.page]} if found else {})}):
        assert 1 <= len(page) <= 2
        found += page
    assert sorted(map(str, found)) == sorted(map(str, whole))
    with pytest.raises(ConfigError, match="^limit: 1 to 1000"):
        filled.call("GET", path, {"limit": MOST_ROWS + 1})


@given(st.lists(st.text(max_size=3), unique=True, max_size=20), st.integers(1, 5), st.data())
def test_what_comes_and_goes_repeats_and_hides_nothing(names: list[str], limit: int, data: st.DataObject) -> None:
    """Whoever is there all the while is seen once."""
    stay = set(data.draw(st.lists(st.sampled_from(names), unique=True))) if names else set()
    seen: list[str] = []
    after: dict[str, object] = {}
    while True:
        there = [{"name": name} for name in names if name in stay or data.draw(st.booleans())]
        page: Any = page_of(there, "name", page_wanted(Body({"limit": limit, **after}, PAGING)))
        if not page:
            break
        seen += [row["name"] for row in page]
        after = {"after": seen[-1]}
    assert len(set(seen)) == len(seen) and stay <= set(seen)


@pytest.mark.parametrize("query", [one for one in TAGGED if OBJECTS.get(one.path, ("", None))[0]], ids=lambda one: one.path)
def test_a_change_is_of_what_was_read(filled: Any, query: Query) -> None:
    """With the ETag it is made, and with the old one it is not made again."""
    path, change = OBJECTS[query.path]
    tag = query.etag(filled.call("GET", path))
    assert tag == query.etag(filled.call("GET", path)) != ""
    assert change is not None
    method, body = change
    before = len(filled.audit())
    with pytest.raises(Changed, match="read it again"):
        filled.call(method, path, body, "0" * 32)
    assert len(filled.audit()) == before and query.etag(filled.call("GET", path)) == tag
    filled.call(method, path, body, tag)
    assert query.etag(filled.call("GET", path)) != tag
    with pytest.raises(Changed):
        filled.call(method, path, body, tag)


def test_what_is_meant_as_new_is_written_over_nothing(filled: Any) -> None:
    """`If-None-Match: *`: what is there stays, and what is not there is made."""
    with pytest.raises(Changed, match="of this name already"):
        filled.call("PUT", "/policies/P", {"document": {**POLICY, "state": "off"}}, NOT_THERE)
    assert filled.call("GET", "/policies/p")["version"] == 1
    assert filled.call("PUT", "/policies/fresh", {"document": POLICY}, NOT_THERE)["version"] == 1


def test_what_a_node_knows_of_the_moment_is_in_no_etag() -> None:
    """An object would seem changed, though nobody has changed it."""
    assert etag_of({"a": 1, "online": True}, ("online",)) == etag_of({"a": 1, "online": False}, ("online",))
    assert etag_of({"a": 1}, ()) != etag_of({"a": 2}, ())


def test_where_there_is_no_etag_none_is_met(filled: Any) -> None:
    """A precondition that cannot be checked is not met (RFC 9110 section 13.1.1)."""
    with pytest.raises(Changed, match="nothing at /break-glass/u1 has an ETag"):
        filled.call("DELETE", "/break-glass/u1", None, "x")


def test_the_audit_goes_back(filled: Any) -> None:
    """By number."""
    first = filled.call("GET", "/audit", {"limit": 3})
    more = filled.call("GET", "/audit", {"limit": 3, "before": first[-1]["number"]})
    assert [row["number"] for row in (*first, *more)] == list(range(first[0]["number"], first[0]["number"] - 6, -1))
