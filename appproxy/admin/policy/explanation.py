"""What policies make of a request that somebody describes: the gate's own rules, asked policy by policy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import inf

from appproxy.admin.base.body import Body
from appproxy.admin.base.operation import Call
from appproxy.device import ProvedDevice
from appproxy.errors import ConfigError
from appproxy.policy.authorizer import assigned_until
from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.decision import decide
from appproxy.policy.conditional.documents.naming import RELYING_PARTY
from appproxy.policy.conditional.explanation import Explained
from appproxy.policy.conditional.explanation import explain as explain_all
from appproxy.policy.conditional.facts import BROWSER, NATIVE, Asked, Facts, signing_in_elsewhere
from appproxy.policy.conditional.parts.transfers import refused_request
from appproxy.policy.networks import network_of
from appproxy.policy.risk.levels import LEVELS, UNKNOWN
from appproxy.policy.risk.user_risk import NO_RISK, UserRisk, of_level
from appproxy.publish.application import Application
from appproxy.store.applications import applications
from appproxy.store.devices import authorities
from appproxy.store.machines import clients
from appproxy.store.people import providers, user_groups, users
from appproxy.store.policies import policies
from appproxy.store.risk import risky_users
from appproxy.store.snapshot import BUILTIN
from appproxy.store.transaction import Reading


@dataclass(frozen=True, slots=True)
class Described:
    """A session that might be."""

    provider: str
    subject: str
    groups: tuple[str, ...]
    acr: str
    amr: tuple[str, ...]
    auth_time: float
    issued: float
    network: str
    credential: str
    sign_in_risk: str
    device: ProvedDevice | None = None


def explain(reading: Reading, call: Call) -> object:
    """The verdict, and each policy with what it does and the fact that decides. Raises ConfigError or NotFound."""
    body = call.body
    place = _asked_for(reading, body.text("application"))
    now = _time(body.text("time")) if "time" in body else call.context.now
    session = _session(reading, body, place.provider, now)
    made = policies.policy_set(reading, policies.read_locations(reading, call.context.country_of))
    facts = Facts(session, now, _request(body, place), made.locations, made.strengths, made.contexts.of(place.id),
                  _user_risk(reading, body, session), made.devices)
    explained = explain_all(made.policies.values(), facts, place.id)
    return {
        "application": place.name, "subject": session.subject,
        "locations": sorted(facts.locations), "contexts": sorted(facts.contexts.any_reading),
        **_verdict(made, facts, place.id, _unassigned(place, session, now)),
        "policies": [_described(one) for one in explained],
    }


@dataclass(frozen=True, slots=True)
class _Place:
    """Where somebody wants to go. `application`: None for a relying party."""

    id: str
    name: str
    provider: str
    application: Application | None = None


def _asked_for(reading: Reading, text: str) -> _Place:
    """An application, or a relying party, as policies name them. Raises NotFound."""
    if text.startswith(RELYING_PARTY):
        party = clients.find(reading, text.removeprefix(RELYING_PARTY))
        return _Place(party.id, RELYING_PARTY + party.name, BUILTIN)
    found = applications.find(reading, text)
    return _Place(found.id, found.name, found.provider, found)


def _unassigned(place: _Place, session: Described, now: float) -> str:
    """Why nobody is let in whatever the policies say; "" where that is not so. Each provider has its own assignments."""
    application = place.application
    if application is None:
        return "" if session.provider == BUILTIN else "relying parties have users of the built-in provider alone"
    access = application.access_of(session.provider)
    if access is None:
        return "the application does not take this identity provider"
    assigned = assigned_until(application, access, session.subject, session.groups) > now
    return "" if assigned else "the application is not assigned to this user"


def _verdict(made: PolicySet, facts: Facts, application: str, unassigned: str) -> dict[str, object]:
    if unassigned:
        return {"verdict": "refuse", "reason": unassigned}
    program = made.program(application)
    if program is None:
        return {"verdict": "pass", "reason": "no policy is about this application"}
    session = facts.session
    if (session.provider, session.subject) in made.exempt:
        return {"verdict": "pass", "reason": "a break-glass user: no policy counts"}
    decision = decide(program.assigned(session), facts)
    if decision.blocked:
        return {"verdict": "refuse", "reason": f"blocked by {', '.join(one.name for one in decision.blocked)}"}
    if decision.demand:
        return {"verdict": "sign in", "reason": f"{', '.join(one.name for one in decision.lacking)}: {decision.demand}"}
    transfers = decision.controls.transfers
    if transfers is None:
        return {"verdict": "pass", "reason": "all that policies ask for is proved"}
    refused = refused_request(transfers, facts.request.method)
    if refused is not None:
        return {"verdict": "refuse", "reason": str(refused)}
    limits = ", ".join(f"{name} by {rule.policy}" for name, rule in transfers.rules)
    return {"verdict": "pass", "reason": f"all that policies ask for is proved; {limits}"}


def _described(one: Explained) -> dict[str, object]:
    return {
        "policy": one.policy.name, "state": one.policy.state.value, "effect": one.effect.value, "because": one.because}


def _session(reading: Reading, body: Body, provider: str, now: float) -> Described:
    id_ = providers.find(reading, body.text("provider")).id if "provider" in body else provider
    user, groups, client = body.text("user"), body.texts("groups", ()), body.text("client", BROWSER)
    if client not in (BROWSER, NATIVE):
        raise ConfigError(f"client: {client!r} is no kind of client", hint=f"write {BROWSER} or {NATIVE}")
    if id_ == BUILTIN:
        found = users.find(reading, user)
        user = found.id
        groups = tuple(dict.fromkeys([
            *(group.id for group in found.groups), *(user_groups.find(reading, one).id for one in groups)]))
    return Described(
        id_, user, groups, body.text("acr", ""), body.texts("amr", ("pwd",)), now - body.duration("sign_in_age", 0.0), now,
        network_of(body.text("address", "")), "" if client == BROWSER else NATIVE, _level(body, "sign_in_risk", UNKNOWN),
        _device(reading, body, now))


def _level(body: Body, field: str, default: str) -> str:
    """A level of risk. Raises ConfigError."""
    level = body.text(field, default)
    if level and level not in LEVELS:
        raise ConfigError(f"{field}: {level!r} is no level of risk", hint=f"write {', '.join(LEVELS)}")
    return level


def _user_risk(reading: Reading, body: Body, session: Described) -> UserRisk:
    """That of now, where the body says none. Raises ConfigError."""
    if "user_risk" in body:
        return of_level(_level(body, "user_risk", ""))
    return risky_users.all_of(reading).get((session.provider, session.subject), NO_RISK)


def _device(reading: Reading, body: Body, now: float) -> ProvedDevice | None:
    """The device that is proved, of the named authority. Raises ConfigError or NotFound."""
    subject = tuple(sorted(body.mapping("device_subject").items()))
    if "device" not in body:
        if subject:
            raise ConfigError("device: is needed with device_subject", hint="name the authority that vouches for it")
        return None
    authority = authorities.find(reading, body.text("device"))
    return ProvedDevice(authority.id, "", subject, (), now, inf)


def _request(body: Body, place: _Place) -> Asked:
    """The request. Raises ConfigError."""
    if place.application is None:
        if "path" in body or "method" in body:
            raise ConfigError("path: a relying party is asked for nothing here", hint="leave path and method out")
        return signing_in_elsewhere(body.text("address", ""), body.text("user_agent", "").encode())
    path, method = body.text("path", "/"), body.text("method", "GET")
    if not path.startswith("/") or "?" in path or not path.isascii():
        raise ConfigError("path: a path without a query is needed", hint="write it as browsers send it: /payroll/%C3%A4")
    if not method.isascii():
        raise ConfigError("method: a method is needed", hint="write GET or POST")
    return Asked(body.text("address", ""), body.text("user_agent", "").encode(), method.encode("ascii"), path.encode("ascii"))


def _time(text: str) -> float:
    """Seconds since 1970. Raises ConfigError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ConfigError("time: a moment with its zone is needed", hint="write it as 2026-12-24T18:00+01:00")
    return found.timestamp()
