"""Tags stand for what has them; the errors of names are tested with the documents that have them."""

from __future__ import annotations

import pytest

from appproxy.policy.conditional.documents.naming import applications

TAGGED = {"hr": ["a1", "a2"], "old": ["a2"]}


@pytest.mark.parametrize(("lists", "expected"), [
    ({"include": ["tag:hr", "a3"]}, ({"a1", "a2", "a3"}, set())),
    ({"include": ["all"], "exclude": ["tag:old"]}, (None, {"a2"})),
    ({"include": ["tag:none"]}, (set(), set())), ({"include": ["all", "tag:hr"]}, (None, set())),
])
def test_tags_are_their_applications(lists: object, expected: object) -> None:
    """A tag that none has is for none, which is something else than all."""
    assert applications(lists, TAGGED) == expected
