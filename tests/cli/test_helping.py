"""appproxy completion, manual."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Typing


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_told_how_to_ask(typed: Typing, shell: str) -> None:
    """The script asks the program itself, by the variable that it answers to; and the shell can read it."""
    made = typed("completion", shell)
    assert made.code == 0 and "_APPPROXY_COMPLETE" in made.out and f"{shell}_complete" in made.out
    if shutil.which(shell) is not None:
        read = subprocess.run([shell, "-n"], input=made.out, text=True, capture_output=True)
        assert (read.returncode, read.stderr) == (0, "")


def test_a_shell_that_is_none(typed: Typing) -> None:
    """Is a wrong command line, which names those that there are."""
    refused = typed("completion", "tcsh")
    assert refused.code == 2 and "none of bash, zsh, fish" in refused.err


def test_what_bash_is_answered() -> None:
    """Commands, options and choices, without a state directory."""
    for words, count, expected in (("appproxy app pub", 2, "publish"), ("appproxy app publish --pre", 3, "--preauth"),
                                   ("appproxy completion ", 2, "fish")):
        found = subprocess.run(
            [sys.executable, "-m", "appproxy.cli"], capture_output=True, text=True,
            env={**os.environ, "_APPPROXY_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(count)})
        assert f"plain,{expected}" in found.stdout.splitlines(), found


def test_pages_are_written(typed: Typing, tmp_path: Path) -> None:
    """Where man(1) looks for them; a place that cannot be written to is an error."""
    made = typed("manual", str(tmp_path / "man"))
    assert made.code == 0 and (tmp_path / "man" / "man1" / "appproxy-apply.1").read_text().startswith('.TH "APPPROXY-APPLY" 1')
    (tmp_path / "file").write_text("")
    assert "cannot be written to" in typed("manual", str(tmp_path / "file")).err
