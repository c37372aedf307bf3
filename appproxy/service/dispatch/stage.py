"""What a stage is: it answers a request, passes it on to the next, or makes it wait."""

from __future__ import annotations

from enum import Enum
from typing import ClassVar, Final, Literal, TypeAlias

from twisted.internet.defer import Deferred

from appproxy.publish.routing import ApplicationRoute
from appproxy.service.dispatch.request import InboundRequest


class _Answered(Enum):
    ANSWERED = "answered"


#: The exchange has its answer, or somebody who will give it.
ANSWERED: Final = _Answered.ANSWERED
Decided: TypeAlias = Literal[_Answered.ANSWERED] | None
#: `None`: on to the next stage. `ANSWERED`: no more stages. A Deferred of one of these: the request waits for it.
Outcome: TypeAlias = Decided | Deferred[Decided]


class Stage:
    """One step of a request from its connection to the relay. One object serves all requests; `name` is its place.

    Before the stage `route` a stage may say in `targets` with what the targets begin that it concerns, after it
    `concerns` says which routes it does. Neither may change: what does not concern a request costs it nothing.
    """

    name: ClassVar[str]
    #: Of a stage of another distribution (`plugins`): before which stage it comes.
    before: ClassVar[str] = ""
    #: Is it asked again, with all others, after a request has waited for it? Then it must know by itself what it has learned.
    asked_again: ClassVar[bool] = False
    #: Does it count requests? Then it is asked once, also about one that waits behind it.
    counts: ClassVar[bool] = False
    #: Empty: all targets.
    targets: tuple[bytes, ...] = ()

    def concerns(self, route: ApplicationRoute) -> bool:
        """Are requests to this route to pass the stage? Asked once a route, of stages behind `route`."""
        return True

    def handle(self, request: InboundRequest) -> Outcome:
        """Answer the request, pass it on, or make it wait. Raises RequestError: that is the answer.

        While a request waits its exchange belongs to the dispatcher, which cancels the Deferred when the user leaves or
        `dispatcher.WAIT_SECONDS` have passed. After the wait all other stages are asked again (`asked_again`: this one, too),
        because what they decided with may have changed.
        """
        raise NotImplementedError
