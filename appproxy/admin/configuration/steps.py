"""From what differs to the calls of the admin API that make it so: the same operations as administrators call, in an order in
which each finds what it names, and nothing is removed that something still needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from appproxy.admin.configuration.difference import Difference, FieldChange, What
from appproxy.admin.configuration.fields import is_reference
from appproxy.admin.configuration.sections import BRANDING, EXPIRES, SECTIONS, Entry, FieldForm
from appproxy.errors import ConfigError
from appproxy.publish.settings.request_fields import may_be_secret
from appproxy.store.snapshot import BUILTIN

#: Sections whose entries are documents, and what the API calls one of them.
_DOCUMENTS = frozenset({"policies", "locations", "strengths", "contexts"})
_PLACES = {name: name.replace("_", "-") for name in SECTIONS}
#: Of an application: lists with operations of their own.
_PARTS = ("segments", "cors", "assignments")
#: It names what segments stand for, so that it comes after them.
_AFTER_SEGMENTS = "excluded_hosts"


@dataclass(frozen=True, slots=True)
class ApplyStep:
    """One call. `where`: the path of the entry in the document that wants it, or what is removed."""

    method: str
    path: str
    body: Mapping[str, Any] = field(default_factory=dict)
    where: str = ""


def steps_of(changes: Iterable[Difference], removed: Iterable[Difference]) -> Iterator[ApplyStep]:
    """In their order. Renames are none of them. Raises ConfigError for a secret that is needed and was not found."""
    gone = sorted(removed, key=lambda one: -list(SECTIONS).index(one.section))
    # An application that goes frees its URLs for those that come.
    yield from (_removal(one) for one in gone if one.section == "applications")
    for one in changes:
        if one.what is What.ADD:
            yield from _ADDED.get(one.section, _added)(one)
        elif one.what is What.CHANGE:
            yield from _CHANGED.get(one.section, _changed)(one)
    yield from (_removal(one) for one in gone if one.section != "applications")


def _at(section: str, *names: str) -> str:
    return "/" + "/".join([_PLACES[section], *(quote(name, safe="") for name in names)])


def _removal(one: Difference) -> ApplyStep:
    where = f"{one.section}: {one.name}"
    match one.section:
        case "second_factors":
            return ApplyStep("DELETE", "/second-factor-rules", {"group": one.before["group"]}, where)
        case "roles":
            return ApplyStep("DELETE", "/role-assignments", _said(one.before), where)
        case _:
            return ApplyStep("DELETE", _at(one.section, one.name), where=where)


def _added(one: Difference) -> Iterator[ApplyStep]:
    yield ApplyStep("POST", _at(one.section), _with_secrets(one), one.path)


def _with_secrets(one: Difference) -> Entry:
    """The fields of what is new, which needs the text of each secret."""
    body = {name: value for name, value in one.after.items() if name != "id"}
    for each in SECTIONS[one.section].fields:
        value = body.get(each.name)
        if each.form is FieldForm.SECRET:
            if each.default is None and not value:
                raise ConfigError(f"{one.path}.{each.name}: is needed for what is new", hint=f"write {FieldForm.SECRET.value}")
            _check_found(value, f"{one.path}.{each.name}")
            if not value and each.name == "secret":
                del body[each.name]
        elif each.form is FieldForm.SETTINGS:
            for key, text in (value or {}).items():
                _check_found(text, f"{one.path}.{each.name}.{key}")
    return body


def _check_found(value: object, where: str) -> None:
    if is_reference(value):
        raise ConfigError(f"{where}: the secret is needed, since this is new", hint="`appproxy apply` finds it")


def _changed(one: Difference) -> Iterator[ApplyStep]:
    """The fields that differ; of settings those."""
    body: Entry = {}
    for each in one.fields:
        name, _, key = each.field.partition(".")
        if key:
            body.setdefault(name, {})[key] = each.after or ""
        else:
            body[name] = each.after
    yield ApplyStep("PATCH", _at(one.section, one.name), body, one.path)


def _document(one: Difference) -> Iterator[ApplyStep]:
    document = {key: value for key, value in one.after.items() if key not in ("id", "name") and value is not None}
    # Whether somebody is locked out is asked at the end, of all policies together.
    force = {"force": True} if one.section == "policies" else {}
    yield ApplyStep("PUT", _at(one.section, one.name), {"document": document, **force}, one.path)


def _new_application(one: Difference) -> Iterator[ApplyStep]:
    after = _with_secrets(one)
    late = {_AFTER_SEGMENTS: after["settings"][_AFTER_SEGMENTS]} if _AFTER_SEGMENTS in after["settings"] else {}
    settings = {key: text for key, text in after["settings"].items() if key not in late}
    names = {key: after[key] for key in ("name", "external", "internal", "preauth", "connector_group")}
    first = [entry for entry in after["assignments"] if _is_let_in_at_once(one, entry)]
    people = {f"{kind}s": [entry[kind] for entry in first if entry[kind]] for kind in ("user", "group")}
    body = {**names, "provider": ",".join(after["providers"]), "settings": settings, **people}
    yield ApplyStep("POST", "/applications", body, one.path)
    at = _at("applications", one.name)
    if after["logo"]:
        yield ApplyStep("PUT", f"{at}/logo", {"picture": after["logo"]}, one.path)
    for segment in after["segments"]:
        yield ApplyStep("POST", f"{at}/segments", segment, one.path)
    if late:
        yield ApplyStep("PATCH", at, {"settings": late}, one.path)
    for rule in after["cors"]:
        yield ApplyStep("POST", f"{at}/cors", rule, one.path)
    for entry in (entry for entry in after["assignments"] if entry not in first):
        yield ApplyStep("POST", f"{at}/assignments", _said_assignment(entry), one.path)


def _is_let_in_at_once(one: Difference, entry: Entry) -> bool:
    """Can it be said together with the application, which takes half the time?"""
    signs_in = one.after["preauth"] == "oidc"
    return signs_in and not entry["maintainer"] and not entry[EXPIRES] and entry["provider"] == one.after["providers"][0]


def _changed_application(one: Difference) -> Iterator[ApplyStep]:
    at = _at("applications", one.name)
    parts = {name: [each for each in one.fields if each.field.startswith(f"{name}[")] for name in _PARTS}
    settings = _changed_settings(one)
    late = {_AFTER_SEGMENTS: settings.pop(_AFTER_SEGMENTS)} if parts["segments"] and _AFTER_SEGMENTS in settings else {}
    # Rules of places that go have to go before them; what comes back at another place is another entry.
    for each in parts["cors"]:
        if each.after is None:
            yield ApplyStep("DELETE", f"{at}/cors", {"resource": each.before["resource"]}, one.path)
    for each in parts["segments"]:
        if each.after is None:
            yield ApplyStep("DELETE", f"{at}/segments/{quote(each.before['external'], safe='')}", where=one.path)
    if settings:
        yield ApplyStep("PATCH", at, {"settings": settings}, one.path)
    if logo := [each.after for each in one.fields if each.field == "logo"]:
        yield ApplyStep("PUT", f"{at}/logo", {"picture": logo[0]}, one.path) if logo[0] else ApplyStep(
            "DELETE", f"{at}/logo", where=one.path)
    yield from _changed_segments(at, parts["segments"], one.path)
    if late:
        yield ApplyStep("PATCH", at, {"settings": late}, one.path)
    yield from _changed_rules(at, parts["cors"], one.path)
    # Those of a provider that the application has no longer went with it.
    left = {name for each in one.fields if each.field == "providers" for name in each.before if name not in each.after}
    there = [each for each in parts["assignments"] if each.after or each.before["provider"] not in left]
    yield from _changed_assignments(at, there, one.path)


def _changed_settings(one: Difference) -> dict[str, str]:
    """Columns and settings, as the API takes them."""
    settings: dict[str, str] = {}
    for each in one.fields:
        name, _, key = each.field.partition(".")
        if name == "settings":
            settings[key] = _text_of_setting(one, key)
        elif name == "providers":
            settings["provider"] = ",".join(each.after)
        elif not name.startswith(_PARTS) and name != "logo":
            settings[name] = each.after
    return settings


def _text_of_setting(one: Difference, key: str) -> str:
    text = one.after["settings"].get(key, "")
    if may_be_secret(key):
        _check_found(text, f"{one.path}.settings.{key}")
    # A whole document means what it leaves out; in a single call an empty list is refused.
    return str(text) or ("none" if key == "machine_crl" else "")


def _changed_segments(at: str, changes: Iterable[FieldChange], where: str) -> Iterator[ApplyStep]:
    for each in changes:
        if each.before is None:
            yield ApplyStep("POST", f"{at}/segments", each.after, where)
        elif each.after is not None:
            name = quote(each.before["external"], safe="")
            yield ApplyStep("PATCH", f"{at}/segments/{name}", {"settings": {"internal": each.after["internal"]}}, where)


def _changed_rules(at: str, changes: Iterable[FieldChange], where: str) -> Iterator[ApplyStep]:
    for each in changes:
        if each.after is not None:
            yield ApplyStep("POST" if each.before is None else "PATCH", f"{at}/cors", each.after, where)


def _changed_assignments(at: str, changes: Iterable[FieldChange], where: str) -> Iterator[ApplyStep]:
    for each in changes:
        if each.after is None:
            continue
        if each.before is not None and each.after[EXPIRES] and not each.before[EXPIRES]:
            # What is there for good does not begin to end: it is another one.
            yield _unassigned(at, each.before, where)
        yield ApplyStep("POST", f"{at}/assignments", _said_assignment(each.after), where)
    for each in changes:
        if each.after is None:
            yield _unassigned(at, each.before, where)


def _unassigned(at: str, entry: Entry, where: str) -> ApplyStep:
    gone = {key: entry[key] for key in ("user", "group", "provider")}
    return ApplyStep("DELETE", f"{at}/assignments", _said(gone), where)


def _said_assignment(entry: Entry) -> Entry:
    """As the operation takes it, whose own `expires` is a time from now."""
    return {"expires_at" if key == EXPIRES else key: value for key, value in _said(entry).items()}


def _said(entry: Entry) -> Entry:
    """Without what is empty."""
    return {key: value for key, value in entry.items() if value != ""}


def _second_factor(one: Difference) -> Iterator[ApplyStep]:
    yield ApplyStep("PUT", "/second-factor-rules", _said(one.after), one.path)


def _break_glass(one: Difference) -> Iterator[ApplyStep]:
    yield ApplyStep("PUT", _at("break_glass", one.after["user"]), where=one.path)


def _role(one: Difference) -> Iterator[ApplyStep]:
    yield ApplyStep("POST", "/role-assignments", _said(one.after), one.path)


def _provider(one: Difference) -> Iterator[ApplyStep]:
    if one.after["name"] != BUILTIN:
        yield from _added(one)


def _device_authority(one: Difference) -> Iterator[ApplyStep]:
    own = one.after["name"].casefold() == BUILTIN
    body = {"builtin": True} if own else {key: value for key, value in one.after.items() if key != "id"}
    yield ApplyStep("POST", _at(one.section), body, one.path)


def _branding(one: Difference) -> Iterator[ApplyStep]:
    yield ApplyStep("PATCH", "/branding", {"settings": {each.field: each.after or "" for each in one.fields}}, BRANDING)


_Making = Callable[[Difference], Iterator[ApplyStep]]
_ADDED: Mapping[str, _Making] = {
    **dict.fromkeys(_DOCUMENTS, _document), "applications": _new_application, "second_factors": _second_factor,
    "break_glass": _break_glass, "roles": _role, "providers": _provider,
    "device_authorities": _device_authority,
}
_CHANGED: Mapping[str, _Making] = {
    **dict.fromkeys(_DOCUMENTS, _document), "applications": _changed_application, "second_factors": _second_factor,
    BRANDING: _branding,
}
