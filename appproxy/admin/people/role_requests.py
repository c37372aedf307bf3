"""Operations on roles that are had when they are needed: who may ask for which, asking, and approving.

Nobody approves what they have asked for, and nobody approves more, or for longer, than they may do themselves.
"""

from __future__ import annotations

from math import inf

from appproxy.admin.base import guard, roles
from appproxy.admin.base.operation import Call, Change, Command, Operation, Query
from appproxy.admin.base.principal import Forbidden, Permission, Principal
from appproxy.admin.people.role_assignments import LONGEST_ROLE
from appproxy.errors import ConfigError, NotFound
from appproxy.store.applications import applications
from appproxy.store.roles import assignments, entitlements
from appproxy.store.roles.assignments import Labels, NamedHolder
from appproxy.store.roles.entitlements import Asking, RoleRequest
from appproxy.store.snapshot import BUILTIN, Entitlement
from appproxy.store.tables.core import USER
from appproxy.store.transaction import Reading, Transaction

#: The longest that a role may be asked for, in seconds: a day. Longer than that it is no exception.
_LONGEST = 86400.0
#: What an entitlement says where nobody says otherwise: a working day.
_USUAL = 8 * 3600.0
_LONGEST_REASON = 500


def _list(reading: Reading, call: Call) -> object:
    labels = Labels.now(reading)
    return [_shown(one, labels) for one in entitlements.list_all(reading)]


def _mine(reading: Reading, call: Call) -> object:
    labels, me = Labels.now(reading), call.context.principal
    return [_shown(one, labels) for one in entitlements.of(reading, me.holders, call.context.now)]


def _entitle(tx: Transaction, call: Call) -> Change:
    body = call.body
    expires = 0.0
    if "expires" in body:
        seconds = body.duration("expires")
        if not 0 < seconds <= LONGEST_ROLE:
            raise ConfigError("expires: must be in the next ten years, such as 90d", hint="leave it out: for good")
        expires = tx.now + seconds
    longest = body.duration("longest", _USUAL)
    if not 60.0 <= longest <= _LONGEST:
        raise ConfigError("longest: must be a minute to a day, such as 4h")
    role, application = _wanted(tx, call, expires or inf)
    holder = assignments.resolve(tx, _who(call))
    made = entitlements.entitle(
        tx, role.name, holder, application, longest, body.flag("approval", default=False), expires)
    return _change(tx, made)


def _withdraw(tx: Transaction, call: Call) -> Change:
    role, application = _wanted(tx, call, -inf)
    return _change(tx, entitlements.withdraw(tx, role.name, assignments.resolve(tx, _who(call)), application))


def _wanted(tx: Transaction, call: Call, until: float) -> tuple[roles.AdminRole, str]:
    role = roles.find(call.body.text("role"))
    application = applications.find(tx, call.body.text("application")).id if "application" in call.body else ""
    guard.check_grant(call.context.principal, role, application, until)
    return role, application


def _who(call: Call) -> NamedHolder:
    return NamedHolder(call.body.text("user", ""), call.body.text("group", ""), "", call.body.text("provider", ""))


def _list_requests(reading: Reading, call: Call) -> object:
    """Everybody's for who may read who has which role, else one's own."""
    me = call.context.principal
    mine = None if me.covers({Permission.READ_ROLES}) else me.person or ("", "")
    labels, known = Labels.now(reading), {one.id: one for one in entitlements.list_all(reading)}
    return [
        _request(one, known[one.entitlement], labels, call.context.now)
        for one in entitlements.list_requests(reading, mine) if one.entitlement in known
    ]


def _ask(tx: Transaction, call: Call) -> Change:
    me, body = call.context.principal, call.body
    name, reason = body.text("role"), body.text("reason").strip()
    if me.person is None:
        raise Forbidden(f"{me.called} cannot be entitled to a role", hint="people ask for roles, who have signed in")
    entitlement = _found(tx, call, me, roles.find(name).name, body.duration("duration", 0.0))
    seconds = body.duration("duration", entitlement.longest)
    if not 60.0 <= seconds <= entitlement.longest:
        raise ConfigError(f"duration: must be a minute to {entitlement.longest / 3600:g} hours")
    if not 0 < len(reason) <= _LONGEST_REASON or not reason.isprintable():
        raise ConfigError(f"reason: 1 to {_LONGEST_REASON} printable characters are needed")
    asking = Asking(*me.person, str(me.noted.get("caller", me.person[1])), reason, seconds)
    made = entitlements.ask(tx, entitlement, asking)
    if not entitlement.approval:
        made = entitlements.grant(tx, made, entitlement, "")
    return _requested(tx, made, entitlement)


def _found(tx: Transaction, call: Call, me: Principal, name: str, seconds: float) -> Entitlement:
    """By what they may ask for this role for so many seconds, 0.0 for as long as they may. Raises NotFound.

    Of several that allow so long, one that nobody has to approve; of these the one that gives most. Where none does, the one
    that comes nearest, which says for how long it may be.
    """
    application = applications.find(tx, call.body.text("application")).id if "application" in call.body else ""
    fitting = [
        one for one in entitlements.of(tx, me.holders, tx.now) if (one.role, one.application) == (name, application)]
    if not fitting:
        raise NotFound(f"you are not entitled to the role {name}", hint="appproxy role requests --mine says to what you are")
    return max(fitting, key=lambda one: (
        min(one.reach(tx.now), seconds), min(one.longest, seconds), not one.approval, one.reach(tx.now)))


