"""The settings of an application as an admin writes them, `KEY=VALUE`.

The database keeps the texts, only of what was set, and the snapshot's builder reads them with the same parsers; so a
default that changes with a new version reaches every application that did not choose otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from appproxy.errors import ConfigError
from appproxy.publish.application import COLUMNS
from appproxy.publish.settings.request_fields import HEADER, REQUEST, header_rules, request_fields, short
from appproxy.publish.settings.response_fields import RESPONSE, response_fields
from appproxy.publish.settings.table import FAMILIES, SETTINGS, ApplicationSettings, check_together

#: What `view` was called while it was about Host alone: `original` is `public` now. Scripts of admins may have it.
_OLD_VIEW = "host_header"
#: Settings that are taken away by a word, since an empty text may be a mistake: what is kept is the same.
_EMPTY_BY_WORD = frozenset({"machine_crl"})


def check_texts(texts: Mapping[str, str]) -> dict[str, str]:
    """The settings (no columns) in the form that is stored: keys as spelled in the table. Raises ConfigError."""
    checked = dict(_renamed(_known(key), value) for key, value in texts.items())
    parse_settings({key: value for key, value in checked.items() if value})
    return {key: "" if key in _EMPTY_BY_WORD and value.lower() == "none" else value for key, value in checked.items()}


def parse_settings(texts: Mapping[str, str]) -> dict[str, Any]:
    """The fields of `Application` that these texts set. Raises ConfigError, which names the key and the fix."""
    found: dict[str, Any] = {}
    families: dict[str, list[Any]] = {start: [] for start in FAMILIES}
    for key, text in texts.items():
        start = key.partition(".")[0] + "."
        if start in FAMILIES:
            families[start].append(FAMILIES[start].read(key, text))
            continue
        name, text = _renamed(_known(key), text)
        try:
            found[name] = SETTINGS[name].kind.parse(text)
        except ValueError as error:
            raise ConfigError(f"{key}: {short(text)} {error}") from error
    check_together(ApplicationSettings(**found))
    return found | _of_families(families, found.get("user_fields", frozenset()))


def _of_families(families: Mapping[str, list[Any]], from_users: frozenset[str]) -> dict[str, Any]:
    """What settings with free names make, of the families that are there. Raises ConfigError."""
    rules, added = header_rules(families[HEADER], from_users), response_fields(families[RESPONSE])
    made = {"headers": rules, "request_fields": request_fields(families[REQUEST], rules, from_users), "response_fields": added}
    return {field: values for field, values in made.items() if values}


def all_keys() -> list[str]:
    """Every key that can be set, columns first; those with a free name as `header.NAME`."""
    return [*COLUMNS, *SETTINGS, *(start + "NAME" for start in FAMILIES)]


def _renamed(key: str, value: str) -> tuple[str, str]:
    """A setting under the name that it has now."""
    if key == _OLD_VIEW:
        return "view", "public" if value == "original" else value
    return key, value


def _known(key: str) -> str:
    small = key.lower()
    if small.startswith(tuple(FAMILIES)):
        return small
    name = small.replace("-", "_")
    if name in SETTINGS or name == _OLD_VIEW:
        return name
    near = get_close_matches(name, all_keys(), 1)
    hint = f"did you mean {near[0]}?" if near else "`appproxy app keys` lists them"
    raise ConfigError(f"{key}: no such setting", hint=hint)
