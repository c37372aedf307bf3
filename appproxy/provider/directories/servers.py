"""The servers of one directory: connections that are kept, turns, time-outs, and who stands in for a server that is away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.logger import Logger

from appproxy.errors import AppProxyError, RequestError
from appproxy.ldap.messages import DirectoryEntry, Result, SearchRequest
from appproxy.net.loop.turns import FairTurns
from appproxy.net.secure.contexts import ClientContext, origin_context
from appproxy.policy.fair_queue import Lane, LaneQueue
from appproxy.provider.directories.connection import LdapConnection, away
from appproxy.store.people.directories import Directory, server_of

T = TypeVar("T")
A = TypeVar("A", Result, tuple[list[DirectoryEntry], Result])
#: Makes the end point of a server, and the TLS that it must speak.
Dial = Callable[[str, int], tuple[IStreamClientEndpoint, ClientContext]]

#: Seconds: for TCP, TLS and, where it is needed, the bind of our own account; and for each answer.
CONNECT, ANSWER = 3.0, 4.0
#: Operations of one directory at the same time, those that wait, and those of one sender: as with passwords of our own.
PLACES, MOST_WAITING, MOST_OF_ONE = 8, 128, 32
#: Seconds for which an idle connection is used again, and after which any is made again, so that a changed certificate or
#: account counts. Active Directory closes idle ones after 15 minutes.
IDLE, RENEWED = 60.0, 600.0
#: `busy` and `unavailable` (RFC 4511 appendix A.2): another server may well answer.
_ELSEWHERE = (51, 52)
#: Seconds for which a server that was away is asked no more: doubled each time up to the longest.
_FIRST, _LONGEST = 5.0, 60.0


def dialer(reactor: Any, ca_bundle: str) -> Dial:
    """Dials for real. `ca_bundle`: the authorities that count (PEM), "" for this machine's."""

    def dial(host: str, port: int) -> tuple[IStreamClientEndpoint, ClientContext]:
        return HostnameEndpoint(reactor, host, port, CONNECT), origin_context(host, ca_bundle, "", True, protocol=b"ldap")

    return dial


@dataclass(slots=True)
class _Server:
    """One server, and what is known of it. `idle`: connections, with since when and when they were made."""

    host: str
    port: int
    at_once: bool
    failures: int = 0
    not_before: float = 0.0
    why: str = ""
    idle: dict[bool, list[tuple[float, float, LdapConnection]]] = field(default_factory=lambda: {True: [], False: []})

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}"


