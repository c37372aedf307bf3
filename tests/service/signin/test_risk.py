"""Sign-ins are judged on their way: with the real store and the built-in provider."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appproxy.policy.risk.levels import Thresholds
from appproxy.policy.risk.outcome import Outcome, State
from appproxy.service.own.resources import ResourceHandler
from appproxy.service.signin.failed_passwords import FailedPasswords
from appproxy.service.signin.risk import SignInRisk, Whereabouts
from appproxy.service.signin.sign_in import SignIn
from appproxy.store.database.store import Store
from appproxy.store.people import users
from appproxy.store.policies import policies
from appproxy.store.policies.documents import Kind
from appproxy.store.risk import sign_ins
from appproxy.store.risk.network_lists import NetworkLists
from appproxy.store.risk.sign_ins import JudgedSignIn
from tests.provider.house import ISSUER, NOW, Now
from tests.service.sign_in_world import Browser, Tokens
from tests.service.signin.test_store import PAGE, Service, database, service, type_password

__all__ = ["database", "service"]


@pytest.fixture
def judging(service: Service, tmp_path: Path) -> Iterator[Service]:
    """A service that judges; everybody's address is in a list, and in a country."""
    live: Any = service.live
    (tmp_path / "tor.txt").write_text("192.0.2.0/24\n")
    where = Whereabouts(lambda address: "DE", lambda address: (50.0, 8.0), NetworkLists([tmp_path / "tor.txt"]))
    risk = SignInRisk(live, Thresholds(), where, FailedPasswords(live, service.clock), 443, Now(service.clock), Tokens())
    service.sign_in = SignIn(
        ISSUER, 443, service.store, service.sign_in._context.providers, Now(service.clock), extra=service.builtin.resources(),
        end_builtin=service.builtin.end_session, risk=risk)
    service._own = ResourceHandler(service.sign_in.application_root)
    service._signin = ResourceHandler(service.sign_in.signin_root)
    yield service


def rows(store: Store) -> list[JudgedSignIn]:
    """What was judged, the newest first."""
    with store.reading() as reading:
        return sign_ins.list_all(reading)


def test_a_sign_in_is_judged_and_kept(judging: Service, database: Store) -> None:
    """With address, country, place and device; and what is held against its user is in the snapshot."""
    browser = Browser(judging)
    type_password(browser, browser.open(PAGE), "ann")
    one = next(row for row in rows(database) if row.outcome is Outcome.PASSED)
    assert (one.level, one.outcome, one.state, one.seen.networks.address) == (
        "medium", Outcome.PASSED, State.OPEN, "192.0.2.7")
    assert (one.seen.country, one.seen.place, [part.name for part in one.parts]) == ("DE", (50.0, 8.0), ["listed"])
    assert len(one.seen.device) == 32 and one.session
    with database.reading() as reading:
        ann = users.find(reading, "ann").id
    assert judging.live.snapshot.user_risk("builtin", ann, NOW) == "medium"


def test_a_policy_asks_at_risk(judging: Service, database: Store) -> None:
    """Who is at risk is blocked by it, and what was judged is kept all the same."""
    with database.transaction(NOW) as tx:
        policies.put(tx, "at risk", {
            "name": "at risk", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
            "conditions": {"sign_in_risk": {"include": ["medium"]}}, "grant": {"block": True}}, force=True)
    judging.live.look()
    browser = Browser(judging)
    page = type_password(browser, browser.open(PAGE), "ann")
    assert page.failure is not None and page.failure.name == "POLICY_BLOCKED"
    assert Outcome.REFUSED in {row.outcome for row in rows(database)}
    with database.transaction(NOW) as tx:
        policies.remove(tx, Kind.POLICY, "at risk")
