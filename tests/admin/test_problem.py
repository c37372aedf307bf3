"""Errors as problem details."""

from __future__ import annotations

import pytest

from appproxy.admin.problem import WrongMethod, error_of, problem
from appproxy.errors import AppProxyError, Code, ConfigError, LocalProtocolError, RequestError, StoreError
from appproxy.store.names import AlreadyThere, NotFound


@pytest.mark.parametrize(
    ("error", "status"),
    [(NotFound("x"), 404), (WrongMethod("x"), 405), (AlreadyThere("x"), 409), (ConfigError("x"), 422), (StoreError("x"), 503)],
)
def test_an_error_comes_back_as_it_was(error: AppProxyError, status: int) -> None:
    """A command tells the same, whether a service runs or not."""
    found, body = problem(error)
    again = error_of(found, body)
    assert found == body["status"] == status
    assert type(again) is type(error) and str(again) == "x"


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
