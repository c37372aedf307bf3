"""The files of packaging/: what systemd itself says of the units."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest

from appproxy.cli.main import appproxy_command
from appproxy.config import ServiceSettings

ROOT = Path(__file__).parents[1]
PACKAGING = ROOT / "packaging"
UNITS = sorted((PACKAGING / "systemd").glob("*.service"))
#: systemd's own scale goes to 10; below 2 is what it calls good.
EXPOSURE = 2.0

needs_prometheus = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def read(unit: Path) -> ConfigParser:
    """A unit; of a key that stands several times the last value."""
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(unit)
    return parser


def analyze(*arguments: str) -> str:
    """What systemd-analyze prints; it fails where it finds a fault."""
    run = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_understands_every_line(unit: Path, tmp_path: Path) -> None:
    """Where the program is installed. An unknown key is only a warning to it, to us a fault."""
    program = tmp_path / "twistd"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace("/opt/appproxy/bin/twistd", str(program)))
    assert unit.name not in analyze("verify", "--man=no", str(copy))


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_little_is_open_to_a_program_that_was_taken_over(unit: Path) -> None:
    """What systemd calls the exposure level of the unit."""
    level = re.search(r"exposure level for \S+: ([0-9.]+)", analyze("security", "--offline=true", str(unit)))
    assert level is not None
    assert float(level[1]) <= EXPOSURE


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_the_unit_fits_the_program(unit: Path) -> None:
    """It is asked for a new process by SIGHUP, may drain, and finds its state where systemd makes the directory."""
    service = read(unit)["Service"]
    assert service["ExecStart"].endswith(f" {unit.stem} --state /var/lib/{service['StateDirectory']}")
    assert service["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert int(service["TimeoutStopSec"]) > ServiceSettings(domain="example.com").drain_seconds
    assert service["User"] == service["Group"] == service["StateDirectory"]
    users = re.findall(r"^u (\S+) ", (PACKAGING / "sysusers.d" / "appproxy.conf").read_text(), re.M)
    assert service["User"] in users


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="systemd-sysusers is not installed")
def test_the_users_can_be_made(tmp_path: Path) -> None:
    """systemd reads every line, and would make both users; it changes nothing."""
    file = PACKAGING / "sysusers.d" / "appproxy.conf"
    command = ["systemd-sysusers", "--dry-run", f"--root={tmp_path}", "-"]
    run = subprocess.run(command, input=file.read_text(), capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    for unit in UNITS:
        assert f"Creating user '{read(unit)['Service']['User']}'" in run.stderr, run.stderr


def test_the_image_runs_as_the_units_do() -> None:
    """Nobody with rights, by number; with the units' state and program, and a health check that exists."""
    text = (PACKAGING / "container" / "Containerfile").read_text().replace("\\\n", " ")
    lines = [line.split(None, 1) for line in text.splitlines() if line and not line.startswith("#")]
    last = max(number for number, (word, _) in enumerate(lines) if word == "FROM")
    said = {word: rest for word, rest in lines[last:]}
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", said["USER"])
    assert f"--uid {said['USER'].partition(':')[0]} " in said["RUN"]
    assert json.loads(said["CMD"]) == read(UNITS[1])["Service"]["ExecStart"].removeprefix("/opt/appproxy/bin/").split()
    assert said["VOLUME"] == "/var/lib/appproxy" and f"APPPROXY_STATE={said['VOLUME']}" in said["ENV"]
    program, *arguments = json.loads(said["HEALTHCHECK"].partition(" CMD ")[2])
    assert program == "appproxy" and arguments[0] in appproxy_command.commands


def test_the_image_has_what_the_package_needs() -> None:
    """What pip reads of a checkout comes with it, and no state, key or test that lies there as well."""
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    taken = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    packaged = {line.split()[1].split("/")[0] for line in (ROOT / "MANIFEST.in").read_text().splitlines()}
    assert ignored[1] == "*" and all((ROOT / one).exists() for one in taken)
    assert {project["readme"], *project["license-files"], "pyproject.toml", "setup.cfg", "appproxy", "twisted"} <= taken
    assert packaged - {"packaging"} <= taken


def test_both_programs_have_one() -> None:
    """Otherwise the tests above say nothing."""
    assert [unit.stem for unit in UNITS] == ["appproxy-connector", "appproxy-service"]


@needs_prometheus
def test_each_alert_fires_when_it_should() -> None:
    """And is silent when all is well: promtool runs tests/alerts.yml, in which each alert is named in both cases."""
    cases = Path(__file__).parent / "alerts.yml"
    alerts = re.findall(r"- alert: (\w+)", (PACKAGING / "prometheus" / "appproxy.rules.yml").read_text())
    silent, fired = (set(re.findall(pattern, cases.read_text())) for pattern in (r"alertname: (\w+)}", r'alertname="(\w+)"'))
    assert set(alerts) == silent == fired and len(alerts) > 10
    command = ["promtool", "test", "rules", str(cases)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert run.returncode == 0, run.stdout + run.stderr
