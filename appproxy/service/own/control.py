"""The control end points, which connectors call over HTTPS on their own listener: enrol, renew, configuration, update-lease.

Only `POST /enrol` is answered without a client certificate. Who a connector is comes from its verified certificate alone;
of a certificate request only the public key is taken.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from appproxy.errors import FAILURES, Code, IdentityError, RequestError
from appproxy.http.head import Fields
from appproxy.json_input import read_json
from appproxy.pki.issuing.authority import issue_connector
from appproxy.pki.issuing.request import public_key_from_request
from appproxy.pki.names import connector_id, not_after, not_before, serial
from appproxy.pki.tokens import hash_secret
from appproxy.policy.levels import AddressLimit
from appproxy.policy.networks import sender_of
from appproxy.policy.sender import SENDER
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.own.connector_view import ConnectorView, offered
from appproxy.store.connectors import connectors, groups, join_tokens, updates
from appproxy.store.database.live import LiveStore
from appproxy.store.service import audit, keys
from appproxy.store.service.actions import CONNECTOR_JOIN
from appproxy.store.snapshot import ConnectorRecord, ConnectorState
from appproxy.store.transaction import Transaction

#: A certificate request and a token are some 1.5 kB.
_BODY_LIMIT = 16 * 1024
#: Enrolments of one address, at once and a second: a fleet behind one address that is set up by a program. Anybody can try.
_ENROLMENTS = (100.0, 1.0)
_SERIAL_BYTES = 16
#: In a request for the configuration: the tag of what the connector has, so that it need only hear what is another.
_SINCE = b"appproxy-since"
#: What a connector is told that waits for its approval.
_NOTHING = offered("{}")

Json = Mapping[str, object]
_Operation = Callable[[Exchange, Json], Awaitable[tuple[int, Json | bytes]]]


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a connector asks to be let in with. `secret` is the join token's, `public_key` PEM."""

    token: str
    secret_hash: str
    public_key: str
    name: str


