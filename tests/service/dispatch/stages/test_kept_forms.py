"""The stage of kept forms, by itself: whose is kept, what everybody else is told, and what comes of a ticket."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from twisted.internet.defer import Deferred

from appproxy.errors import Code, StoreError
from appproxy.http.head import Fields, RequestHead
from appproxy.identity.cookie import CookiePlace, seal_session
from appproxy.identity.session import Session
from appproxy.policy.conditional.parts.demands import Demand
from appproxy.publish.application import Application
from appproxy.service.dispatch.gates.gate import Gate
from appproxy.service.dispatch.gates.machine_gate import Presented
from appproxy.service.dispatch.request import InboundRequest
from appproxy.service.dispatch.stage import ANSWERED, Outcome
from appproxy.service.dispatch.stages.kept_forms import FormKeeping, KeptForms
from appproxy.service.kept_form import KeptForm, owner_of, place_of, row_of
from appproxy.store.snapshot import ProviderRecord, SealingKey
from tests.service.dispatch.stage_fakes import NOW, OPEN, WIKI, exchange_of, route_to, snapshot_of
from tests.service.exchanges import FakeExchange, head_for

KEY = SealingKey(1, b"k" * 32, NOW)
IDP = ProviderRecord("builtin", "builtin", "https://idp.example.com", "appproxy", "")
ANN = Session("s1", "ann", "https://idp.example.com", "builtin", "Ann", NOW - 10, NOW + 3600, NOW - 10)
BOB = replace(ANN, id="s2", subject="bob")
ENDED = replace(ANN, expires=NOW - 1)
OWN: Fields = [
    (b"origin", b"https://wiki.example.com"), (b"sec-fetch-site", b"same-origin"), (b"sec-fetch-mode", b"navigate"),
    (b"sec-fetch-dest", b"document"), (b"content-type", b"application/x-www-form-urlencoded"),
]
BOTH = replace(WIKI, bearer="both")
TICKET = "0123456789abcdef" * 2
BRINGING: Fields = [(b"content-type", b"text/plain")]
BROUGHT = f"appproxy-kept={TICKET}\r\n".encode()
PLACE = place_of("wiki", "wiki.example.com")


@dataclass
class Forms:
    """Implements `FormStore` and `KeptStart`."""

    kept: dict[str, tuple[str, str, bytes]] = field(default_factory=dict)
    room: bool = True
    away: bool = False
    begun: list[str] = field(default_factory=list)

    async def keep_form(self, id: str, owner: str, place: str, form: bytes, expires: float) -> bool:
        if self.away:
            raise StoreError("away")
        assert expires > NOW
        if self.room:
            self.kept[id] = owner, place, form
        return self.room

    async def take_form(self, id: str, owner: str, place: str) -> bytes | None:
        if self.kept.get(id, ("", "", b""))[:2] != (owner, place):
            return None
        return self.kept.pop(id)[2]

    def begin_kept(
        self, head: RequestHead, application: Application, ticket: str, request_id: str, now: float, demand: Demand,
    ) -> tuple[int, bytes, bytes]:
        self.begun.append(ticket)
        return 303, b"location: https://signin.example.com/start\n", b""


@dataclass
class Door:
    """A stage, and requests to it."""

    forms: Forms = field(default_factory=Forms)
    gate: Gate = field(default_factory=Gate)

    def ask(
        self, session: Session | None, body: bytes | None, fields: Fields, application: Application = WIKI, *,
        method: bytes = b"POST", arrives: bool = True,
    ) -> tuple[InboundRequest, Outcome]:
        """A request with this cookie. `body` None: a chunked one of 3,000 bytes; not `arrives`: it is still to come."""
        lines = list(fields)
        if session is not None:
            place = CookiePlace("wiki", "wiki.example.com", "/", b"__Host-appproxy")
            lines.append((b"cookie", b"__Host-appproxy=" + seal_session(session, KEY, place, b"n" * 12)))
        head = head_for("https://wiki.example.com/save?a=b", method, lines, body)
        exchange = FakeExchange(head, (b"c" * 3000 if body is None else body) if arrives else None)
        request = InboundRequest(exchange, snapshot_of(application, providers={"builtin": IDP}, keys=(KEY,)), NOW)
        request.route = request.snapshot.router.find(head.host, head.target)
        request.opened = self.gate.authenticate(head, request.route, request.snapshot, NOW)
        stage = KeptForms(self.gate, FormKeeping(self.forms, self.forms, lambda size: bytes(range(size))))
        return request, stage.handle(request)


def result(outcome: Outcome) -> object:
    """What a Deferred has fired with; what is none, as it is."""
    if not isinstance(outcome, Deferred):
        return outcome
    found: list[object] = []
    outcome.addCallback(found.append)
    assert found, "it still waits"
    return found[0]


@pytest.fixture
def door() -> Door:
    """A new one."""
    return Door()


def test_whom_it_concerns() -> None:
    """People's applications; nobody where nothing is kept at all."""
    keeping = FormKeeping(Forms(), Forms(), bytes)
    assert KeptForms(Gate(), keeping).concerns(route_to(WIKI))
    assert KeptForms(Gate(), keeping).concerns(route_to(BOTH))
    assert not KeptForms(Gate(), keeping).concerns(route_to(OPEN)) and not KeptForms(Gate(), None).concerns(route_to(WIKI))


