"""The table of what a document is made of."""

from __future__ import annotations

import pytest

from appproxy.admin.configuration.sections import SECTIONS, UNSAID, key_text, label
from appproxy.policy.conditional.documents import contexts as reading_contexts
from appproxy.policy.conditional.documents import reading
from appproxy.store.people.directories import FIELDS


@pytest.mark.parametrize(("section", "known"), [("policies", reading._FIELDS), ("contexts", reading_contexts._FIELDS)])
def test_parts_of_policies(section: str, known: tuple[str, ...]) -> None:
    """Are those that conditional access reads: a new one there is one here, or could not be written in a file."""
    assert set(SECTIONS[section].by_name) - {"id"} == set(known)


def test_fields_of_a_directory() -> None:
    """Are all that one can be set by."""
    assert set(SECTIONS["directories"].by_name) - {"id", "name"} == set(FIELDS)


def test_what_tells_an_entry_from_others() -> None:
    """A name, or several fields where it has none."""
    assert label(SECTIONS["groups"], {"name": "staff"}) == "staff"
    assert label(SECTIONS["second_factors"], {"group": ""}) == "all users"
    assert key_text(("user", "group", "provider"), {"user": "", "group": "g", "provider": "p"}) == "group g provider p"


def test_every_field_means_something() -> None:
    """And what is named is a section; an id is never needed."""
    for section in SECTIONS.values():
        for field in section.fields:
            assert field.meaning and (not field.section or field.section in SECTIONS)
        assert "id" not in section.by_name or section.by_name["id"].default is UNSAID
