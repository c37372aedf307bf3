"""What `bench.options` switches on, and what it makes of its figures."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench import options
from bench.measure import Load
from bench.options import run, switch_limits, switch_traces

SERVICE = '#[limits]\n#address_rate = 0.0\n#address_burst = 1000\n#total_rate = 0.0\n#total_burst = 10000\n#collector = ""\n'


@pytest.fixture
def world(tmp_path: Path) -> Any:
    """A system's files, and the commands that were typed."""
    for name, text in (("service/service.toml", SERVICE), ("connector/connector.toml", '#collector = ""\n')):
        file = tmp_path / name
        file.parent.mkdir()
        file.write_text(text)
    typed: list[tuple[str, ...]] = []
    return SimpleNamespace(
        state=tmp_path / "service", directory=tmp_path, typed=typed, admin=lambda *words: typed.append(words))


def test_what_is_switched_on(world: Any) -> None:
    """Traces at both ends, all five rates; settings of another form are no figure."""
    collector: Any = SimpleNamespace(url="http://127.0.0.1:1")
    switch_traces(world, collector)
    for name in ("service/service.toml", "connector/connector.toml"):
        assert '\ncollector = "http://127.0.0.1:1"' in "\n" + (world.directory / name).read_text()
    switch_limits(world, collector)
    text = (world.state / "service.toml").read_text()
    assert all(f"\n{key} = 1000000\n" in text for key in ("address_rate", "address_burst", "total_rate", "total_burst"))
    rates = (f"{key}=1000000/1000000" for key in ("address_rate", "user_rate", "rate"))
    assert world.typed == [("app", "set", "guard", *rates)]
    for switch in (switch_traces, switch_limits):
        with pytest.raises(ValueError, match="service.toml"):
            switch(world, collector)


@pytest.mark.parametrize(("more", "verdict"), [(1.01, "within 1.02"), (1.05, "beyond 1.02")])
def test_rounds_are_interleaved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, more: float, verdict: str) -> None:
    """The side that goes first changes; the figure is CPU a request of all processes, with beside without."""
    asked: list[str] = []
    spent = {"with": 0.0, "without": 0.0}
    price = {"with": 100e-6 * more, "without": 100e-6}

    @contextmanager
    def sides(*_: object) -> Any:
        yield tuple(SimpleNamespace(target=name, pids=lambda program, name=name: [name]) for name in spent)

    def requests(target: Any, connections: int, seconds: float) -> Load:
        asked.append(target)
        spent[target] += 1000 * price[target]
        return Load(500.0, 0.0, 0.0, 1000)

    monkeypatch.setattr(options, "two_sides", sides)
    monkeypatch.setattr(options, "requests", requests)
    monkeypatch.setattr(options, "cpu_seconds", lambda pids: spent[pids[0]])
    row, rates = run(tmp_path, "limits", 4, 0.1, lambda text: None)
    assert asked == ["with", "without"] + ["with", "without", "without", "with"] * 2
    assert row.product.median == pytest.approx(100 * more) and row.verdict() == verdict and rates.product.median == 500.0
