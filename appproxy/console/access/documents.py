"""Policies, and what they refer to by name: read, written as JSON with the mistake shown where it is, and tried on a user."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from appproxy.admin.base.principal import Permission
from appproxy.admin.base.problem import Changed
from appproxy.console.access.replay import BACK, replayed
from appproxy.console.access.trying import more, tried
from appproxy.console.answers import PageContent, Redirection, Serve
from appproxy.console.visit import Visit, one_of
from appproxy.errors import AlreadyThere, ConfigError
from appproxy.json_input import read_json

#: What a new policy begins with: it changes nothing for anybody before its state is changed.
_POLICY = {
    "state": "report-only", "message": "From outside the office you need a second factor.",
    "users": {"include": ["all"]}, "applications": {"include": ["all"]}, "grant": {"require": ["mfa"]},
}
_STEP = re.compile(r"([A-Za-z0-9_-]+)|\[([0-9]+)\]")
#: What messages of errors begin with: a line, or the path to a value.
_LINE, _PATH = re.compile(r"line ([0-9]+),"), re.compile(r"[A-Za-z0-9_.\[\]-]+")
#: A list of texts without brackets in them, as `json.dumps` writes it, and how long it may be in one line.
_LIST = re.compile(r'\[\n\s+("[^"\\\[\]]*"(?:,\n\s+"[^"\\\[\]]*")*)\n\s+\]')
_BREAK, _SHORT = re.compile(r",\n\s+"), 160
_COLON, _BEGINNING = re.compile(r"\s*:\s*"), re.compile(r"\S")


@dataclass(frozen=True, slots=True)
class DocumentPages:
    """One kind of documents: its path in the API and here, and what a new one begins with."""

    path: str
    word: str
    words: str
    explanation: str
    example: Mapping[str, object]


POLICIES = DocumentPages("policies", "policy", "Policies", "What is asked of whom, where and when.", _POLICY)
LOCATIONS = DocumentPages("locations", "location", "Named locations", "Networks and countries that policies name.",
                         {"networks": ["192.0.2.0/24"], "trusted": True})
STRENGTHS = DocumentPages("strengths", "strength", "Authentication strengths", "Which proofs count as a strength.",
                         {"any_of": [{"amr": ["mfa"]}]})
CONTEXTS = DocumentPages("contexts", "context", "Authentication contexts", "Paths and methods that policies ask more for.",
                        {"applications": {"include": ["all"]}, "paths": ["/admin/*"]})
KINDS = (POLICIES, LOCATIONS, STRENGTHS, CONTEXTS)


async def listed(visit: Visit) -> PageContent:
    """All four kinds, and if that is asked for what is wrong with the policies that are there."""
    found = [(kind, await visit.get(f"/{kind.path}")) for kind in KINDS]
    faults = await visit.get("/policy-check") if visit.asked("check") else None
    return PageContent("policies", "Policies", {"found": found, "faults": faults})


def writing(kind: DocumentPages) -> Callable[[Visit], Awaitable[PageContent]]:
    """The page of one document, or of a new one."""
    async def write(visit: Visit) -> PageContent:
        name = visit.names.get("name", "")
        if not name:
            visit.require(Permission.CHANGE_POLICIES)
        text, tag, version, is_kept = as_text(kind.example), "", 0, False
        reported = None
        if name:
            found, tag = await visit.get_tagged(one_of(kind.path, name))
            name, version, is_kept = found["name"], found["version"], True
            text = as_text(_shown(found["document"]))
            reported = await _reported(visit, kind, found)
        written = (visit.form.get("document") or [text])[0]
        error = visit.error
        return PageContent("document", name or f"A new {kind.word}", {
            "kind": kind, "name": name, "text": written, "tag": visit.said("tag", tag), "version": version, "is_kept": is_kept,
            "line": 0 if error is None else line_of(written, error.message), "tried": await _tried(visit, kind, name),
            "rows": min(max(written.count("\n") + 3, 12), 40),
            "path": one_of(kind.path, name) if name else f"/{kind.path}/new", "checked": False,
            "results": reported, "replay": None, "back": BACK, "more": more(visit),
        })

    return write


async def _reported(visit: Visit, kind: DocumentPages, found: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What a policy would have done while it was only reported; None where there is nothing to say of that."""
    if kind is not POLICIES or not visit.may(Permission.READ_USERS):
        return None
    days = visit.asked("days").strip()
    results = await visit.get(f"{one_of(kind.path, found['name'])}/results", days=days)
    shown: Mapping[str, Any] | None = results if results["days"] or days or found["state"] == "report-only" else None
    return shown


