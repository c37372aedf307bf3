"""Errors as problem details."""

from __future__ import annotations

import pytest

from appproxy.admin.base.problem import _STATUS, error_of, problem
from appproxy.errors import AlreadyThere, AppProxyError, Code, LocalProtocolError, RequestError

KINDS = {kind: status for kind, status, _ in _STATUS if kind is not RequestError}


@pytest.mark.parametrize(("kind", "status"), KINDS.items(), ids=lambda one: getattr(one, "__name__", one))
@pytest.mark.parametrize("hint", ["", "do that"])
def test_an_error_comes_back_as_it_was(kind: type[AppProxyError], status: int, hint: str) -> None:
    """Name, message and hint: a command tells the same, whether a service runs or not."""
    error = kind("x: is wrong", hint=hint)
    found, body = problem(error)
    again = error_of(found, body)
    assert found == body["status"] == status
    assert body["name"] == error.name and body.get("hint", "") == hint and body["detail"] == str(error)
    assert type(again) is type(error) and (again.message, again.hint) == ("x: is wrong", hint)


def test_an_older_service_says_no_name() -> None:
    """The status tells enough."""
    again = error_of(409, {"detail": "there is already a user 'ann'; choose another name"})
    assert type(again) is AlreadyThere and str(again).endswith("; choose another name")


def test_a_refused_request() -> None:
    """Is the caller's fault."""
    assert problem(RequestError(Code.TOKEN_REFUSED, "used up"))[0] == 400


def test_a_fault_of_ours_tells_nothing() -> None:
    """What is inside goes to the log alone."""
    status, body = problem(LocalProtocolError("canary"))
    assert status == 500 and "canary" not in str(body)


@pytest.mark.parametrize("body", [None, [], "text", {}, {"detail": 3}])
def test_an_answer_that_is_no_problem(body: object) -> None:
    """Still ends in one line."""
    assert "status 500" in str(error_of(500, body))
