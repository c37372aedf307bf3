"""Operations on conditional access: policies and what they refer to by name, and who is exempt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from appproxy.admin.base.operation import Ask, Call, Change, Command, Operation, Query
from appproxy.admin.base.principal import Permission
from appproxy.admin.policy.explanation import explain
from appproxy.errors import ConfigError
from appproxy.policy.conditional.documents.strengths import BUILT_IN
from appproxy.store import names
from appproxy.store.names import NotFound
from appproxy.store.policies import documents, policies, trial
from appproxy.store.policies.documents import DocumentKind, Stored
from appproxy.store.policies.references import Names
from appproxy.store.snapshot import BUILTIN
from appproxy.store.tables import core as schema
from appproxy.store.transaction import Reading, Transaction


def _record(reading: Reading, kind: DocumentKind, one: Stored) -> dict[str, object]:
    match kind:
        case DocumentKind.POLICY | DocumentKind.CONTEXT:
            return _described(one, Names.of(reading, [one.document]).shown(one.document))
        case DocumentKind.STRENGTH:
            return _described(one, Names.of(reading, ()).shown_strength(one.document))
        case DocumentKind.LOCATION:
            return _described(one, dict(one.document))


def _described(one: Stored, document: Mapping[str, object]) -> dict[str, object]:
    made: dict[str, object] = {"name": one.name, "id": one.id, "version": one.version, "changed": one.changed}
    if "state" in document:
        made["state"] = document["state"]
    return {**made, "document": document}


def _shown(reading: Reading, kept: Sequence[Stored]) -> list[dict[str, object]]:
    called = Names.of(reading, [one.document for one in kept])
    return [_described(one, called.shown(one.document)) for one in kept]


def _list_policies(reading: Reading, call: Call) -> object:
    return _shown(reading, documents.list_all(reading, DocumentKind.POLICY, call.page))


def _list_locations(reading: Reading, call: Call) -> object:
    return [_described(one, one.document) for one in documents.list_all(reading, DocumentKind.LOCATION, call.page)]


def _list_contexts(reading: Reading, call: Call) -> object:
    return _shown(reading, documents.list_all(reading, DocumentKind.CONTEXT, call.page))


def _list_strengths(reading: Reading, call: Call) -> object:
    called = Names.of(reading, ())
    kept = [_described(one, called.shown_strength(one.document)) for one in documents.list_all(reading, DocumentKind.STRENGTH)]
    taken = {one["name"] for one in kept}
    return [*(_built_in(name) for name in BUILT_IN if name not in taken), *kept]


def _built_in(name: str) -> dict[str, object]:
    return {"name": name, "id": name, "version": 0, "changed": 0.0, "document": BUILT_IN[name]}


def _show(kind: DocumentKind) -> Callable[[Reading, Call], object]:
    def show(reading: Reading, call: Call) -> object:
        name = call.path[kind.value]
        try:
            return _record(reading, kind, documents.find(reading, kind, name))
        except NotFound:
            if kind is DocumentKind.STRENGTH and name in BUILT_IN:
                return _built_in(name)
            raise

    return show


def _set(kind: DocumentKind) -> Callable[[Transaction, Call], Change]:
    def set_(tx: Transaction, call: Call) -> Change:
        name, document = call.path[kind.value], call.body.json("document")
        match kind:
            case DocumentKind.POLICY:
                made = policies.put(tx, name, document, force=call.body.flag("force", False))
            case DocumentKind.LOCATION:
                made = policies.put_location(tx, name, document)
                if made.document["countries"] and call.context.settings.country_database is None:
                    raise ConfigError("countries: the service knows no countries",
                                      hint="name a file as country_database in service.toml, and start the service again")
            case DocumentKind.CONTEXT:
                made = policies.put_context(tx, name, document)
            case DocumentKind.STRENGTH:
                made = policies.put_strength(tx, name, document)
        record = _record(tx, kind, made)
        return Change(record, made.id, {"name": made.name, "version": made.version, "document": _noted(kind, record)})

    return set_


def _noted(kind: DocumentKind, record: Mapping[str, object]) -> object:
    """What the audit keeps of a document: all, but of the many networks of a location only their number."""
    document = record["document"]
    if kind is not DocumentKind.LOCATION or not isinstance(document, dict):
        return document
    networks = document.get("networks")
    return {**document, "networks": len(networks) if isinstance(networks, list) else 0}


def _remove(kind: DocumentKind) -> Callable[[Transaction, Call], Change]:
    def remove(tx: Transaction, call: Call) -> Change:
        record = _record(tx, kind, documents.find(tx, kind, call.path[kind.value]))
        gone = policies.remove(tx, kind, call.path[kind.value])
        return Change(record, gone.id, {"name": gone.name, "version": gone.version, "document": _noted(kind, record)})

    return remove


def _check(reading: Reading, call: Call) -> object:
    return policies.faults(reading)


def _replay(reading: Reading, call: Call) -> object:
    proposed = call.body.json("policies") if "policies" in call.body else []
    if not isinstance(proposed, list):
        raise ConfigError("policies: a list of documents is needed")
    settings = call.context.settings
    return {**trial.material(reading, proposed, call.body.texts("without", ())),
            "log": settings.decision_log, "country_database": settings.country_database}


def _replayed(reading: Reading, call: Call) -> object:
    if call.context.service_answer is None:
        raise ConfigError("no service runs on this state directory", hint="run it here: appproxy policy replay")
    return call.context.service_answer


def _list_exempt(reading: Reading, call: Call) -> object:
    exempt = sorted(subject for provider, subject in policies.exempt(reading) if provider == BUILTIN)
    called = names.by_id(reading, schema.users, exempt)
    return [{"user": called[subject], "id": subject} for subject in exempt if subject in called]


def _exempt(wanted: bool) -> Callable[[Transaction, Call], Change]:
    def set_(tx: Transaction, call: Call) -> Change:
        id_, name = policies.set_exempt(tx, call.path["user"], wanted=wanted)
        return Change({"user": name, "id": id_}, id_, {"name": name, "warning": "no policy concerns this user"}
                      if wanted else {"name": name})

    return set_


def _of(
    kind: DocumentKind, all_: str, words: str, listing: Callable[[Reading, Call], object], fields: tuple[str, ...]
) -> tuple[Operation, ...]:
    one = f"{all_}/{{{kind.value}}}"
    read, change = Permission.READ_POLICIES, Permission.CHANGE_POLICIES
    return (
        # Strengths are few, and some of them are in no table.
        Query(all_, f"All {words}.", listing, page="name", reads_pages=kind is not DocumentKind.STRENGTH, permission=read),
        Query(one, f"One of the {words}, as its document.", _show(kind), live=(), permission=read),
        Command("PUT", one, f"{kind.value}.set", f"Keep one of the {words}, or another version of it.", _set(kind), fields,
                permission=change),
        Command("DELETE", one, f"{kind.value}.remove", f"Forget one of the {words}.", _remove(kind), permission=change),
    )


OPERATIONS: tuple[Operation, ...] = (
    *_of(DocumentKind.POLICY, "/policies", "policies", _list_policies, ("document", "force")),
    *_of(DocumentKind.LOCATION, "/locations", "named locations", _list_locations, ("document",)),
    *_of(DocumentKind.STRENGTH, "/strengths", "authentication strengths", _list_strengths, ("document",)),
    *_of(DocumentKind.CONTEXT, "/contexts", "authentication contexts", _list_contexts, ("document",)),
    Query("/policy-check", "What is wrong with the policies that are there.", _check,
          permission=Permission.READ_POLICIES),
    Query("/policy-explanation", "What policies make of a request, each with the fact that decides.", explain,
          ("application", "user", "provider", "groups", "address", "time", "acr", "amr", "sign_in_age", "user_agent",
           "method", "path", "client", "sign_in_risk", "user_risk", "device", "device_subject"),
          permission=Permission.READ_USERS),
    Query("/policy-replay", "What it takes to replay the decision log with these policies in place of those of their names.",
          _replay, ("policies", "without"), permission=Permission.READ_USERS),
    Query("/policy-replay/report", "What these policies in place of those of their names would have made of the decision log "
          "of the node that answers, of the last `age`: takes up to a minute.", _replayed, ("policies", "without", "age"),
          method="POST", asks=Ask.REPLAY, permission=Permission.READ_USERS),
    Query("/break-glass", "The users whom no policy concerns.", _list_exempt,
          page="user", permission=Permission.READ_USERS),
    Command("PUT", "/break-glass/{user}", "break_glass.add", "Let no policy concern a user of the built-in provider.",
            _exempt(True), permission=Permission.CHANGE_POLICIES),
    Command("DELETE", "/break-glass/{user}", "break_glass.remove", "Let policies concern the user again.",
            _exempt(False), permission=Permission.CHANGE_POLICIES),
)  # fmt: skip