class ControlApi:
    """The handler of the connectors' HTTP exchanges. `configuration` tells the version that goes with the snapshot."""

    log = Logger()

    def __init__(
        self,
        store: LiveStore,
        configuration: Callable[[], int],
        *,
        certificate_days: int = 365,
        renew_after_days: float = 180.0,
        seconds: Callable[[], float],
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._certificate_days = certificate_days
        self._renew_after_days = renew_after_days
        self._seconds = seconds
        self._enrolments = AddressLimit(*_ENROLMENTS)
        self._view = ConnectorView()
        self._routes: Mapping[tuple[bytes, bytes], _Operation] = {
            (b"POST", b"/enrol"): self._enrol,
            (b"POST", b"/renew"): self._renew,
            (b"GET", b"/configuration"): self._tell,
            (b"POST", b"/update-lease"): self._lease,
        }

    def __call__(self, exchange: Exchange) -> None:
        """Answer one exchange (`service.exchange.exchange.Handler`)."""
        head = exchange.head
        operation = self._routes.get((head.method, head.target))
        if operation is None:
            _refuse(exchange, Code.NOT_FOUND, "there is no such end point")
        elif head.length == 0:
            self._run(exchange, operation, b"")
        elif head.length is None or head.length > _BODY_LIMIT:
            _refuse(exchange, Code.BODY_TOO_LARGE, f"at most {_BODY_LIMIT} bytes, with Content-Length")
        else:
            collected = _Collected(lambda body: self._run(exchange, operation, body))
            exchange.responder = collected
            exchange.read_body(collected)

    def _run(self, exchange: Exchange, operation: _Operation, body: bytes) -> None:
        Deferred.fromCoroutine(self._answer(exchange, operation, body))

    async def _answer(self, exchange: Exchange, operation: _Operation, body: bytes) -> None:
        # Nobody is known yet who enrols, and no connector takes the turns of the service's own work.
        SENDER.set(sender_of(exchange.client))
        try:
            status, answer = await operation(exchange, _parse(body))
        except RequestError as error:
            exchange.detail = error.detail
            _refuse(exchange, error.code, error.detail)
        except Exception:
            self.log.failure("a control request failed")
            _refuse(exchange, Code.INTERNAL, "")
        else:
            _send(exchange, status, b"application/json", answer)

    async def _enrol(self, exchange: Exchange, body: Json) -> tuple[int, Json]:
        if self._enrolments.take(exchange.client, self._seconds()) > 0.0:
            raise RequestError(Code.TOO_MANY_REQUESTS, "too many enrolments from this address; try again in some seconds")
        enrolment = Enrolment(
            _text(body, "token", 64), hash_secret(_secret(_text(body, "secret", 64))),
            public_key_from_request(_text(body, "csr", 8192)), _text(body, "name", 255),
        )
        found, certificate = await self._store.write(enrol, enrolment, self._certificate_days, exchange.client)
        self.log.info("connector {id} ({name}) has joined from {client}", id=found.id, name=found.name,
                      client=exchange.client)
        return 201, {
            "id": found.id, "certificate": certificate, "trust": list(self._store.snapshot.trust_bundle),
            "state": found.state.value, "group": found.group,
        }

    async def _renew(self, exchange: Exchange, body: Json) -> tuple[int, Json]:
        record = await self._who(exchange)
        public_key = public_key_from_request(_text(body, "csr", 8192))
        old = shown(exchange.peer_certificate or b"")
        try:
            certificate = await self._store.write(renew, record.id, old, public_key, self._certificate_days)
        except IdentityError as error:
            self.log.warn("a renewal from {client} is refused: {reason}", client=exchange.client, reason=str(error))
            raise
        self.log.info("connector {id} has a new certificate", id=record.id)
        return 201, {"certificate": certificate, "trust": list(self._store.snapshot.trust_bundle)}

    async def _lease(self, exchange: Exchange, body: Json) -> tuple[int, Json]:
        """May it be updated now? `done`: it was."""
        record = await self._who(exchange)
        if body.get("done") is True:
            await self._store.write(updates.finish, record.id)
            return 200, {"granted": False, "until": 0.0, "reason": ""}
        lease, reason = await self._store.write(updates.ask, record.id)
        return 200, {"granted": lease is not None, "until": 0.0 if lease is None else lease.until, "reason": reason}

    async def _tell(self, exchange: Exchange, body: Json) -> tuple[int, bytes]:
        record = await self._who(exchange)
        snapshot = self._store.snapshot
        said = {
            "version": self._configuration(),
            "connector": {"id": record.id, "name": record.name, "group": record.group, "state": record.state.value},
            "trust": list(snapshot.trust_bundle),
            "renew_after_days": self._renew_after_days,
        }
        if record.state is not ConnectorState.APPROVED:
            return 200, _configuration({**said, "tag": _NOTHING.tag}, _NOTHING.text)
        offer = self._view.applications(snapshot.applications, record.group)
        since = (exchange.head.get(_SINCE) or b"").decode("latin-1")
        changes = self._view.since(snapshot.applications, record.group, since) if since else None
        if changes is None:
            return 200, _configuration({**said, "tag": offer.tag}, offer.text)
        return 200, _configuration(
            {**said, "tag": offer.tag, "since": since, "removed": list(changes.removed)}, changes.text)

    async def _who(self, exchange: Exchange) -> ConnectorRecord:
        """The connector whose certificate this connection has shown and proved, which may have joined at another node."""
        certificate = exchange.peer_certificate
        if certificate is None:
            raise IdentityError(Code.SIGN_IN_REQUIRED, "a client certificate is required")
        id = connector_id(certificate)
        if id not in self._store.snapshot.connectors:
            await self._store.look()
        record = self._store.snapshot.connectors.get(id)
        if record is None or record.state is ConnectorState.REVOKED:
            raise IdentityError(Code.REVOKED, f"this connector is revoked or removed; {connectors.AGAIN}")
        exchange.connector = record.id
        return record


def _configuration(said: Json, applications: str) -> bytes:
    """What is said, and the text of the applications."""
    return f'{json.dumps(said)[:-1]}, "applications": {applications}}}'.encode()


def enrol(tx: Transaction, enrolment: Enrolment, days: int, address: str) -> tuple[connectors.Connector, str]:
    """Use the token, sign the key, keep the record: all or nothing. `address`: where it comes from."""
    group = connectors.use_token(tx, enrolment.token, enrolment.secret_hash)
    id = tx.new_id()
    certificate = issue_connector(
        keys.authority(tx), enrolment.public_key, id, tx.now, days, tx.random_bytes(_SERIAL_BYTES)
    )
    found = connectors.enrol(tx, id, enrolment.name, group, shown(certificate))
    person = join_tokens.allowed_by(tx, enrolment.token)
    audit.record(tx, f"connector:{id}", CONNECTOR_JOIN, id, {
        "name": found.name, "group": groups.find(tx, group).name, "state": found.state.value, "address": address,
        **({"allowed_by": person} if person else {})})
    return found, certificate


def renew(tx: Transaction, id: str, old: connectors.Shown, public_key: str, days: int) -> str:
    """Sign a connector's new key, asked for with this certificate."""
    certificate = issue_connector(keys.authority(tx), public_key, id, tx.now, days, tx.random_bytes(_SERIAL_BYTES))
    connectors.renew(tx, id, old, shown(certificate))
    return certificate


def shown(certificate: str | bytes) -> connectors.Shown:
    """What the store keeps of a certificate (PEM or DER). Raises IdentityError when it cannot be read."""
    return connectors.Shown(serial(certificate), not_before(certificate), not_after(certificate))


class _Collected:
    """A small body, whole."""

    def __init__(self, done: Callable[[bytes], None]) -> None:
        self._done = done
        self._pieces: list[bytes] = []

    def body_received(self, data: bytes) -> None:
        self._pieces.append(data)

    def body_ended(self, trailers: Fields) -> None:
        self._done(b"".join(self._pieces))

    def user_left(self, code: Code) -> None:
        """Nobody waits for the answer any more; what was begun is completed all the same."""


def _parse(body: bytes) -> Json:
    if not body:
        return {}
    try:
        parsed = read_json(body)
    except ValueError as error:
        raise RequestError(Code.BAD_REQUEST, "the body is not JSON") from error
    if not isinstance(parsed, dict):
        raise RequestError(Code.BAD_REQUEST, "the body is not a JSON object")
    return parsed


def _text(body: Json, key: str, longest: int) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise RequestError(Code.BAD_REQUEST, f"{key}: a text of 1 to {longest} signs is needed")
    return value


def _secret(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise RequestError(Code.BAD_REQUEST, "secret: base64url is needed") from error


def _refuse(exchange: Exchange, code: Code, detail: str) -> None:
    failure = FAILURES[code]
    exchange.failure = code
    problem = {"title": failure.title, "status": failure.status, "detail": detail, "code": code.name}
    later = b"" if failure.retry_after is None else b"retry-after: %d\n" % failure.retry_after
    _send(exchange, failure.status, b"application/problem+json", problem, later)


def _send(exchange: Exchange, status: int, content_type: bytes, body: Json | bytes, more: bytes = b"") -> None:
    fields = b"content-type: %b\ncache-control: no-store\nx-request-id: %b\n" % (content_type, exchange.id.encode("ascii"))
    fields += more
    exchange.answer(status, fields, body if isinstance(body, bytes) else json.dumps(body).encode())
