"""An entry on its way to another system."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.export.entry import ExportedEntry

ENTRY = ExportedEntry("example.com", 7, 1782864000.25, "user:ann", "sign-in", "ann", {"address": "192.0.2.1"}, "ab" * 32)


def test_the_id_tells_entries_apart() -> None:
    """Also those of one number in a database and in an older copy of it; entries of the oldest versions have their number."""
    assert ENTRY.id == "7-" + "ab" * 8
    assert replace(ENTRY, link="cd" * 32).id != ENTRY.id
    assert replace(ENTRY, link="").id == "7"


def test_the_moment() -> None:
    """In UTC, with milliseconds."""
    assert ENTRY.moment == "2026-07-01T00:00:00.250Z"


@pytest.mark.parametrize(("detail", "address"), [
    ({"address": "192.0.2.1"}, "192.0.2.1"),
    ({"from": "2001:db8::1"}, "2001:db8::1"),
    ({"address": "192.0.2.0/24"}, ""),
    ({"address": "others"}, ""),
    ({}, ""),
])
def test_the_address(detail: dict[str, object], address: str) -> None:
    """Only what is one: counted entries have a network."""
    assert replace(ENTRY, detail=detail).address == address


@pytest.mark.parametrize(("actor", "subject"), [("user:ann", "ann"), ("user:a:b", "a:b"), ("service", ""), ("anonymous", "")])
def test_the_subject(actor: str, subject: str) -> None:
    """Without the kind of the actor."""
    assert replace(ENTRY, actor=actor).subject == subject
