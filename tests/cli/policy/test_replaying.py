"""The processes in which a decision log is replayed."""

from __future__ import annotations

import subprocess
import sys

#: Says when a process of the pool works, and works on.
PROGRAM = """
import time
from appproxy.cli.policy.replaying import processes

def work(number):
    print(number, flush=True)
    time.sleep(0.2 if number == "short" else 60.0)

with processes(2) as pool:
    list(pool.map(work, ["short", "long"]))
"""


def test_processes_of_a_replay_that_is_killed_end_with_it() -> None:
    """Those that work, and those that wait for work: as long as one is there it has the pipe that we read."""
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        began = [program.stdout.readline(), program.stdout.readline()]
        program.kill()
        # Its end; raises TimeoutExpired while anybody has the other end of the pipe.
        rest, _ = program.communicate(timeout=20.0)
    assert sorted(began) == [b"long\n", b"short\n"]
    assert rest == b""
