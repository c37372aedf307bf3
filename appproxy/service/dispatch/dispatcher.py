"""The dispatcher: every exchange of a user begins here, and walks through the stages that concern it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.errors import Code, RequestError
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.dispatch.error_pages import ErrorPages
from appproxy.service.dispatch.request import InboundRequest, SnapshotSource
from appproxy.service.dispatch.stage import ANSWERED, Decided, Outcome, Stage
from appproxy.service.dispatch.stages.hosts import FindRoute, code_for
from appproxy.service.exchange.exchange import Exchange

#: Seconds that a stage may make a request wait: a user who waits longer believes that nothing comes, and reloads.
WAIT_SECONDS = 30.0
#: Routes whose stages are remembered; the hosts of wildcards are endless.
_MOST_ROUTES = 50_000

_Handle = Callable[[InboundRequest], Outcome]


class Dispatcher:
    """The handler of the users' listener (`service.exchange.exchange.Handler`).

    `stages` in their order; one of them is `FindRoute`. `store` has what to decide with now, `wall_clock` gives the seconds
    since 1970, `clock` bounds how long a stage may wait. What does not concern a request is left out before it comes: of the
    stages up to the route by the beginning of its target, of those behind it by its route.
    """

    log = Logger()

    def __init__(
        self, stages: Sequence[Stage], error_pages: ErrorPages, store: SnapshotSource, wall_clock: Callable[[], float],
        clock: IReactorTime,
    ) -> None:
        place = next(number for number, stage in enumerate(stages, 1) if isinstance(stage, FindRoute))
        self._stages = tuple(stages)
        self._error_pages = error_pages
        self._store = store
        self._wall_clock = wall_clock
        self._clock = clock
        before, self._behind = self._stages[:place], self._stages[place:]
        self._targets = tuple({target for stage in before for target in stage.targets})
        self._to_route: tuple[_Handle, ...] = tuple(stage.handle for stage in before if not stage.targets)
        self._to_route_of_targets: tuple[_Handle, ...] = tuple(stage.handle for stage in before)
        self._from_route: dict[ApplicationRoute, tuple[_Handle, ...]] = {}
        #: The same without one of the stages, for requests that have waited for it.
        self._without: dict[Stage, Dispatcher] = {}

    def __call__(self, exchange: Exchange) -> None:
        """Answer one exchange, or see to it that it will be answered."""
        try:
            request = InboundRequest(exchange, self._store.snapshot, self._wall_clock())
            for_targets = request.head.target.startswith(self._targets)
            for handle in self._to_route_of_targets if for_targets else self._to_route:
                if (outcome := handle(request)) is not None:
                    break
            else:
                for handle in self._from_route.get(request.route) or self._compose(request.route):
                    if (outcome := handle(request)) is not None:
                        break
                else:
                    raise AssertionError("no stage has answered")
            if outcome is not ANSWERED:
                self._wait(exchange, handle, outcome)
        except RequestError as error:
            self._fail(exchange, error)
        except Exception:
            self.log.failure("request {id} met a fault of ours", id=exchange.id)
            self._error_pages.refuse(exchange, Code.INTERNAL)

    def forget(self) -> None:
        """Something was published or changed: routes are others now."""
        self._from_route.clear()
        self._without.clear()

    def _compose(self, route: ApplicationRoute) -> tuple[_Handle, ...]:
        """The stages that concern a route."""
        if len(self._from_route) >= _MOST_ROUTES:
            self._from_route.clear()
        found = self._from_route[route] = tuple(stage.handle for stage in self._behind if stage.concerns(route))
        return found

    def _fail(self, exchange: Exchange, error: RequestError) -> None:
        self._error_pages.refuse(exchange, code_for(exchange, self._store.snapshot, error.code), error.detail,
                                 retry_after=error.retry_after)

    # Stages that wait.

    def _wait(self, exchange: Exchange, handle: _Handle, outcome: Deferred[Decided]) -> None:
        """Go on, without this stage, when it has decided."""
        stage: Stage = handle.__self__  # type: ignore[attr-defined]  # a bound method's
        exchange.responder = _Waiting(outcome)
        outcome.addTimeout(WAIT_SECONDS, self._clock)
        outcome.addCallbacks(self._decided, self._undecided, (exchange, stage), errbackArgs=(exchange, stage))
        outcome.addErrback(lambda failure: self.log.failure("request {id} met a fault of ours", failure, id=exchange.id))

    def _decided(self, outcome: Decided, exchange: Exchange, stage: Stage) -> None:
        if exchange.over:
            return
        exchange.responder = None
        if outcome is not ANSWERED:
            self._rest(stage)(exchange)

    def _undecided(self, failure: Failure, exchange: Exchange, stage: Stage) -> None:
        if exchange.over:  # the user has left: there is nobody to be answered
            return
        exchange.responder = None
        error = failure.value
        if isinstance(error, RequestError):
            self._fail(exchange, error)
        elif isinstance(error, TimeoutError):
            text = f"the stage {stage.name} has not decided within {WAIT_SECONDS:g} s"
            self.log.error("request {id}: {text}", id=exchange.id, text=text)
            self._error_pages.refuse(exchange, Code.INTERNAL, text)
        else:
            self.log.failure("request {id} met a fault of ours", failure, id=exchange.id)
            self._error_pages.refuse(exchange, Code.INTERNAL)

    def _rest(self, stage: Stage) -> Dispatcher:
        """The other stages. They are asked again: a session, or what is published, may have changed meanwhile. Those that
        count requests have counted this one.
        """
        rest = self._without.get(stage)
        if rest is None:
            place = self._stages.index(stage)
            others = [one for number, one in enumerate(self._stages)
                      if (one is not stage or stage.asked_again) and not (one.counts and number < place)]
            if len(others) == len(self._stages):
                return self
            rest = self._without[stage] = Dispatcher(others, self._error_pages, self._store, self._wall_clock, self._clock)
        return rest


class _Waiting:
    """The keeper of an exchange that waits for a stage."""

    def __init__(self, outcome: Deferred[Decided]) -> None:
        self._outcome = outcome

    def user_left(self, code: Code) -> None:
        """Nobody waits any more."""
        self._outcome.cancel()
