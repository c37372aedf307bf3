"""Stages that say how many requests an address, a user, an application and all together may send.

The narrower limit comes first, and what it refuses uses up nothing of the wider one: a flood from one address takes nothing
from others. Before the sign-in an address is judged, so that a flood costs no cookie to be opened; behind it the user.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from heapq import nlargest
from itertools import islice

from twisted.logger import Logger

from appproxy.config.service import ServiceLimits
from appproxy.errors import Code, RequestError
from appproxy.net.loop.seldom import LogThinning
from appproxy.policy.networks import block_of, network_of
from appproxy.policy.rates import Rate, RateTable
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.dispatch.request import InboundRequest
from appproxy.service.dispatch.stage import Outcome, Stage

#: Their names, in the metric, the log and the answer's fields.
LIMITS = ("address", "site", "user", "application", "all")
#: Of these, what is divided among nodes; of the others nodes tell each other.
_DIVIDED = frozenset({"application", "all"})
#: Of how many buckets a node tells at most in a second, and for how many seconds a bucket may owe what others let pass: of a
#: limit that is met at very many nodes more passes at first, and less later.
_MOST_TOLD, _OWING = 500, 30.0
#: Buckets that are noted for the next telling, however long the database does not answer: of the most in use `_MOST_TOLD` are
#: told then, and who floods from more networks than this pushes out the least of some old ones.
_MOST_NOTED = 5_000
#: Who uses less than this part of a node's share is told of by nobody.
_WORTH_TELLING = 0.5
#: Applications with counters of their own; more share the label `other`.
_MOST_APPLICATIONS = 1000
#: Senders that are remembered, for `appproxy blocklist` and the doctor; among so many old ones the least is forgotten.
_MOST_REMEMBERED, _COMPARED = 1000, 8
#: A site of IPv6 (/48) may send so many times what one of its networks may (`policy.levels`).
_SITE = 8
#: Whoever met no limit for so many seconds begins again: what an office meets once a day adds up to nothing.
_TOGETHER = 900.0


@dataclass(slots=True)
class Met:
    """What one sender met: how often without a long pause, and when the last time (monotonic seconds)."""

    count: int = 0
    last: float = 0.0

    def lately(self, now: float) -> int:
        """How often; 0 after the pause."""
        return self.count if now - self.last <= _TOGETHER else 0


class RateLimits:
    """All buckets of a node, and how often each limit was met. `seconds`: monotonic.

    `address` and `everybody`: what one address and all together may send to all hosts; None: any number.
    """

    log = Logger()

    def __init__(self, seconds: Callable[[], float], address: Rate | None = None, everybody: Rate | None = None) -> None:
        self.address = address
        self.everybody = everybody
        self._seconds = seconds
        self._table = RateTable()
        #: Who met which limit, the latest last: how often, and when the last time.
        self._who: OrderedDict[tuple[str, str, str], Met] = OrderedDict()
        self._seldom = LogThinning()
        #: By application ("" for the service's own limits) and limit, since the start.
        self.met: Counter[tuple[str, str]] = Counter()
        #: How many nodes there are, this one among them; and with several what was let pass here since the last `take_uses`:
        #: seconds by bucket, of those whose use others are to hear of.
        self.nodes = 1
        self.uses: OrderedDict[tuple[str, ...], float] | None = None
        #: The same buckets, each as large as this node's share of it.
        self._shares = RateTable()

    @classmethod
    def of(cls, settings: ServiceLimits, seconds: Callable[[], float]) -> RateLimits:
        """As service.toml has them."""
        address, everybody = (
            Rate(a_second, burst) if a_second else None
            for a_second, burst in ((settings.address_rate, settings.address_burst),
                                    (settings.total_rate, settings.total_burst)))
        return cls(seconds, address, everybody)

    def of_address(self, request: InboundRequest, scope: str, rate: Rate, application: str) -> None:
        """Count it for its address, or for its /64, and that for its /48. Raises RequestError."""
        client = request.exchange.client
        network, block = network_of(client), block_of(client)
        self.take(request, (scope, network), rate, "address", network, application)
        if block != network:
            self.take(request, (scope, block), Rate(rate.a_second * _SITE, rate.burst * _SITE), "site", block, application)

    def take(
        self, request: InboundRequest, key: tuple[str, ...], rate: Rate, limit: str, who: str, application: str
    ) -> None:
        """Count it, or raise RequestError: 429, with when to come again."""
        now = self._seconds()
        if self.nodes > 1 and limit in _DIVIDED:
            rate = Rate(rate.a_second / self.nodes, math.ceil(rate.burst / self.nodes))
        wait = self._table.take(key, rate, now)
        if wait <= 0.0:
            if self.uses is not None and limit not in _DIVIDED:
                self._note(key, rate, now)
            return
        label = (application, limit)
        if label not in self.met and len(self.met) >= _MOST_APPLICATIONS:
            label = ("other", limit)
        self.met[label] += 1
        self._remember(who, application, limit, now)
        if self._seldom.is_due(key, now):
            self.log.warn("{who} sends more requests{where} than the limit {limit} allows: {rate:g} a second, {burst} at once",
                          who=who, limit=limit, rate=rate.a_second, burst=rate.burst,
                          where=f" to {application}" if application else "")
        seconds = math.ceil(wait)
        request.exchange.own_fields += (
            b'ratelimit-policy: "%b";q=%d;w=%d\nratelimit: "%b";r=0;t=%d\n' % (
                limit.encode(), rate.burst, math.ceil(rate.window), limit.encode(), seconds))
        raise RequestError(
            Code.RATE_EXCEEDED, f"limit {limit}: {rate.a_second:g} a second, {rate.burst} at once, of {who}", seconds)

    def _note(self, key: tuple[str, ...], rate: Rate, now: float) -> None:
        """It was let pass: others are to hear of it, unless little of this node's share is used."""
        uses = self.uses
        # A bucket that fills as fast as this node's share does: whoever sends evenly, and a little less than the limit, at
        # each of several nodes is always all but full in the other one.
        share = Rate(rate.a_second / self.nodes, math.ceil(rate.burst / self.nodes))
        is_much = self._shares.take(key, share, now) > 0.0 or self._shares.used(key, now) > _WORTH_TELLING * rate.window
        if uses is not None and (is_much or key in uses):
            uses[key] = uses.get(key, 0.0) + 1.0 / rate.a_second
            uses.move_to_end(key)
            if len(uses) > _MOST_NOTED:
                del uses[min(islice(uses, _COMPARED), key=uses.__getitem__)]

    def take_uses(self) -> dict[tuple[str, ...], float]:
        """What others are to hear of; those that are used most, where they are very many."""
        uses = self.uses or OrderedDict[tuple[str, ...], float]()
        self.uses = OrderedDict()
        self._table.owing = _OWING
        if len(uses) <= _MOST_TOLD:
            return uses
        return dict(nlargest(_MOST_TOLD, uses.items(), key=lambda item: item[1]))

    def charge(self, uses: Mapping[tuple[str, ...], float]) -> None:
        """Other nodes have let these pass."""
        now = self._seconds()
        for key, seconds in uses.items():
            self._table.charge(key, seconds, now)

    def of_all(self, request: InboundRequest) -> None:
        """Count it for its application, if that has a `rate`. Raises RequestError."""
        application = request.route.application
        if application.rate is not None:
            self.take(request, ("application", application.id), application.rate, "application", "everybody", application.name)

    def _remember(self, who: str, application: str, limit: str, now: float) -> None:
        met = self._who.setdefault((who, application, limit), Met())
        self._who.move_to_end((who, application, limit))
        if len(self._who) > _MOST_REMEMBERED:
            # The least of some old ones: whoever is refused once does not push out who is refused all the time.
            del self._who[min(islice(self._who, _COMPARED), key=lambda key: self._who[key].lately(now))]
        met.count = met.lately(now) + 1
        met.last = now

    def recent(self, seconds: float) -> list[dict[str, object]]:
        """Who was refused in the last so many seconds, as `relay.shortages.Shortages.recent` has it."""
        now = self._seconds()
        return [
            {"who": who, "application": application or "all hosts", "limit": f"limit {limit}", "count": met.count,
             "seconds_ago": round(now - met.last, 1)}
            for (who, application, limit), met in reversed(self._who.items()) if now - met.last <= seconds
        ]