def as_text(document: Mapping[str, object]) -> str:
    """As people write it: a short list of texts is one line."""
    return _LIST.sub(lambda found: f"[{_BREAK.sub(', ', found[1])}]" if len(found[1]) < _SHORT else found[0],
                     json.dumps(document, indent=2, ensure_ascii=False))


def _shown(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The name stands above it already."""
    return {key: value for key, value in document.items() if key != "name"}


def saving(kind: DocumentPages) -> Serve:
    """Keep what was written, or only check it; as long as nobody else has changed it meanwhile, or made one of this name."""
    async def save(visit: Visit) -> PageContent | Redirection:
        name = visit.names.get("name") or visit.said("name")
        if not name or "/" in name:
            raise ConfigError("name: is needed", hint="give it a name, without a slash")
        if visit.said("do") == "replay" and kind is POLICIES:
            return await _on_the_log(visit, kind, name)
        body: dict[str, object] = {"document": read(visit.said("document"))}
        if visit.said("force") == "yes":
            body["force"] = True
        dry = visit.said("do") == "check"
        if visit.names.get("name"):
            await visit.change_shown("PUT", one_of(kind.path, name), body, dry=dry)
        else:
            await _make(visit, kind, name, body, dry)
        if not dry:
            return Redirection(one_of(kind.path, name), "policy-saved")
        visit.error = None
        page = await writing(kind)(visit)
        return PageContent(page.template, page.title, {**page.context, "checked": True})

    return save


async def _on_the_log(visit: Visit, kind: DocumentPages, name: str) -> PageContent:
    """What would have become of logged decisions with what was written; nothing is saved."""
    document = read(visit.said("document"))
    if not isinstance(document, Mapping):
        raise ConfigError("document: an object is needed")
    found = await replayed(visit, [{**document, "name": name}], [])
    page = await writing(kind)(visit)
    return PageContent(page.template, page.title, {**page.context, "replay": found})


async def _make(visit: Visit, kind: DocumentPages, name: str, body: Mapping[str, object], dry: bool) -> None:
    """A new one. Raises AlreadyThere for a name that is taken."""
    try:
        await visit.change("PUT", one_of(kind.path, name), body, dry=dry, is_new=True)
    except Changed as error:
        raise AlreadyThere(f"name: there is a {kind.word} {name!r} already",
                           hint="take another name, or open that one and change it") from error


def removing(kind: DocumentPages) -> Serve:
    """Forget it."""
    async def remove(visit: Visit) -> Redirection:
        await visit.change_shown("DELETE", one_of(kind.path, visit.names["name"]))
        return Redirection("/policies", "removed")

    return remove


def read(text: str) -> object:
    """The document. Raises ConfigError, which names line and column."""
    try:
        return read_json(text.encode(), unique=True)
    except json.JSONDecodeError as error:
        raise ConfigError(f"line {error.lineno}, column {error.colno}: {error.msg}",
                          hint="a comma, a quote or a bracket is missing or too much there") from error
    except ValueError as error:
        raise ConfigError(f"document: {error}") from error


def line_of(text: str, message: str) -> int:
    """The line that an error is about, from the path at its beginning (`applications.include[0]: ...`); 0 for none."""
    if found := _LINE.match(message):
        return int(found[1])
    path = message.partition(":")[0]
    if not _PATH.fullmatch(path):
        return 0
    at = 0
    for key, number in _STEP.findall(path):
        after = _behind(text, at, key, number)
        if after < 0:
            break
        at = after
    return text.count("\n", 0, at) + 1 if at else 0


def _behind(text: str, at: int, key: str, number: str) -> int:
    """Where the value of a key, or the element with a number, begins behind `at`; -1 where there is none."""
    if key:
        name = f'"{key}"'
        while (at := text.find(name, at)) >= 0:
            at += len(name)
            if colon := _COLON.match(text, at):
                return colon.end()
        return -1
    at = text.find("[", at)
    for _ in range(int(number)):
        if at < 0:
            return -1
        at = text.find(",", at + 1)
    if at < 0:
        return -1
    found = _BEGINNING.search(text, at + 1)
    return -1 if found is None else found.start()


async def _tried(visit: Visit, kind: DocumentPages, name: str) -> Mapping[str, Any] | None:
    """What all policies make of a request, with the one of this page first."""
    found = await tried(visit, visit.asked("application").strip())
    if found is None:
        return None
    return {**found, "policies": sorted(found["policies"], key=lambda one: kind is not POLICIES or one["policy"] != name)}
