"""The page that users read is the program's own account."""

from __future__ import annotations

from pathlib import Path

from appproxy.publish.settings.reference import application_settings_page
from appproxy.publish.settings.texts import all_keys

PAGE = Path(__file__).parents[3] / "docs" / "application-settings.md"


def test_the_page_is_up_to_date() -> None:
    """docs/application-settings.md is what `application_settings_page` says: write it again after a change of the table."""
    assert PAGE.read_text() == application_settings_page()


def test_every_key_is_on_it() -> None:
    """Once."""
    for key in all_keys():
        assert application_settings_page().count(f"\n| `{key}`") == 1


def test_the_guide_knows_every_key() -> None:
    """docs/publishing.md and the pages beside it say at length what each is for."""
    guides = "".join(path.read_text() for path in PAGE.parent.glob("*.md") if path != PAGE)
    assert [key for key in all_keys() if key.removesuffix("NAME") not in guides] == []