class ServiceRates(Stage):
    """What one address, and all together, may send to all hosts, pages of our own included."""

    name = "service-rates"
    counts = True

    def __init__(self, limits: RateLimits) -> None:
        self._limits = limits

    def handle(self, request: InboundRequest) -> Outcome:
        """Pass it on, or raise RequestError: 429."""
        limits = self._limits
        if limits.address is not None:
            limits.of_address(request, "", limits.address, "")
        if limits.everybody is not None:
            limits.take(request, ("*",), limits.everybody, "all", "everybody", "")
        return None


class ApplicationRates(Stage):
    """What one address may send to an application: its setting `address_rate`; and where nobody signs in all: `rate`."""

    name = "application-rates"
    counts = True

    def __init__(self, limits: RateLimits) -> None:
        self._limits = limits

    def concerns(self, route: ApplicationRoute) -> bool:
        """Applications with such a setting."""
        application = route.application
        return application.address_rate is not None or (application.rate is not None and application.passthrough)

    def handle(self, request: InboundRequest) -> Outcome:
        """Pass it on, or raise RequestError: 429."""
        application = request.route.application
        if application.address_rate is not None:
            self._limits.of_address(request, application.id, application.address_rate, application.name)
        if application.passthrough:
            self._limits.of_all(request)
        return None


class UserRates(Stage):
    """What one user may send to an application: its setting `user_rate`. Where nobody signs in an address is a user; where
    they do, what all of them together may send, too: `rate`, of which those who are sent to the sign-in use up nothing.
    """

    name = "user-rates"
    counts = True

    def __init__(self, limits: RateLimits) -> None:
        self._limits = limits

    def concerns(self, route: ApplicationRoute) -> bool:
        """Applications with such a setting."""
        application = route.application
        return application.user_rate is not None or (application.rate is not None and not application.passthrough)

    def handle(self, request: InboundRequest) -> Outcome:
        """Pass it on, or raise RequestError: 429."""
        application, session = request.route.application, request.session
        if application.user_rate is not None:
            who = network_of(request.exchange.client) if session is None else session.subject
            of = "" if session is None else session.provider
            self._limits.take(request, ("user", application.id, of, who), application.user_rate, "user", who, application.name)
        if not application.passthrough:
            self._limits.of_all(request)
        return None
