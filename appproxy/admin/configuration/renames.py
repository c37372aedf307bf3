"""What has another name in a document than it has now, by ids; and the configuration as it is called afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from appproxy.admin.configuration.sections import SECTIONS, Document, Entry, Field, FieldForm
from appproxy.errors import ConfigError
from appproxy.policy.conditional.documents.naming import BUILTIN, split_who
from appproxy.store.policies.references import each_named

#: By section, the new names by the old ones.
Renames = Mapping[str, Mapping[str, str]]
#: What policies call that of which section.
_IN_POLICIES = {
    "applications": "applications", "providers": "providers", "contexts": "contexts", "locations": "locations",
    "strengths": "strengths", "devices": "device_authorities",
}


def renames_of(there: Document, wanted: Document) -> Renames:
    """Raises ConfigError for the built-in provider, whose name is in everybody's files."""
    found: dict[str, dict[str, str]] = {}
    for name, section in SECTIONS.items():
        if not section.has_ids or name not in wanted:
            continue
        called = {one["id"]: one["name"] for one in there[name]}
        pairs = {
            called[one["id"]]: one["name"] for one in wanted[name]
            if one.get("id") in called and called[one["id"]] != one["name"]}
        if BUILTIN in pairs and name in ("providers", "device_authorities"):
            what = "provider" if name == "providers" else "device authority"
            raise ConfigError(f"{name}: the built-in {what} keeps its name")
        if pairs:
            found[name] = pairs
    return found


def renamed(there: Document, renames: Renames) -> Document:
    """The same, as things are called afterwards, also where others name them."""
    if not renames:
        return there
    made = dict(there)
    for name, section in SECTIONS.items():
        made[name] = [_renamed_entry(section.fields, one, renames) for one in there[name]]
        own = renames.get(name, {})
        if own:
            made[name] = [{**one, "name": own.get(one["name"], one["name"])} for one in made[name]]
        if name == "native_clients":
            made[name] = [{**one, "applications": sorted(one["applications"])} for one in made[name]]
        elif name in ("policies", "contexts"):
            made[name] = [_renamed_policy(one, renames) for one in made[name]]
        elif name == "strengths":
            made[name] = [_renamed_strength(one, renames) for one in made[name]]
    return made


def _renamed_entry(fields: Sequence[Field], entry: Entry, renames: Renames) -> Entry:
    made = dict(entry)
    for one in fields:
        if one.form is FieldForm.ENTRIES:
            made[one.name] = [_renamed_entry(one.fields, each, renames) for each in entry[one.name]]
        elif one.section in renames and not (one.section == "groups" and entry.get("provider", BUILTIN) != BUILTIN):
            known = renames[one.section]
            value = entry[one.name]
            made[one.name] = [known.get(each, each) for each in value] if isinstance(value, list) else known.get(value, value)
    return made


def _renamed_policy(entry: Entry, renames: Renames) -> Entry:
    def change(section: str, text: str) -> str:
        return renames.get(section, {}).get(text, text)

    changes: dict[str, Any] = {
        key: lambda text, path, section=section: change(section, text) for key, section in _IN_POLICIES.items()}
    return each_named(entry, {**changes, "users": lambda text, path: _who(text, path, renames)})


def _who(text: str, path: str, renames: Renames) -> str:
    provider, kind, value = split_who(text, path)
    if provider == BUILTIN:
        return f"{kind}:{renames.get('groups', {}).get(value, value) if kind == 'group' else value}"
    return f"{renames.get('providers', {}).get(provider, provider)}/{kind}:{value}"


def _renamed_strength(entry: Entry, renames: Renames) -> Entry:
    of = {"provider": renames.get("providers", {}), "device": renames.get("device_authorities", {})}
    ways = [{**way, **{key: known.get(way[key], way[key]) for key, known in of.items() if way.get(key)}}
            for way in entry["any_of"]]
    return {**entry, "any_of": ways}
