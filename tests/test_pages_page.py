"""docs/pages.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from appproxy.errors import FAILURES

PAGE = Path(__file__).parent.parent / "docs" / "pages.md"


def test_all_failures_are_listed() -> None:
    """Each with its status, what failed, its title and what to do, as the page itself says it."""
    rows = re.findall(r"^\| `([A-Z_0-9]+)` \| (.*) \|$", PAGE.read_text(), re.MULTILINE)
    expected = [
        (code.name, f"{failure.status} | {failure.source.value} | {failure.title} | {failure.advice}")
        for code, failure in FAILURES.items()
    ]
    assert rows == expected
