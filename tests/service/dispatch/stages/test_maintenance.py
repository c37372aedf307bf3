"""The stage of maintenance, by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.errors import Code
from appproxy.identity.session import Session
from appproxy.policy.verdict import Pass, SignInRequired, Verdict
from appproxy.service.dispatch.gates.gate import Gate
from appproxy.service.dispatch.stages.maintenance import Maintenance
from tests.service.dispatch.stage_fakes import OPEN, WIKI, SignInPage, exchange_of, opened, passes, route_to, routed
from tests.service.dispatch.stages.test_access import ANN

CLOSED = replace(WIKI, maintenance=True, maintaining_users=frozenset({"ann"}))
STAGE = Maintenance(Gate(), SignInPage())


def test_only_closed_applications_are_concerned() -> None:
    """All others do not ask who maintains them."""
    assert STAGE.concerns(route_to(CLOSED)) and not STAGE.concerns(route_to(WIKI))


@pytest.mark.parametrize(("verdict", "link"), [
    (Pass(ANN), None), (Pass(replace(ANN, subject="bob")), False), (SignInRequired("no cookie"), True)],
    ids=["maintainer", "user", "nobody"])
def test_who_passes(verdict: Verdict[Session], link: bool | None) -> None:
    """Maintainers do; whoever may be one is shown where to sign in."""
    request = routed("https://wiki.example.com/", CLOSED)
    request.opened = opened(request, verdict)
    assert passes(STAGE, request) is (link is None)
    if link is not None:
        exchange = exchange_of(request)
        assert exchange.status == 503 and exchange.failure is Code.MAINTENANCE
        assert (b"signin.example.com" in exchange.content) is link is (exchange.field(b"set-cookie") is not None)


def test_where_nobody_signs_in_nobody_passes() -> None:
    """There are no verdicts, and no maintainers."""
    request = routed("https://wiki.example.com/", replace(OPEN, maintenance=True, maintaining_users=frozenset({"ann"})))
    assert not passes(STAGE, request) and exchange_of(request).status == 503
