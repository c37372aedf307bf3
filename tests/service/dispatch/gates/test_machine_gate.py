"""Credentials of programs, as the gate sees them."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from appproxy.http.head import RepeatedSection
from appproxy.identity.service_token import read_token, token_text
from appproxy.policy.verdict import Pass, Refuse, SignInRequired, Verdict
from appproxy.publish.settings.request_fields import header_rule
from appproxy.service.dispatch.gates.gate import Gate
from appproxy.service.dispatch.gates.machine_gate import USED_EVERY, MachineGate, Presented
from appproxy.service.dispatch.request import InboundRequest
from appproxy.store.snapshot import ServiceToken, Snapshot
from tests.service.dispatch.stage_fakes import NOW, WIKI, exchange_of, routed

APP = replace(WIKI, bearer="service-token", headers=(header_rule("header.x-mail", "email"),))
TEXT = token_text("0123456789abcdef", bytes(32))
SECRET = read_token(TEXT.encode())[1]  # type: ignore[index]
TOKEN = ServiceToken("0123456789abcdef", "ci", frozenset({"wiki"}), {SECRET: NOW + 60}, (), {"email": "ci@x", "b": ""}, NOW)


def asks(gate: MachineGate, snapshot: Snapshot | None = None, value: str = f"Bearer {TEXT}", **head: Any) -> Verdict[Any]:
    """The verdict on a request with this Authorization."""
    return judged(gate, request(snapshot, value, **head))


def request(snapshot: Snapshot | None = None, value: str = f"Bearer {TEXT}", **head: Any) -> InboundRequest:
    """One to the application."""
    made = routed("https://wiki.example.com/", APP, fields=[(b"authorization", value.encode())], **head)
    made.snapshot = snapshot or with_token(made)
    return made


def with_token(made: InboundRequest, token: ServiceToken = TOKEN) -> Snapshot:
    """A snapshot in which the token counts."""
    return replace(made.snapshot, service_tokens={token.id: token})


def judged(gate: MachineGate, made: InboundRequest) -> Verdict[Any]:
    """What becomes of it."""
    client = exchange_of(made).client
    made.opened = gate.authenticate(made.head, made.route, made.snapshot, made.now, client)
    return gate.verdict(made.opened, made.head, made.route, made.snapshot, made.context())


def gate_of(uses: list[tuple[str, str, float]] | None = None) -> MachineGate:
    """A gate that notes uses there."""
    noted = [] if uses is None else uses
    return MachineGate(Gate(), lambda *use: noted.append(use))


def test_a_token_passes_as_itself() -> None:
    """With its id and name, and those of its claims that header rules name."""
    verdict = asks(gate_of())
    assert isinstance(verdict, Pass) and verdict.session is not None and verdict.holds_until == NOW + 60
    session = verdict.session
    assert (session.subject, session.name, session.claims, session.groups) == (TOKEN.id, "ci", {"email": "ci@x"}, ())


@pytest.mark.parametrize("value", [
    "Bearer abc", f"Bearer {TEXT[:-1]}B", f"Bearer {TEXT}x", f"Bearer apst_{'f' * 16}_{'A' * 43}", "Bearer", f"DPoP {TEXT}",
])
def test_whatever_is_no_token(value: str) -> None:
    """Is no sign-in, and not kept."""
    gate = gate_of()
    made = request(value=value)
    assert isinstance(judged(gate, made), SignInRequired) and isinstance(made.opened, Presented)


def test_who_shows_nothing_is_the_cookie_gates() -> None:
    """Also who shows the application's own credentials."""
    gate, made = gate_of(), request(value="Digest x")
    assert isinstance(judged(gate, made), SignInRequired) and not isinstance(made.opened, Presented)


def test_what_passed_is_remembered_by_all_that_it_depends_on() -> None:
    """Another address, another snapshot: it is looked at again."""
    gate, first = gate_of(), request()
    token = replace(TOKEN, networks=(ip_network("192.0.2.0/24"),))
    first.snapshot = snapshot = with_token(first, token)
    assert isinstance(judged(gate, first), Pass)
    again = request(snapshot)
    again.route = first.route
    assert isinstance(judged(gate, again), Pass) and again.opened is first.opened
    elsewhere = request(snapshot)
    elsewhere.route = first.route
    exchange_of(elsewhere).client = "198.51.100.1"
    assert isinstance(judged(gate, elsewhere), Refuse)
    revoked = request(replace(snapshot, service_tokens={}))
    revoked.route = first.route
    assert isinstance(judged(gate, revoked), SignInRequired)
    late = request(snapshot)
    late.route, late.now = first.route, NOW + 60
    assert isinstance(judged(gate, late), SignInRequired)


def test_a_repeated_field_section_is_not_read_again() -> None:
    """Unless its address or the snapshot is another."""
    gate, made = gate_of(), request()
    made.head.repeated = RepeatedSection()
    assert isinstance(judged(gate, made), Pass)
    opened = made.opened
    made.head.fields = []
    assert gate.authenticate(made.head, made.route, made.snapshot, NOW, "192.0.2.7") is opened
    assert gate.authenticate(made.head, made.route, made.snapshot, NOW, "192.0.2.8") is not opened
    assert gate.authenticate(made.head, made.route, replace(made.snapshot), NOW, "192.0.2.7") is not opened


def test_programs_open_websockets_from_anywhere() -> None:
    """No browser adds a credential by itself."""
    made = request(upgrade=b"websocket")
    made.head.fields.append((b"origin", b"https://elsewhere.example"))
    assert isinstance(judged(gate_of(), made), Pass)


def test_a_use_is_noted_once_in_a_while() -> None:
    """With the address."""
    uses: list[tuple[str, str, float]] = []
    gate, made = gate_of(uses), request()
    judged(gate, made)
    assert made.opened.renew_at < NOW and gate.renew(made.opened, NOW) == b""
    assert uses == [(TOKEN.id, "192.0.2.7", NOW)] and made.opened.renew_at == NOW + USED_EVERY
