"""Kinds of things that have pages."""

from __future__ import annotations

import pytest

from appproxy.admin.operations import OPERATIONS
from appproxy.console.forms.words import OF_ONE, WORDS
from appproxy.console.records.kinds import RecordKind, command
from appproxy.console.records.table import KINDS


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.path)
def test_every_field_has_words(kind: RecordKind) -> None:
    """No form asks for something without saying what it is; every operation of a kind is one of the table."""
    there = {f"{one.method} {one.path}" for one in OPERATIONS}
    assert set(kind.operations()) <= there
    for called in (kind.add, kind.change, *(act.called for act in (*kind.acts, *kind.for_all))):
        for field in command(called).fields if called else ():
            assert field in WORDS or (called, field) in OF_ONE, f"words for {field} are missing in forms/words.py"


def test_what_follows_from_the_record_is_not_asked_for() -> None:
    """An act whose fields are known has a button and no form."""
    (unassign,) = next(one for one in KINDS if one.path == "/role-assignments").acts
    assert unassign.without == unassign.command.fields
