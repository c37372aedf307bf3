"""Published applications: add, change, find and remove them. Who may use them: `assignments.py`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.publish.application import COLUMNS, Application, Preauthentication, Segment, Url
from appproxy.publish.settings.texts import check_texts
from appproxy.store import names
from appproxy.store.applications import cors_rules, further_providers, machine_lists
from appproxy.store.applications.external_urls import check_excluded, check_machines, checked_external, claim, refuse_taken
from appproxy.store.applications.row import Assigned, application_of, assigned_of, segment_of
from appproxy.store.connectors import groups
from appproxy.store.paging import ListPage, among, paged
from appproxy.store.people import providers
from appproxy.store.service.place import check_internal, check_pair
from appproxy.store.tables.core import applications, assignments, segments
from appproxy.store.transaction import Reading, Row, Transaction

_WHAT = "application"
#: The order of an application's segments.
_SEGMENTS = segments.c.external


def publish(
    tx: Transaction,
    /,
    name: str,
    internal: str,
    external: str,
    preauthentication: str | Preauthentication = Preauthentication.OIDC,
    connector_group: str = groups.DEFAULT,
    provider: str = providers.BUILTIN,
    settings: Mapping[str, str] | None = None,
    **more: str,
) -> Application:
    """Publish an application; `settings` (or arguments) are texts by the keys of `publish.settings.table.SETTINGS`.

    Raises ConfigError (a value is wrong) or StoreError (name or URL taken, group or provider unknown).
    """
    name = names.title(name, "name")
    _refuse_name(tx, name, None)
    url, inner = checked_external(tx, external), check_internal(internal)
    check_pair(url, inner)
    refuse_taken(tx, url)
    id_ = tx.new_id()
    first, *others = further_providers.find_all(tx, provider)
    texts = {key: text for key, text in check_texts({**(settings or {}), **more}).items() if text}
    values = {
        "name": name,
        "name_key": names.key(name),
        **_external_columns(url),
        "internal": str(inner),
        "preauthentication": _preauthentication(preauthentication).value,
        "connector_group": groups.find(tx, connector_group).id,
        "provider": first,
        "settings": _dump(texts),
    }
    tx.change(sa.insert(applications).values(id=id_, created=tx.now, **values))
    further_providers.replace(tx, id_, others)
    made = find(tx, id_)
    check_excluded(made)
    check_machines(made)
    claim(tx, made)
    return made


def set_values(tx: Transaction, application: str, values: Mapping[str, str], *, older_crl: bool = False) -> Application:
    """Change columns and settings, `{KEY: TEXT}`; an empty text puts a setting back to its default. `older_crl`: a list of
    revoked certificates may be older than the one that is there. With a provider that leaves go its assignments.

    Raises ConfigError (an unknown key, a wrong value) or StoreError.
    """
    row = _find_row(tx, application)
    columns: dict[str, object] = {}
    settings: dict[str, str] = {}
    for key, text in values.items():
        small = key.lower().replace("-", "_")
        if small == "machine_crl":
            machine_lists.refuse_empty(text, json.loads(row["settings"]))
        if small not in COLUMNS:
            settings[key] = text
        elif not text:
            raise ConfigError(f"{small}: a value is needed")
        else:
            columns |= _column(tx, row["id"], small, text)
            if small == "provider":
                _change_providers(tx, row, further_providers.find_all(tx, text))
    # Checked together, since two header rules may clash only with each other.
    checked = check_texts(settings)
    merged = json.loads(row["settings"]) | checked
    if not older_crl and "machine_crl" in checked:
        machine_lists.refuse_older(json.loads(row["settings"]), merged)
    columns["settings"] = _dump(check_texts({key: text for key, text in merged.items() if text}))
    changed = {key: value for key, value in columns.items() if row[key] != value}
    if changed:
        tx.change(sa.update(applications).where(applications.c.id == row["id"]).values(**changed))
    found = find(tx, row["id"])
    if changed:
        check_pair(found.external, found.internal)
        if "excluded_hosts" in checked:
            check_excluded(found)
        check_machines(found)
        claim(tx, found)
    return found


def _change_providers(tx: Transaction, row: Row, wanted: Sequence[str]) -> None:
    """Write the further ones down. Whom a provider that leaves has let in is forgotten: who adds it again later, perhaps
    years after, has to say again who may come.
    """
    before = {row["provider"], *further_providers.by_application(tx, [row["id"]]).get(row["id"], ())}
    further_providers.replace(tx, row["id"], wanted[1:])
    if gone := before.difference(wanted):
        table = assignments.c
        tx.change(sa.delete(assignments).where((table.application == row["id"]) & table.provider.in_(gone)))


def remove(tx: Transaction, application: str) -> Application:
    """Publish it no longer; its assignments go too. Gives what it was."""
    found = find(tx, application)
    tx.change(sa.delete(applications).where(applications.c.id == found.id))
    return found


def find(reading: Reading, application: str) -> Application:
    """The application of this name or id. Raises NotFound, with near names."""
    row = _find_row(reading, application)
    rows = reading.rows(sa.select(assignments).where(assignments.c.application == row["id"]))
    more = reading.rows(sa.select(segments).where(segments.c.application == row["id"]).order_by(_SEGMENTS))
    assigned = frozenset(assigned_of(one) for one in rows)
    others = further_providers.by_application(reading, [row["id"]]).get(row["id"], ())
    return application_of(
        row, assigned, tuple(map(segment_of, more)), tuple(cors_rules.list_for(reading, row["id"])), others)


def find_id(reading: Reading, application: str) -> str:
    """The id of the application of this name or id. Raises NotFound, with near names."""
    return str(_find_row(reading, application)["id"])


def list_all(reading: Reading, page: ListPage | None = None) -> list[Application]:
    """All applications, or a page of them, by name."""
    rows = reading.rows(paged(sa.select(applications), applications.c.name_key, page, names.key,
                              (applications.c.name_key, applications.c.external, applications.c.internal)))
    ids = None if page is None else [row["id"] for row in rows]
    assigned: dict[str, set[Assigned]] = {}
    for which in among(assignments.c.application, ids):
        for one in reading.rows(sa.select(assignments).where(which)):
            assigned.setdefault(one["application"], set()).add(assigned_of(one))
    more: dict[str, list[Segment]] = {}
    for which in among(segments.c.application, ids):
        for one in reading.rows(sa.select(segments).where(which).order_by(_SEGMENTS)):
            more.setdefault(one["application"], []).append(segment_of(one))
    cors = cors_rules.by_application(reading, ids)
    others = further_providers.by_application(reading, ids)
    return [
        application_of(
            row, frozenset(assigned.get(row["id"], ())), tuple(more.get(row["id"], ())), cors.get(row["id"], ()),
            others.get(row["id"], ()),
        )
        for row in rows
    ]


def set_texts(reading: Reading, application: str) -> dict[str, str]:
    """The settings that the admin has set, as texts."""
    texts: dict[str, str] = json.loads(_find_row(reading, application)["settings"])
    return texts


def all_texts(reading: Reading) -> dict[str, dict[str, str]]:
    """The settings of all applications that admins have set, by the application's id."""
    rows = reading.rows(sa.select(applications.c.id, applications.c.settings))
    return {row["id"]: json.loads(row["settings"]) for row in rows}


