"""A document as somebody wrote it, in the very form of the configuration that is there, so that the two can be compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from appproxy.admin.base import roles
from appproxy.admin.base.moments import moment_text, read_moment
from appproxy.admin.configuration.fields import check_size, entries_at, known_at
from appproxy.admin.configuration.present import plain_chain
from appproxy.admin.configuration.sections import (
    BRANDING,
    EXPIRES,
    FORMAT,
    FORMAT_KEY,
    OF_BUILTIN,
    SECTIONS,
    Document,
    Entry,
    FieldForm,
    Section,
    key_text,
    label,
)
from appproxy.admin.publishing.cors import cors_record
from appproxy.branding import check_brand
from appproxy.errors import AppProxyError, ConfigError
from appproxy.identity.openid.oidc_settings import read_settings, texts_of
from appproxy.policy.conditional.documents.contexts import read_context
from appproxy.policy.conditional.documents.naming import split_who
from appproxy.policy.conditional.documents.reading import read_location, read_policy, read_strength
from appproxy.publish.application import Url
from appproxy.publish.settings.request_fields import may_be_secret
from appproxy.publish.settings.texts import check_texts
from appproxy.store import names
from appproxy.store.applications import cors_rules
from appproxy.store.devices import authorities
from appproxy.store.policies.references import each_named
from appproxy.store.snapshot import BUILTIN, OWN_AUTHORITY

#: Stands for a secret that is not known yet, where a text is checked.
_SOMETHING = "secret"
Called = Mapping[str, Mapping[str, str]]


def read_document(document: object, there: Document, now: float) -> Document:
    """Only the sections that it has, without assignments that ended before `now` (seconds since 1970). `there`: what is there
    now, whose names it may use. Raises ConfigError, with the path.
    """
    if not isinstance(document, Mapping):
        raise ConfigError("the document must be an object of sections")
    check_size(document)
    known_at(document, "", (FORMAT_KEY, *SECTIONS, BRANDING))
    if document.get(FORMAT_KEY) != FORMAT:
        raise ConfigError(f"{FORMAT_KEY}: must be {FORMAT}", hint="another version of appproxy may know it")
    read = {
        name: _checked_entries(section, [] if document[name] is None else document[name])
        for name, section in SECTIONS.items() if name in document}
    called = _called(read, there)
    made: Document = {}
    for name, entries in read.items():
        section = SECTIONS[name]
        made[name] = [_normal(section, entry, f"{name}[{number}]", called) for number, entry in enumerate(entries)]
        _no_doubles(section, made[name])
    for entry in made.get("applications", ()):
        entry["assignments"] = [one for one in entry["assignments"] if not _has_ended(one, now)]
    if BRANDING in document:
        made[BRANDING] = _branding({} if document[BRANDING] is None else document[BRANDING])
    return made


def _checked_entries(section: Section, value: object) -> list[Entry]:
    if section.name != "providers":
        return entries_at(value, section.name, section.fields)
    given = value if isinstance(value, list) else []
    found: list[Entry] = []
    for number, one in enumerate(given):
        if isinstance(one, Mapping) and BUILTIN in (one.get("id"), one.get("name")):
            known_at(one, f"providers[{number}]", OF_BUILTIN)
            one = {**one, "kind": BUILTIN, "issuer": "", "client_id": ""}
        found.append(one)
    return entries_at(found if isinstance(value, list) else value, section.name, section.fields)


def _called(read: Document, there: Document) -> dict[str, dict[str, str]]:
    """By section, the names of what there is or is to be, by what they may be written as: any capitals, or the id."""
    called: dict[str, dict[str, str]] = {}
    for name, section in SECTIONS.items():
        if section.has_ids:
            wanted = read.get(name, [])
            mine = {one["id"]: one["name"] for one in wanted if "id" in one}
            here = {one["id"]: mine.get(one["id"], one["name"]) for one in there[name]}
            known = {names.key(text): text for text in (*here.values(), *(one["name"] for one in wanted))}
            called[name] = {**here, **known}
    return called


def _normal(section: Section, entry: Entry, path: str, called: Called) -> Entry:
    try:
        if "name" in entry:
            entry["name"] = names.title(entry["name"], "name")
        for field in section.fields:
            if field.section and field.name in entry:
                entry[field.name] = _named(entry[field.name], called[field.section])
        return _NORMAL.get(section.name, _as_it_is)(entry, called)
    except AppProxyError as error:
        if isinstance(error, ConfigError) and error.message.startswith(path):
            raise
        raise ConfigError(f"{path}.{error.message}", hint=error.hint) from error


def _named(value: Any, known: Mapping[str, str]) -> Any:
    """A name, or some, as they are written where the thing itself is."""
    if isinstance(value, list):
        return [_named(one, known) for one in value]
    return known.get(names.key(value)) or known.get(value, value)


def _no_doubles(section: Section, entries: list[Entry]) -> None:
    seen: dict[tuple[str, str], int] = {}
    for number, entry in enumerate(entries):
        marks = [("", names.key(label(section, entry)))]
        if "id" in entry:
            marks.append(("id", entry["id"]))
        for mark in marks:
            if mark in seen:
                raise ConfigError(f"{section.name}[{number}]: {label(section, entry)!r} is there twice",
                                  hint=f"see {section.name}[{seen[mark]}]")
            seen[mark] = number


def _as_it_is(entry: Entry, called: Called) -> Entry:
    return entry


def _application(entry: Entry, called: Called) -> Entry:
    for key in ("external", "internal"):
        entry[key] = str(Url.parse(entry[key], key))
    if not entry["providers"]:
        raise ConfigError("providers: name one at least", hint="leave it out for the built-in one")
    entry["settings"] = _settings(entry["settings"])
    entry["segments"] = sorted(
        ({key: str(Url.parse(one[key], f"segments[{number}].{key}")) for key in one}
         for number, one in enumerate(entry["segments"])), key=lambda one: one["external"])
    entry["cors"] = [_cors(one, f"cors[{number}]") for number, one in enumerate(entry["cors"])]
    first, its = entry["providers"][0], frozenset(entry["providers"])
    entry["assignments"] = [
        _assignment(one, f"assignments[{number}]", first, its, called)
        for number, one in enumerate(entry["assignments"])]
    for field in SECTIONS["applications"].fields:
        if field.form is FieldForm.ENTRIES:
            already: set[str] = set()
            for number, one in enumerate(entry[field.name]):
                text = key_text(field.key, one)
                if text in already:
                    raise ConfigError(f"{field.name}[{number}]: {text!r} is there twice")
                already.add(text)
    return entry


def _settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in settings.items():
        if not isinstance(value, str) and not may_be_secret(key):
            raise ConfigError(f"settings.{key}: a text is needed", hint="only request.NAME can be found elsewhere")
        if key.lower().replace("-", "_") == "machine_crl" and not str(value).strip():
            raise ConfigError("settings.machine_crl: an empty text is no list of revoked certificates",
                              hint="leave it out, or write none: then nobody looks whether one is revoked")
    try:
        texts = check_texts({key: value if isinstance(value, str) else _SOMETHING for key, value in settings.items()})
    except ConfigError as error:
        raise _in_settings(error) from None
    found: dict[str, Any] = {key: text for key, text in sorted(texts.items()) if text}
    return found | {key.lower(): value for key, value in settings.items() if not isinstance(value, str)}


def _in_settings(error: ConfigError) -> ConfigError:
    """Each begins with its key."""
    error.message = f"settings.{error.message}"
    return error


def _cors(entry: Entry, path: str) -> Entry:
    try:
        return cors_record(cors_rules.checked(**entry))
    except ConfigError as error:
        raise ConfigError(f"{path}.{error.message}", hint=error.hint) from error


def _assignment(entry: Entry, path: str, first: str, providers: frozenset[str], called: Called) -> Entry:
    entry["provider"] = _named(entry["provider"], called["providers"]) or first
    if entry["provider"] not in providers:
        raise ConfigError(f"{path}.provider: {entry['provider']!r} is none of the application's")
    if entry[EXPIRES]:
        if entry["maintainer"]:
            raise ConfigError(f"{path}.maintainer: an assignment that ends by itself is no maintainer's",
                              hint=f"leave maintainer or {EXPIRES} out")
        entry[EXPIRES] = moment_text(read_moment(entry[EXPIRES], f"{path}.{EXPIRES}"))
    return _person(entry, path, called)


def _has_ended(entry: Entry, now: float) -> bool:
    return bool(entry[EXPIRES]) and read_moment(entry[EXPIRES], EXPIRES) <= now


def _role(entry: Entry, called: Called) -> Entry:
    roles.find(entry["role"])
    return _person(entry, "", called)


def _person(entry: Entry, path: str, called: Called) -> Entry:
    """Users and groups of the built-in provider as they are called there, those of others to the letter."""
    if bool(entry["user"]) == bool(entry["group"]):
        raise ConfigError(f"{path}.user: give one of user and group".removeprefix("."))
    if entry["provider"] == BUILTIN:
        entry["user"] = names.sign_in_name(entry["user"])
        entry["group"] = _named(entry["group"], called["groups"])
    return entry


def _provider(entry: Entry, called: Called) -> Entry:
    if entry["kind"] == BUILTIN:
        return {name: entry[name] for name in OF_BUILTIN if name in entry}
    said = {key: value for key, value in entry["settings"].items() if isinstance(value, str)}
    if len(said) != len(entry["settings"]):
        raise ConfigError("settings: only texts are possible")
    try:
        return {**entry, "settings": texts_of(read_settings(said))}
    except ConfigError as error:
        raise _in_settings(error) from None


def _directory(entry: Entry, called: Called) -> Entry:
    return {**entry, "realms": [realm.lower() for realm in entry["realms"]]}


def _device_authority(entry: Entry, called: Called) -> Entry:
    entry["certificate"] = plain_chain(entry["certificate"])
    own = names.key(entry["name"]) == OWN_AUTHORITY
    if own and (entry["certificate"] or entry["crl_urls"] or entry["ocsp"] or entry["ocsp_soft"]):
        raise ConfigError("name: the service's own authority has its own certificate, and knows itself what is revoked",
                          hint="leave all else out")
    if not own and not entry["certificate"]:
        raise ConfigError("certificate: is needed", hint="PEM, as a text of several lines")
    return {**entry, **{key: list(authorities.checked_urls(entry[key], key)) for key in ("crl_urls", "ocsp")}}


def _break_glass(entry: Entry, called: Called) -> Entry:
    return {"user": names.sign_in_name(entry["user"])}


def _location(entry: Entry, called: Called) -> Entry:
    read = read_location(_without_id(entry))
    return {**_identity(entry), "networks": list(read.networks), "countries": sorted(read.countries), "trusted": read.trusted}


def _strength(entry: Entry, called: Called) -> Entry:
    ways = [
        {key: value for key, value in (
            ("provider", _named(one.provider, called["providers"]) if one.provider else ""), ("acr", one.acr),
            ("amr", sorted(one.amr))) if value}
        if one.device is None else {
            "device": _named(one.device.authority, called["device_authorities"]),
            **({"subject": dict(one.device.subject)} if one.device.subject else {})}
        for one in read_strength(_without_id(entry)).proofs]
    return {**_identity(entry), "any_of": ways}


def _context(entry: Entry, called: Called) -> Entry:
    read_context(_without_id(entry))
    return _with_names(entry, called)


def _policy(entry: Entry, called: Called) -> Entry:
    read_policy(_without_id(entry))
    return _with_names(entry, called)


def _with_names(entry: Entry, called: Called) -> Entry:
    """What it names as that is called, as the service would show it."""
    changes: dict[str, Any] = {
        key: lambda text, path, known=called[key]: _named(text, known)
        for key in ("applications", "providers", "contexts", "locations", "strengths")}
    changes["devices"] = lambda text, path: _named(text, called["device_authorities"])
    return each_named(entry, {**changes, "users": lambda text, path: _who(text, path, called)})


def _who(text: str, path: str, called: Called) -> str:
    provider, kind, value = split_who(text, path)
    known = _named(provider, called["providers"])
    if known != BUILTIN:
        return f"{known}/{kind}:{value}"
    return f"user:{names.sign_in_name(value)}" if kind == "user" else f"group:{_named(value, called['groups'])}"


def _without_id(entry: Entry) -> Entry:
    return {key: value for key, value in entry.items() if key != "id"}


def _identity(entry: Entry) -> Entry:
    return {key: entry[key] for key in ("id", "name") if key in entry}


def _branding(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping) or not all(isinstance(text, str) for text in value.values()):
        raise ConfigError(f"{BRANDING}: texts by keys are needed")
    try:
        return dict(sorted(check_brand({key: text for key, text in value.items() if text}).items()))
    except ConfigError as error:
        raise ConfigError(f"{BRANDING}.{error.message}", hint=error.hint) from error


def _native_client(entry: Entry, called: Called) -> Entry:
    return {**entry, "applications": sorted(entry["applications"])}


_NORMAL: Mapping[str, Callable[[Entry, Called], Entry]] = {
    "applications": _application, "providers": _provider, "directories": _directory, "locations": _location,
    "strengths": _strength, "contexts": _context, "policies": _policy, "break_glass": _break_glass, "roles": _role,
    "native_clients": _native_client, "device_authorities": _device_authority,
}
