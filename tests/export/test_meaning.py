"""What an action of the audit is in the words of others."""

from __future__ import annotations

import pytest

from appproxy.admin.noted import NOTED
from appproxy.export.meaning import ACTIVITIES, MEANINGS, OTHER, Class, Meaning, meaning_of
from appproxy.store.service.actions import EVENTS

#: What ECS 8.11 allows as types of these categories.
_TYPES = {
    "authentication": {"start", "end", "info"},
    "session": {"start", "end", "info"},
    "iam": {"admin", "change", "creation", "deletion", "group", "info", "user"},
    "configuration": {"access", "change", "creation", "deletion", "info"},
}


@pytest.mark.parametrize("action", EVENTS)
def test_every_event_has_a_row(action: str) -> None:
    """Nothing that happens is left to a guess: a new event gets a row in MEANINGS."""
    assert action in MEANINGS, f"say what {action} is to others: appproxy/export/meaning.py"


@pytest.mark.parametrize("action", sorted({*EVENTS, *NOTED, *MEANINGS}))
def test_the_words_are_those_of_the_schemas(action: str) -> None:
    """Of every event and every change of an administrator: categories with types that they have, classes with activities."""
    meaning = meaning_of(action)
    assert meaning.categories and meaning.types
    assert set(meaning.types) <= set().union(*(_TYPES[one] for one in meaning.categories))
    assert meaning.activity == OTHER or meaning.activity in ACTIVITIES[meaning.ocsf_class]


def test_there_are_rows_only_for_what_there_is() -> None:
    """And for the entry that a test sends."""
    assert MEANINGS.keys() - EVENTS.keys() - NOTED.keys() == {"audit.export_test"}


def test_what_is_refused_has_failed() -> None:
    """Whatever its name says."""
    refused = {action for action in EVENTS if action.endswith(("refused", "failed")) and action != "user.directory_refused"}
    assert refused and all(meaning_of(action).failed for action in refused)
    assert not meaning_of("user.sign_in").failed


@pytest.mark.parametrize(("action", "activity"), [
    ("application.publish", 1), ("segment.add", 1), ("segment.set", 3), ("connector.revoke", 4), ("something.new", 3),
])
def test_other_changes_follow_from_their_verb(action: str, activity: int) -> None:
    """One that nobody has thought of is a change of the configuration."""
    meaning = meaning_of(action)
    assert (meaning.ocsf_class, meaning.activity) == (Class.ENTITY_MANAGEMENT, activity)
    assert meaning.categories == ("configuration",)


def test_no_activity_has_the_number_of_the_others() -> None:
    """99 is for what has no name of its own."""
    assert all(OTHER not in names for names in ACTIVITIES.values())
    assert isinstance(meaning_of("sign-in"), Meaning)
