"""What somebody at a terminal sees while a command takes long, and nobody else."""

from __future__ import annotations

import io
from threading import Event

import pytest

from appproxy.cli.base.progress import Progress


class Terminal(io.StringIO):
    """One that somebody looks at; `shown` is set when something was written."""

    def __init__(self) -> None:
        super().__init__()
        self.shown = Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        written = super().write(text)
        self.shown.set()
        return written


def lines(terminal: io.StringIO) -> list[str]:
    """What the line has shown, one after the other."""
    return terminal.getvalue().split("\r\x1b[K")


def test_it_is_shown_after_a_moment_and_gone_at_the_end() -> None:
    """With how far it is, and for how long."""
    terminal, now = Terminal(), [10.0]
    progress = Progress(terminal, lambda: now[0], every=3600.0)
    with progress("the service is at work"):
        now[0] = 11.9
        progress.tick()
        assert terminal.getvalue() == ""
        now[0] = 13.0
        progress.tick()
        progress.say("5,000 entries checked")
        now[0] = 14.2
        progress.tick()
    assert lines(terminal) == ["", "the service is at work, 3 s", "5,000 entries checked, 4 s", ""]


def test_a_part_is_no_line_of_its_own() -> None:
    """The line of the whole goes on over all its parts; the next command's begins again."""
    terminal, now = Terminal(), [0.0]
    progress = Progress(terminal, lambda: now[0], every=3600.0)
    with progress("all of it"):
        for number in range(2):
            with progress("a part"):
                now[0] += 2.0
                progress.tick()
            assert terminal.getvalue().endswith(f"all of it, {2 + 2 * number} s")
    with progress("another"):
        progress.tick()
    assert lines(terminal) == ["", "all of it, 2 s", "all of it, 4 s", ""]


def test_it_looks_by_itself() -> None:
    """Whatever the command does meanwhile; and ends with it, also by an error."""
    terminal = Terminal()
    progress = Progress(terminal, after=0.0, every=0.001)
    with pytest.raises(KeyboardInterrupt), progress("at work"):
        assert terminal.shown.wait(20)
        raise KeyboardInterrupt
    assert lines(terminal)[-1] == "" and lines(terminal)[1] == "at work, 0 s"
    before = terminal.getvalue()
    terminal.shown.clear()
    assert not terminal.shown.wait(0.02) and terminal.getvalue() == before


def test_programs_see_nothing() -> None:
    """Where standard error is no terminal."""
    stream, now = io.StringIO(), [0.0]
    progress = Progress(stream, lambda: now[0], after=0.0, every=0.001)
    with progress("at work"):
        now[0] = 100.0
    assert stream.getvalue() == ""
