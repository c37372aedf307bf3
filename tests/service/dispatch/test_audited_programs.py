"""What the audit says of programs: who, with what, where and from where, and why not; and never every request."""

from __future__ import annotations

from dataclasses import replace

from appproxy.service.dispatch.gates.provider_tokens import KnownToken
from appproxy.service.dispatch.stages.machine_access import Programs
from tests.service.dispatch.gates.test_machine_gate import TEXT, TOKEN, request
from tests.service.dispatch.stage_fakes import NOW, programs
from tests.service.dispatch.stages.test_machine_access import TOKENS, Node, good, walk

Entry = tuple[str, str, str, dict[str, object]]


def hearing(parts: Programs) -> tuple[Programs, list[Entry]]:
    """The same, and what it notes."""
    heard: list[Entry] = []

    def note(actor: str, action: str, target: str = "", detail: object = None) -> None:
        heard.append((actor, action, target, dict(detail or {})))  # type: ignore[call-overload]

    return replace(parts, note=note), heard


class Heard(Node):
    """A node whose audit is heard."""

    def __init__(self, application: object = TOKENS) -> None:
        super().__init__(application)  # type: ignore[arg-type]
        self.heard: list[Entry] = []

        def note(actor: str, action: str, target: str = "", detail: object = None) -> None:
            self.heard.append((actor, action, target, dict(detail or {})))  # type: ignore[call-overload]

        object.__setattr__(self.programs, "note", note)


def test_a_service_token() -> None:
    """Once an hour from one address, however often it is used; its secret, and the hash of it, are nowhere."""
    now = [1000.0]
    parts, heard = hearing(replace(programs(), seconds=lambda: now[0]))
    for _ in range(3):
        assert walk(request(), parts)
    assert heard == [("token:" + TOKEN.id, "program.sign_in", "wiki", {
        "address": "192.0.2.7", "application": "wiki", "provider": "service-token", "name": TOKEN.name})]
    assert not any(secret in str(heard) for secret in (TEXT[30:40], *TOKEN.secrets))
    elsewhere = request()
    elsewhere.exchange.client = "192.0.2.8"
    assert walk(elsewhere, parts) and len(heard) == 2
    now[0] += 3601.0
    assert walk(request(), parts) and len(heard) == 3


def test_an_access_token() -> None:
    """By its user, whose provider has said so, with the session that an administrator can end."""
    node = Heard()
    node.book.kept[b"opaque"] = good()
    for _ in range(2):
        assert node.ask().subject == "ann"
    ((actor, action, target, detail),) = node.heard
    assert (actor, action, target) == ("user:ann", "program.sign_in", "wiki")
    assert detail["provider"] == "Own" and detail["issuer"] == "https://idp.example.com" and detail["session"]
    assert detail["address"] == "192.0.2.7" and "opaque" not in str(detail)


def test_a_good_one_for_something_else() -> None:
    """Refused by its user's name, and why; once for each reason."""
    node = Heard(replace(TOKENS, bearer_scopes=frozenset({"write"})))
    node.book.kept[b"opaque"] = good(scope="read")
    for _ in range(3):
        assert node.ask().status == 403
    ((actor, action, _, detail),) = node.heard
    assert (actor, action, detail["provider"]) == ("user:ann", "program.refused", "Own")
    assert detail["reason"] == "the access token lacks write"


def test_one_for_another_audience() -> None:
    """It is nobody's here; whose the provider says that it is stands beside."""
    node = Heard()
    node.book.kept[b"opaque"] = good(aud="https://other.example/")
    assert node.ask().status == 401
    ((actor, action, _, detail),) = node.heard
    assert (actor, action, detail["subject"], detail["provider"]) == ("anonymous", "program.refused", "ann", "Own")


def test_one_that_the_provider_does_not_know() -> None:
    """Of it there is no word of anybody."""
    node = Heard()
    node.book.kept[b"opaque"] = KnownToken(None, "inactive", NOW + 60, good().record)
    assert node.ask().status == 401
    ((actor, _, _, detail),) = node.heard
    assert actor == "anonymous" and "subject" not in detail and detail["reason"] == "inactive"
