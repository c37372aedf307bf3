"""A machine asks to be let in by a code, and waits: what it asks when, and what it makes of the answers (RFC 8628)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from appproxy.admin.transport.code_login import NotLetIn, ShownCode, end, let_in, refreshed, with_tokens
from appproxy.admin.transport.remote import Remote, TokenRefused
from appproxy.errors import AppProxyError, ConfigError, NotFound, StoreError
from appproxy.identity.grant_types import DEVICE_CODE, REFRESH

MADE = {"verification_uri": "https://a/device", "user_code": "BCDF-GHJK", "verification_uri_complete": "https://a/device?c=1",
        "expires_in": 600, "device_code": "dc", "interval": 5}
PENDING, SLOW = (400, {"error": "authorization_pending"}), (400, {"error": "slow_down"})
TOKENS = {"access_token": "at", "refresh_token": "rt", "expires_in": 600}


Answer = tuple[int, Mapping[str, Any]] | Exception


class Service(Remote):
    """One that answers forms as it was told, and remembers them."""

    answers: list[Answer]
    asked: list[tuple[str, dict[str, str]]]

    def post_form(self, path: str, fields: Mapping[str, str]) -> tuple[int, Mapping[str, Any]]:
        self.asked.append((path, dict(fields)))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def answering(*answers: Answer) -> Service:
    """One that answers so, one question after the other."""
    made = Service("https://a", "old", refresh_token="rt0")
    made.__dict__.update(answers=list(answers), asked=[])
    return made


def never(_: object) -> None:
    """What must not happen."""
    raise AssertionError


def waits(*answers: Answer, made: Mapping[str, Any] = MADE) -> tuple[Any, list[float], Service]:
    """What comes of these answers to its questions, after how long each was asked."""
    service, slept, told = answering((200, made), *answers), list[float](), list[ShownCode]()
    try:
        found: Any = let_in(service, "administer", {"name": "laptop"}, told.append, slept.append)
    except AppProxyError as error:
        found = error
    assert len(told) == 1
    return found, slept, service


def test_it_asks_until_somebody_has_decided() -> None:
    """With what it was told, in the time between that it was told."""
    found, slept, service = waits(PENDING, PENDING, (200, TOKENS))
    assert (found, slept) == (TOKENS, [5.0, 5.0, 5.0])
    question = {"client_id": "appproxy", "grant_type": DEVICE_CODE, "device_code": "dc"}
    assert service.asked == [
        ("/device-authorization", {"client_id": "appproxy", "scope": "administer", "name": "laptop"}),
        *[("/token", question)] * 3]


def test_a_person_is_told_where_to_go() -> None:
    """Before it waits."""
    told: list[object] = []
    let_in(answering((200, MADE), (200, TOKENS)), "join", {}, told.append, lambda seconds: told.append(seconds))
    assert told == [ShownCode("https://a/device", "BCDF-GHJK", "https://a/device?c=1", 600.0), 5.0]


def test_it_slows_down_for_good() -> None:
    """Five seconds more, each time that it is told so (section 3.5)."""
    _, slept, _ = waits(SLOW, PENDING, SLOW, (200, TOKENS))
    assert slept == [5.0, 10.0, 10.0, 15.0]


def test_where_no_time_between_is_told() -> None:
    """It is five seconds (section 3.2)."""
    _, slept, _ = waits((200, TOKENS), made={key: value for key, value in MADE.items() if key != "interval"})
    assert slept == [5.0]


@pytest.mark.parametrize(("said", "waited"), [(0, 1.0), (-5, 1.0), ("0", 1.0), (0.001, 1.0), (1e9, 60.0), (60, 60.0)])
def test_a_service_that_is_broken_is_asked_with_a_pause(said: object, waited: float) -> None:
    """Between one second and a minute, whatever it says."""
    _, slept, _ = waits(PENDING, (200, TOKENS), made={**MADE, "interval": said})
    assert slept == [waited, waited]


def test_nobody_waits_for_ever() -> None:
    """For an hour at most, whatever the service says, and each question comes after a minute at most."""
    found, slept, _ = waits(*[SLOW] * 500, made={**MADE, "expires_in": 1e300, "interval": 50})
    assert isinstance(found, NotLetIn) and max(slept) == 60.0 and 3600.0 <= sum(slept) < 3660.0


def test_nobody_comes_in_time() -> None:
    """It gives up when the code is over, or the service knows of none."""
    found, slept, _ = waits(*[PENDING] * 4, made={**MADE, "expires_in": 18})
    assert isinstance(found, NotLetIn) and len(slept) == 4 and "in time" in found.message
    found, slept, _ = waits((400, {"error": "expired_token"}))
    assert isinstance(found, NotLetIn) and len(slept) == 1 and "in time" in found.message


def test_somebody_says_no() -> None:
    """Then it asks no more."""
    found, slept, _ = waits((400, {"error": "access_denied"}))
    assert isinstance(found, NotLetIn) and len(slept) == 1 and found.message == "this machine was not let in"


def test_a_service_may_be_away_for_a_moment() -> None:
    """Twenty times in a row, and again from the beginning once it has answered."""
    away = StoreError("away")
    found, _, _ = waits(*[away] * 20, PENDING, *[away] * 20, (200, TOKENS))
    assert found == TOKENS
    found, slept, _ = waits(*[away] * 21, (200, TOKENS))
    assert found is away and len(slept) == 21


@pytest.mark.parametrize("made", [
    {}, {**MADE, "expires_in": "soon"}, {**MADE, "expires_in": None}, {**MADE, "interval": []},
    {**MADE, "interval": "nan"}, {**MADE, "expires_in": "inf"},
    *({key: value for key, value in MADE.items() if key != missing} for missing in MADE if missing != "interval")])
def test_what_is_no_code(made: Mapping[str, Any]) -> None:
    """Nothing is shown, and nothing waits for it."""
    with pytest.raises(StoreError, match="gives no code"):
        let_in(answering((200, made)), "join", {}, never, never)


@pytest.mark.parametrize(("status", "answer", "kind", "said"), [
    (404, {}, ConfigError, "lets no machine in by a code"), (429, {}, StoreError, "was asked too often from here"),
    (400, {"error": "invalid_scope"}, ConfigError, "https://a refuses: invalid_scope"),
    (400, {"error": "x", "error_description": "name it"}, ConfigError, "https://a refuses: name it"),
    (500, {"detail": "broken"}, StoreError, "broken"),
])
def test_a_service_that_gives_none(status: int, answer: Mapping[str, Any], kind: type[AppProxyError], said: str) -> None:
    """Says why, as far as it can."""
    with pytest.raises(kind) as caught:
        let_in(answering((status, answer)), "join", {}, never, never)
    assert said in caught.value.message and not isinstance(caught.value, NotFound)


def test_tokens_go_into_the_service() -> None:
    """All else stays as it is."""
    before = Remote("https://a", "old", "PEM", "rt0", 1.0)
    assert with_tokens(before, TOKENS, 1000.0) == Remote("https://a", "at", "PEM", "rt", 1600.0)


@pytest.mark.parametrize("change", [{"access_token": 1}, {"refresh_token": None}, {"expires_in": "600"}])
def test_what_are_no_tokens(change: Mapping[str, object]) -> None:
    """Nothing is kept of them."""
    with pytest.raises(StoreError, match="gives no tokens"):
        with_tokens(Remote("https://a"), {**TOKENS, **change}, 0.0)


def test_tokens_are_renewed() -> None:
    """With the one that there is for that; a session that has ended is told from a service that is broken."""
    service = answering((200, TOKENS), (400, {"error": "invalid_grant"}), (500, {}))
    assert refreshed(service, 1000.0) == replace(service, token="at", refresh_token="rt", expires=1600.0)
    assert service.asked == [
        ("/token", {"client_id": "appproxy", "grant_type": REFRESH, "refresh_token": "rt0"})]
    with pytest.raises(TokenRefused, match="has ended"):
        refreshed(service, 1000.0)
    with pytest.raises(StoreError):
        refreshed(service, 1000.0)


def test_a_session_is_ended() -> None:
    """By its refresh token; that it could not be ended is told."""
    service = answering((200, {}), (500, {}))
    end(service)
    assert service.asked == [("/revoke", {"client_id": "appproxy", "token": "rt0"})]
    with pytest.raises(StoreError):
        end(service)
