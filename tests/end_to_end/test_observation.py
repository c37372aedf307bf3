"""A real Prometheus reads both programs: each query of the dashboard and each metric of the alerts has data."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from appproxy.demo.supervisor import Supervisor
from tests.end_to_end.load import Load
from tests.end_to_end.ports import free_port
from tests.end_to_end.system import System
from tests.end_to_end.test_devices import ROOT
from tests.end_to_end.wire import ask
from tests.end_to_end.world import environment, until
from tests.pki.chains import crl

PACKAGING = Path(__file__).parents[2] / "packaging"
RULES = PACKAGING / "prometheus" / "appproxy.rules.yml"
#: What it is called there, in Prometheus' configuration.
JOBS = ("appproxy-service", "appproxy-connector")


class Observed:
    """A system whose programs are read by Prometheus each second."""

    def __init__(self, directory: Path, supervisor: Supervisor) -> None:
        self.system = System(directory, supervisor)
        self.ports = dict(zip(JOBS, (free_port(), free_port()), strict=True))
        self._server = free_port()
        self._directory = directory
        self._prometheus: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Both programs with their listeners, and Prometheus."""
        system = self.system
        system.build()
        for job, state in zip(JOBS, (system.state, system.directory / "first"), strict=True):
            settings = state / f"{job.removeprefix('appproxy-')}.toml"
            settings.write_text(f'metrics_listen = "127.0.0.1:{self.ports[job]}"\n' + settings.read_text())
        system.admin("reload")
        system.supervisor.end("first")
        system.start_connector("first")
        jobs = [
            {"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]} for job, port in self.ports.items()]
        configuration = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "scrape_configs": jobs,
                         "rule_files": [str(RULES)]}
        file = self._directory / "prometheus.yml"
        file.write_text(json.dumps(configuration))
        log = (self._directory / "prometheus.log").open("wb")
        self._prometheus = subprocess.Popen(
            ["prometheus", f"--config.file={file}", f"--storage.tsdb.path={self._directory / 'series'}",
             f"--web.listen-address=127.0.0.1:{self._server}"], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        log.close()

    def stop(self) -> None:
        """Prometheus has ended."""
        if self._prometheus is not None:
            self._prometheus.terminate()
            self._prometheus.wait(20)

    def query(self, expression: str) -> list[dict[str, object]]:
        """What Prometheus answers; nothing while it starts."""
        try:
            with urlopen(f"http://127.0.0.1:{self._server}/api/v1/query?query={quote(expression)}", timeout=20) as answer:
                found: list[dict[str, object]] = json.load(answer)["data"]["result"]
                return found
        except HTTPError as error:
            raise AssertionError(f"{expression}: {error.read().decode()}") from error
        except URLError:
            return []

    def health(self, job: str, path: str) -> tuple[int, str]:
        """What a program says of itself."""
        try:
            with urlopen(f"http://127.0.0.1:{self.ports[job]}{path}", timeout=20) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    """With some traffic, an application that is down, an audit that is exported, and devices that may be revoked."""
    directory = tmp_path_factory.mktemp("observed")
    (directory / "logs").mkdir()
    with Supervisor(directory / "logs", environment()) as supervisor:
        made = Observed(directory, supervisor)
        try:
            made.start()
            made.system.admin("app", "publish", "away", "--internal", f"http://127.0.0.1:{free_port()}", "--external",
                              made.system.url("away"), "--preauth", "passthrough")
            made.system.admin("audit", "export", "add", "file", f"file://{directory}/audit.jsonl")
            (directory / "authority.pem").write_text(ROOT.pem)
            (directory / "revoked.pem").write_text(crl(ROOT))
            made.system.admin("device", "authority", "add", "company", "--certificate", str(directory / "authority.pem"),
                              "--crl", str(directory / "revoked.pem"), "--ocsp", f"http://127.0.0.1:{free_port()}/")
            yield made
        finally:
            made.stop()
            made.system.origin.stop()


def test_every_query_of_the_dashboard_has_data(observed: Observed) -> None:
    """While requests pass, and some of them fail."""
    dashboard = json.loads((PACKAGING / "grafana" / "appproxy.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    assert len(queries) > 20
    with Load(observed.system, users=2):
        def all_have_data() -> bool:
            ask(observed.system, "away")
            return not [query for query in queries if not observed.query(query.replace("$__rate_interval", "30s"))]

        until(all_have_data, f"some query has no data: {queries}")


def test_every_metric_of_the_alerts_is_there(observed: Observed) -> None:
    """An alert on a name that nobody says would be silent for ever."""
    ask(observed.system, "away")
    expressions = re.findall(r"expr:(.*?)\n        (?:for|labels):", RULES.read_text(), re.DOTALL)
    names = {name for one in expressions for name in re.findall(r"\b(?:appproxy_\w+|up)\b", one)}
    assert len(names) > 10
    for name in sorted(names):
        until(partial(observed.query, name), f"nobody says {name}", 60)


def test_alerts_of_a_real_fault(observed: Observed) -> None:
    """Prometheus has the rules, and sees the application that is down."""
    def pending() -> bool:
        ask(observed.system, "away")
        return bool(observed.query('ALERTS{alertname="AppproxyApplicationDown", application="away"}'))

    until(pending, "no alert for an application that is down")
    assert observed.query('ALERTS{alertname=~"AppproxyServiceDown|AppproxyConnectorDown|AppproxyNoConnector"}') == []


def test_live_and_ready(observed: Observed) -> None:
    """A connector without its service lives, and is not ready."""
    assert [observed.health(job, path) for job in JOBS for path in ("/live", "/ready")] == [(200, "ok\n")] * 4
    system = observed.system
    system.supervisor.end("service")
    until(lambda: observed.health(JOBS[1], "/ready") == (503, "not connected to the service\n"), "it is ready all the same")
    assert observed.health(JOBS[1], "/live")[0] == 200
    system.start_service()
    until(lambda: observed.health(JOBS[1], "/ready")[0] == 200, "it does not get ready again")