class Servers:
    """Asks one of a directory's servers. Calls raise RequestError: PROVIDER_UNREACHABLE when none answers, at once for some
    seconds after that, and OVERLOADED when too much waits. `clock` provides IReactorTime.
    """

    log = Logger()

    def __init__(self, directory: Directory, dial: Dial, clock: Any) -> None:
        self._directory = directory
        self._dial = dial
        self._clock = clock
        self._servers = [_Server(*server_of(text)) for text in directory.servers]
        queue: LaneQueue[Deferred[None]] = LaneQueue(MOST_WAITING, MOST_OF_ONE)
        self._turns = FairTurns(PLACES, queue, "too many sign-ins wait for the directory")
        self._used: set[LdapConnection] = set()

    @property
    def away(self) -> bool:
        """Was no server there lately?"""
        now = self._clock.seconds()
        return all(now < server.not_before for server in self._servers)

    def turn(self, lane: Lane, sender: str) -> Deferred[None]:
        """A place among those who ask; then `give_back` must follow."""
        return self._turns.take(lane, sender)

    def give_back(self) -> None:
        """The place is free."""
        self._turns.give_back()

    async def search(self, search: SearchRequest) -> tuple[list[DirectoryEntry], Result]:
        """Search as our own account."""
        return await self._on_any(True, lambda connection: connection.search(search))

    async def bind(self, dn: str, password: str) -> Result:
        """Try a password, on a connection that is good for nothing else."""
        return await self._on_any(False, lambda connection: connection.bind(dn, password))

    async def each(self) -> list[tuple[str, str]]:
        """Each server, with what is wrong with it, or ""."""
        found = []
        for server in self._servers:
            try:
                connection = await self._connected(server, True)
            except RequestError as error:
                found.append((server.name, error.detail))
            else:
                self._keep(server, True, self._clock.seconds(), connection)
                found.append((server.name, ""))
        return found

    def close(self) -> None:
        """Close all connections; what is under way fails."""
        for server in self._servers:
            for kept in server.idle.values():
                while kept:
                    kept.pop()[2].leave()
        for connection in list(self._used):
            connection.leave()

    async def _on_any(self, own: bool, ask: Callable[[LdapConnection], Awaitable[A]]) -> A:
        """`own`: as our own account."""
        why = []
        for server in self._servers:
            if self._clock.seconds() < server.not_before:
                why.append(f"{server.name}: {server.why}")
                continue
            try:
                answer = await self._on(server, own, ask)
                code = answer.code if isinstance(answer, Result) else answer[1].code
                if code in _ELSEWHERE:
                    raise away(f"it answers that it is busy or unavailable ({code})")
            except RequestError as error:
                self._failed(server, error.detail)
                why.append(f"{server.name}: {error.detail}")
            else:
                server.failures = 0
                return answer
        raise away(f"the directory {self._directory.name} does not answer ({'; '.join(why)})")

    async def _on(self, server: _Server, own: bool, ask: Callable[[LdapConnection], Awaitable[T]]) -> T:
        kept = self._kept(server, own)
        if kept is not None:
            made, connection = kept
            asked = self._clock.seconds()
            try:
                return await self._answered(server, own, made, connection, ask)
            except RequestError:
                # The server may have closed it long ago: a new one tells. A server that says nothing is not asked again.
                if self._clock.seconds() - asked >= ANSWER:
                    raise
        made = self._clock.seconds()
        connection = await self._connected(server, own)
        return await self._answered(server, own, made, connection, ask)

    async def _answered(
        self, server: _Server, own: bool, made: float, connection: LdapConnection,
        ask: Callable[[LdapConnection], Awaitable[T]],
    ) -> T:
        self._used.add(connection)
        try:
            answer = await self._in_time(ask(connection), ANSWER, "no answer")
        except BaseException:
            connection.leave()
            raise
        finally:
            self._used.discard(connection)
        self._keep(server, own, made, connection)
        return answer

    def _kept(self, server: _Server, own: bool) -> tuple[float, LdapConnection] | None:
        """The connection that was used last, if it is still good."""
        now, kept = self._clock.seconds(), server.idle[own]
        while kept:
            since, made, connection = kept.pop()
            if not connection.lost and now - since < IDLE and now - made < RENEWED:
                return made, connection
            if not connection.lost:
                connection.leave()
        return None

    def _keep(self, server: _Server, own: bool, made: float, connection: LdapConnection) -> None:
        kept = server.idle[own]
        kept[:] = [one for one in kept if not one[2].lost]
        if not connection.lost:
            kept.append((self._clock.seconds(), made, connection))

    async def _connected(self, server: _Server, own: bool) -> LdapConnection:
        return await self._in_time(self._connect(server, own), CONNECT, "no connection")

    async def _connect(self, server: _Server, own: bool) -> LdapConnection:
        try:
            endpoint, context = self._dial(server.host, server.port)
            made: Any = await endpoint.connect(Factory.forProtocol(lambda: LdapConnection(context, server.at_once)))
        except (CancelledError, AppProxyError):
            raise
        except Exception as error:
            raise away(str(error) or type(error).__name__) from error
        connection: LdapConnection = made
        try:
            await connection.ready
            if own:
                await self._own(connection)
        except BaseException:
            connection.leave()
            raise
        return connection

    async def _own(self, connection: LdapConnection) -> None:
        directory = self._directory
        result = await connection.bind(directory.bind_name, directory.bind_password)
        if result.code != 0:
            raise away(f"it refuses our account {directory.bind_name!r} ({result.code}: {result.message[:200]})")

    async def _in_time(self, work: Awaitable[T], seconds: float, what: str) -> T:
        """The work is cancelled, and its connection lost, when it takes longer."""
        waiting: Deferred[T] = Deferred.fromCoroutine(work)  # type: ignore[arg-type]
        late = False

        def too_late() -> None:
            nonlocal late
            late = True
            waiting.cancel()

        timer = self._clock.callLater(seconds, too_late)
        try:
            return await waiting
        except CancelledError as error:
            if not late:
                raise
            raise away(f"{what} within {seconds:g} s") from error
        except RequestError as error:
            if late:
                raise away(f"{what} within {seconds:g} s") from error
            raise
        finally:
            if timer.active():
                timer.cancel()

    def _failed(self, server: _Server, why: str) -> None:
        pause = min(_FIRST * 2.0 ** min(server.failures, 8), _LONGEST)
        server.failures += 1
        server.why = why
        server.not_before = self._clock.seconds() + pause
        self.log.warn("the directory {directory} is asked elsewhere for {pause:g} s: {server}: {why}",
                      directory=self._directory.name, pause=pause, server=server.name, why=why)

