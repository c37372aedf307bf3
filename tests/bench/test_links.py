"""What `bench.links` says of its figures; the whole of it is tried end to end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.links import MOST_KIB, MOST_SECONDS, Links, _last

FINE = Links(links=800, ready=3.0, all_up=MOST_SECONDS, kib=(MOST_KIB, 20.0), handshake_ms=1.5)


@pytest.mark.parametrize(("change", "expected"), [
    ({}, []), ({"all_up": MOST_SECONDS + 0.1}, ["all links after 30.1 s, and 30 are allowed"]),
    ({"kib": (20.0, MOST_KIB + 1)}, ["61.0 KiB a link, and 60 are allowed"]),
])  # fmt: skip
def test_what_misses_a_bar_is_named(change: dict[str, object], expected: list[str]) -> None:
    """What reaches it to the figure is not."""
    assert replace(FINE, **change).wrong == expected  # type: ignore[arg-type]


def test_a_line_that_is_being_written_is_not_read(tmp_path: Path) -> None:
    """The one before counts; without any, nothing is up."""
    log = tmp_path / "log"
    log.write_text("a warning\n")
    assert _last(log) == {"whole_at": None}
    log.write_text('{"whole_at": 7.5}\n{"whole_')
    assert _last(log) == {"whole_at": 7.5}
