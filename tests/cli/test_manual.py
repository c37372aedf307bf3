"""Manual pages of the commands."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.cli.base.exit_codes import EXIT_CODES
from appproxy.cli.main import appproxy_command
from appproxy.cli.manual import escaped, pages

PAGES = pages(appproxy_command, EXIT_CODES)


def shown(*texts: str) -> list[str]:
    """What a reader sees of each page. One run of groff for all, since its start costs most."""
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed")
    found = []
    for text in texts:
        made = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-rLL=300n"], input=text.encode(), capture_output=True)
        assert made.stderr.decode() == ""
        # Bold letters are struck twice, or between escapes; it depends on the version.
        found.append(re.sub(r".\x08|\x1b\[[0-9;]*m", "", made.stdout.decode()).replace("\u2212", "-"))
    return found


def test_every_command_has_a_page() -> None:
    """And the program one that names them; each has what manual pages have."""
    assert set(PAGES) == {"appproxy.1", *(f"appproxy-{name}.1" for name in appproxy_command.commands)}
    for name, text in PAGES.items():
        headings = re.findall(r"^\.SH (.*)$", text, re.M)
        assert headings[:3] == ["NAME", "SYNOPSIS", "DESCRIPTION"], name
        assert {"EXIT STATUS", "ENVIRONMENT"} < set(headings), name
    assert all(f"appproxy\\-{name.replace('-', chr(92) + '-')}" in PAGES["appproxy.1"] for name in appproxy_command.commands)


def test_commands_below_commands_and_their_options() -> None:
    """Also those of groups in groups; an exit code with what it means."""
    page = PAGES["appproxy-app.1"]
    assert ".SS appproxy app segment add" in page and "\\fB\\-\\-preauth [oidc|passthrough]\\fR" in page
    assert "\\fB130\\fR\ninterrupted by Ctrl\\-C" in page


def test_man_shows_them() -> None:
    """Without a warning, and with everything as it is typed."""
    program, app = shown(PAGES["appproxy.1"], PAGES["appproxy-app.1"])
    assert "appproxy-apply(1)" in program and "--everyone" in app and "https://wiki.example.com/" in app


@given(text=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40))
def test_no_text_is_a_command(text: str) -> None:
    """Whatever a help says: no line begins with a control character, and no backslash is left to mean something."""
    made = escaped(text)
    assert not made.startswith((".", "'")) and "\n" not in made
    assert re.sub(r"\\(?:e|-|&|fB|fR)", "", made).count("\\") == 0
