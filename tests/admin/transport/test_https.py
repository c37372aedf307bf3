"""Who asks for something over HTTPS, and what an answer is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.admin.transport.https import Answered, Caller
from appproxy.store.snapshot import TOKEN
from appproxy.store.tables.core import GROUP, USER

ANN = Caller("builtin", "u1", "Ann", ["staff"], "192.0.2.1")
CI = Caller("", "t1", "ci", [], "192.0.2.2")


def test_who_calls() -> None:
    """People have their own roles and their groups'; a service token has its own alone."""
    assert ANN.holders() == [("builtin", USER, "u1"), ("builtin", GROUP, "staff")] and ANN.audited == "user:u1"
    assert replace(CI, groups=["staff"]).holders() == [("", TOKEN, "t1")] and CI.audited == "token:t1"


@pytest.mark.parametrize(("status", "kind"), [(200, "application/json"), (304, "application/json"), (400,
    "application/problem+json")])
def test_what_an_answer_is(status: int, kind: str) -> None:
    """JSON, or a problem (RFC 9457)."""
    assert Answered(status, None).kind == kind
