"""Operations on risk."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import ConfigError
from appproxy.policy.risk.features import AddressStep, Seen, networks_of
from appproxy.policy.risk.levels import HIGH, LOW, Part, Thresholds
from appproxy.policy.risk.outcome import SignInOutcome
from appproxy.policy.risk.scoring import Judgement
from appproxy.store.names import NotFound
from appproxy.store.risk import judging
from appproxy.store.risk.judging import SigningIn
from tests.admin.conftest import NOW


@pytest.fixture
def judged(desk: Any) -> str:
    """Ann has signed in as ever, and once in an odd way; gives the id of that."""
    ann = desk.record("POST", "/users", {"name": "ann", "password": "long enough"})["id"]
    usual = Seen(
        NOW - 60.0, networks_of("192.0.2.7"), "DE", None, "Firefox on Linux", "linux", "d", AddressStep.ADDRESS, False)
    odd = Seen(NOW, networks_of("203.0.113.1"), "US", None, "Chrome on Windows", "windows", "e", AddressStep.NONE, True)
    with desk.store.transaction(NOW) as tx:
        for seen, level, score in ((usual, LOW, -3.0), (odd, HIGH, 30.0)):
            told = Judgement(seen, level, score, (Part("network", score, "a network"),))
            who = SigningIn("builtin", ann, "Ann", "", f"s{score}", False)
            id_ = judging.concluded(tx, told, who, SignInOutcome.PASSED, Thresholds())
    return id_


def test_what_is_at_risk(desk: Any, judged: str) -> None:
    """Of all users or one, of the usual levels or all; with names and reasons."""
    [row] = desk.rows("/risk/sign-ins")
    assert (row["id"], row["name"], row["provider"], row["level"], row["state"]) == (judged, "Ann", "builtin", "high", "open")
    assert desk.record("GET", f"/risk/sign-ins/{judged}")["parts"] == [
        {"name": "network", "points": 30.0, "because": "a network"}]
    assert len(desk.call("GET", "/risk/sign-ins", {"all": True, "user": "ann"})) == 2
    assert [row["level"] for row in desk.call("GET", "/risk/sign-ins", {"level": "low"})] == ["low"]
    assert desk.call("GET", "/risk/sign-ins", {"subject": "ann", "provider": "builtin"}) == []
    assert len(desk.call("GET", "/risk/sign-ins", {"all": True, "after": "", "limit": 1})) == 1
    [user] = desk.rows("/risk/users")
    assert (user["name"], user["level"], user["confirmed"]) == ("Ann", "high", False)
    assert NOW < user["until"] < NOW + 30 * 86400


def test_confirm_and_dismiss(desk: Any, judged: str) -> None:
    """One sign-in, or a user; the audit says of whom."""
    assert desk.record("POST", f"/risk/sign-ins/{judged}/confirm")["state"] == "confirmed"
    assert [(row["confirmed"], row["until"]) for row in desk.rows("/risk/users")] == [(True, 0.0)]
    assert desk.record("POST", f"/risk/sign-ins/{judged}/dismiss")["state"] == "dismissed"
    assert desk.rows("/risk/users") == []
    desk.call("POST", "/risk/users/confirm", {"user": "ann"})
    assert [row["level"] for row in desk.rows("/risk/users")] == ["high"]
    assert desk.record("POST", "/risk/users/dismiss", {"user": "ann"})["count"] == 0
    assert desk.rows("/risk/users") == []
    assert [row.action for row in desk.audit()][:4] == [
        "risk.dismiss_user", "risk.confirm_user", "risk.dismiss", "risk.confirm"]


@pytest.mark.parametrize("body", [
    {}, {"user": "ann", "subject": "x"}, {"user": "ann", "provider": "builtin"}, {"subject": "x"},
    {"subject": "", "provider": "builtin"}, {"subject": "x" * 256, "provider": "builtin"},
])
def test_whom(desk: Any, judged: str, body: dict[str, str]) -> None:
    """One user, and clearly."""
    with pytest.raises(ConfigError):
        desk.call("POST", "/risk/users/confirm", body)


def test_what_there_is_not(desk: Any, judged: str) -> None:
    """Is said, with what there is."""
    with pytest.raises(NotFound, match="appproxy risk list"):
        desk.call("POST", "/risk/sign-ins/none/confirm")
    with pytest.raises(ConfigError, match="level"):
        desk.call("GET", "/risk/sign-ins", {"level": "severe"})
    with pytest.raises(ConfigError, match="limit"):
        desk.call("GET", "/risk/sign-ins", {"limit": 0})


def test_rates(desk: Any, judged: str) -> None:
    """How many sign-ins reach each threshold: one of two reaches both levels."""
    found = desk.record("GET", "/risk/rates")
    rates = {row["points"]: row["rate"] for row in found["rates"]}
    assert (found["sign_ins"], rates[found["medium"]], rates[found["high"]], rates[35.0]) == (2, 0.5, 0.5, 0.0)


def test_what_policies_would_make_of_it(desk: Any, judged: str) -> None:
    """Explained with the levels that are asked about; without them, with the user's of now and an unknown sign-in."""
    desk.call("POST", "/applications", {"name": "w", "internal": "http://w/", "external": "https://w.example.com"})
    desk.call("POST", "/applications/w/assignments", {"user": "ann"})
    for name in ("sign_in_risk", "user_risk"):
        desk.call("PUT", f"/policies/{name}", {"document": {
            "name": name, "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
            "conditions": {name: {"include": ["high"]}}, "grant": {"block": True}}, "force": True})

    def because(**more: str) -> dict[str, str]:
        found = desk.record("GET", "/policy-explanation", {"application": "w", "user": "ann", **more})
        return {row["policy"]: row["because"] for row in found["policies"]}

    assert because() == {"sign_in_risk": "conditions.sign_in_risk: unknown", "user_risk": "grant.block"}
    assert because(sign_in_risk="high", user_risk="medium") == {
        "sign_in_risk": "grant.block", "user_risk": "conditions.user_risk: medium"}
    with pytest.raises(ConfigError, match="user_risk"):
        because(user_risk="severe")


def test_a_sign_in_elsewhere_has_its_clients_name(desk: Any, judged: str) -> None:
    """As one at a published application has that one's."""
    made = desk.record("POST", "/clients", {"name": "Elsewhere", "redirect_uris": ["https://elsewhere.example/back"]})
    with desk.store.transaction(NOW) as tx:
        seen = Seen(NOW, networks_of("203.0.113.1"), "US", None, "Chrome on Windows", "windows", "e", AddressStep.NONE, True)
        told = Judgement(seen, HIGH, 30.0, (Part("network", 30.0, "a network"),))
        id_ = judging.concluded(
            tx, told, SigningIn("builtin", "x", "Ann", made["id"], "s", False), SignInOutcome.PASSED, Thresholds())
    assert desk.record("GET", f"/risk/sign-ins/{id_}")["application"] == "Elsewhere"
