"""Forms of operations, and their bodies."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.console.forms.fields import body_of, form_of, read, text_of
from appproxy.console.records.kinds import command

CLIENT = {"redirect_uris": ["https://a/,b"], "post_logout_redirect_uris": [], "backchannel_logout_uri": "",
          "backchannel_logout_session_required": False, "ca_bundle": "", "frontchannel_logout_uri": ""}
LINE = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"], exclude_characters=",="), min_size=1, max_size=9)


def test_a_form_has_all_fields_of_its_operation() -> None:
    """With what is there now; what cannot be done without is marked, and a secret is never filled in."""
    form = {one.name: one for one in form_of(command("PATCH /clients/{client}"), CLIENT)}
    assert tuple(form) == command("PATCH /clients/{client}").fields
    assert form["redirect_uris"].value == "https://a/,b" and form["redirect_uris"].control == "area"
    assert form["backchannel_logout_session_required"].options == (("yes", "Yes"), ("no", "No"))
    new = {one.name: one for one in form_of(command("POST /clients"))}
    assert new["name"].required and not new["secret"].required and new["secret"].control == "secret"
    directory = form_of(command("PATCH /directories/{directory}"), {"bind_password": "no"})
    assert {one.value for one in directory} == {""}


def test_only_what_was_changed_is_sent() -> None:
    """A form that is sent as it was shown changes nothing; one that is emptied is sent as empty."""
    operation = command("PATCH /clients/{client}")
    form = {one.name: [one.value.replace("\n", "\r\n")] for one in form_of(operation, CLIENT)}
    assert body_of(operation, form, CLIENT) == {}
    assert body_of(operation, {**form, "redirect_uris": [""]}, CLIENT) == {"redirect_uris": []}
    assert body_of(operation, {"name": ["x"], "secret": [" s "]}) == {}
    assert body_of(command("POST /clients"), {"name": [" x "], "secret": [" s "]}) == {"name": "x", "secret": " s "}


def test_pairs_that_are_taken_away() -> None:
    """Are sent as empty, so that their defaults are back."""
    operation = command("PATCH /providers/{provider}")
    body = body_of(operation, {"settings": ["a=1\nb=3"]}, {"settings": {"b": "2", "c": "4"}})
    assert body == {"settings": {"a": "1", "b": "3", "c": ""}}


@pytest.mark.parametrize(("name", "text", "value"), [
    ("uses", "12", 12), ("uses", "many", "many"), ("session_hours", "1.5", 1.5), ("uses", "-1", "-1"),
    ("uses", "1" * 30, "1" * 30),
    ("disabled", "yes", True), ("disabled", "no", False), ("disabled", "perhaps", "perhaps"), ("expires", "8h", "8h"),
    ("applications", "a, b\nc", ["a", "b", "c"]), ("redirect_uris", "a,b\n\nc ", ["a,b", "c"]),
    ("document", '{"a": 1}', {"a": 1}), ("claims", "a = b=c\nd", {"a": "b=c", "d": ""}),
])
def test_what_is_written_is_read(name: str, text: str, value: object) -> None:
    """By the kind of the field; what is not of it is passed on, for the operation to refuse by name."""
    assert read(name, text) == value


@given(st.one_of(
    st.tuples(st.just("applications"), st.lists(LINE)), st.tuples(st.just("claims"), st.dictionaries(LINE, LINE)),
    st.tuples(st.just("disabled"), st.booleans()), st.tuples(st.just("uses"), st.integers(0, 10**9))))
def test_what_is_shown_is_read_back(pair: tuple[str, Any]) -> None:
    """Whatever a field is filled with means what it was made of."""
    name, value = pair
    assert read(name, text_of(value)) == value
