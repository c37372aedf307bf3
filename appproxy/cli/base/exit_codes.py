"""What the exit codes of commands mean, by which scripts tell them apart."""

from __future__ import annotations

#: A failure that was explained, a wrong command line, Ctrl-C (128 and SIGINT).
FAILED, WRONG_USE, INTERRUPTED = 1, 2, 130
EXIT_CODES = {
    0: "it is done", FAILED: "it could not be done; the last line says why, and what helps", WRONG_USE: "a wrong command line",
    INTERRUPTED: "interrupted by Ctrl-C",
}