def test_an_ended_session_s_form_is_kept(door: Door) -> None:
    """For its user, at its place, under the hash of its ticket; and the sign-in begins."""
    request, outcome = door.ask(ENDED, b"x=y", OWN)
    assert result(outcome) is ANSWERED and exchange_of(request).status == 303
    [ticket] = door.forms.begun
    [(id, (owner, place, encoded))] = door.forms.kept.items()
    assert (id, owner, place) == (row_of(ticket), owner_of(ANN), PLACE)
    form = KeptForm.decode(encoded)
    assert (form.target, form.body) == (b"/save?a=b", b"x=y")


@pytest.mark.parametrize(("session", "fields", "method"), [
    (ENDED, [*OWN[:1], (b"sec-fetch-site", b"cross-site"), *OWN[2:]], b"POST"),  # another site's
    (ENDED, [], b"POST"), (None, OWN, b"GET"), (ENDED, OWN, b"PUT"),
    (ANN, OWN, b"POST"), (ENDED, [*OWN[:4], (b"content-type", b"text/plain")], b"TICKET"),
    (None, [(b"sec-fetch-mode", b"cors")], b"POST"),
])
def test_all_else_passes_on(door: Door, session: Session | None, fields: Fields, method: bytes) -> None:
    """Nothing of it is read, and nothing kept: other stages answer."""
    body, method = (BROUGHT, b"POST") if method == b"TICKET" else (b"x=y", method)
    request, outcome = door.ask(session, body, fields, method=method)
    assert outcome is None and exchange_of(request).reader is None and not door.forms.kept


def test_where_programs_sign_in_as_well(door: Door) -> None:
    """A browser's form is kept there, too; a program that shows a credential is answered by others, whatever else it says."""
    request, outcome = door.ask(ENDED, b"x=y", OWN, BOTH)
    assert result(outcome) is ANSWERED and len(door.forms.kept) == 1
    request, outcome = door.ask(ENDED, b"x=y", OWN, BOTH, arrives=False)
    request.opened = Presented(request.route, (b"wrong", "wiki", "", ""), ("there is no such service token",), (), (), -1)
    stage = KeptForms(door.gate, FormKeeping(door.forms, door.forms, bytes))
    assert stage.handle(request) is None and len(door.forms.kept) == 1


def test_nobody_s_form(door: Door) -> None:
    """Without a cookie, or with one that is not ours, nobody knows for whom to keep it: the browser still has it."""
    for fields in (OWN, [*OWN, (b"cookie", b"__Host-appproxy=garbage")]):
        request, outcome = door.ask(None, b"x=y", fields)
        assert (result(outcome), exchange_of(request).status) == (ANSWERED, 401)
        assert b"reload this page" in exchange_of(request).content
    assert exchange_of(request).failure is Code.SIGN_IN_REQUIRED and not door.forms.kept


