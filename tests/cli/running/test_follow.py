"""appproxy audit follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from appproxy.cli.running import follow
from appproxy.errors import StoreError
from tests.cli.conftest import Typing


def test_of_this_machine(typed: Typing) -> None:
    """From where it is told to, in the order in which things happened, however many there are."""
    for number in range(3):
        typed("group", "add", f"g{number}")
    shown = typed("audit", "follow", "--after", "0", "--limit", "3").out.splitlines()
    assert [line.split("\t")[0] for line in shown] == ["1", "2", "3"]
    last = typed("audit", "follow", "--after", "2", "--limit", "1", "--json").json
    assert (last["number"], set(last)) == (3, {"number", "time", "actor", "action", "target", "detail"})


class Elsewhere:
    """A service whose stream breaks in the middle."""

    def __init__(self) -> None:
        self.asked: list[int | None] = []

    def follow(self, after: int | None) -> Iterator[tuple[int, Mapping[str, Any] | None]]:
        self.asked.append(after)
        if len(self.asked) == 1:
            yield 4, None
            yield 5, {"number": 5}
            raise StoreError("broken")
        if len(self.asked) == 2:
            raise StoreError("broken")
        yield 6, {"number": 6}


def test_a_stream_that_breaks_goes_on_where_it_was(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing comes twice, and the complaint not either."""
    monkeypatch.setattr(follow, "EVERY", 0.0)
    elsewhere = Elsewhere()
    found = follow._there(elsewhere, None)
    assert [next(found), next(found)] == [{"number": 5}, {"number": 6}]
    assert elsewhere.asked == [None, 5, 5]
    assert capsys.readouterr().err.count("broken") == 1
