"""What we make of a peer's certificate while the handshake goes on, where we are the ones who have to believe it."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

from OpenSSL import SSL
from OpenSSL.crypto import X509
from service_identity import CertificateError, VerificationError
from service_identity.hazmat import DNS_ID, IPAddress_ID, verify_service_identity
from service_identity.pyopenssl import extract_patterns

from appproxy.errors import AppProxyError
from appproxy.pki import certificate_names
from appproxy.pki.pem import UNREADABLE, certificate_addresses

_VERIFY_PROBLEMS = {
    9: "it is not valid yet: compare the clocks",
    10: "it has expired",
    18: "it is self-signed",
    19: "its authority is not one that we trust",
    20: "its authority is not one that we trust",
    21: "its authority is not one that we trust",
    26: "it is made for another use (server instead of client, or the reverse)",
}


class CertificateRefused(AppProxyError):
    """We do not believe the peer's certificate; the text says why."""


_Verify = Callable[[SSL.Connection, X509, int, int, int], bool]


def judge(connection: SSL.Connection, certificate: X509, problem: int, depth: int, ok: int) -> bool:
    """OpenSSL's own verdict; a refusal is kept as the reason that the protocol's connectionLost gets."""
    if not ok:
        _note(connection, _VERIFY_PROBLEMS.get(problem, f"OpenSSL's verification error {problem}"))
    return bool(ok)


def take_any(connection: SSL.Connection, certificate: X509, problem: int, depth: int, ok: int) -> bool:
    """Whoever looks at what was shown decides."""
    return True


def judge_named(name: str) -> _Verify:
    """OpenSSL's verdict, and of the leaf also its name (RFC 9525)."""
    wanted = IPAddress_ID(name) if is_address(name) else DNS_ID(name)

    def judge_leaf(connection: SSL.Connection, certificate: X509, problem: int, depth: int, ok: int) -> bool:
        if not judge(connection, certificate, problem, depth, ok):
            return False
        if depth:
            return True
        problem_text = _name_problem(certificate, wanted, name)
        if problem_text:
            _note(connection, problem_text)
        return not problem_text

    return judge_leaf


def _name_problem(certificate: X509, wanted: DNS_ID | IPAddress_ID, name: str) -> str:
    """What is wrong with the leaf's names, "" when nothing is."""
    try:
        try:
            verify_service_identity(extract_patterns(certificate), [wanted], [])
        except (VerificationError, CertificateError):
            shown = certificate.to_cryptography()
            found = ", ".join((*certificate_names(shown), *certificate_addresses(shown))) or "no name"
            return f"it is for {found}, not for {name}"
    except UNREADABLE as error:
        return f"its names cannot be read ({error})"
    return ""


def _note(connection: SSL.Connection, reason: str) -> None:
    protocol = connection.get_app_data()
    remember = getattr(protocol, "certificate_refused", None)
    if remember is not None:
        remember(CertificateRefused(f"the peer's certificate is refused: {reason}"))


def is_address(name: str) -> bool:
    """Is it an IP address, and no name?"""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
