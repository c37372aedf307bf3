"""python -m bench.counted FILE ARGUMENTS: twistd, which counts its calls between one SIGUSR1 and the next.

They are in FILE, whole, once it exists.
"""

from __future__ import annotations

import cProfile
import signal
import sys
from pathlib import Path

from twisted.scripts.twistd import run


class Counter:
    """Counts from the first signal to the second, and so on."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._profile: cProfile.Profile | None = None

    def switch(self, *_: object) -> None:
        """Called with a signal."""
        profile, self._profile = self._profile, None
        if profile is None:
            self._profile = cProfile.Profile()
            self._profile.enable()
            return
        profile.disable()
        part = self._file.with_suffix(".part")
        profile.dump_stats(part)
        part.rename(self._file)


def main() -> None:
    """Run twistd with the rest of the command line."""
    counter = Counter(Path(sys.argv.pop(1)))
    signal.signal(signal.SIGUSR1, counter.switch)
    run()


if __name__ == "__main__":
    main()
