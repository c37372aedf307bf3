"""appproxy app logo ..."""

from __future__ import annotations

from pathlib import Path

from tests.branding.pictures import png
from tests.cli.conftest import Typing


def test_from_a_file_to_a_file(typed: Typing, tmp_path: Path) -> None:
    """What was given comes back to the byte; what is wrong is said in a line that names it."""
    typed("app", "publish", "wiki", "--internal", "http://a/", "--external", "https://wiki.example.com/")
    given, found = tmp_path / "wiki.png", tmp_path / "found.png"
    given.write_bytes(png(12, 34))
    assert "wiki has a logo: image/png, 12 x 34" in typed("app", "logo", "set", "wiki", str(given)).out
    shown = typed("app", "logo", "show", "wiki", "--output", str(found)).out
    assert "image/png" in shown and found.read_bytes() == png(12, 34)
    assert typed("app", "logo", "show", "wiki", "--json").json["width"] == 12
    assert "wiki has no logo any more" in typed("app", "logo", "remove", "wiki").out
    assert "wiki has no logo" in typed("app", "logo", "show", "wiki").err
    given.write_bytes(b"<svg/>")
    refused = typed("app", "logo", "set", "wiki", str(given))
    assert refused.code == 1 and "PNG, JPEG or WebP" in refused.err
    assert "cannot be read" in typed("app", "logo", "set", "wiki", str(tmp_path / "none.png")).err
