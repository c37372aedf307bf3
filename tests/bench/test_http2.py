"""Reading what h2load says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.http2 import read_h2load, run_h2load
from bench.measure import Void

GOOD = """finished in 1.00s, 6323.00 req/s, 7.31MB/s
requests: 6323 total, 6387 started, 6323 done, 6323 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 6323 2xx, 0 3xx, 0 4xx, 0 5xx
"""


def test_the_figures() -> None:
    """Requests a second, and how many there were."""
    assert read_h2load(GOOD) == (6323.0, 6323)


@pytest.mark.parametrize("text", ["", GOOD.replace("6323 succeeded, 0 failed", "6322 succeeded, 1 failed"),
                                  GOOD.replace("6323.00 req/s", "0.00 req/s")])
def test_wrong_answers_count_for_nothing(text: str) -> None:
    """One that is not 2xx voids the measurement."""
    with pytest.raises(Void):
        read_h2load(text)


def test_a_run_that_hangs_is_made_again(tmp_path: Path) -> None:
    """h2load waits for ever for a handshake that it began too late; after three times the run is void."""
    script = "import pathlib, sys, time\nfile = pathlib.Path(sys.argv[1])\nfile.open('a').write('x')\n"
    script += "time.sleep(60 * (len(file.read_text()) < int(sys.argv[2])))\nprint('said')"
    tried = tmp_path / "tried"
    assert run_h2load([sys.executable, "-c", script, str(tried), "2"], 2.0) == ("said\n", "")
    assert tried.read_text() == "xx"
    with pytest.raises(Void, match="3 times"):
        run_h2load([sys.executable, "-c", script, str(tried), "99"], 0.2)
