"""Serves the pages of a kind of things: its list, the form of a new one, the page of one, and what is done there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from appproxy.admin.base.operation import Command
from appproxy.admin.base.pages import SEARCH
from appproxy.admin.base.principal import Forbidden, Permission
from appproxy.console.answers import ConsolePage, PageContent, Redirection
from appproxy.console.forms.fields import FormField, body_of, form_of, read
from appproxy.console.forms.words import Options
from appproxy.console.records.kinds import LISTED, Act, Record, RecordKind, command
from appproxy.console.records.values import ShownField, shown_fields
from appproxy.console.visit import ROWS, Listing, Visit, listing
from appproxy.errors import AppProxyError, ConfigError, NotFound

Answer = PageContent | Redirection


class RecordPages:
    """Those of one kind."""

    def __init__(self, kind: RecordKind) -> None:
        self.kind = kind

    def pages(self) -> Iterator[ConsolePage]:
        """All of them."""
        kind, one = self.kind, f"{self.kind.path}/{{key}}"
        yield ConsolePage("GET", kind.path, self.listed, uses=tuple(kind.operations()))
        if kind.add:
            yield ConsolePage("GET", f"{kind.path}/new", self.adding)
            yield ConsolePage("POST", f"{kind.path}/new", self.add, self.adding, uses=(kind.add,))
        for act in kind.for_all:
            yield ConsolePage("POST", f"{kind.path}/{act.word}", self._doing_to_all(act), self.listed, uses=(act.called,))
        yield ConsolePage("GET", one, self.show)
        if kind.change:
            yield ConsolePage("POST", one, self.save, self.show, uses=(kind.change,))
        for act in kind.acts:
            yield ConsolePage("POST", f"{one}/{act.word}", self._doing(act), self.show, uses=(act.called,))

    # Looking.

    async def listed(self, visit: Visit) -> PageContent:
        """A page of them, by what names them, or of those that have a text."""
        kind = self.kind
        asked = {name: visit.asked(name).strip() for name in kind.asked}
        asked |= {name: value for name, value in (kind.usual or {}).items() if name not in visit.query}
        return PageContent("records", kind.words, {
            "kind": kind, "list": await self._part(visit, asked), "above": await self._above(visit), "path": kind.path,
            "files": [one for one in kind.files if await _is_there(visit, one.api)],
            "asked": asked,
            "filters": [*form_of(kind.listing, asked, None, _others(kind))],
            "add": kind.add and visit.may(_permission(kind.add)), "forms": await self._forms(visit, kind.for_all, {}),
        })

    async def _part(self, visit: Visit, asked: Mapping[str, str]) -> Listing:
        """The rows of the page."""
        kind = self.kind
        said = {name: read(name, text) for name, text in asked.items() if text}
        if SEARCH in kind.listing.fields:
            narrowing = {name: value for name, value in said.items() if name != SEARCH}
            return await listing(visit, kind.api or kind.path, kind.listing.page, ROWS, **narrowing)
        return part(await visit.get(kind.api or kind.path, **said), visit, kind.key, kind.order)

    async def _above(self, visit: Visit) -> list[ShownField]:
        found: list[ShownField] = []
        for path, fields in self.kind.above:
            try:
                record = await visit.get(path)
            except (Forbidden, NotFound):
                continue  # there is none, or the visitor may not know
            found += shown_fields({name: record[name] for name in fields})
        return found

    async def adding(self, visit: Visit) -> PageContent:
        """The form of a new one. Raises Forbidden for who may add none."""
        kind = self.kind
        visit.require(_permission(kind.add))
        fields = form_of(command(kind.add), None, await self._options(visit), kind.fixed)
        return PageContent("record_new", f"New {kind.word}", {
            "kind": kind, "path": f"{kind.path}/new", "fields": fields,
            "helps": await visit.get(kind.helps) if kind.helps else ()})

    async def show(self, visit: Visit) -> PageContent:
        """One of them, with what can be done to it."""
        kind = self.kind
        found, tag = await self._find(visit)
        path = self._here(found)
        looks = [look for look in kind.looks if look.where(found) and visit.may(look.permission)]
        looked = None
        for look in looks:
            if visit.asked("look") == look.word:
                answer = await visit.get(self._api(look.path, found))
                looked = (look, shown_fields(answer) if look.steps is None else answer)
        change: Sequence[FormField] = ()
        if kind.change and visit.may(_permission(kind.change)):
            change = form_of(command(kind.change), found, await self._options(visit))
        return PageContent("record", str(found.get(kind.title) or found[kind.key]), {
            "kind": kind, "one": found, "path": path, "tag": visit.said("tag", tag), "told": looked, "looks": looks,
            "change": change,
            "helps": await visit.get(kind.helps) if kind.helps and change else (),
            "facts": shown_fields({key: value for key, value in found.items() if key not in kind.hidden}),
            "forms": await self._forms(visit, kind.acts, found),
        })

    async def _find(self, visit: Visit) -> tuple[Record, str]:
        kind, key = self.kind, visit.names["key"]
        if kind.one:
            return await visit.get_tagged(self._api(kind.one, {kind.key: key}))
        for one in await visit.get(kind.api or kind.path):
            if kind.name_of(one) == key:
                return one, ""
        raise NotFound(f"there is no {kind.word} {key!r}", hint=f"see the list of {kind.words.lower()}")

    def _here(self, record: Record) -> str:
        """The page of one of them."""
        return f"{self.kind.path}/{quote(self.kind.name_of(record), safe='')}"

    def _api(self, path: str, record: Record) -> str:
        """A path of the API, with what names this one in the place of its first braces."""
        before, brace, after = path.partition("{")
        return before + quote(str(record[self.kind.key]), safe="") + after.partition("}")[2] if brace else path

    async def _forms(self, visit: Visit, acts: Sequence[Act], record: Record) -> list[tuple[Act, list[FormField]]]:
        possible = [act for act in acts if act.where(record) and _may(visit, act.command)]
        options = await self._options(visit) if any(act.command.fields for act in possible) else {}
        return [(act, form_of(act.command, None, options, act.without)) for act in possible]

    async def _options(self, visit: Visit) -> Mapping[str, Options]:
        """Names to choose from, of what the visitor may read."""
        found: dict[str, Options] = {}
        for field, options in (self.kind.options or {}).items():
            try:
                rows = await visit.get(options.path)
            except AppProxyError:
                continue  # then the name is written
            texts = dict.fromkeys(one[options.field] for one in rows)
            found[field] = (("", "–"), *((text, text) for text in texts))
        return found

    # Doing.

    async def add(self, visit: Visit) -> Answer:
        """A new one."""
        kind = self.kind
        made = await visit.change("POST" if kind.add.startswith("POST") else "PUT", kind.add.partition(" ")[2],
                                  _written(visit, command(kind.add)))
        if kind.tells:
            return result_page(self.kind, f"{kind.word.capitalize()} {made.get(kind.title, '')}", made)
        return Redirection(self._here(made), "added")

    async def save(self, visit: Visit) -> Answer:
        """Change what was changed in the form. Raises Changed."""
        found, _ = await self._find(visit)
        operation = command(self.kind.change)
        changed = _written(visit, operation, found)
        path = self._api(operation.path, found)
        if changed:
            tagged = visit.change_shown if self.kind.one else visit.change
            found = await tagged(operation.method, path, changed)
        return Redirection(self._here(found), "saved")

    def _doing(self, act: Act) -> Any:
        async def do(visit: Visit) -> Answer:
            found, _ = await self._find(visit)
            body = {**_written(visit, act.command, None, act.without), **act.body(found)}
            tagged = visit.change_shown if self.kind.one and not act.closes else visit.change
            answer = await tagged(act.command.method, self._api(act.command.path, found), body or None)
            if act.tells:
                return result_page(self.kind, act.label, answer)
            return Redirection(self.kind.path if act.leaves else self._here(found), act.done)

        return do

    def _doing_to_all(self, act: Act) -> Any:
        async def do(visit: Visit) -> Answer:
            answer = await visit.change(act.command.method, act.command.path, _written(visit, act.command) or None)
            return result_page(self.kind, act.label, answer) if act.tells else Redirection(self.kind.path, act.done)

        return do


def result_page(kind: RecordKind, title: str, answer: object) -> PageContent:
    """What an operation has answered, the secrets in it apart."""
    facts = shown_fields(answer)
    return PageContent("told", title, {
        "kind": kind, "secrets": [one for one in facts if one.is_secret],
        "facts": [one for one in facts if not one.is_secret]})


def part(rows: Sequence[Mapping[str, Any]], visit: Visit, key: str, order: str = "") -> Listing:
    """The rows behind `after`, of those that have the text of `search` somewhere; `order`: as that of a `RecordKind`."""
    after, search = visit.asked("after"), visit.asked("search").strip()
    text = search.casefold()
    fits = [one for one in rows if not text or text in " ".join(map(str, one.values())).casefold()]
    if order:
        if order != LISTED:
            fits.sort(key=lambda one: float(one[order]), reverse=True)
        at = next((number for number, one in enumerate(fits, 1) if str(one[key]) == after), 0)
        left = fits[at:]
    else:
        fits.sort(key=lambda one: str(one[key]))
        left = [one for one in fits if not after or str(one[key]) > after]
    return Listing(left[:ROWS], str(left[ROWS - 1][key]) if len(left) > ROWS else "", after, search)


async def _is_there(visit: Visit, path: str) -> bool:
    """Is there something, and may the visitor have it?"""
    try:
        await visit.get(path)
    except (Forbidden, NotFound):
        return False
    return True


def _may(visit: Visit, command: Command) -> bool:
    """May the visitor do it, or do it to some application? The operation knows which one it is about."""
    return visit.may_somewhere(command.permission) if command.scoped else visit.may(command.permission)


def _permission(called: str) -> Permission:
    return command(called).permission


def _others(kind: RecordKind) -> tuple[str, ...]:
    """Fields of its listing that nobody is asked for."""
    return tuple(one for one in kind.listing.fields if one not in kind.asked)


def _written(
    visit: Visit, operation: Command, shown: Record | None = None, without: Sequence[str] = ()
) -> dict[str, object]:
    """What was written. Raises ConfigError."""
    try:
        return body_of(operation, visit.form, shown, without)
    except ValueError as error:
        raise ConfigError(f"document: {error}", hint="a comma, a quote or a bracket is missing or too much there") from error
