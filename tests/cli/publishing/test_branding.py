"""appproxy branding ..."""

from __future__ import annotations

from pathlib import Path

from appproxy.branding import BRAND_KEYS
from tests.cli.conftest import Typing

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><circle r="4"/></svg>'


def test_from_setting_to_resetting(typed: Typing) -> None:
    """What is set is shown, an empty value puts one default back, `reset` the named ones or all."""
    default = typed("branding", "show", "--json").json
    done = typed("branding", "set", "name=Example Inc.", "accent=#204060", "help_text=Ask the desk")
    assert (done.code, done.err) == (0, "") and "the branding is changed" in done.out
    shown = typed("branding", "show", "--json").json
    assert (shown["name"], shown["accent"], shown["help_text"]) == ("Example Inc.", "#204060", "Ask the desk")
    assert typed("branding", "set", "name=", "--json").json == {**shown, "name": default["name"]}
    assert "the branding is reset" in typed("branding", "reset", "accent").out
    assert typed("branding", "show", "--json").json == {**default, "help_text": "Ask the desk"}
    assert typed("branding", "reset", "--json").json == default == typed("branding", "show", "--json").json


def test_a_logo_is_a_file(typed: Typing, tmp_path: Path) -> None:
    """It is read where the command is typed, and shown by its size, not by its bytes."""
    picture = tmp_path / "logo.svg"
    picture.write_bytes(SVG)
    assert typed("branding", "set", f"logo=@{picture}").code == 0
    shown = typed("branding", "show")
    assert "svg" in shown.out and "circle" not in shown.out
    missing = typed("branding", "set", f"logo=@{tmp_path / 'none.svg'}")
    assert missing.code != 0 and "none.svg' cannot be read" in missing.err
    assert typed("branding", "show").out == shown.out


def test_keys_lists_all_with_their_meaning(typed: Typing) -> None:
    """As many rows as there are settings, each with words."""
    rows = typed("branding", "keys", "--json").json
    assert [row["key"] for row in rows] == list(BRAND_KEYS)
    printed = typed("branding", "keys").out
    assert all(key in printed for key in BRAND_KEYS) and all(row["explanation"] for row in rows)


def test_what_is_wrong_is_said_and_nothing_changes(typed: Typing) -> None:
    """A key that is none, one without a value, a colour that is none."""
    before = typed("branding", "show").out
    for pair, word in (("nmae=x", "name"), ("name", "="), ("accent=reddish", "accent")):
        refused = typed("branding", "set", pair)
        assert refused.code != 0 and word in refused.err, pair
    assert typed("branding", "show").out == before
