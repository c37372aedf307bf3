"""Certificates that programs prove in TLS, in place of a credential in a field (mutual TLS, RFC 8446 section 4.4.2).

An application's own settings say whose certificates let programs in (`machine_authority`), which of them
(`machine_subjects`), and which no longer (`machine_crl`). They are asked for at the handshakes of its hosts, and count there
alone: what is shown on a connection for another host proves nothing here.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256

from appproxy.errors import Code, ConfigError, IdentityError, RequestError
from appproxy.identity.session import Session
from appproxy.pki.client_path import ClientAuthority, ClientCertificate, check_client_certificate
from appproxy.pki.pem import load_chain
from appproxy.pki.revocation.crl import read_lists
from appproxy.policy.authorizer import CERTIFICATE
from appproxy.policy.conditional.parts.devices import is_like
from appproxy.publish.application import Application
from appproxy.service.exchange.exchange import Exchange

__all__ = ["MachineCertificates", "shown_to", "thumbprint"]

#: What settings come to is kept for so many applications.
_KEPT = 500


class MachineCertificates:
    """What applications' settings come to, read once."""

    def __init__(self) -> None:
        #: By authority and lists; why there is none where the lists cannot be read.
        self._known: dict[tuple[str, str], ClientAuthority | str] = {}

    def session(self, shown: Sequence[bytes], application: Application, now: float) -> Session | str:
        """Whose certificates these are (DER, the leaf first), as a session that ends with them; or why they are nobody's."""
        authority = self._authority(application, now)
        if isinstance(authority, str):
            return authority
        try:
            found = check_client_certificate(shown, {CERTIFICATE: authority}, now)
        except IdentityError as error:
            return error.detail
        if not takes(application, found):
            return f"the certificate of {_name(found)} is none of those that {application.name} takes: see machine_subjects"
        lists = authority.revocations
        ends = found.ends if lists is None else min(found.ends, *lists.until.values())
        wanted = {rule.claim for rule in application.headers}
        # What it was let in by goes along, so that what is under way ends when another authority, list or name counts.
        return Session(
            id=found.fingerprint, subject=_name(found), issuer=CERTIFICATE, provider=CERTIFICATE, name=_common_name(found),
            issued=now, expires=ends, auth_time=now, acr=application.machine_terms, credential=CERTIFICATE,
            claims={"fingerprint": found.fingerprint} if "fingerprint" in wanted else {})

    def _authority(self, application: Application, now: float) -> ClientAuthority | str:
        key = (application.machine_authority, application.machine_crl)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            known = self._known[key] = _read(*key, now)
        return known


def takes(application: Application, found: ClientCertificate) -> bool:
    """Is a certificate's subject like one of those that the application takes?"""
    for wanted in application.machine_subjects:
        name, _, pattern = wanted.partition("=")
        if wanted == "*" or any(part == name and is_like(value, pattern) for part, value in found.subject):
            return True
    return False


def shown_to(exchange: Exchange) -> list[bytes]:
    """What a program has shown for the host that it asks. Raises RequestError(MISDIRECTED) on a connection that was made for
    another one, where nobody was asked for certificates, or others were: on its own it may show one.
    """
    server, host = exchange.server_name, exchange.head.host
    if server is None:
        # A front proxy has ended TLS, and the certificate would be that one's own; or no host was asked for.
        return []
    if server.asked != host:
        raise RequestError(Code.MISDIRECTED, f"on a connection that was made for {server.asked}")
    return exchange.shown_certificates


def thumbprint(shown: Sequence[bytes]) -> str:
    """What a token is bound to that is good only together with this certificate (RFC 8705 section 3.1); "" for none."""
    return urlsafe_b64encode(sha256(shown[0]).digest()).decode("ascii").rstrip("=") if shown else ""


def _read(authority: str, lists: str, now: float) -> ClientAuthority | str:
    try:
        certificates = tuple(load_chain(authority))
        return ClientAuthority(certificates, read_lists(lists, certificates, now) if lists else None)
    except (ConfigError, binascii.Error) as error:
        return f"the settings of the application cannot be used ({error})"


def _name(found: ClientCertificate) -> str:
    return ",".join(f"{name}={value}" for name, value in found.subject) or found.fingerprint


def _common_name(found: ClientCertificate) -> str:
    return next((value for name, value in found.subject if name == "CN"), _name(found))
