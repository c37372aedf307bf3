"""Published applications: add, change, find and remove them. Who may use them: `assignments.py`."""

from __future__ import annotations

import json
from collections.abc import Mapping

import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.publish.application import Application, Preauthentication, Url
from appproxy.store import connector_groups, names, providers, service_settings
from appproxy.store.application_row import application_of
from appproxy.store.application_settings import COLUMNS, check_texts
from appproxy.store.application_urls import check_external, check_internal
from appproxy.store.schema import applications, assignments
from appproxy.store.transaction import Reading, Row, Transaction

_WHAT = "application"


def publish(
    tx: Transaction,
    /,
    name: str,
    internal: str,
    external: str,
    preauthentication: str | Preauthentication = Preauthentication.OIDC,
    connector_group: str = connector_groups.DEFAULT,
    provider: str = providers.BUILTIN,
    settings: Mapping[str, str] | None = None,
    **more: str,
) -> Application:
    """Publish an application; `settings` (or arguments) are texts by the keys of `application_settings.SETTINGS`.

    Raises ConfigError (a value is wrong) or StoreError (name or URL taken, group or provider unknown).
    """
    name = names.title(name, "name")
    _refuse_name(tx, name, None)
    url = check_external(external, service_settings.place(tx))
    _refuse_url(tx, url, None)
    id_ = tx.new_id()
    texts = {key: text for key, text in check_texts({**(settings or {}), **more}).items() if text}
    values = {
        "name": name,
        "name_key": names.key(name),
        **_external_columns(url),
        "internal": str(check_internal(internal)),
        "preauthentication": _preauthentication(preauthentication).value,
        "connector_group": connector_groups.find(tx, connector_group).id,
        "provider": providers.find(tx, provider).id,
        "settings": _dump(texts),
    }
    tx.change(sa.insert(applications).values(id=id_, created=tx.now, **values))
    return find(tx, id_)


def set_values(tx: Transaction, application: str, values: Mapping[str, str]) -> Application:
    """Change columns and settings, `{KEY: TEXT}`; an empty text puts a setting back to its default.

    Raises ConfigError (an unknown key, a wrong value) or StoreError.
    """
    row = _find_row(tx, application)
    columns: dict[str, object] = {}
    settings: dict[str, str] = {}
    for key, text in values.items():
        small = key.lower().replace("-", "_")
        if small not in COLUMNS:
            settings[key] = text
        elif not text:
            raise ConfigError(f"{small}: a value is needed")
        else:
            columns |= _column(tx, row["id"], small, text)
    # Checked together, since two header rules may clash only with each other.
    merged = json.loads(row["settings"]) | check_texts(settings)
    columns["settings"] = _dump(check_texts({key: text for key, text in merged.items() if text}))
    changed = {key: value for key, value in columns.items() if row[key] != value}
    if changed:
        tx.change(sa.update(applications).where(applications.c.id == row["id"]).values(**changed))
    return find(tx, row["id"])


def remove(tx: Transaction, application: str) -> Application:
    """Publish it no longer; its assignments go too. Gives what it was."""
    found = find(tx, application)
    tx.change(sa.delete(applications).where(applications.c.id == found.id))
    return found


def find(reading: Reading, application: str) -> Application:
    """The application of this name or id. Raises NotFound, with near names."""
    row = _find_row(reading, application)
    rows = reading.rows(sa.select(assignments).where(assignments.c.application == row["id"]))
    return application_of(row, frozenset((one["provider"], one["kind"], one["value"]) for one in rows))


def list_all(reading: Reading) -> list[Application]:
    """All applications, by name."""
    assigned: dict[str, set[tuple[str, str, str]]] = {}
    for one in reading.rows(sa.select(assignments)):
        assigned.setdefault(one["application"], set()).add((one["provider"], one["kind"], one["value"]))
    rows = reading.rows(sa.select(applications).order_by(applications.c.name_key))
    return [application_of(row, frozenset(assigned.get(row["id"], ()))) for row in rows]


def set_texts(reading: Reading, application: str) -> dict[str, str]:
    """The settings that the admin has set, as texts."""
    texts: dict[str, str] = json.loads(_find_row(reading, application)["settings"])
    return texts


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
            url = check_external(text, service_settings.place(tx))
            _refuse_url(tx, url, id_)
            return _external_columns(url)
        case "preauth":
            return {"preauthentication": _preauthentication(text).value}
        case "connector_group":
            return {"connector_group": connector_groups.find(tx, text).id}
        case _:
            return {"provider": providers.find(tx, text).id}


def _external_columns(url: Url) -> dict[str, object]:
    return {"external": str(url), "external_host": url.host, "external_path": url.path}


def _refuse_name(reading: Reading, name: str, own: str | None) -> None:
    """A name may be taken by the application itself, which changes its capitals; none may look like another's id."""
    taken = sa.or_(applications.c.name_key == names.key(name), applications.c.id == name)
    row = reading.row(sa.select(applications.c.id).where(taken))
    if row is not None and row["id"] != own:
        raise names.already_there(_WHAT, name)


def _refuse_url(reading: Reading, url: Url, own: str | None) -> None:
    same = (applications.c.external_host == url.host) & (applications.c.external_path == url.path)
    row = reading.row(sa.select(applications.c.id, applications.c.name).where(same))
    if row is not None and row["id"] != own:
        raise names.AlreadyThere(f"external: {url} belongs to the application {row['name']!r}")


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
