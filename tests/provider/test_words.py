"""What pages say of times."""

from __future__ import annotations

import pytest

from appproxy.provider.words import in_words


@pytest.mark.parametrize(("seconds", "words"), [
    (0, "0 seconds"), (1, "one second"), (2, "2 seconds"), (90, "90 seconds"), (91, "2 minutes"), (120, "2 minutes"),
    (121, "3 minutes"), (119 * 60, "119 minutes"), (119 * 60 + 1, "2 hours"), (2 * 3600, "2 hours"), (2 * 3600 + 1, "3 hours"),
])
def test_a_time_to_wait(seconds: int, words: str) -> None:
    """Never less than it is."""
    assert in_words(seconds) == words