def _approve(tx: Transaction, call: Call) -> Change:
    request, entitlement = _decided(tx, call)
    me = call.context.principal
    ends = tx.now + min(request.seconds, entitlement.longest)
    guard.check_grant(me, roles.find(entitlement.role), entitlement.application, ends)
    return _requested(tx, entitlements.grant(tx, request, entitlement, me.name), entitlement)


def _deny(tx: Transaction, call: Call) -> Change:
    request, entitlement = _decided(tx, call)
    guard.check_grant(call.context.principal, roles.find(entitlement.role), entitlement.application)
    return _requested(tx, entitlements.deny(tx, request, call.context.principal.name), entitlement)


def _end(tx: Transaction, call: Call) -> Change:
    """One's own; or another one's, which only those may end who could give it: it takes nothing that they may not take."""
    request = entitlements.find_request(tx, call.path["request"])
    entitlement = entitlements.find(tx, request.entitlement)
    me = call.context.principal
    if me.person != (request.provider, request.subject):
        me.require(Permission.CHANGE_ROLES)
        guard.check_grant(me, roles.find(entitlement.role), entitlement.application)
    return _requested(tx, entitlements.end(tx, request), entitlement)


def _decided(tx: Transaction, call: Call) -> tuple[RoleRequest, Entitlement]:
    """A request that the caller may decide: another one's, and as a person, for who has made a token may be who asks."""
    request = entitlements.find_request(tx, call.path["request"])
    me = call.context.principal
    if not me.system and me.person is None:
        raise Forbidden(f"{me.called} is no person", hint="another person must approve it")
    if me.person == (request.provider, request.subject):
        raise Forbidden(f"{me.called} has asked for it", hint="another person must approve it")
    entitlement = entitlements.find(tx, request.entitlement)
    if not entitlement.holds(tx.now):
        raise NotFound(f"{request.name} is entitled to it no longer")
    return request, entitlement


def _change(tx: Transaction, one: Entitlement) -> Change:
    shown = _shown(one, Labels.now(tx))
    return Change(shown, one.value, {key: value for key, value in shown.items() if key not in ("id", "created")})


def _requested(tx: Transaction, request: RoleRequest, one: Entitlement) -> Change:
    shown = _request(request, one, Labels.now(tx), tx.now)
    noted = ("role", "application", "name", "user", "provider", "reason", "duration", "state", "ends")
    return Change(shown, request.subject, {key: shown[key] for key in noted})


def _shown(one: Entitlement, labels: Labels) -> dict[str, object]:
    return {
        "id": one.id, "role": one.role, "kind": one.kind, "name": labels.of_holder(one.holder), "value": one.value,
        "provider": labels.providers.get(one.provider, one.provider),
        "application": labels.applications.get(one.application, one.application),
        "longest": one.longest, "approval": one.approval, "created": one.created, "expires": one.expires,
    }


def _request(one: RoleRequest, entitlement: Entitlement, labels: Labels, now: float) -> dict[str, object]:
    """`name` is what they are called, which many may be; `user` and `provider` are nobody else's. Of users of other providers
    that is the subject, and no address is known.
    """
    holder = (one.provider, USER, one.subject)
    return {
        "id": one.id, "role": entitlement.role,
        "application": labels.applications.get(entitlement.application, entitlement.application), "name": one.name,
        "user": labels.of_holder(holder), "email": labels.emails.get(one.subject, "") if one.provider == BUILTIN else "",
        "subject": one.subject, "provider": labels.providers.get(one.provider, one.provider), "reason": one.reason,
        "duration": one.seconds, "state": one.state_at(now), "decider": one.decider, "created": one.created, "ends": one.ends,
    }


_FIELDS = ("role", "user", "group", "provider", "application")
OPERATIONS: tuple[Operation, ...] = (
    Query("/role-entitlements", "Who may ask for which role.", _list, page="id", live=(), permission=Permission.READ_ROLES),
    Query("/role-entitlements/mine", "Which roles the caller may ask for.", _mine, page="id",
          permission=Permission.READ_REQUESTS),
    Command("POST", "/role-entitlements", "role.entitle",
            "Let a user, or the members of a group, ask for a role: for `longest` at most, and with `approval` once another "
            "person has approved.", _entitle, (*_FIELDS, "longest", "approval", "expires"),
            permission=Permission.CHANGE_ROLES),
    Command("DELETE", "/role-entitlements", "role.withdraw", "Let them ask no more; what they have by it ends.", _withdraw,
            _FIELDS, permission=Permission.CHANGE_ROLES),
    Query("/role-requests", "What was asked for, the newest first: one's own, or everybody's for who may read roles.",
          _list_requests, page="id", permission=Permission.READ_REQUESTS),
    Command("POST", "/role-requests", "role.request", "Ask for a role, for a `duration`, with a `reason`.", _ask,
            ("role", "application", "duration", "reason"), permission=Permission.MAKE_REQUESTS),
    Command("POST", "/role-requests/{request}/approve", "role.approve", "Give what another person has asked for.", _approve,
            permission=Permission.CHANGE_ROLES),
    Command("POST", "/role-requests/{request}/deny", "role.deny", "Do not give what was asked for.", _deny,
            permission=Permission.CHANGE_ROLES),
    Command("POST", "/role-requests/{request}/end", "role.end", "End a role that was asked for, or take a request back: one's "
            "own, or anybody's for who may give the role.", _end, permission=Permission.MAKE_REQUESTS),
)
