"""docs/operation.md names what the programs really write."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from twisted.internet.task import Clock
from twisted.web.static import Data

from appproxy.cli.main import appproxy_command
from appproxy.connector.requests.access_log import ConnectorAccessLog as ConnectorLog
from appproxy.errors import Code
from appproxy.net.line_file import LineFile
from appproxy.service.own.access_log import AccessLog as ServiceLog
from appproxy.service.own.metrics import NodeCollector
from appproxy.testing import Playground
from tests.connector.rig import Rig, send
from tests.service.world import World

DOCS = Path(__file__).parent.parent / "docs"
PAGE, OBSERVATION = ((DOCS / name).read_text() for name in ("operation.md", "observation.md"))


def table(*heads: str, page: str = PAGE) -> list[list[str]]:
    """The cells of the first table with these column heads, without their backquotes."""
    start = page.index(f"| {' | '.join(heads)} |\n")
    lines = page[start:].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")] for line in lines]


def keys(column: int) -> tuple[list[str], list[str]]:
    """The keys that one of the logs always has, and those that it may have, in their order."""
    rows = table("key", "service", "connector", "meaning")
    return [row[0] for row in rows if row[column] == "yes"], [row[0] for row in rows if row[column] == "if any"]


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    """One that has a connector and has failed a request, so that every label is there."""
    with Playground() as made:
        made.publish("open", Data(b"hello", "text/plain"), preauth="passthrough")
        assert made.browser().get("https://nothing.example.org/").status == 404
        yield made


def test_the_keys_of_the_services_log(tmp_path: Path) -> None:
    """Each key, in the order of the line; those of a failure only where there is one."""
    world = World()
    user = world.user()
    user.send(b"GET / HTTP/1.1\r\nHost: wiki.example.com\r\n\r\n")
    user.leave()
    (exchange,) = world.log
    path = tmp_path / "access.log"
    file = LineFile(path, Clock())
    log = ServiceLog(file, Clock(), lambda: 0.0)
    for exchange.failure in (None, Code.CANCELLED):
        log.add(exchange)
        file.flush()
    file.close()
    always, failed = keys(1)
    assert [list(json.loads(line)) for line in path.read_text().splitlines()] == [always, always + failed]


def test_the_keys_of_a_connectors_log() -> None:
    """Each key, in the order of the line, and the one of a failure."""
    rig = Rig()
    signal = rig.online()
    for id in (1, 2):
        send(signal, id)
    rig.origin().deliver(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
    rig.origin().lose()
    lines: list[str] = []
    log = ConnectorLog(Clock(), lambda: 0.0, rig.counters, lambda make: lines.append(make()))
    for ended in rig.ended:
        log.add(ended)
    always, failed = keys(2)
    assert [list(json.loads(line)) for line in lines] == [always, always + failed]


def test_the_example_lines() -> None:
    """Both are JSON, with the keys of the table and a failure that there is."""
    examples = [json.loads(text) for text in re.findall(r"```json\n(.*)\n```", PAGE)]
    assert [list(one) for one in examples] == [sum(keys(1), []), sum(keys(2), [])]
    for one in examples:
        assert one["failure"] in Code.__members__


def test_the_metrics(playground: Playground) -> None:
    """Every name that a scrape gives, with its type and labels, and no other. One without samples shows no labels."""
    families = list(NodeCollector(playground.service.node).collect())
    rows = table("name", "type", "labels", "meaning", page=OBSERVATION)
    scraped = [[family.name + ("_total" if family.type == "counter" else ""), family.type] for family in families]
    assert [row[:2] for row in rows] == scraped
    labels = [", ".join(sorted({label for sample in family.samples for label in sample.labels if label != "le"}))
              for family in families]
    assert [row[2] for row, family in zip(rows, families, strict=True) if family.samples] == [
        text for text, family in zip(labels, families, strict=True) if family.samples]


def test_the_commands() -> None:
    """Each command of ours on the page is one that there is."""
    shown = re.findall(r"^ +appproxy --state \S+ (\w+)", PAGE, re.MULTILINE)
    assert shown
    assert isinstance(appproxy_command, click.Group)
    assert set(shown) <= set(appproxy_command.commands)
