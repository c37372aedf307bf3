"""Operations on published applications and on who may use them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from appproxy.admin.base.moments import read_moment
from appproxy.admin.base.operation import Call, Change, Command, Operation, Query
from appproxy.admin.base.pages import SEARCH
from appproxy.admin.base.principal import Permission
from appproxy.admin.base.problems import problems_of
from appproxy.admin.publishing.cors import cors_record
from appproxy.admin.publishing.segments import segment_record
from appproxy.errors import ConfigError
from appproxy.publish.application import COLUMNS, Application, Preauthentication
from appproxy.publish.settings.request_fields import HIDDEN, may_be_secret
from appproxy.publish.settings.table import FAMILIES, SETTINGS
from appproxy.store import names
from appproxy.store.applications import applications, assignments, logos
from appproxy.store.applications.assignments import Assignment
from appproxy.store.applications.summaries import Summary, summaries
from appproxy.store.connectors import groups as connector_groups
from appproxy.store.people import providers
from appproxy.store.tables import core as schema
from appproxy.store.transaction import Reading, Transaction

#: Topics of settings that concern nobody but the application itself, and columns that do; all else says where it is published
#: and where it leads.
_OWN_TOPICS = frozenset({"sign-in", "list", "programs", "requests", "answers", "maintenance"})
_OWN_COLUMNS = frozenset({"name", "provider"})
#: The first counts for names below its host, which may be those of others; by the second policies find it.
_OTHERS_TOO = frozenset({"hsts_subdomains", "tags"})
#: Whose certificates let programs in: whoever sets it can make credentials that get in, as with a service token.
_CREDENTIALS = frozenset({"machine_authority", "machine_subjects", "machine_crl"})
#: Seconds for which an assignment can be given that ends by itself: what is to be for longer can be given again.
LEAST_ACCESS, LONGEST_ACCESS = 60.0, 366 * 86400.0
#: Long texts (certificates) are not repeated in the audit.
_LONGEST = 200
#: Users and groups that an entry of the audit names.
_NAMED = 100


def _list(reading: Reading, call: Call) -> object:
    groups = {one.id: one.name for one in connector_groups.list_all(reading)}
    named = names.by_id(reading, schema.providers)
    return [_summary(one, groups, named) for one in summaries(reading, call.page)]


def _show(reading: Reading, call: Call) -> object:
    found = applications.find(reading, call.path["application"])
    return {**_full(reading, found, call), "problems": problems_of(reading, found, call.context)}


def _publish(tx: Transaction, call: Call) -> Change:
    body = call.body
    _check_credentials(call, body.mapping("settings"))
    made = applications.publish(
        tx,
        body.text("name"),
        body.text("internal"),
        body.text("external"),
        body.text("preauth", "oidc"),
        body.text("connector_group", connector_groups.DEFAULT),
        body.text("provider", providers.BUILTIN),
        settings=body.mapping("settings"),
    )
    _assign_at_once(tx, made, call)
    answer = _full(tx, made, call)
    return Change(answer, made.id, {**_noted(answer), "settings": _noted(applications.set_texts(tx, made.id))})


def _assign_at_once(tx: Transaction, made: Application, call: Call) -> None:
    users, groups = call.body.texts("users", ()), call.body.texts("groups", ())
    if (users or groups) and made.preauthentication is Preauthentication.PASSTHROUGH:
        raise ConfigError(f"users, groups: nobody signs in to {made.name} (preauth=passthrough), so everybody may use it; "
                          "leave them out, or leave preauth out")  # fmt: skip
    if users or groups:
        call.context.principal.require(Permission.CHANGE_ACCESS)
    for user in users:
        assignments.assign(tx, made.id, user=user)
    for group in groups:
        assignments.assign(tx, made.id, group=group)


def _set(tx: Transaction, call: Call) -> Change:
    values = call.body.mapping("settings")
    if not values:
        raise ConfigError("settings: give at least one KEY=VALUE")
    if not all(_is_its_own(_plain(key)) for key in values):
        call.context.principal.require(Permission.PUBLISH)
    _check_credentials(call, values)
    older = call.body.flag("older_crl", False)
    # With a provider go those whom it has let in: the audit names them.
    moves = any(_plain(key) == "provider" for key in values)
    before = assignments.list_for(tx, call.path["application"]) if moves else []
    found = applications.set_values(tx, call.path["application"], values, older_crl=older)
    after = set(assignments.list_of(tx, found.id)) if moves else set()
    gone = _assignments(tx, [one for one in before if one not in after])
    told = {"unassigned": gone[:_NAMED], "unassigned_total": len(gone)} if gone else {}
    detail = {"name": found.name, "settings": _noted(values), **told}
    return Change(_full(tx, found, call), found.id, detail)


def _check_credentials(call: Call, values: Mapping[str, object]) -> None:
    """Raises Forbidden where these decide what credentials count, and the caller may make none."""
    if any(_plain(key) in _CREDENTIALS for key in values):
        call.context.principal.require(Permission.CHANGE_TOKENS)


def _plain(key: str) -> str:
    return key.lower().replace("-", "_")


def _is_its_own(key: str) -> bool:
    """May whoever has this application alone set the key? An unknown key is refused later.

    Not `preauth`: without a sign-in nobody would be asked anything by policies.
    """
    if key in SETTINGS:
        return SETTINGS[key].topic in _OWN_TOPICS and key not in _OTHERS_TOO
    return key in _OWN_COLUMNS or key.startswith(tuple(one.start for one in FAMILIES.values()))


def _remove(tx: Transaction, call: Call) -> Change:
    gone = applications.remove(tx, call.path["application"])
    return Change({"id": gone.id, "name": gone.name}, gone.id, {"name": gone.name, "external": str(gone.external)})


def _assign(tx: Transaction, call: Call) -> Change:
    found = applications.find(tx, call.path["application"])
    maintainer = call.body.flag("maintainer") if "maintainer" in call.body else None
    expires = _end_or_never(tx, call)
    made = _assignment(tx, assignments.assign(tx, found.id, **_who(call), maintainer=maintainer, expires=expires))
    return Change(made, found.id, {"name": found.name, **made})


def _end_or_never(tx: Transaction, call: Call) -> float:
    """`expires`, or `expires_at`, a moment: whoever says one again later means the same end. 0.0 without both."""
    if "expires_at" not in call.body:
        return end_of(tx, call) if "expires" in call.body else 0.0
    if "expires" in call.body:
        raise ConfigError("expires_at: is said already by expires", hint="leave one of the two out")
    ends = read_moment(call.body.text("expires_at"), "expires_at")
    if not tx.now < ends <= tx.now + LONGEST_ACCESS:
        raise ConfigError("expires_at: must be at most a year from now, and not over")
    return ends


def end_of(tx: Transaction, call: Call) -> float:
    """When what is given shall end: `expires` of the body, in seconds since 1970. Raises ConfigError."""
    seconds = call.body.duration("expires")
    if not LEAST_ACCESS <= seconds <= LONGEST_ACCESS:
        raise ConfigError("expires: must be from a minute to a year, such as 8h or 30d")
    return tx.now + seconds


def _unassign(tx: Transaction, call: Call) -> Change:
    found = applications.find(tx, call.path["application"])
    gone = _assignment(tx, assignments.unassign(tx, found.id, **_who(call)))
    return Change(gone, found.id, {"name": found.name, **gone})


def _keys(reading: Reading, call: Call) -> object:
    table = [{"key": key, "explanation": text} for key, text in COLUMNS.items()]
    table += [
        {"key": one.key, "explanation": one.explanation, "default": one.default_text, "unit": one.unit, "topic": one.topic}
        for one in SETTINGS.values()
    ]
    return [*table, *({"key": one.start + "NAME", "explanation": one.meaning} for one in FAMILIES.values())]


def _who(call: Call) -> dict[str, str | None]:
    return {key: call.body.optional(key) for key in ("user", "group", "provider")}


def _summary(one: Summary, groups: Mapping[str, str], named: Mapping[str, str]) -> dict[str, object]:
    called = [named[provider] for provider in one.providers]
    return {
        "id": one.id,
        "name": one.name,
        "external": one.external,
        "internal": one.internal,
        "preauth": one.preauthentication,
        "connector_group": groups[one.connector_group],
        "provider": called[0],
        "providers": called,
        "assignment_required": one.assignment_required,
        "assigned": one.assigned,
    }


def _full(reading: Reading, one: Application, call: Call) -> dict[str, object]:
    """For the caller: what only those know who change the application is not for all who may look."""
    groups = {one.connector_group: connector_groups.find(reading, one.connector_group).name}
    named = names.by_id(reading, schema.providers, one.providers)
    texts, changes = applications.set_texts(reading, one.id), {Permission.CHANGE_APPLICATIONS}
    return {
        **_summary(Summary.of(one), groups, named), "logo": logos.digest_of(reading, one.id),
        "settings": texts if call.context.principal.covers(changes, one.id) else _without_secrets(texts),
        "segments": [segment_record(each) for each in one.segments],
        "cors": [cors_record(each) for each in one.cors],
        "assignments": _assignments(reading, assignments.list_of(reading, one.id)),
    }


def _list_assignments(reading: Reading, call: Call) -> object:
    found = assignments.list_page(reading, applications.find_id(reading, call.path["application"]), call.page)
    return [{"key": one.key, **shown} for one, shown in zip(found, _assignments(reading, found), strict=True)]


def _assignments(reading: Reading, found: Iterable[Assignment]) -> list[dict[str, object]]:
    named = names.by_id(reading, schema.providers)
    return [
        {"provider": named[one.provider], one.kind: one.label, "value": one.value, "maintainer": one.maintainer,
         "expires": one.expires}
        for one in found
    ]


def _assignment(reading: Reading, one: Assignment) -> dict[str, object]:
    """The provider by name, as `assign` takes it: of several that an application has, each has people of its own."""
    return _assignments(reading, [one])[0]


def _noted(values: Mapping[str, object]) -> dict[str, object]:
    return {
        key: value if not isinstance(value, str) or len(value) <= _LONGEST else value[:_LONGEST] + "..."
        for key, value in _without_secrets(values).items()
    }


def _without_secrets(values: Mapping[str, object]) -> dict[str, object]:
    """The same, but of fields that every request gets only that they are there."""
    return {key: HIDDEN if value and may_be_secret(key) else value for key, value in values.items()}


_ONE = "/applications/{application}"
OPERATIONS: tuple[Operation, ...] = (
    Query("/applications", "All applications, or those with the text of `search` in a name or URL.", _list, (SEARCH,),
          page="name", reads_pages=True, permission=Permission.READ_APPLICATIONS),
    Command("POST", "/applications", "application.publish", "Publish an application; `users` and `groups` are let in.",
            _publish,
            ("name", "internal", "external", "preauth", "connector_group", "provider", "settings", "users", "groups"),
            permission=Permission.PUBLISH),
    Query(_ONE, "One application with its settings and assignments.", _show,
          live=("problems",), permission=Permission.READ_APPLICATIONS),
    Command("PATCH", _ONE, "application.set",
            "Change columns and settings; an empty text puts the default back. `older_crl`: an older `machine_crl`, too.",
            _set, ("settings", "older_crl"), permission=Permission.CHANGE_APPLICATIONS),
    Command("DELETE", _ONE, "application.remove", "Publish it no longer.", _remove,
            permission=Permission.PUBLISH),
    Query(_ONE + "/assignments", "Who may use the application.", _list_assignments,
          page="key", reads_pages=True, live=(), permission=Permission.READ_APPLICATIONS),
    Command("POST", _ONE + "/assignments", "application.assign",
            "Let a user or a group in; as `maintainer` also while it is being maintained; `expires`: for a time; "
            "`expires_at`: until a moment (RFC 3339).", _assign,
            ("user", "group", "provider", "maintainer", "expires", "expires_at"),
            permission=Permission.CHANGE_ACCESS),
    Command("DELETE", _ONE + "/assignments", "application.unassign", "Let a user or a group in no longer.", _unassign,
            ("user", "group", "provider"),
            permission=Permission.CHANGE_ACCESS),
    Query("/application-settings", "The keys that an application can be set by.", _keys,
          permission=Permission.READ_APPLICATIONS),
)  # fmt: skip
