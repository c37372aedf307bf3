"""Calls of the service's control end points (enrol, renew, configuration) over HTTPS, bounded in size and time.

One connection a call. The TLS context says whom we trust and who we are; a redirect is an error like any other status.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IDelayedCall, IHandshakeListener, IProtocol, IProtocolFactory, IReactorTime
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.connector.config.configuration import MOST_BYTES
from appproxy.connector.transport import Dialled, transport_of
from appproxy.errors import AppProxyError, Code, RequestError
from appproxy.http.h1.client import BodyPiece, End, Event, Head, ResponseReader
from appproxy.http.h1.writer import request_bytes
from appproxy.json_input import read_json
from appproxy.pki import JoinToken

#: From dialling to the whole answer. The service signs a certificate in milliseconds; its database may be busy.
CALL_SECONDS = 30.0

#: Dials the control end points.
Dial = Callable[[IProtocolFactory], Deferred[IProtocol]]


class ControlError(AppProxyError):
    """A control end point could not be called, or refused. `status` is its answer's, None when there was none."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Issued:
    """What enrolment and renewal give: the certificate (PEM), the anchors to trust from now on, and for enrolment who
    the connector is and whether it has to wait for approval.
    """

    certificate: str
    trust: tuple[str, ...]
    id: str = ""
    group: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class UpdateTurn:
    """Is it this connector's turn to be updated? `until`: when it is over, in seconds since 1970; `reason`: why not."""

    granted: bool
    until: float
    reason: str


class ControlClient:
    """The control end points of one service, called `name` in TLS and in Host."""

    def __init__(self, dial: Dial, name: str, clock: IReactorTime) -> None:
        self._dial = dial
        self._name = name
        self._clock = clock

    async def enrol(self, token: JoinToken, csr: str, name: str) -> Issued:
        """Join with a token. Raises ControlError."""
        secret = urlsafe_b64encode(token.secret).decode("ascii").rstrip("=")
        return _issued(await self._call(
            b"POST", b"/enrol", {"token": token.id, "secret": secret, "csr": csr, "name": name}))

    async def renew(self, csr: str) -> Issued:
        """Get a certificate for a new key. Raises ControlError."""
        return _issued(await self._call(b"POST", b"/renew", {"csr": csr}))

    async def configuration(self, since: str = "") -> bytes:
        """The applications, as JSON text: what is another than in the one with the tag `since`, where the service knows that.

        Raises ControlError.
        """
        more = b"appproxy-since: %b\n" % since.encode("ascii") if since else b""
        return await self._call(b"GET", b"/configuration", None, more)

    async def update_lease(self, *, done: bool = False) -> UpdateTurn:
        """May this connector be updated now? `done`: it was, and another one may. Raises ControlError."""
        try:
            answer = read_json(await self._call(b"POST", b"/update-lease", {"done": True} if done else {}))
        except ValueError as error:
            raise ControlError("the service's answer is not JSON") from error
        granted, until, reason = map(answer.get, ("granted", "until", "reason")) if isinstance(answer, dict) else (None,) * 3
        if not isinstance(granted, bool) or not isinstance(until, int | float) or not isinstance(reason, str):
            raise ControlError("the service's answer does not say whether it is this connector's turn")
        return UpdateTurn(granted, float(until), reason)

    async def _call(self, method: bytes, target: bytes, body: object | None, more: bytes = b"") -> bytes:
        data = b"" if body is None else json.dumps(body).encode()
        block = b"accept: application/json\n" + (b"content-type: application/json\n" if data else b"") + more
        head = request_bytes(method, target, self._name.encode("ascii"), block, length=len(data), upgrade=None)
        call = _Call(method, head + data, self._clock)
        dialling = self._dial(Dialled(lambda: call))
        dialling.addErrback(call.not_connected)
        try:
            status, answer = await call.answer
        finally:
            dialling.cancel()
        if status not in (200, 201):
            raise ControlError(f"the service refused {target.decode()}: {_reason(status, answer)}", status)
        return answer


@implementer(IHandshakeListener)
class _Call(TwistedProtocol):
    """One request and its answer."""

    def __init__(self, method: bytes, data: bytes, clock: IReactorTime) -> None:
        self.answer: Deferred[tuple[int, bytes]] = Deferred()
        self._data = data
        self._reader = ResponseReader()
        self._reader.expect(method)
        self._status = 0
        self._body = bytearray()
        self._late: IDelayedCall | None = clock.callLater(CALL_SECONDS, self._too_late)

    def handshakeCompleted(self) -> None:
        """The service has proved who it is."""
        transport_of(self.transport).write(self._data)

    def dataReceived(self, data: bytes) -> None:
        """Parts of the answer."""
        try:
            self._take(self._reader.receive(data))
        except RequestError as error:
            self._fail(f"the service's answer cannot be read ({error})")

    def connectionLost(self, reason: Failure = Failure(ConnectionDone())) -> None:  # noqa: B008 -- Twisted's signature
        """Before the end of the answer, this is an error."""
        try:
            self._take(self._reader.end_of_file(reason.check(ConnectionDone) is not None))
        except RequestError as error:
            detail = reason.getErrorMessage() if error.code is Code.ORIGIN_CLOSED else str(error)
            self._fail(f"the service closed the connection: {detail}")

    def not_connected(self, reason: Failure) -> None:
        """TCP did not connect."""
        self._fail(f"the service cannot be reached: {reason.getErrorMessage()}")

    def _take(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Head):
                self._status = event.status
            elif isinstance(event, BodyPiece):
                self._body += event.data
                if len(self._body) > MOST_BYTES:
                    self._fail(f"the service's answer has more than {MOST_BYTES} bytes")
                    return
            elif isinstance(event, End):
                self._end(lambda answer: answer.callback((self._status, bytes(self._body))))

    def _too_late(self) -> None:
        self._late = None
        self._fail(f"the service did not answer within {CALL_SECONDS:.0f} s")

    def _fail(self, message: str) -> None:
        self._end(lambda answer: answer.errback(Failure(ControlError(message))))

    def _end(self, tell: Callable[[Deferred[tuple[int, bytes]]], None]) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
        if self.answer.called:
            return
        tell(self.answer)
        if self.transport is not None:
            transport_of(self.transport).abortConnection()


def _issued(answer: bytes) -> Issued:
    try:
        body = read_json(answer)
    except ValueError as error:
        raise ControlError("the service's answer is not JSON") from error
    if not isinstance(body, dict):
        raise ControlError("the service's answer is not a JSON object")
    certificate, trust = body.get("certificate"), body.get("trust")
    if not isinstance(certificate, str) or not isinstance(trust, list) or not trust:
        raise ControlError("the service's answer lacks the certificate, or the anchors to trust")
    if not all(isinstance(anchor, str) for anchor in trust):
        raise ControlError("the service's answer has an anchor that is no text")
    return Issued(certificate, tuple(trust), *(str(body.get(key, "")) for key in ("id", "group", "state")))


def _reason(status: int, answer: bytes) -> str:
    """What a problem document (RFC 9457) says, on one line."""
    try:
        problem = read_json(answer)
    except ValueError:
        problem = None
    if isinstance(problem, dict):
        # The detail speaks of this very case; the title of all cases that end in the same way, also at sign-in.
        detail = problem.get("detail") or problem.get("title")
        if detail:
            return " ".join(str(detail).split())[:300]
    return f"status {status}"
