"""The whole configuration as one file: taken away, compared with what there is, and made so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from appproxy.admin.base.principal import Permission
from appproxy.admin.configuration.file import ConfigurationFile, read_text, written
from appproxy.admin.configuration.schema import schema
from appproxy.console.answers import FileContent, PageContent, Redirection
from appproxy.console.visit import Visit
from appproxy.errors import AppProxyError, ConfigError

#: What errors call what was sent.
_CALLED = Path("FILE")


async def page(visit: Visit) -> PageContent:
    """What can be done with it."""
    visit.require(Permission.READ_CONFIGURATION)
    return _page(visit, visit.said("document"), None)


async def export(visit: Visit) -> FileContent:
    """The file, as `appproxy export` writes it."""
    found = await visit.get("/configuration")
    text = await visit.aside(lambda: written(found))
    return FileContent("appproxy.yaml", "application/yaml", text.encode())


async def schema_file(visit: Visit) -> FileContent:
    """The JSON Schema of such files, for editors."""
    visit.require(Permission.READ_CONFIGURATION)
    text = await visit.aside(lambda: json.dumps(schema(), indent=1) + "\n")
    return FileContent("appproxy.schema.json", "application/schema+json", text.encode())


async def send(visit: Visit) -> PageContent | Redirection:
    """Tell what differs, or make the service what the file says, if it is still what it was compared with.

    Raises ConfigError, with the line, Changed, and Forbidden: before anything is read, which takes seconds of a large file.
    """
    visit.require(Permission.READ_CONFIGURATION)
    text = visit.file_text("file") or visit.said("document")
    if not text:
        raise ConfigError("document: is needed", hint="choose a file, or paste its text")
    # It takes a second for a thousand applications: others are not to wait for it.
    read = await visit.aside(lambda: read_text(text, _CALLED))
    prune, force = visit.said("prune") == "yes", visit.said("force") == "yes"
    if visit.said("do") != "apply":
        found = await _answer_of(visit, read, "POST", "/configuration/difference", {})
        return _page(visit, text, found)
    body = {"prune": prune, "force": force}
    answer = await _answer_of(visit, read, "PUT", "/configuration", body)
    if answer["made"]:
        return PageContent("configuration_made", "The configuration is applied", {"answer": answer})
    return Redirection("/configuration", "applied")


async def _answer_of(visit: Visit, read: ConfigurationFile, method: str, path: str, more: Mapping[str, object]) -> Any:
    body = {"document": read.document, **more}
    try:
        return await (visit.change_shown(method, path, body) if method == "PUT" else visit.change(method, path, body))
    except AppProxyError as error:
        raise read.located(error) from None


def _page(visit: Visit, text: str, found: Any) -> PageContent:
    differs = [] if found is None else [*found["changes"], *found["only_here"], *found["ending"]]
    return PageContent("configuration", "Configuration", {
        "text": text, "found": found, "tag": "" if found is None else f'"{found["etag"]}"',
        "differs": [{**one, "said": [_line(field) for field in one["fields"]]} for one in differs],
        "may_change": visit.may(Permission.CHANGE_CONFIGURATION),
    })


def _line(field: dict[str, Any]) -> tuple[str, str, str]:
    return str(field["field"]), _short(field["before"]), _short(field["after"])


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else text[:119] + "…"
