"""Programs that prove a certificate in TLS: whose counts, where, and what a token is bound to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from appproxy.errors import Code, RequestError
from appproxy.identity.openid.access_token import AccessToken
from appproxy.identity.session import Session
from appproxy.net.secure.tls import ServerName
from appproxy.policy.verdict import Pass, Refuse, SignInRequired, Verdict
from appproxy.publish.application import Application
from appproxy.publish.settings.request_fields import header_rule
from appproxy.service.dispatch.gates.gate import Gate
from appproxy.service.dispatch.gates.machine_certificates import MachineCertificates, shown_to, thumbprint
from appproxy.service.dispatch.gates.machine_gate import MachineGate, Presented
from appproxy.service.dispatch.gates.provider_tokens import KnownToken
from appproxy.store.snapshot import ProviderRecord
from tests.pki.chains import CLIENT, DAY, NOW, Made, crl, make, usage
from tests.service.dispatch.stage_fakes import WIKI, exchange_of, routed

PLANT = make("Plant Authority", authority=True, ends=NOW + 900 * DAY)
OTHER = make("Other Authority", authority=True, ends=NOW + 900 * DAY)
USES = (CLIENT, usage(True, False))
PRESS = make("press-7", PLANT, extensions=USES)
APP = replace(
    WIKI, machine_authority=PLANT.pem, machine_subjects=frozenset({"CN=press-*"}),
    headers=(header_rule("header.x-mark", "fingerprint"),))
IDP = ProviderRecord("builtin", "builtin", "https://idp.example.com", "appproxy", "")


def der(*made: Made) -> list[bytes]:
    """As TLS gives them."""
    return [one.certificate.public_bytes(Encoding.DER) for one in made]


def found(shown: Sequence[Made], application: Application = APP, now: float = NOW) -> Session | str:
    """Whose certificates they are."""
    return MachineCertificates().session(der(*shown), application, now)


def judged(
    gate: MachineGate, application: Application, *shown: Made, value: str = "", known: KnownToken | None = None, **head: Any
) -> tuple[Verdict[Session], object]:
    """The verdict on a request on a connection with these certificates, and what was found."""
    fields = [*head.pop("fields", ()), *([(b"authorization", value.encode())] if value else [])]
    made = routed("https://wiki.example.com/", application, fields=fields, **head)
    made.snapshot = replace(made.snapshot, providers={"builtin": IDP})
    certificates = der(*shown)
    made.opened = gate.authenticate(made.head, made.route, made.snapshot, NOW, "192.0.2.7", lambda: certificates)
    if known is not None:
        assert isinstance(made.opened, Presented)
        made.opened = gate.settle(made.opened, known, NOW)
    context = replace(made.context(), now=NOW)
    return gate.verdict(made.opened, made.head, made.route, made.snapshot, context), made.opened


def gate() -> MachineGate:
    """A new one."""
    return MachineGate(Gate(), lambda *use: None)


def test_a_machine_passes_as_itself() -> None:
    """By its subject and name, until its certificate ends; the header rules find its fingerprint."""
    session = found([PRESS])
    assert isinstance(session, Session)
    fingerprint = session.claims["fingerprint"]
    assert (session.subject, session.name, session.id, len(fingerprint)) == ("CN=press-7", "press-7", fingerprint, 64)
    assert session.expires == int(PRESS.certificate.not_valid_after_utc.timestamp())
    verdict, _ = judged(gate(), APP, PRESS)
    assert isinstance(verdict, Pass) and verdict.session == replace(session, issued=NOW, auth_time=NOW)
    assert verdict.holds_until == session.expires


@pytest.mark.parametrize(("fields", "passes"), [
    ([(b"origin", b"https://wiki.example.com"), (b"sec-fetch-site", b"same-origin")], True),
    ([(b"sec-fetch-site", b"none")], True),
    ([(b"origin", b"https://elsewhere.example")], False), ([(b"origin", b"null")], False),
    ([(b"origin", b"https://wiki.example.com")] * 2, False),
    ([(b"sec-fetch-site", b"cross-site")], False), ([(b"sec-fetch-site", b"same-site")], False),
])
@pytest.mark.parametrize("upgrade", [b"websocket", None])
def test_a_browser_adds_a_certificate_by_itself(
    fields: list[tuple[bytes, bytes]], passes: bool, upgrade: bytes | None
) -> None:
    """So it counts for nothing where a page of another site makes the request, also right after one that has passed."""
    kept, made = gate(), routed("https://wiki.example.com/", APP, upgrade=upgrade)
    context = replace(made.context(), now=NOW)
    for more in ([], fields):
        made.head.fields = more
        opened = kept.authenticate(made.head, made.route, made.snapshot, NOW, "192.0.2.7", lambda: der(PRESS))
        verdict = kept.verdict(opened, made.head, made.route, made.snapshot, context)
        if passes or not more:
            assert isinstance(verdict, Pass)
        else:
            assert isinstance(verdict, Refuse) and verdict.code is Code.CROSS_SITE


@pytest.mark.parametrize(("shown", "changes", "why"), [
    ([make("press-7", OTHER, extensions=USES)], {}, "no authority that was named vouches for the certificate"),
    ([make("press-7", extensions=USES)], {}, "self-signed"),
    ([make("press-7", PLANT, extensions=USES, ends=NOW - DAY)], {}, "ended on"),
    ([make("press-7", PLANT)], {}, "clientAuth"),
    ([make("lathe-7", PLANT, extensions=USES)], {}, "machine_subjects"),
    ([make("a press-7", PLANT, extensions=USES)], {}, "machine_subjects"),
    ([PRESS], {"machine_subjects": frozenset({"OU=press-*"})}, "machine_subjects"),
    ([PRESS], {"machine_subjects": frozenset()}, "machine_subjects"),
    ([PRESS], {"machine_crl": crl(PLANT, PRESS)}, "is revoked"),
    ([PRESS], {"machine_crl": crl(OTHER)}, "the settings of the application cannot be used"),
    ([PRESS], {"machine_crl": crl(PLANT, ends=NOW - 60)}, "the settings of the application cannot be used"),
])
def test_whose_is_nobodys(shown: list[Made], changes: dict[str, Any], why: str) -> None:
    """Each with its reason; it is no sign-in, and the person who may be behind it is not asked in its place."""
    application = replace(APP, **changes)
    session = found(shown, application)
    assert isinstance(session, str) and why in session
    verdict, opened = judged(gate(), application, *shown)
    assert isinstance(verdict, SignInRequired) and why in verdict.reason and isinstance(opened, Presented)


def test_a_list_that_ends_meanwhile() -> None:
    """Whoever is revoked since then is not known: from that moment on nobody passes."""
    application = replace(APP, machine_crl=crl(PLANT, ends=NOW + 60))
    known = MachineCertificates()
    session = known.session(der(PRESS), application, NOW)
    assert isinstance(session, Session) and session.expires == int(NOW + 60)
    assert "has ended" in str(known.session(der(PRESS), application, NOW + 61))


def test_all_of_an_authority() -> None:
    """Where the admin says so; and each of several names is enough."""
    for subjects in ({"*"}, {"CN=lathe-*", "CN=PRESS-7"}):
        assert isinstance(found([PRESS], replace(APP, machine_subjects=frozenset(subjects))), Session)


def test_other_terms_end_what_is_under_way() -> None:
    """Another authority, name or list is another word of the application: what it let in before is judged again."""
    verdict, _ = judged(gate(), APP, PRESS)
    assert isinstance(verdict, Pass) and verdict.session is not None
    assert verdict.session.acr == APP.machine_terms
    for changes in ({"machine_crl": crl(PLANT)}, {"machine_subjects": frozenset({"*"})}, {"machine_authority": OTHER.pem}):
        more: dict[str, Any] = changes
        assert replace(APP, **more).machine_terms not in ("", APP.machine_terms)
    assert WIKI.machine_terms == ""


def test_where_it_counts() -> None:
    """On a connection for this very host alone, and on none whose TLS somebody else has ended."""
    exchange = exchange_of(routed("https://wiki.example.com/", APP))
    exchange.shown_certificates = der(PRESS)
    assert shown_to(exchange) == []
    exchange.server_name = ServerName("wiki.example.com", {})
    assert shown_to(exchange) == der(PRESS)
    exchange.server_name = ServerName("other.example.com", {"*.example.com": True})
    with pytest.raises(RequestError) as caught:
        shown_to(exchange)
    assert caught.value.code is Code.MISDIRECTED


def test_who_shows_none() -> None:
    """Is a person, or a program that is told; the application keeps its own Authorization where no tokens are taken."""
    for value in ("", "Basic eDp5", "Bearer the-application's"):
        verdict, opened = judged(gate(), APP, value=value)
        assert isinstance(verdict, SignInRequired) and not isinstance(opened, Presented)
    verdict, _ = judged(gate(), APP, PRESS, value="Bearer the-application's")
    assert isinstance(verdict, Pass)


def test_nobody_is_asked_where_none_count() -> None:
    """Other applications do not look at the connection at all."""
    def never() -> list[bytes]:
        raise AssertionError

    made = routed("https://wiki.example.com/", replace(WIKI, bearer="both"))
    gate().authenticate(made.head, made.route, made.snapshot, NOW, "192.0.2.7", never)


def test_a_token_that_is_bound_to_the_certificate() -> None:
    """It is good together with that alone (RFC 8705), also right after it has passed; another token is what it was."""
    application = replace(APP, bearer="provider", assigned_users=frozenset({"ann"}), bearer_audience=frozenset({"api"}))
    claims = {
        "iss": IDP.issuer, "sub": "ann", "aud": "api", "iat": NOW, "exp": NOW + 60,
        "cnf": {"x5t#S256": thumbprint(der(PRESS))},
    }  # fmt: skip
    bound = KnownToken(AccessToken(claims, "at+jwt"), "", NOW + 60, IDP)

    class Book:
        """Knows the token."""

        def known(self, token: bytes, record: ProviderRecord, now: float) -> KnownToken | None:
            return bound

        def is_familiar(self, token: bytes, record: ProviderRecord) -> bool:
            return True

        def learn(self, token: bytes, record: ProviderRecord, now: float) -> Any:
            raise AssertionError

    kept = MachineGate(Gate(), lambda *use: None, Book())
    lathe = make("press-8", PLANT, extensions=USES)
    for _ in range(2):
        for shown, why in (((PRESS,), ""), ((lathe,), "bound to another certificate"), ((), "none was shown")):
            verdict, _ = judged(kept, application, *shown, value="Bearer a.b.c")
            if why:
                assert isinstance(verdict, SignInRequired) and why in verdict.reason
            else:
                assert isinstance(verdict, Pass) and verdict.session is not None and verdict.session.subject == "ann"
    verdict, _ = judged(kept, replace(application, assigned_users=frozenset()), PRESS, value="Bearer a.b.c")
    assert isinstance(verdict, Refuse)
    # No browser adds a token by itself, so it counts whoever asks.
    elsewhere = [(b"origin", b"https://elsewhere.example"), (b"sec-fetch-site", b"cross-site")]
    verdict, _ = judged(kept, application, PRESS, value="Bearer a.b.c", fields=elsewhere, upgrade=b"websocket")
    assert isinstance(verdict, Pass)
