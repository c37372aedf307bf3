"""What a page knows of who asks, and what it asks the admin API in their name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred, succeed

from appproxy.admin.base.principal import Forbidden, Permission
from appproxy.admin.base.problem import problem
from appproxy.admin.transport.https import AdminRequest, Answered, Caller
from appproxy.console.visit import Rights, Visit, listing, one_of
from appproxy.errors import ConfigError, NotFound
from tests.fakes.outcome import got

READ, CHANGE = Permission.READ_APPLICATIONS, Permission.CHANGE_APPLICATIONS


class Api:
    """Answers with what the test wants, and keeps what was asked."""

    def __init__(self, data: object = None, status: int = 200, fields: Sequence[tuple[str, str]] = ()) -> None:
        self.answer = Answered(status, data, tuple(fields))
        self.asked: list[AdminRequest] = []

    def __call__(self, request: AdminRequest) -> Deferred[Answered]:
        """As the admin API."""
        self.asked.append(request)
        return succeed(self.answer)


def visit(
    api: Api | None = None, query: Mapping[str, Sequence[str]] | None = None,
    form: Mapping[str, Sequence[str]] | None = None, files: Mapping[str, bytes] | None = None,
) -> Visit:
    """Ann's request."""
    caller = Caller("corp", "1", "ann", (), "192.0.2.1")
    return Visit("GET", "/", query or {}, form or {}, caller, api or Api(), 0.0, cast("Any", None), files=files or {})


def done(work: Any) -> Any:
    """The result, which is there at once."""
    return got(Deferred.fromCoroutine(work))


def test_rights_for_all_and_for_some() -> None:
    """Somebody who may change one application may not change another, nor publish one."""
    rights = Rights(frozenset({READ.value}), {CHANGE.value: frozenset({"a1"})})
    assert rights.allow(READ) and rights.allow(READ, "a2")
    assert rights.allow(CHANGE, "a1") and not rights.allow(CHANGE, "a2") and not rights.allow(CHANGE)


def test_who_is_not_known_may_nothing() -> None:
    """Until the API has said who it is; then no more than that."""
    me = {"permissions": [READ.value], "for_one_application": {CHANGE.value: ["a1"]}, "roles": ["reader"]}
    one = visit(Api(me))
    assert not one.may(READ)
    done(one.know())
    assert one.may(READ) and one.may(CHANGE, "a1") and one.roles == ["reader"]
    one.require(READ)
    with pytest.raises(Forbidden, match=f"ann lacks the permission {CHANGE.value}"):
        one.require(CHANGE)


def test_what_the_visitor_may_not_read_is_not_asked_for() -> None:
    """A page shows the rest of itself."""
    api = Api(["x"])
    one = visit(api)
    assert done(one.get_if(READ, "/applications", [])) == [] and api.asked == []
    one.rights = Rights(frozenset({READ.value}))
    assert done(one.get_if(READ, "/applications", [])) == ["x"]


def test_fields_of_forms() -> None:
    """The first value of a field, without the spaces around it; lists by commas or lines, without what is empty."""
    one = visit(query={"q": ["a", "b"]}, form={"name": ["  x "], "hosts": ["a, b\n c,,", ""]})
    assert (one.asked("q"), one.asked("none"), one.said("name"), one.said("none", "y")) == ("a", "", "x", "y")
    assert one.chosen("hosts") == ["a", "b", "c"] and one.chosen("none") == []


def test_files_are_text() -> None:
    """One that is not is named by its field; none is the empty text."""
    one = visit(files={"crl": "\u00e9".encode(), "other": b"\xff"})
    assert (one.file_text("crl"), one.file_text("none")) == ("\u00e9", "")
    with pytest.raises(ConfigError, match="^other: is no text in UTF-8"):
        one.file_text("other")


def test_names_in_paths_are_names() -> None:
    """Whatever signs they have: none leads to another operation."""
    assert one_of("users", "a/../b?x=1#y") == "/users/a%2F..%2Fb%3Fx%3D1%23y"


def test_what_is_asked() -> None:
    """Fields that are empty are left out; no body, and no type of one, where nothing is sent."""
    api = Api([])
    done(visit(api).get("/users", search="a&b", after="", limit=5, state=None))
    [asked] = api.asked
    assert (asked.method, asked.target, asked.body) == ("GET", "/api/v1/users?search=a%26b&limit=5", b"")
    assert "content-type" not in asked.fields


@pytest.mark.parametrize(("how", "fields"), [
    ({}, {}), ({"if_match": '"x"'}, {"if-match": '"x"'}), ({"is_new": True}, {"if-none-match": "*"}),
    ({"is_new": True, "if_match": '"x"'}, {"if-none-match": "*"}),
])
def test_preconditions_of_changes(how: dict[str, Any], fields: dict[str, str]) -> None:
    """Nothing of somebody else's is changed unseen."""
    api = Api()
    done(visit(api).change("PUT", "/policies/p", {"a": 1}, **how))
    [asked] = api.asked
    assert asked.fields == {**fields, "content-type": "application/json"} and json.loads(asked.body) == {"a": 1}


def test_a_form_without_a_tag_changes_nothing() -> None:
    """A stale page, or one that somebody made: the ETag that it is sent with is nobody's."""
    for form, tag in (({"tag": ['"v1"']}, '"v1"'), ({}, '"-"'), ({"tag": [""]}, '"-"')):
        api = Api()
        done(visit(api, form=form).change_shown("PATCH", "/users/ann", {}))
        assert api.asked[0].fields["if-match"] == tag


def test_what_a_removal_says_is_in_its_query() -> None:
    """A DELETE has no body; whether it would work is asked in the same way."""
    api = Api()
    done(visit(api).change("DELETE", "/x", {"user": "a b"}, dry=True))
    done(visit(api).change("DELETE", "/x", dry=True))
    assert [one.target for one in api.asked] == ["/api/v1/x?user=a%20b&dry_run=true", "/api/v1/x?dry_run=true"]
    assert [one.body for one in api.asked] == [b"", b""]


def test_a_refusal_of_the_api_is_raised() -> None:
    """As the error that the operation had."""
    status, problem_object = problem(NotFound("there is no user 'x'", hint="see appproxy user list"))
    with pytest.raises(NotFound, match="there is no user 'x'") as refused:
        done(visit(Api(problem_object, status)).get("/users/x"))
    assert refused.value.hint == "see appproxy user list"


@pytest.mark.parametrize(("rows", "more"), [(2, ""), (3, "r1")])
def test_a_page_of_a_listing(rows: int, more: str) -> None:
    """One row more than is shown says whether there is another page, and behind which row it begins."""
    api = Api([{"id": f"r{at}"} for at in range(rows)])
    one = visit(api, query={"after": ["k"], "search": [" x "]})
    found = done(listing(one, "/users", "id", rows=2, state="on"))
    assert ([row["id"] for row in found.rows], found.more, found.after, found.search) == (["r0", "r1"], more, "k", "x")
    assert api.asked[0].target == "/api/v1/users?limit=3&after=k&search=x&state=on"
