"""Reading what the load generator says, and what the kernel knows of processes."""

from __future__ import annotations

import os

import pytest

from bench.measure import Void, cpu_seconds, family, memory, read_wrk

GOOD = """Running 2s test @ https://127.0.0.1:8443/small
  1 threads and 32 connections
  Latency Distribution
     50%    1.94ms
     75%    2.50ms
     90%    4.10ms
     99%   23.33us
  31234 requests in 2.00s, 40.11MB read
Requests/sec:  15610.20
Transfer/sec:     20.05MB
"""


def test_figures_are_read_in_seconds() -> None:
    """Whatever unit they are printed in."""
    load = read_wrk(GOOD)
    assert (load.rate, load.requests) == (15610.2, 31234)
    assert [load.median, load.p99] == pytest.approx([0.00194, 23.33e-6])


@pytest.mark.parametrize(
    "text",
    [
        "", GOOD + "  Non-2xx or 3xx responses: 1\n", GOOD + "  Socket errors: connect 0, read 1, write 0, timeout 0\n",
        GOOD.replace("15610.20", "0.00"),
    ],
)  # fmt: skip
def test_wrong_answers_count_for_nothing(text: str) -> None:
    """One answer that is not 2xx, or one broken connection, voids the measurement."""
    with pytest.raises(Void):
        read_wrk(text)


def test_processes_are_known_by_the_kernel() -> None:
    """This very process has had time and memory."""
    pid = os.getpid()
    assert pid in family(pid)
    assert cpu_seconds([pid]) > 0
    assert memory([pid]) > 1 << 20
