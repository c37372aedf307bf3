"""A line that says that something is under way, where it takes longer than a moment: on a terminal, on standard error.

It is no result: it is overwritten as it goes on and gone at the end, and a program that reads the output never sees it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import TextIO

#: Seconds before it is shown, so that what is quick shows none, and between two looks.
AFTER, EVERY = 2.0, 0.5
#: Back to the beginning of the line, and all of it erased (ECMA-48, EL).
_ERASE = "\r\x1b[K"


class Progress:
    """Of one command. `seconds`: a monotonic clock."""

    def __init__(
        self, stream: TextIO, seconds: Callable[[], float] = time.monotonic, after: float = AFTER, every: float = EVERY
    ) -> None:
        self._stream = stream
        self._seconds = seconds
        self._after = after
        self._every = every
        self._is_under_way = False
        self._text = ""
        self._began = 0.0
        self._is_shown = False
        self._lock = Lock()

    @contextmanager
    def __call__(self, text: str) -> Iterator[None]:
        """What is done inside may take long. Inside of another one of these it counts as a part of that."""
        if self._is_under_way or not self._stream.isatty():
            yield
            return
        self._is_under_way, self._text, self._began = True, text, self._seconds()
        over = Event()
        looking = Thread(target=self._look, args=(over,), daemon=True)
        looking.start()
        try:
            yield
        finally:
            over.set()
            looking.join()
            self._is_under_way = False
            if self._is_shown:
                self._write(_ERASE)
                self._is_shown = False

    def say(self, text: str) -> None:
        """How far it is by now."""
        self._text = text

    def tick(self) -> None:
        """Show how long it has taken, if it has."""
        passed = self._seconds() - self._began
        if passed >= self._after:
            self._is_shown = True
            self._write(f"{_ERASE}{self._text}, {passed:.0f} s")

    def _look(self, over: Event) -> None:
        while not over.wait(self._every):
            self.tick()

    def _write(self, text: str) -> None:
        with self._lock:
            self._stream.write(text)
            self._stream.flush()
