"""What users' browsers are shown: the default certificate, those of the store, and how long each still holds.

The default one is that of the settings' files, which are read again when they change, else the leaf that our own
authority has issued. It answers for its names and for whatever no other covers.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from twisted.logger import Logger

from appproxy.config.service import ServiceSettings
from appproxy.errors import ConfigError
from appproxy.net.secure.tls import UserContext
from appproxy.pki import Credential, certificate_facts, load_chain
from appproxy.pki.acme import alpn_credential
from appproxy.pki.expiry import DAY, days_left, ends_soon
from appproxy.pki.selection import names_of
from appproxy.publish.application import Application
from appproxy.store.certificates.acme import TLS_ALPN_01
from appproxy.store.snapshot import AcmeChallenge, DeviceAuthority, ServedCertificate, Snapshot

#: Names of the two certificates that are not the store's, in metrics and in the log.
DEFAULT, TUNNEL = "default", "connectors"
#: Names of authorities that a host's clients are told at most; where there are more they are told none, so that they choose
#: among all that they have.
_MOST_NAMES = 100
#: How long a ticket key serves.
_TICKET_KEY_AGE = DAY


@dataclass(frozen=True, slots=True)
class Expiry:
    """How long a certificate holds; `source` is `given`, `acme`, `file` or `own`. Times are seconds since 1970."""

    name: str
    source: str
    not_before: float
    not_after: float


class Certificates:
    """The certificates of the users' listener. `wall_clock` gives seconds since 1970."""

    log = Logger()

    def __init__(
        self, settings: ServiceSettings, directory: Path, wall_clock: Callable[[], float],
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._random_bytes = random_bytes
        self._wall_clock = wall_clock
        self._http2 = settings.http2
        self._files = None
        if settings.certificate is not None and settings.key is not None:
            self._files = (directory / settings.certificate, directory / settings.key)
        self._seen: object = None
        self._default: Credential | None = None
        self._stored: Sequence[ServedCertificate] = ()
        self._context: UserContext | None = None
        self._tunnel: Expiry | None = None
        self._warned: dict[Expiry, float] = {}
        self._tickets_since = wall_clock()
        self._proofs: dict[AcmeChallenge, Credential] = {}
        self._device_host = settings.device_host
        self._authorities: Mapping[str, DeviceAuthority] = {}
        self._applications: Mapping[str, Application] = {}
        self._asking: Mapping[str, tuple[str, ...]] = {}

    @property
    def context(self) -> UserContext:
        """For the users' listener. Only after `load`."""
        if self._context is None:
            raise RuntimeError("no certificate was loaded")
        return self._context

    @property
    def given(self) -> str | None:
        """The default certificate (PEM), where it is that of the settings' files; None where it is our own."""
        return None if self._files is None or self._default is None else self._default.certificate

    def load(self, own: Credential | None, tunnel: Credential, stored: Sequence[ServedCertificate]) -> None:
        """Take up what the database holds: `own` is our authority's leaf for users, `tunnel` is only watched.

        Raises ConfigError when there is no default certificate, or it cannot be used.
        """
        facts = certificate_facts(tunnel.certificate)
        self._tunnel = Expiry(TUNNEL, "own", facts.not_before, facts.not_after)
        if self._files is None:
            default = own
        else:
            self._seen = self._stamp()
            default = self._read()
        if default is None:
            raise ConfigError("certificate: neither the settings nor the database has one for users",
                              hint="run `appproxy init`")
        self._serve(default, stored)

    def take_up(self, snapshot: Snapshot) -> None:
        """All that the store says of them now."""
        self.apply(snapshot.certificates)
        self.prove(snapshot.challenges)
        self.ask(snapshot.device_authorities, snapshot.applications)

    def apply(self, stored: Sequence[ServedCertificate]) -> None:
        """The store has others now; connections that are there are not touched."""
        if stored is not self._stored and self._default is not None:
            self._serve(self._default, stored)

    def ask(self, authorities: Mapping[str, DeviceAuthority], applications: Mapping[str, Application]) -> None:
        """At the handshakes of the device host, ask browsers for certificates of these authorities, and at those of the hosts
        of applications that let machines in, clients for certificates of theirs; nobody else is asked.
        """
        if self._context is None or (authorities is self._authorities and applications is self._applications):
            return
        self._authorities, self._applications = authorities, applications
        # By what they are made of: they are read only where that is another.
        wanted: dict[str, tuple[str, ...]] = {}
        for one in applications.values():
            for host in {pair.external.host for pair in one.pairs} if one.machine_authority else ():
                # Applications share a host by their paths: a certificate for any of them may be shown.
                wanted[host] = tuple(dict.fromkeys((*wanted.get(host, ()), one.machine_authority)))
        devices = tuple(pem for each in authorities.values() for pem in each.certificates)
        if devices:
            wanted[self._device_host] = devices
        if wanted != self._asking:
            self._asking = wanted
            # Each connection to the device host proves the key again; programs keep theirs, and may speak HTTP/2.
            self._context.ask_for_certificates({host: _named(pems) for host, pems in wanted.items()}, {self._device_host})

    def prove(self, challenges: Sequence[AcmeChallenge]) -> None:
        """Show these proofs to authorities that look for them (tls-alpn-01), and no others."""
        wanted = {one for one in challenges if one.kind == TLS_ALPN_01}
        if self._context is not None and wanted != set(self._proofs):
            now = self._wall_clock()
            self._proofs = {
                one: self._proofs.get(one) or alpn_credential(one.host, one.answer, now, self._random_bytes(16))
                for one in wanted}
            self._context.challenges = {one.host: proof for one, proof in self._proofs.items()}

    def look(self) -> None:
        """Read the files again if they have changed; what cannot be used is said, and the old one goes on serving."""
        if self._files is None or self._default is None:
            return
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            default = self._read()
            self._serve(default, self._stored)
        except ConfigError as error:
            # A pair is written one after the other: the next look finds the second one changed.
            self.log.warn("{reason}; the certificate before goes on serving", reason=str(error))
        else:
            self.log.info("the certificate of {path} was read again", path=str(self._files[0]))

    def upkeep(self) -> None:
        """To be called once an hour: warn of ends, judge again what has ended, change the ticket keys once a day."""
        now = self._wall_clock()
        if self._default is not None:
            self._serve(self._default, self._stored)
            if now - self._tickets_since >= _TICKET_KEY_AGE:
                self._tickets_since = now
                self.context.renew_ticket_keys()
        for one in self.expiries():
            if ends_soon(one.not_before, one.not_after, now) and now - self._warned.get(one, 0.0) >= DAY:
                self._warned[one] = now
                self.log.warn("the certificate {name} ({source}) ends in {days:.1f} days; see docs/certificates.md",
                              name=one.name, source=one.source, days=days_left(one.not_after, now))

    def expiries(self) -> Iterator[Expiry]:
        """Of all certificates that this node shows, the connectors' one included."""
        if self._default is not None:
            facts = certificate_facts(self._default.certificate)
            yield Expiry(DEFAULT, "own" if self._files is None else "file", facts.not_before, facts.not_after)
        if self._tunnel is not None:
            yield self._tunnel
        for one in self._stored:
            yield Expiry(one.name, one.source, one.not_before, one.not_after)

    def _serve(self, default: Credential, stored: Sequence[ServedCertificate]) -> None:
        now = self._wall_clock()
        facts = certificate_facts(default.certificate)
        names = names_of(
            ((one.credential, one.names, one.not_after) for one in stored), now, (default, facts.names, facts.not_after))
        if self._context is None:
            self._context = UserContext(default, names, http2=self._http2)
        else:
            self._context.replace(default, names)
        self._default, self._stored = default, stored

    def _stamp(self) -> object:
        """What changes when one of the files does."""
        stamps = []
        for path in self._files or ():
            try:
                found = path.stat()
                stamps.append((found.st_mtime_ns, found.st_size, found.st_ino))
            except OSError as error:
                stamps.append((error.errno or 0, 0, 0))
        return stamps

    def _read(self) -> Credential:
        assert self._files is not None
        texts = []
        for name, path in zip(("certificate", "key"), self._files, strict=True):
            try:
                texts.append(path.read_text())
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(f"{name}: {path} cannot be read: {error}") from error
        return Credential(*texts)


def _named(pems: Iterable[str]) -> list[x509.Certificate]:
    """One certificate for each name in these, or none where those are too many for a handshake."""
    by_subject: dict[x509.Name, x509.Certificate] = {}
    for pem in pems:
        by_subject |= {one.subject: one for one in load_chain(pem)}
        if len(by_subject) > _MOST_NAMES:
            return []
    return list(by_subject.values())
