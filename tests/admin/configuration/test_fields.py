"""The fields of a document, each by its form and up to its bounds; an error begins with the path to it."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from appproxy.admin.configuration.fields import check_size, entries_at, entry_at, is_reference, known_at
from appproxy.admin.configuration.sections import UNSAID, Field, FieldForm
from appproxy.errors import ConfigError

ENVIRONMENT, FILE = {"environment": "SECRET"}, {"file": "/run/secret"}


def taken(form: FieldForm, value: object, fields: tuple[Field, ...] = ()) -> object:
    """What a field of this form becomes."""
    return entry_at({"it": value}, "things[3]", [Field("it", form, "what it means", fields=fields)])["it"]


def refused(form: FieldForm, value: object) -> str:
    """What is said of a wrong one."""
    with pytest.raises(ConfigError) as caught:
        taken(form, value)
    return caught.value.message


@pytest.mark.parametrize(("form", "value"), [
    (FieldForm.TEXT, ""), (FieldForm.TEXT, "a"), (FieldForm.FLAG, False), (FieldForm.WHOLE, -3), (FieldForm.NUMBER, 1.5),
    (FieldForm.TEXTS, []), (FieldForm.TEXTS, ["a", "b"]), (FieldForm.TEXTS, [f"{one}" for one in range(2000)]),
    (FieldForm.SETTINGS, {"a": "b", "request.x": ENVIRONMENT}), (FieldForm.SECRET, "text"), (FieldForm.SECRET, FILE),
    (FieldForm.PART, [{"any": 1}]),
])
def test_what_is_taken(form: FieldForm, value: object) -> None:
    """As it was written."""
    assert taken(form, value) == value


def test_numbers_are_numbers() -> None:
    """A whole one counts where a fraction may be; a list may be a tuple."""
    number = taken(FieldForm.NUMBER, 3)
    assert number == 3.0 and isinstance(number, float) and taken(FieldForm.TEXTS, ("a",)) == ["a"]


@pytest.mark.parametrize(("form", "value", "said"), [
    (FieldForm.TEXT, 3, "a text is needed"), (FieldForm.FLAG, 1, "true or false is needed"),
    (FieldForm.FLAG, "yes", "true or false is needed"), (FieldForm.WHOLE, True, "a whole number is needed"),
    (FieldForm.WHOLE, 1.0, "a whole number is needed"), (FieldForm.NUMBER, True, "a number is needed"),
    (FieldForm.NUMBER, "1", "a number is needed"), (FieldForm.NUMBER, float("inf"), "a number is needed"),
    (FieldForm.NUMBER, float("nan"), "a number is needed"), (FieldForm.TEXTS, "a", "a list of texts is needed"),
    (FieldForm.TEXTS, ["a", 1], "a list of texts is needed"), (FieldForm.TEXTS, ["a", "a"], "names one twice"),
    (FieldForm.TEXTS, [f"{one}" for one in range(2001)], "has more than 2000 texts"),
    (FieldForm.SETTINGS, ["a"], "settings with their values are needed"), (FieldForm.SETTINGS, {1: "a"}, "a text is needed"),
    (FieldForm.SECRET, 3, "a text is needed, or {environment: NAME} or {file: PATH}"),
    (FieldForm.SECRET, {"vault": "x"}, "a text is needed, or {environment: NAME} or {file: PATH}"),
    (FieldForm.ENTRIES, {}, "a list is needed"), (FieldForm.ENTRIES, "a", "a list is needed"),
])
def test_what_is_not(form: FieldForm, value: object, said: str) -> None:
    """Said at its place."""
    assert refused(form, value) == f"things[3].it: {said}"


def test_a_setting_is_named_by_its_key() -> None:
    """The place goes on into what a field has."""
    assert refused(FieldForm.SETTINGS, {"a": "b", "strict": 1}).startswith("things[3].it.strict: a text is needed, or")
    with pytest.raises(ConfigError) as caught:
        taken(FieldForm.ENTRIES, [{"a": "x"}, {"a": 1}], (Field("a", FieldForm.TEXT, ""),))
    assert caught.value.message == "things[3].it[1].a: a text is needed"


def test_what_is_left_out_has_its_default() -> None:
    """A copy of it, so that nobody changes the table; null is the same; what the service chooses is not there at all."""
    fields = [
        Field("list", FieldForm.TEXTS, "", ("a",)), Field("map", FieldForm.SETTINGS, "", MappingProxyType({"a": "b"})),
        Field("flag", FieldForm.FLAG, "", True), Field("chosen", FieldForm.TEXT, "", UNSAID), Field("text", FieldForm.TEXT,
        "", "x"),
    ]
    first, second = entry_at({}, "p", fields), entry_at({"list": None, "chosen": None}, "p", fields)
    assert first == second == {"list": ["a"], "map": {"a": "b"}, "flag": True, "text": "x"}
    first["list"].append("more")
    first["map"]["more"] = "more"
    assert entry_at({}, "p", fields) == second


def test_what_is_needed() -> None:
    """Is told with what it means; a secret may be missing, for what is there has its own."""
    with pytest.raises(ConfigError) as caught:
        entry_at({}, "p", [Field("name", FieldForm.TEXT, "what it is called")])
    assert (caught.value.message, caught.value.hint) == ("p.name: is needed", "what it is called")
    assert entry_at({}, "p", [Field("secret", FieldForm.SECRET, "")]) == {"secret": ""}


def test_an_entry_is_an_object() -> None:
    """With its fields alone; the mend lists them."""
    fields = [Field("name", FieldForm.TEXT, "", ""), Field("kind", FieldForm.TEXT, "", "")]
    with pytest.raises(ConfigError) as caught:
        entries_at([{}, []], "things", fields)
    assert (caught.value.message, caught.value.hint) == ("things[1]: an object with fields is needed", "it has name, kind")
    with pytest.raises(ConfigError) as caught:
        entry_at({"nam": "x"}, "p", fields)
    assert (caught.value.message, caught.value.hint) == ("p.nam: no such field", "did you mean name?")
    with pytest.raises(ConfigError) as caught:
        known_at({"zzz": 1}, "", ("name", "kind"))
    assert (caught.value.message, caught.value.hint) == ("zzz: no such section", "there is name, kind")
    known_at({"name": 1}, "", ("name", "kind"))


def test_a_list_has_so_many_entries() -> None:
    """And not one more."""
    field = [Field("a", FieldForm.TEXT, "", "")]
    assert len(entries_at([{}] * 20_000, "p", field)) == 20_000
    with pytest.raises(ConfigError, match="^p: has more than 20000 entries"):
        entries_at([{}] * 20_001, "p", field)


def test_all_lists_together_have_so_many_members() -> None:
    """Wherever they stand; texts and names count for nothing."""
    check_size({"a": [["x"] * 99_999, {"b": ("y",) * 99_999}], "text": "z" * 300_000})
    with pytest.raises(ConfigError, match="more than 200000 members together"):
        check_size({"a": [["x"] * 99_999, {"b": ("y",) * 100_000}]})


@pytest.mark.parametrize(("value", "is_one"), [
    (ENVIRONMENT, True), (FILE, True), ({}, False), ({"environment": ""}, False), ({"environment": 1}, False),
    ({"env": "X"}, False), ({**ENVIRONMENT, **FILE}, False), ("environment", False), (None, False),
])
def test_where_a_secret_is_found(value: object, is_one: bool) -> None:
    """In one place."""
    assert is_reference(value) is is_one