def _column(tx: Transaction, id_: str, key: str, text: str) -> dict[str, object]:
    """The columns that one KEY=TEXT changes."""
    match key:
        case "name":
            name = names.title(text, "name")
            _refuse_name(tx, name, id_)
            return {"name": name, "name_key": names.key(name)}
        case "internal":
            return {"internal": str(check_internal(text))}
        case "external":
            url = checked_external(tx, text)
            refuse_taken(tx, url, id_)
            return _external_columns(url)
        case "preauth":
            return {"preauthentication": _preauthentication(text).value}
        case "connector_group":
            return {"connector_group": groups.find(tx, text).id}
        case _:
            return {"provider": further_providers.find_all(tx, text)[0]}


def _external_columns(url: Url) -> dict[str, object]:
    return {"external": str(url), "external_host": url.host, "external_path": url.path}


def _refuse_name(reading: Reading, name: str, own: str | None) -> None:
    """A name may be taken by the application itself, which changes its capitals; none may look like another's id."""
    taken = sa.or_(applications.c.name_key == names.key(name), applications.c.id == name)
    row = reading.row(sa.select(applications.c.id).where(taken))
    if row is not None and row["id"] != own:
        raise names.already_there(_WHAT, name)


def _find_row(reading: Reading, application: str) -> Row:
    is_named = applications.c.name_key == names.key(application)
    return names.find_row(reading, applications, is_named, application, _WHAT)


def _preauthentication(text: str | Preauthentication) -> Preauthentication:
    try:
        return Preauthentication(text)
    except ValueError:
        raise ConfigError(f"preauth: {text!r} must be oidc (users sign in first) or passthrough") from None


def _dump(texts: Mapping[str, str]) -> str:
    return json.dumps(texts, sort_keys=True)
