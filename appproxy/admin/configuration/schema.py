"""The JSON Schema of a document, by which editors complete and check it while it is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from appproxy.admin.configuration.sections import (
    BRANDING,
    FORMAT,
    FORMAT_KEY,
    NEEDED,
    SECTIONS,
    UNSAID,
    Field,
    FieldForm,
    Section,
)
from appproxy.branding import BRAND_KEYS
from appproxy.identity.openid.oidc_settings import MEANINGS
from appproxy.policy.conditional.documents.naming import LISTS
from appproxy.policy.conditional.model import PolicyState
from appproxy.publish.settings.table import FAMILIES, SETTINGS

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
#: In a file, what looks like a number or a truth is a text where one is needed.
_WRITTEN: Schema = {"type": ["string", "number", "boolean"]}
_TEXTS: Schema = {"type": "array", "items": _TEXT, "uniqueItems": True}
_REFERENCE: Schema = {
    "type": "object", "additionalProperties": False, "minProperties": 1, "maxProperties": 1,
    "properties": {
        "environment": {**_TEXT, "description": "a variable of the environment of whoever applies the file"},
        "file": {**_TEXT, "description": "a file there, beside this one unless the path is absolute"},
    },
}
_FORMS: dict[FieldForm, Schema] = {
    FieldForm.TEXT: _WRITTEN, FieldForm.FLAG: {"type": "boolean"}, FieldForm.WHOLE: {"type": "integer"},
    FieldForm.NUMBER: {"type": "number"}, FieldForm.TEXTS: _TEXTS, FieldForm.SECRET: _REFERENCE,
}
_CHOICE: Schema = {"type": "object", "additionalProperties": False, "properties": {one: _TEXTS for one in LISTS}}
_TIMES: Schema = {"type": "array", "items": {"type": "object", "required": ["from", "to", "zone"]}}
#: What conditional access reads by itself, as far as an editor can help with it (docs/policies.md).
_PARTS: dict[str, Schema] = {
    "networks": _TEXTS, "countries": _TEXTS, "trusted": {"type": "boolean"}, "paths": _TEXTS, "methods": _TEXTS,
    "users": _CHOICE, "applications": _CHOICE, "message": _TEXT, "session": {"type": "object"},
    "state": {"enum": [one.value for one in PolicyState]},
    "any_of": {"type": "array", "items": {
        "type": "object", "additionalProperties": False, "properties": {
            "provider": _TEXT, "acr": _TEXT, "amr": _TEXTS, "device": _TEXT,
            "subject": {"type": "object", "additionalProperties": _TEXT}}}},
    "conditions": {"type": "object", "properties": {
        **{one: _CHOICE for one in ("clients", "contexts", "devices", "locations", "platforms", "providers", "strengths")},
        "times": {"type": "object", "additionalProperties": False, "properties": {one: _TIMES for one in LISTS}}}},
    "grant": {"type": "object", "properties": {"block": {"type": "boolean"}, "require": _TEXTS}},
}  # fmt: skip


def schema() -> Schema:
    """Of a whole document."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "appproxy configuration",
        "type": "object", "additionalProperties": False, "required": [FORMAT_KEY],
        "properties": {
            FORMAT_KEY: {"const": FORMAT},
            **{name: {"type": ["array", "null"], "description": section.meaning, "items": _entry(section)}
               for name, section in SECTIONS.items()},
            BRANDING: {"type": ["object", "null"], "additionalProperties": False, "properties": {
                key: {**_WRITTEN, "description": one.explanation} for key, one in BRAND_KEYS.items()}},
        },
    }  # fmt: skip


def _entry(section: Section) -> Schema:
    made = _object(section.fields, section.name)
    if section.name == "providers":
        # Of the built-in one nothing else can be said.
        made["required"] = ["name"]
    return made


def _object(fields: Sequence[Field], section: str) -> Schema:
    return {
        "type": "object", "additionalProperties": False,
        "required": [one.name for one in fields if one.default is NEEDED and one.form is not FieldForm.SECRET],
        "properties": {one.name: _field(one, section) for one in fields},
    }  # fmt: skip


def _field(one: Field, section: str) -> Schema:
    described: Schema = {"description": one.meaning}
    if one.default not in (NEEDED, UNSAID) and isinstance(one.default, str | bool | int | float) and one.default != "":
        described["default"] = one.default
    if one.form is FieldForm.ENTRIES:
        return {"type": "array", "items": _object(one.fields, section), **described}
    if one.form is FieldForm.SETTINGS:
        return {**(_settings() if section == "applications" else _provider_settings()), **described}
    return {**(_PARTS[one.name] if one.form is FieldForm.PART else _FORMS[one.form]), **described}


def _settings() -> Schema:
    families = {
        f"^{start.replace('.', '[.]')}": {
            "description": one.meaning, **({"anyOf": [_WRITTEN, _REFERENCE]} if start == "request." else _WRITTEN)}
        for start, one in FAMILIES.items()}
    known = {
        key: {**_WRITTEN, "description": f"{one.explanation} (default: {one.default_text or 'nothing'})"}
        for key, one in SETTINGS.items()}
    return {"type": "object", "additionalProperties": False, "properties": known, "patternProperties": families}


def _provider_settings() -> Schema:
    known = {key: {**_WRITTEN, "description": meaning} for key, meaning in MEANINGS.items()}
    return {"type": "object", "additionalProperties": False, "properties": known}
