"""The page that users read is the program's own account."""

from __future__ import annotations

from pathlib import Path

from appproxy.config import CONNECTOR_SETTINGS, SERVICE_SETTINGS, settings_page

PAGE = Path(__file__).parent.parent.parent / "docs" / "settings.md"


def test_the_page_is_up_to_date() -> None:
    """docs/settings.md is what `settings_page` says: write it again after a change of settings."""
    assert PAGE.read_text() == settings_page()


def test_every_setting_is_on_it() -> None:
    """With its key, once for each program that has it."""
    page = settings_page()
    for one in (*SERVICE_SETTINGS, *CONNECTOR_SETTINGS):
        assert f"| `{one.key}` | " in page
