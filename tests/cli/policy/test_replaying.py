"""The decision log in parts: each line is read once, whoever reads it, and a line that is none stops nobody."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from math import inf
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.cli.policy.replaying import LogPart, Trial, log_parts, replay, replay_part, sets
from appproxy.errors import ConfigError
from appproxy.policy.conditional.logged import Logged, Outcome
from appproxy.policy.conditional.replay import Report

NOW = 1_800_000_000.0
BLOCK = {"name": "closed", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
         "grant": {"block": True}}
OTHER = {**BLOCK, "name": "other", "users": {"include": ["builtin/user:bob"]}}
MATERIAL: dict[str, Any] = {
    "tags": {}, "locations": [], "strengths": [], "contexts": [], "exempt": [], "devices": {}, "before": [], "after": [BLOCK]}


def trial(since: float = 0.0, compares: bool = False, **material: object) -> Trial:
    """What is replayed: everybody is refused, where nothing else is said."""
    return Trial({**MATERIAL, **material}, None, since, compares)


def line(number: int) -> bytes:
    """A decision of its own user, so that none is counted twice unnoticed."""
    return Logged(NOW + number, "wiki", "builtin", f"u{number}", Outcome.PASS).line().encode()


def figures(reports: Iterable[Report]) -> tuple[int, int, int]:
    """Decisions, lines that could not be read, and users who would be refused, of all parts together."""
    whole = Report()
    for report in reports:
        whole.merge(report)
    refused = whole.changes.get((Outcome.PASS, Outcome.REFUSED))
    return whole.decisions, whole.unreadable, 0 if refused is None else refused.users


#: Lines of a log: decisions, and what somebody or a full disk has left between them.
lines = st.lists(st.one_of(st.none(), st.sampled_from([b"", b"{half", b"{}", b"[1]", b"\xff\xfe", b"x" * 300])), max_size=12)


@given(lines, st.booleans(), st.data())
def test_where_a_log_is_cut_does_not_matter(tmp_path_factory: pytest.TempPathFactory, made: list[bytes | None], ends: bool,
                                            data: st.DataObject) -> None:
    """Within a line, behind its end or before its beginning: all parts together have what one alone would have."""
    path = tmp_path_factory.getbasetemp() / "decisions.log"
    texts = [line(number) if text is None else text for number, text in enumerate(made)]
    written = b"\n".join(texts) + (b"\n" if ends else b"")
    path.write_bytes(written)
    size = len(written)
    cuts = data.draw(st.lists(st.integers(0, size), max_size=6).map(sorted))
    edges = [0, *cuts, size]
    parts = [LogPart(path, start, end) for start, end in zip(edges, edges[1:], strict=False)]
    decisions = made.count(None)
    there = written.split(b"\n")
    unreadable = len(there[:-1] if not there[-1] else there) - decisions
    assert figures(replay_part(part, trial()) for part in parts) == (decisions, unreadable, decisions)


@given(st.integers(0, 300), st.integers(1, 9), st.integers(0, 300))
def test_parts_are_all_of_it(tmp_path_factory: pytest.TempPathFactory, size: int, workers: int, small: int) -> None:
    """From the beginning to the end, with nothing between two of them; a small file is one part."""
    path = tmp_path_factory.getbasetemp() / "some.log"
    path.write_bytes(bytes(size))
    parts = list(log_parts([path], workers, small))
    assert len(parts) == (workers if size > small else 1)
    assert [parts[0].start, *(part.end for part in parts)] == [*(part.start for part in parts), size]


@pytest.mark.parametrize("workers", [2, 3, 7])
def test_processes_share_a_log(tmp_path: Path, workers: int) -> None:
    """However many there are, what they have found is put together."""
    path = tmp_path / "decisions.log"
    path.write_bytes(b"\n".join([*map(line, range(6)), b"{half"]))
    assert figures([replay([path], trial(), workers, small=10)]) == (6, 1, 6)


def test_several_files(tmp_path: Path) -> None:
    """Each whole: a log that was turned over goes on in the next one."""
    for number in range(3):
        (tmp_path / f"{number}.log").write_bytes(line(number) + b"\n")
    paths = [tmp_path / f"{number}.log" for number in range(3)]
    report = replay(paths, trial(), 4)
    assert figures([report]) == (3, 0, 3) and (report.first, report.last) == (NOW, NOW + 2)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Is an error of its own, and no empty report."""
    with pytest.raises(FileNotFoundError):
        replay([tmp_path / "none.log"], trial(), 1)


def test_the_first_moment_that_counts(tmp_path: Path) -> None:
    """Itself included."""
    path = tmp_path / "decisions.log"
    path.write_bytes(b"\n".join(map(line, range(4))))
    assert figures([replay([path], trial(NOW + 2), 1)])[0] == 2
    assert figures([replay([path], trial(NOW + 2.001), 1)])[0] == 1


def test_lines_that_no_decision_has_are_counted(tmp_path: Path) -> None:
    """Numbers beyond all bounds, and brackets in brackets, are lines like others that cannot be read."""
    path = tmp_path / "decisions.log"
    huge = line(0).replace(b"1800000000.0", b"1" * 400)
    path.write_bytes(b"\n".join([huge, b"[" * 200_000, line(1)]))
    assert figures([replay([path], trial(), 1)]) == (1, 2, 1)


def test_what_did_not_change_is_decided_once() -> None:
    """The same document is the same policy before and after, also where its keys stand in another order."""
    turned = dict(reversed(BLOCK.items()))
    after, before = sets(trial(before=[turned], after=[OTHER, BLOCK], compares=True))
    assert before is not None and before.policies["closed"] is after.policies["closed"]
    assert set(after.policies) == {"closed", "other"} and set(before.policies) == {"closed"}


def test_with_nothing_to_compare_the_log_itself_is() -> None:
    """Then no other policies are made."""
    assert sets(trial(before=[BLOCK]))[1] is None


def test_devices_whose_authorities_have_no_lists_count_for_ever() -> None:
    """JSON has no infinity."""
    after, _ = sets(trial(devices={"a": ["Company", None, ["r"]], "b": ["Other", NOW, []]}))
    found = after.devices.authorities
    assert [(one.name, one.until, one.revoked) for one in (found["a"], found["b"])] == [
        ("Company", inf, frozenset({"r"})), ("Other", NOW, frozenset())]


def test_policies_that_cannot_be_read() -> None:
    """Are an error before a line is read."""
    with pytest.raises(ConfigError):
        sets(trial(after=[{**BLOCK, "state": "sometimes"}]))


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
