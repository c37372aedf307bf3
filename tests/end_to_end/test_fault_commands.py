"""Commands and programs that cannot do what they were told: one line that says why, a code, and nothing half-made."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from appproxy.config import ConnectorPaths, StatePaths
from appproxy.demo.supervisor import twistd
from appproxy.pki.tokens import decode_token, encode_token
from tests.end_to_end.system import System, shared_system
from tests.end_to_end.world import DOMAIN, Outcome, appproxy, environment


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    """A running system to give orders to."""
    return shared_system(request, tmp_path_factory)


def refused(outcome: Outcome, *words: str) -> None:
    """Exactly one line, with these words in it, no traceback, a code that is not 0."""
    assert outcome.code != 0, outcome.out
    assert "Traceback" not in outcome.err + outcome.out
    line, *others = outcome.err.strip().splitlines()
    assert others == [], outcome.err
    for word in words:
        assert word in line


def contents(directory: Path) -> list[str]:
    """All that is there, by name."""
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


def together(calls: Sequence[Callable[[], Outcome]]) -> list[Outcome]:
    """Run commands side by side: each costs a start of Python."""
    with ThreadPoolExecutor(4) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


#: Orders that make no sense, and words of what is said about them.
NONSENSE = {
    "app set nosuch connect_timeout=5": ["nosuch"],
    "app set raw conect_timeout=5": ["did you mean connect_timeout"],
    "app publish twin --internal http://a/ --external https://raw.DOMAIN/": ["raw"],
    "app publish bad --internal http://a/ --external https://signin.DOMAIN/": ["signin", "own"],
    "assign held --user nosuch": ["nosuch"],
    "connector revoke nosuch": ["nosuch"],
}


def test_orders_that_make_no_sense(system: System) -> None:
    """A running service refuses them, and says what is wrong and nothing more; nothing has changed."""
    before = system.call("GET", "/applications")

    def order(line: str) -> Outcome:
        return appproxy("--state", str(system.state), *line.replace("DOMAIN", f"{DOMAIN}:{system.port}").split())

    for words, outcome in zip(NONSENSE.values(), together([partial(order, line) for line in NONSENSE]), strict=True):
        refused(outcome, *words)
    assert system.call("GET", "/applications") == before


def join(token: str, directory: Path) -> Outcome:
    """Try to join."""
    return appproxy("connector", "join", token, "--state", str(directory), "--name", "try")


def test_tokens_that_are_no_good(system: System, tmp_path: Path) -> None:
    """Mistyped, expired, taken back, of another service, with another secret, used: each is told in a line of its own."""
    good = system.call("POST", "/connector-tokens")
    token = decode_token(good["token"])
    old = system.call("POST", "/connector-tokens", expires="1s")["token"]
    gone = system.call("POST", "/connector-tokens")
    system.call("DELETE", f"/connector-tokens/{gone['id']}")
    time.sleep(1)
    table = {
        good["token"][:-9]: ["token", "cut off"],
        old: ["expired"],
        gone["token"]: ["token"],
        encode_token(replace(token, secret=bytes(32))): ["token"],
        encode_token(replace(token, anchor="0" * 64)): ["anchor", "another service"],
        encode_token(replace(token, address="127.0.0.1:1")): ["127.0.0.1:1", "nothing answers"],
    }
    outcomes = together([partial(join, text, tmp_path / f"{number}") for number, text in enumerate(table)])
    for words, outcome in zip(table.values(), outcomes, strict=True):
        refused(outcome, *words)
    assert contents(tmp_path) == []
    assert join(good["token"], tmp_path / "good").code == 0
    refused(join(good["token"], tmp_path / "again"), "token")
    assert not (tmp_path / "again").exists()
    forget(system)


def forget(system: System) -> None:
    """Remove the connectors that have joined here and never run."""
    for one in system.call("GET", "/connectors"):
        if one["name"] == "try":
            system.call("DELETE", f"/connectors/{one['id']}")


def test_places_that_cannot_be_written(system: System, tmp_path: Path) -> None:
    """Neither service nor connector makes its state where it cannot be; the join token is still good afterwards."""
    file, full, locked = (tmp_path / name for name in ("file", "full", "locked"))
    file.write_text("")
    full.mkdir()
    (full / "connector.toml").write_text("precious")
    locked.mkdir(mode=0o500)
    token = system.call("POST", "/connector-tokens")
    places = [Path("/dev/null/x"), Path("/proc/nowhere/x"), file / "x", full]
    before = contents(tmp_path)
    # Root may write everywhere, unless it is told to heed what files say.
    heeding = [] if os.geteuid() else ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    for arguments in (["init", "--domain", "example.com"], ["connector", "join", token["token"], "--name", "try"]):
        outcome = appproxy(*arguments, "--state", str(locked / "x"), under=heeding)
        refused(outcome, str(locked), "ermission")
    inits = [partial(appproxy, "init", "--state", str(place), "--domain", "example.com") for place in places[2:]]
    for outcome in together([*inits, *(partial(join, token["token"], place) for place in places)]):
        refused(outcome)
        assert any(str(place.parent) in outcome.err for place in places)
    assert contents(tmp_path) == before
    (left,) = [one for one in system.call("GET", "/connector-tokens") if one["id"] == token["id"]]
    assert left["uses_left"] == 1, "the token was used for nothing"
    system.call("DELETE", f"/connector-tokens/{token['id']}")


def start(program: str, directory: Path) -> Outcome:
    """Run a program that is to end by itself, at once; `err` is the line of its output that matters."""
    command = twistd(program, "--state", str(directory))
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment())
    lines = (ended.stdout + ended.stderr).splitlines()
    assert not any("Traceback" in line for line in lines), lines
    return Outcome(ended.returncode, "", next((line for line in lines if "cannot start" in line), lines[-1]))


def test_programs_without_what_they_need(system: System, tmp_path: Path) -> None:
    """No state, settings wrong or unknown, no master key or another's, a taken port, a missing key: one line each."""
    listen = f"127.0.0.1:{system.port}"
    made = tmp_path / "taken-port"
    initialised = appproxy("init", "--state", str(made), "--domain", "example.com", "--listen", listen)
    assert initialised.code == 0, initialised.err
    for name, change in {"no-text": "drain_seconds = 'soon'", "unknown": "drian_seconds = 5"}.items():
        shutil.copytree(made, tmp_path / name)
        settings = StatePaths(tmp_path / name).settings
        settings.write_text(f"{change}\n{settings.read_text()}")
    for name in ("no-master", "other-master"):
        shutil.copytree(made, tmp_path / name)
    (tmp_path / "no-master" / "master.key").unlink()
    shutil.copy(system.state / "master.key", tmp_path / "other-master" / "master.key")
    joined = join(system.call("POST", "/connector-tokens")["token"], tmp_path / "no-key")
    assert joined.code == 0, joined.err
    ConnectorPaths(tmp_path / "no-key").key.unlink()
    table = {
        "taken-port": ["service", f"port {system.port}"], "no-text": ["service", "service.toml: drain_seconds"],
        "unknown": ["service", "service.toml: drian_seconds"],
        "no-master": ["service", "master.key"], "other-master": ["service", "master.key"],
        "nothing": ["connector", "nothing"], "no-key": ["connector", "connector.key"],
    }  # fmt: skip
    outcomes = together([partial(start, f"appproxy-{program}", tmp_path / name) for name, (program, _) in table.items()])
    for (_, word), outcome in zip(table.values(), outcomes, strict=True):
        refused(outcome, word)
    forget(system)
