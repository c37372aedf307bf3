"""The JSON Schema by which editors check files."""

from __future__ import annotations

import json
from typing import Any

from appproxy.admin.configuration.schema import schema
from appproxy.admin.configuration.sections import SECTIONS
from appproxy.publish.settings.table import SETTINGS
from tests.admin.configuration.test_operations import everything


def fits(value: Any, form: dict[str, Any]) -> bool:
    """As far as we use JSON Schema."""
    kinds = {"string": str, "boolean": bool, "object": dict, "array": list, "number": int | float, "integer": int,
             "null": type(None)}
    wanted = form.get("type")
    names = [wanted] if isinstance(wanted, str) else wanted or []
    if names and not any(isinstance(value, kinds[name]) for name in names):
        return False
    if "const" in form and value != form["const"] or "enum" in form and value not in form["enum"]:
        return False
    if isinstance(value, dict):
        known = form.get("properties", {})
        unknown = set(value) - set(known)
        if unknown and form.get("additionalProperties") is False and not form.get("patternProperties"):
            return False
        return set(form.get("required", ())) <= set(value) and all(
            fits(each, known[key]) for key, each in value.items() if key in known)
    return not isinstance(value, list) or all(fits(each, form.get("items", {})) for each in value)


def test_what_an_export_says_fits(desk: Any) -> None:
    """And a misspelled field does not."""
    desk.call("PUT", "/configuration", {"document": everything()})
    exported = desk.call("GET", "/configuration")
    assert fits(exported, schema())
    exported["applications"][0]["extrenal"] = "x"
    assert not fits(exported, schema())


def test_every_section_and_setting_is_in_it() -> None:
    """With what it means."""
    made = schema()["properties"]
    assert set(SECTIONS) < set(made)
    settings = made["applications"]["items"]["properties"]["settings"]["properties"]
    assert set(settings) == set(SETTINGS) and all(one["description"] for one in settings.values())
    assert json.loads(json.dumps(schema())) == schema()
