"""The table of tags and attributes."""

from __future__ import annotations

import re
from pathlib import Path

from appproxy.publish.body.markup.table import EVERY_TAG, TAGS

PAGE = Path(__file__).parents[4] / "docs" / "publishing.md"


def test_the_table_is_documented() -> None:
    """docs/publishing.md lists the tags and attributes of the code."""
    section = PAGE.read_text().partition("## URLs in bodies")[2].partition("\n## ")[0]
    table = section.partition("| tag |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `([a-z-]+)` \| ((?:`[a-z:-]+`(?:, )?)+)", table, re.M)
    assert {tag: re.findall(r"`([a-z:-]+)`", names) for tag, names in rows} == {
        tag.decode(): [name.decode() for name in names] for tag, names in TAGS.items()
    }
    every = re.search(r"^\| every tag \| ((?:`[a-z-]+`(?:, )?)+) of htmx", table, re.M)
    assert every is not None
    names = re.findall(r"`([a-z-]+)`", every[1])
    assert [*names, *(f"data-{name}" for name in names)] == [name.decode() for name in EVERY_TAG]
