"""The order of the stages, in one place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from appproxy.service.dispatch.access import Authentication, Authorization
from appproxy.service.dispatch.error_pages import ErrorPages
from appproxy.service.dispatch.forwarding import Slash, ToRelay
from appproxy.service.dispatch.gate import Gate
from appproxy.service.dispatch.hosts import Authority, FindRoute, OwnConnection, OwnHosts
from appproxy.service.dispatch.maintenance import Maintenance
from appproxy.service.dispatch.own_pages import Branding, OwnPaths, Robots
from appproxy.service.dispatch.preflight import Preflight
from appproxy.service.dispatch.sign_in_start import SignInStart
from appproxy.service.dispatch.stage import Stage
from appproxy.service.exchange.exchange import Handler
from appproxy.service.relay.relay import Relay


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the stages are made of. `own_hosts`: what answers on `signin.D`, `apps.D` and `D`; `ports`: where users come in."""

    gate: Gate
    relay: Relay
    sign_in: SignInStart
    error_pages: ErrorPages
    own_hosts: Mapping[str, Handler]
    own_paths: Handler
    ports: Collection[int] = field(default=(443,))


def stages(parts: Parts) -> tuple[Stage, ...]:
    """A request's way. Each line may count on all lines above it."""
    return (
        OwnConnection(),                                        # came on a connection for its host,
        Branding(parts.error_pages),                              # is for no logo or style sheet of ours,
        OwnHosts(parts.own_hosts, parts.ports),                 # for no host of ours,
        OwnPaths(parts.own_paths, parts.ports),                 # for no page of ours on an application's host
        Robots(parts.ports),                                    # and no robots.txt that we answer;
        FindRoute(),                                            # belongs to an application,
        Authority(parts.ports),                                 # names its host in one form,
        Preflight(parts.relay.plans, parts.error_pages),          # is no preflight,
        Authentication(parts.gate),                             # is a user's
        Maintenance(parts.gate, parts.sign_in),                             # who maintains it, if it is closed,
        Authorization(parts.gate, parts.sign_in, parts.error_pages),  # and who may use it,
        Slash(parts.relay.plans),                               # and has its last slash:
        ToRelay(parts.relay),                                   # the relay sends it to a connector.
    )
