"""What is known when a policy is judged: of the session, the moment and the request. Worked out when it is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Protocol
from zoneinfo import ZoneInfo

from appproxy.device import ProvedDevice
from appproxy.policy.conditional.locations import Locations
from appproxy.policy.conditional.model import Proved, Strength, Subject
from appproxy.policy.conditional.parts.contexts import Context, Found, contexts_of
from appproxy.policy.conditional.parts.devices import AHEAD, NO_DEVICES, PROVED, Devices
from appproxy.policy.conditional.parts.platforms import platform_of
from appproxy.policy.conditional.parts.windows import Clock, Window, clock_of
from appproxy.policy.risk.user_risk import NO_RISK, UserRisk

#: How a session is used: by an access cookie, or by an access token.
BROWSER, NATIVE = "browser", "native"


class PolicyRequest(Protocol):
    """What of a request policies look at: `policy.authorizer.RequestContext` has it."""

    @property
    def client(self) -> str: ...
    @property
    def user_agent(self) -> bytes: ...
    @property
    def method(self) -> bytes: ...
    @property
    def path(self) -> bytes: ...
    @property
    def upgrade(self) -> bool: ...
    @property
    def elsewhere(self) -> bool:
        """Is it a sign-in to an application of which nothing more is seen here: a relying party?"""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: the user's address without port, User-Agent, method, and the external URL's raw path without the query.

    `upgrade`: the connection is to change to another protocol, such as WebSocket. `elsewhere`: it is a sign-in to a relying
    party, whose requests are not seen here.
    """

    client: str = ""
    user_agent: bytes = b""
    method: bytes = b"GET"
    path: bytes = b"/"
    upgrade: bool = False
    elsewhere: bool = False


def signing_in_elsewhere(client: str, user_agent: bytes) -> Asked:
    """A sign-in to a relying party, of whose requests neither method nor path is known."""
    return Asked(client, user_agent, b"", b"", elsewhere=True)


class Judged(Subject, Proved, Protocol):
    """A session, as policies see it.

    `network`: where it began (`policy.networks.network_of`), "" for unknown. `credential`: "" for an access cookie, else what
    was shown in its place. `sign_in_risk`: the level that was judged when it began, "" for unknown. `device`: that was proved
    in it, None for none.
    """

    @property
    def issued(self) -> float: ...
    @property
    def network(self) -> str: ...
    @property
    def credential(self) -> str: ...
    @property
    def sign_in_risk(self) -> str: ...
    @property
    def device(self) -> ProvedDevice | None: ...


class Facts:
    """Of one request. `contexts`: those of its application."""

    __slots__ = (
        "_clocks", "_contexts", "_found", "_locations", "_met", "_strengths", "_table", "_user_risk", "_windows",
        "auth_time", "device", "device_until", "now", "provider", "request", "session",
    )

    def __init__(
        self, session: Judged, now: float, request: PolicyRequest, locations: Locations, strengths: Mapping[str, Strength],
        contexts: Sequence[Context] = (), user_risk: UserRisk = NO_RISK, devices: Devices = NO_DEVICES,
    ) -> None:
        self.session = session
        self.now = now
        self.auth_time = session.auth_time
        self.provider = session.provider
        self.request = request
        self._table = locations
        self._strengths = strengths
        self._contexts = contexts
        self._user_risk = user_risk
        self._found: Found | None = None
        self._locations: frozenset[str] | None = None
        self._clocks: dict[ZoneInfo, Clock] = {}
        #: By the identity of a window, which a policy keeps.
        self._windows: dict[int, tuple[bool, float]] = {}
        self._met: dict[str, bool] = {}
        #: The device that was proved in the session, if it counts now; and until when the same is true.
        self.device: ProvedDevice | None = None
        self.device_until = inf
        if session.device is not None and (until := devices.until(session.device)) > now:
            # Of a proof of a time to come nobody knows how old it is by now: the clock was set back since.
            begins = session.device.proved - AHEAD
            if begins <= now:
                self.device, self.device_until = session.device, until
            else:
                self.device_until = begins

    @property
    def locations(self) -> frozenset[str]:
        """The named locations in which the user's address is."""
        if self._locations is None:
            self._locations = self._table.of(self.request.client)
        return self._locations

    @property
    def platform(self) -> str:
        """What the browser says it runs on."""
        return platform_of(self.request.user_agent)

    @property
    def contexts(self) -> Found:
        """The authentication contexts that the request is in."""
        if self._found is None:
            request = self.request
            self._found = contexts_of(self._contexts, request.method, request.path, request.upgrade)
        return self._found

    @property
    def client_kind(self) -> str:
        """`BROWSER` or `NATIVE`, by what was shown: a cookie or a token."""
        return NATIVE if self.session.credential else BROWSER

    @property
    def sign_in_risk(self) -> str:
        """The level of risk of the sign-in; "" for unknown."""
        return self.session.sign_in_risk

    @property
    def user_risk(self) -> str:
        """The level of risk of the user."""
        return self._user_risk.level(self.now)

    @property
    def user_risk_until(self) -> float:
        """Until when that stays the same by itself."""
        return self._user_risk.until(self.now)

    @property
    def devices(self) -> frozenset[str]:
        """`PROVED` and the id of the device's authority; nothing where no device is proved."""
        return frozenset() if self.device is None else frozenset({PROVED, self.device.authority})

    def window(self, window: Window) -> tuple[bool, float]:
        """Is a window of time open now, and until when is the answer the same? Many policies have the same few windows."""
        key = id(window)
        found = self._windows.get(key)
        if found is None:
            clock = self._clocks.get(window.zone)
            if clock is None:
                clock = self._clocks[window.zone] = clock_of(self.now, window.zone)
            found = self._windows[key] = window.contains(clock), window.edge(clock)
        return found

    def meets(self, strength: str) -> bool:
        """Has the sign-in this strength? One that is not there is met by nobody."""
        known = self._met.get(strength)
        if known is None:
            named = self._strengths.get(strength)
            known = self._met[strength] = named is not None and named.is_met(self.session, self.device)
        return known