@pytest.mark.parametrize("body", [b"x" * 1001, None])
def test_too_large(door: Door, body: bytes | None) -> None:
    """Said as soon as it is known: by its length before anything is read."""
    request, outcome = door.ask(ENDED, body, OWN, replace(WIKI, kept_body=1000), arrives=body is None)
    exchange = exchange_of(request)
    assert (result(outcome), exchange.status, exchange.failure) == (ANSWERED, 413, Code.BODY_TOO_LARGE)
    assert not door.forms.kept and (exchange.reader is None) is (body is not None)


def test_just_as_large(door: Door) -> None:
    """The bound itself is kept."""
    assert result(door.ask(ENDED, b"x" * 1000, OWN, replace(WIKI, kept_body=1000))[1]) is ANSWERED
    assert len(door.forms.kept) == 1


@pytest.mark.parametrize("most", [None, 0])
def test_switched_off(door: Door, most: int | None) -> None:
    """The setting `kept_body` says none: the browser still has it."""
    request, outcome = door.ask(ENDED, b"x=y", OWN, replace(WIKI, kept_body=most))
    assert (result(outcome), exchange_of(request).status) == (ANSWERED, 401) and not door.forms.kept


@pytest.mark.parametrize("forms", [Forms(room=False), Forms(away=True)])
def test_no_room_or_no_store(forms: Forms) -> None:
    """Nothing is lost without a word."""
    door = Door(forms)
    request, outcome = door.ask(ENDED, b"x=y", OWN)
    assert (result(outcome), exchange_of(request).status) == (ANSWERED, 401)
    assert b"could not be kept" in exchange_of(request).content and not door.forms.begun


def test_a_user_who_leaves(door: Door) -> None:
    """Before all of the form has come: nothing is kept."""
    request, outcome = door.ask(ENDED, b"x=y", OWN, arrives=False)
    assert isinstance(outcome, Deferred)
    outcome.addErrback(lambda failure: None)
    outcome.cancel()
    reader = exchange_of(request).reader
    assert reader is not None
    reader.body_received(b"x=y")
    reader.body_ended([])
    assert not door.forms.kept and not door.forms.begun


def keep(door: Door, session: Session = ANN, place: str = PLACE) -> None:
    """A form waits."""
    form = KeptForm(b"/save?a=b", ((b"content-type", b"application/json"),), b"the form").encode()
    door.forms.kept[row_of(TICKET)] = owner_of(session), place, form


def test_a_ticket_brings_the_form(door: Door) -> None:
    """In its place goes on what was kept, with the cookies that are there now."""
    keep(door)
    request, outcome = door.ask(ANN, BROUGHT, BRINGING)
    assert result(outcome) is None
    exchange = exchange_of(request)
    assert (exchange.body, exchange.head.length, exchange.head.get(b"content-type")) == (b"the form", 8, b"application/json")
    assert exchange.head.get(b"cookie") is not None


def test_a_ticket_counts_once(door: Door) -> None:
    """The second time nothing goes on, and the page says so."""
    keep(door)
    door.ask(ANN, BROUGHT, BRINGING)
    request, outcome = door.ask(ANN, BROUGHT, BRINGING)
    assert (result(outcome), exchange_of(request).status) == (ANSWERED, 409)
    assert b'href="https://wiki.example.com/save?a=b"' in exchange_of(request).content


def test_somebody_else_s_ticket(door: Door) -> None:
    """Another user, or another application, sends nothing, and takes nothing away."""
    for session, place in ((BOB, PLACE), (ANN, place_of("crm", "wiki.example.com"))):
        keep(door, session, place)
        request, outcome = door.ask(ANN, BROUGHT, BRINGING)
        assert (result(outcome), exchange_of(request).status) == (ANSWERED, 409)
        assert door.forms.kept


def test_a_text_as_long_as_a_ticket(door: Door) -> None:
    """Goes on as it is."""
    text = b"t" * len(BROUGHT)
    request, outcome = door.ask(ANN, text, BRINGING)
    assert result(outcome) is None and exchange_of(request).body == text
