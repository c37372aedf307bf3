"""The order of the stages, in one place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from appproxy.service.dispatch.error_pages import ErrorPages
from appproxy.service.dispatch.gates.decision_log import DecisionLog
from appproxy.service.dispatch.gates.gate import Gate
from appproxy.service.dispatch.gates.report_only import ReportOnly
from appproxy.service.dispatch.gates.sign_in_start import SignInStart
from appproxy.service.dispatch.stage import Stage
from appproxy.service.dispatch.stages.access import Authentication, Authorization
from appproxy.service.dispatch.stages.forwarding import Limits, Slash, ToRelay
from appproxy.service.dispatch.stages.hosts import Authority, FindRoute, OwnConnection, OwnHosts
from appproxy.service.dispatch.stages.kept_forms import FormKeeping, KeptForms
from appproxy.service.dispatch.stages.machine_access import MachineAuthentication, MachineAuthorization, Programs
from appproxy.service.dispatch.stages.maintenance import Maintenance
from appproxy.service.dispatch.stages.own_pages import Branding, OwnPaths, Robots
from appproxy.service.dispatch.stages.preflight import Preflight
from appproxy.service.dispatch.stages.rates import ApplicationRates, RateLimits, ServiceRates, UserRates
from appproxy.service.dispatch.stages.resource_metadata import ResourceMetadata
from appproxy.service.exchange.exchange import Handler
from appproxy.service.relay.relay import Relay


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the stages are made of. `own_hosts`: what answers on `signin.D`, `apps.D` and `D`; `ports`: where users come in.

    `alone`: hosts that share no connection with others. Without `keeping` no form outlives its session; without `decisions`
    none is logged; without `reports` nobody hears what policies would have done that are only reported.
    """

    gate: Gate
    programs: Programs
    relay: Relay
    sign_in: SignInStart
    error_pages: ErrorPages
    own_hosts: Mapping[str, Handler]
    own_paths: Handler
    ports: Collection[int] = field(default=(443,))
    keeping: FormKeeping | None = None
    decisions: DecisionLog | None = None
    reports: ReportOnly | None = None
    rates: RateLimits
    alone: Collection[str] = ()


def stages(parts: Parts) -> tuple[Stage, ...]:
    """A request's way. Each line may count on all lines above it."""
    judging = (parts.sign_in, parts.error_pages, parts.decisions, parts.reports)
    limited = parts.rates.address is not None or parts.rates.everybody is not None
    return (
        OwnConnection(parts.alone),                             # came on a connection for its host,
        *((ServiceRates(parts.rates),) if limited else ()),     # is not one too many,
        Branding(parts.error_pages),                              # is for no logo or style sheet of ours,
        OwnHosts(parts.own_hosts, parts.ports),                 # for no host of ours,
        OwnPaths(parts.own_paths, parts.ports),                 # for no page of ours on an application's host
        Robots(parts.ports),                                    # no robots.txt that we answer,
        ResourceMetadata(parts.ports),                          # and not for what programs look up first;
        FindRoute(),                                            # belongs to an application,
        Authority(parts.ports),                                 # names its host in one form,
        ApplicationRates(parts.rates),                          # is not one too many of its address,
        Preflight(parts.relay.plans, parts.error_pages),          # is no preflight,
        Authentication(parts.gate),                             # is a user's
        MachineAuthentication(parts.programs),                  # or a program's
        Maintenance(parts.programs.gate, parts.sign_in),                             # who maintains it, if it is closed,
        KeptForms(parts.gate, parts.keeping),                   # no form that waits for its sender, or stands for one,
        Authorization(parts.gate, *judging),                    # and who may use it,
        MachineAuthorization(parts.programs, *judging),         # or which program,
        UserRates(parts.rates),                                 # is not one too many of theirs, or of all,
        Slash(parts.relay.plans),                               # has its last slash,
        Limits(),                                                # and is what the application takes:
        ToRelay(parts.relay),                                   # the relay sends it to a connector.
    )
