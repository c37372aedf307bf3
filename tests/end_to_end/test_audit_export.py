"""The audit goes to a log server and to a webhook, and nothing of it is lost, whoever is killed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.log_receivers import HOST, Hook, Rsyslog
from tests.end_to_end.system import System, shared_system
from tests.end_to_end.world import DOMAIN, in_process, until


@pytest.fixture
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """In order, and exporting nothing."""
    made = shared_system(request, tmp_path_factory)
    made.repair()
    yield made
    if not made.running("service"):
        made.start_service()
    for one in made.call("GET", "/audit-exports"):
        made.call("DELETE", f"/audit-exports/{one['name']}")


@pytest.fixture
def rsyslog(tmp_path: Path) -> Iterator[Rsyslog]:
    """Debian's, over TLS."""
    made = Rsyslog(tmp_path)
    made.prepare()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def hook(tmp_path: Path) -> Hook:
    """One with a certificate; it does not run yet."""
    made = Rsyslog(tmp_path)
    made.prepare()
    return Hook(tmp_path)


def newest(system: System) -> int:
    """The number of the last entry that there is."""
    return int(system.call("GET", "/audit")[0]["number"])


def cause(system: System, count: int = 10) -> None:
    """Entries: groups that come and go."""
    for _ in range(count // 2):
        system.call("POST", "/groups", name="passing")
        system.call("DELETE", "/groups/passing")


def numbers_since(system: System, before: int) -> set[int]:
    """Of all entries behind this one."""
    return {one["number"] for one in system.admin_json("audit", "--limit", "1000") if one["number"] > before}


def export_to(system: System, rsyslog: Rsyslog, name: str, *options: str) -> int:
    """Export to it from now on; gives the number of the last entry that is not exported."""
    home = rsyslog.home
    system.admin("audit", "export", "add", name, f"syslog+tls://{HOST}:{rsyslog.port}", "--ca-bundle", str(home / "ca.pem"),
                 "--certificate", str(home / "client.pem"), "--key", str(home / "client-key.pem"), *options)
    return newest(system) - 1


def test_a_log_server(system: System, rsyslog: Rsyslog) -> None:
    """Every entry arrives as a message of RFC 5424 over TLS, with our certificate; also what happens while it is down, and
    while our service is killed and started again.
    """
    before = export_to(system, rsyslog, "logs")
    assert "has arrived" in system.admin("audit", "export", "test", "logs")
    cause(system)
    until(lambda: numbers_since(system, before) <= {one["number"] for one in rsyslog.entries()}, "not all entries arrive", 20)
    line = next(line for line in rsyslog.lines() if "group.add" in line)
    head = line.split(" ")
    assert (head[0], head[2], head[3], head[4]) == ("109", DOMAIN, "appproxy", "group.add")
    rsyslog.stop()
    cause(system)
    until(lambda: system.call("GET", "/audit-exports/logs")["failures"], "the outage is not noticed", 20)
    assert system.call("GET", "/audit-exports/logs")["waiting"] >= 10
    system.kill("service")
    system.start_service()
    cause(system)
    rsyslog.start()
    cause(system)
    until(lambda: numbers_since(system, before) <= {one["number"] for one in rsyslog.entries()}, "entries are lost", 60)
    ids = {one["number"]: one["id"] for one in rsyslog.entries()}
    assert all(ids[one["number"]] == one["id"] for one in rsyslog.entries()), "an entry that comes twice has the same id"
    found = until(lambda: (one := system.call("GET", "/audit-exports/logs"))["waiting"] == 0 and one, "it is not over", 20)
    assert found["failures"] == 0 and found["sent"] >= len(numbers_since(system, before)) - 1


def test_killed_while_it_sends(system: System, hook: Hook) -> None:
    """A batch whose answer never came is posted again by the next process, signed, and with the same id."""
    before = newest(system)
    hook.use(system.admin("audit", "export", "add", "hook", f"https://{HOST}:{hook.port}/in", "--ca-bundle",
                          str(hook.home / "ca.pem")))
    hook.answer = lambda entries: None
    with hook.running():
        cause(system)
        until(lambda: len(hook.batches), "nothing is posted", 20)
        system.kill("service")
        system.start_service()
        first = hook.batches[0]
        hook.answer = lambda entries: (200, "")
        until(lambda: numbers_since(system, before) <= {one["number"] for one in hook.entries}, "entries are lost", 60)
        assert {number for number in first[1]} <= {one["number"] for one in hook.entries}
        assert not hook.forged


def test_an_answer_for_each_fault(system: System, hook: Hook) -> None:
    """One that is away for a while gets everything later, no sooner than it asks for; an entry that it will never take is
    counted, and all others arrive.
    """
    before = newest(system)
    hook.use(system.admin("audit", "export", "add", "hook", f"https://{HOST}:{hook.port}/in", "--ca-bundle",
                          str(hook.home / "ca.pem"), "--format", "json"))
    system.call("POST", "/groups", name="poison")
    poisoned = newest(system)
    cause(system)
    system.call("DELETE", "/groups/poison")
    wanted = numbers_since(system, before) - {poisoned}
    until(lambda: system.call("GET", "/audit-exports/hook")["failures"] >= 2, "the outage is not noticed", 20)

    def answer(entries: list[dict[str, Any]]) -> tuple[int, str]:
        if len(hook.batches) <= 1:
            return 503, "2"
        return (422, "") if poisoned in {one["number"] for one in entries} else (200, "")

    hook.answer = answer
    with hook.running():
        until(lambda: wanted <= {one["number"] for one in hook.entries}, "entries are lost", 60)
        found = until(lambda: (one := system.call("GET", "/audit-exports/hook"))["waiting"] == 0 and one, "it is not over", 20)
    assert (found["refused"], found["lost"]) == (1, 0)
    assert poisoned not in {one["number"] for one in hook.entries}


def test_a_file(system: System, tmp_path: Path) -> None:
    """The words of the Elastic Common Schema, a line an entry; all entries, from the first one on."""
    path = tmp_path / "audit.jsonl"
    system.admin("audit", "export", "add", "file", f"file://{path}?size=1&keep=2", "--format", "ecs", "--start", "beginning")
    cause(system)
    wanted = numbers_since(system, 0)

    def written() -> set[int]:
        lines = path.read_text().split("\n")[:-1] if path.exists() else []
        return {json.loads(line)["event"]["sequence"] for line in lines}

    until(lambda: wanted <= written(), "not all entries are in the file", 30)


def test_whom_we_do_not_believe(system: System, rsyslog: Rsyslog) -> None:
    """A receiver whose certificate is another authority's gets nothing, and the command says why."""
    other = Rsyslog(rsyslog.home).own
    (rsyslog.home / "other.pem").write_text(other.pem)
    system.admin("audit", "export", "add", "logs", f"syslog+tls://{HOST}:{rsyslog.port}", "--ca-bundle",
                 str(rsyslog.home / "other.pem"))
    tried = in_process("--state", str(system.state), "audit", "export", "test", "logs")
    assert tried.code == 1 and "certificate is refused" in tried.out, tried
    assert rsyslog.entries() == []
