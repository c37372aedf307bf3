"""The applications that this connector serves: pulled from the service, kept on disk, read by every request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.connector.applications.origin_auth import AuthenticatedSource, OriginAuths, authenticated, nobody
from appproxy.connector.applications.route import OriginRoute
from appproxy.connector.applications.wildcard import WildcardHosts
from appproxy.connector.config.configuration import (
    Configuration,
    ConfigurationCache,
    OriginAddress,
    Target,
    parse_configuration,
)
from appproxy.connector.origin.load_balancer import LoadBalancer
from appproxy.connector.origin.origins import Origins
from appproxy.errors import ConfigError

#: Hints come when something changes; this is for the hint that was lost.
REFRESH_SECONDS = 600.0
#: A service that sends requests for applications it has not told of must not make us ask without end. It tells of changes
#: as seldom as this, and each is to be live within a second.
LEAST_GAP = 0.5


class Fetch(Protocol):
    """Reads the configuration from the service."""

    async def configuration(self, since: str = "") -> bytes:
        """Its JSON text, perhaps only what is another since the one of this tag. Raises ControlError."""


class Applications:
    """The routes by application id, and what keeps them fresh. `taken` hears of every configuration that was taken up."""

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        fetch: Fetch,
        file: ConfigurationCache,
        origins: Origins,
        taken: Callable[[Configuration], None] = lambda configuration: None,
        auths: OriginAuths = nobody,
        in_thread: Callable[[Callable[[], None]], Deferred[None]] = maybeDeferred,
    ) -> None:
        """`in_thread` does something in another thread: to write the file of 5,000 applications takes a tenth of a second."""
        self._in_thread = in_thread
        self._saving = False
        #: What is to be written once that is done which is being written.
        self._unsaved: Configuration | None = None
        self.routes: Mapping[str, OriginRoute] = {}
        self.version = 0
        self._configuration = Configuration()
        self._clock = clock
        self._fetch = fetch
        self._file = file
        self._origins = origins
        self._taken = taken
        self._auths = auths
        self._stopped = True
        self._running: Deferred[None] | None = None
        self._again = False
        #: The newest version of which was heard while one was read; 0: none.
        self._hinted = 0
        self._asked = -LEAST_GAP
        self._waiting: list[Callable[[], None]] = []
        self._call: IDelayedCall | None = None

    def start(self) -> None:
        """Work from the file at once, and from the service as soon as it answers."""
        self._stopped = False
        try:
            self._use(self._file.load())
        except ConfigError as error:
            self.log.error("{reason}", reason=str(error))
        self.refresh()

    def stop(self) -> None:
        """Ask no more."""
        self._stopped = True
        self._end_checks(self.routes.values())
        if self._call is not None:
            self._call.cancel()
            self._call = None
        if self._running is not None:
            self._running.cancel()
        self._tell()

    def hinted(self, version: int) -> None:
        """The service has this version. Each of its nodes says so on each signal connection, but it is read once."""
        if self._running is not None:
            self._hinted = max(self._hinted, version)
        elif version != self.version:
            self.refresh()

    def refresh(self, then: Callable[[], None] | None = None) -> None:
        """Ask the service; `then` is called when its answer, or the lack of one, is known.

        A change during an answer is not in it, so a refresh asked for meanwhile leads to one more.
        """
        if then is not None:
            self._waiting.append(then)
        if self._stopped:
            self._tell()
        elif self._running is not None:
            self._again = True
        else:
            self._ask_in(max(0.0, self._asked + LEAST_GAP - self._clock.seconds()))

    def _ask_in(self, seconds: float) -> None:
        if self._call is not None:
            self._call.cancel()
        self._call = self._clock.callLater(seconds, self._ask)

    def _ask(self) -> None:
        self._call = None
        self._asked = self._clock.seconds()
        self._running = Deferred.fromCoroutine(self._read())
        self._running.addErrback(self._failed).addBoth(self._done)

    async def _read(self) -> None:
        before = self._configuration
        configuration = await self._read_changes() if before.tag else await self._read_whole()
        self._use(configuration)
        self._taken(configuration)
        if configuration.tag and (configuration.tag, configuration.trust) == (before.tag, before.trust):
            return  # the file says the same
        self._save(configuration)

    def _save(self, configuration: Configuration) -> None:
        """Keep it. One after the other, so that the newest is there in the end; what comes meanwhile may be passed over."""
        if self._saving:
            self._unsaved = configuration
            return
        self._saving = True
        self._in_thread(lambda: self._file.save(configuration.text())).addErrback(self._not_saved).addBoth(self._saved)

    def _not_saved(self, reason: Failure) -> None:
        self.log.error("the configuration cannot be kept: {reason}", reason=reason.getErrorMessage())

    def _saved(self, result: object) -> None:
        self._saving = False
        unsaved, self._unsaved = self._unsaved, None
        if unsaved is not None and not self._stopped:
            self._save(unsaved)

    async def _read_whole(self) -> Configuration:
        return parse_configuration(await self._fetch.configuration(), self._configuration)

    async def _read_changes(self) -> Configuration:
        """Since what is here; all of it, where the two do not go together."""
        try:
            return parse_configuration(await self._fetch.configuration(self._configuration.tag), self._configuration)
        except ConfigError as error:
            self.log.error("{reason}: all of it is read again", reason=str(error))
            return await self._read_whole()

    def _use(self, configuration: Configuration) -> None:
        """Replace the routes; connections to what has gone are closed when they are idle."""
        old = self.routes
        self.routes = {name: self._route(name, target) for name, target in configuration.targets.items()}
        self._end_checks([route for name, route in old.items() if self.routes.get(name) is not route])
        self._origins.retain(self.addresses())
        self.version = configuration.version
        self._configuration = configuration

    def _route(self, name: str, target: Target) -> OriginRoute:
        """A target's route; the one before, and with it the hosts of a wildcard, when nothing has changed."""
        old = self.routes.get(name)
        if old is not None and old.target == target:
            return old
        hosts = None if target.wildcard is None else WildcardHosts(target, self._origins, self._auths)
        return OriginRoute(target, authenticated(self._origins.source(target), target, self._auths), hosts)

    def _end_checks(self, routes: Iterable[OriginRoute]) -> None:
        for route in routes:
            origin = route.origin.source if isinstance(route.origin, AuthenticatedSource) else route.origin
            if isinstance(origin, LoadBalancer):
                origin.close()

    def addresses(self) -> set[OriginAddress]:
        """Where the applications are."""
        found = {route.target.address for route in self.routes.values()}
        for route in self.routes.values():
            if route.hosts is not None:
                found |= route.hosts.addresses()
            found.update(route.target.others)
        return found

    def _failed(self, reason: Failure) -> None:
        if not self._stopped:
            self.log.warn("the configuration cannot be read: {reason}", reason=reason.getErrorMessage())

    def _done(self, result: object) -> None:
        self._running = None
        again, self._again = self._again or self._hinted > self.version, False
        self._hinted = 0
        if self._stopped:
            return
        self._ask_in(LEAST_GAP if again else REFRESH_SECONDS)
        if not again:
            self._tell()

    def _tell(self) -> None:
        waiting, self._waiting = self._waiting, []
        for then in waiting:
            then()
