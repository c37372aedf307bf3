"""The operations, each with what it does to a stage while users are at work."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from appproxy.admin.transport.client import AdminClient
from appproxy.admin.transport.direct import open_store
from appproxy.config import StatePaths, load_service
from appproxy.errors import AppProxyError
from appproxy.store.service import keys
from appproxy.twistd.assembly.passwords import admit_password
from bench.operations import renewals, stages
from bench.operations.stages import OldRelease, Stage
from bench.operations.tally import Killed
from tests.end_to_end import soak
from tests.end_to_end.system import CONNECTORS, DRAIN_SECONDS
from tests.end_to_end.test_mesh import NODES, Mesh
from tests.end_to_end.test_workers import Workers
from tests.end_to_end.world import PATIENCE, until
from tests.pki.chains import leaf

#: Changes of one row.
_TURNS = 5
_MONTH = 31 * 86400
#: Seconds for which a database is away.
_AWAY = 10.0
_POLICY = {"name": "nobody", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["held"]},
           "conditions": {"locations": {"include": ["there"]}}, "grant": {"block": True}}


@dataclass(frozen=True, slots=True)
class Row:
    """`do` gives what was killed, if anything was. `what` may name fields of the stage. `needs_server`: only with a PostgreSQL
    server.
    """

    name: str
    what: str
    stage: Callable[[], AbstractContextManager[Stage]]
    do: Callable[[Stage], Killed | None]
    needs_server: bool = False


def restart_connector(stage: Stage) -> None:
    """SIGTERM to one of two, and a start."""
    stage.system.supervisor.end(CONNECTORS[0], PATIENCE)
    _start_connector(stage)


def kill_connector(stage: Stage) -> Killed:
    """SIGKILL to one of two, and a start."""
    stage.system.kill(CONNECTORS[0])
    killed = Killed(time.monotonic(), False)
    _start_connector(stage)
    return killed


def renew_connector(stage: Stage) -> None:
    """Its clock goes ahead, and it gets another certificate."""
    soak.renew_connector(stage.system, random.Random(1))
    _all_online(stage)


def reload_service(stage: Stage) -> None:
    """The next process takes over."""
    stage.system.admin("reload")
    _all_online(stage)
    time.sleep(DRAIN_SECONDS)  # what the former process cuts at its end belongs to this row


def change_settings(stage: Stage) -> None:
    """Of an application, and one that comes and goes."""
    for _ in range(_TURNS):
        soak.change_settings(stage.system, random.Random(1))


def change_certificate(stage: Stage) -> None:
    """Users of one application are shown another one each time."""
    system = stage.system
    issuer = stages.authority()
    client = AdminClient(system.state, admit_password)
    for turn in range(_TURNS):
        made = leaf(system.host("raw").rpartition(":")[0], issuer=issuer)
        body = {"certificate": made.pem, "key": made.key, "authority": issuer.pem}
        if turn:
            client.call("PUT", "/certificates/raw", body)
        else:
            client.call("POST", "/certificates", {"name": "raw", **body})
        time.sleep(0.5)
    client.call("DELETE", "/certificates/raw", None)


def change_policy(stage: Stage) -> None:
    """One comes, changes and goes."""
    system = stage.system
    client = AdminClient(system.state, admit_password)
    client.call("PUT", "/locations/there", {"document": {"name": "there", "networks": ["192.0.2.0/24"]}})
    for _ in range(_TURNS):
        for state in ("on", "report-only"):
            client.call("PUT", "/policies/nobody", {"document": {**_POLICY, "state": state}})
            time.sleep(0.2)
    client.call("DELETE", "/policies/nobody", None)
    client.call("DELETE", "/locations/there", None)


def rotate_keys(stage: Stage) -> None:
    """What seals cookies is replaced, as it is after a month."""
    paths = StatePaths(stage.system.state)
    store = open_store(paths, load_service(paths.settings.read_text(), "service.toml"), {}, lambda text: None)
    with store.transaction(time.time() + _MONTH) as tx:  # noqa: TID251 -- keys are dated
        assert keys.rotate_sealing_keys(tx)
    store.close()
    time.sleep(2.0)  # which it notices within a second


def restart_worker(stage: Stage) -> None:
    """SIGTERM to one of two."""
    system = cast(Workers, stage.system)
    before = system.processes()
    os.kill(min(before), signal.SIGTERM)
    until(lambda: min(before) not in system.processes(), "the worker does not end", PATIENCE)
    until(system.connected, "not every connector is at every worker", 60)


def kill_worker(stage: Stage) -> Killed:
    """SIGKILL to one of two; another one is started."""
    system = cast(Workers, stage.system)
    before = system.processes()
    os.kill(min(before), signal.SIGKILL)
    until(lambda: min(before) not in system.processes(), "it does not end", 20)
    killed = Killed(time.monotonic(), True)
    until(lambda: len(system.processes()) == 2 and system.processes() != before, "it is not started again", PATIENCE)
    until(system.connected, "not every connector is at every worker", 60)
    return killed


def restart_node(stage: Stage) -> None:
    """SIGTERM to one of two, and a start."""
    mesh = cast(Mesh, stage.system)
    mesh.supervisor.end("other", PATIENCE)
    mesh.start_node("other")
    until(lambda: mesh.connected(*NODES), "not every connector is at every node", 60)


def kill_node(stage: Stage) -> Killed:
    """SIGKILL to one of two, and a start."""
    mesh = cast(Mesh, stage.system)
    mesh.kill("other")
    killed = Killed(time.monotonic(), True)
    time.sleep(2.0)
    mesh.start_node("other")
    until(lambda: mesh.connected(*NODES), "not every connector is at every node", 60)
    return killed


def upgrade(stage: Stage) -> None:
    """An earlier release runs, this one is installed, the service reloaded."""
    cast(OldRelease, stage.system).upgrade()
    time.sleep(3.0)


def stop_database(stage: Stage) -> None:
    """Its server refuses everybody."""
    assert stage.cable is not None
    stage.cable.pull()
    time.sleep(_AWAY)
    stage.cable.plug()
    _answers_commands(stage)


def freeze_database(stage: Stage) -> None:
    """Its server says nothing any more."""
    assert stage.cable is not None
    stage.cable.block()
    time.sleep(_AWAY)
    stage.cable.unblock()
    _answers_commands(stage)


def fail_over_database(stage: Stage) -> None:
    """Its server is gone, and the standby takes its place."""
    assert stage.servers is not None
    stage.servers.fail_over()
    _answers_commands(stage)


def _start_connector(stage: Stage) -> None:
    stage.system.start_connector(CONNECTORS[0])
    _all_online(stage)


def _all_online(stage: Stage) -> None:
    until(lambda: stage.system.online() == len(CONNECTORS), "not all connectors are back", 60)


def _answers_commands(stage: Stage) -> None:
    def changed() -> bool:
        with suppress(AppProxyError, OSError):
            stage.system.set("raw", connect_timeout="9")
            return True
        return False

    until(changed, "nothing can be changed", 60)


ROWS: tuple[Row, ...] = (
    Row("connector-restart", "restart of a connector of two", stages.alone, restart_connector),
    Row("connector-kill", "a connector of two killed", stages.alone, kill_connector),
    Row("connector-renewal", "a connector's certificate renewed", stages.alone, renew_connector),
    Row("connector-renewals", "a connector's certificate renewed {renewals} times", renewals.renewing, renewals.renew_often),
    Row("reload", "reload of the whole service", stages.alone, reload_service),
    Row("certificate", "five certificates for users", stages.alone, change_certificate),
    Row("settings", "settings and applications changed", stages.alone, change_settings),
    Row("policy", "a policy added, changed, removed", stages.alone, change_policy),
    Row("keys", "the key of cookies replaced", stages.alone, rotate_keys),
    Row("worker-restart", "restart of a worker of two", stages.workers, restart_worker),
    Row("worker-kill", "a worker of two killed", stages.workers, kill_worker),
    Row("workers-reload", "reload with two workers", stages.workers, reload_service),
    Row("node-restart", "restart of a node of two", stages.pair, restart_node, True),
    Row("node-kill", "a node of two killed", stages.pair, kill_node, True),
    Row("upgrade", "the next version beside the old one", stages.previous, upgrade),
    Row("database-stop", "database away for 10 s", stages.on_server, stop_database, True),
    Row("database-freeze", "database frozen for 10 s", stages.on_server, freeze_database, True),
    Row("database-failover", "database failed over", stages.on_two_servers, fail_over_database, True),
)
#: Where a row's logs are when it went wrong.
LOGS = Path("/tmp/appproxy-operations-logs")
