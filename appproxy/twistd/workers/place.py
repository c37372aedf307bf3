"""What a worker is told by its parent when it starts: one variable of its environment."""

from __future__ import annotations

import json
import os
from collections.abc import MutableMapping
from dataclasses import asdict, dataclass, replace

from appproxy.config import ServiceSettings
from appproxy.config.values import WORKERS_APART

#: A JSON object with the fields of `WorkerPlace`.
WORKER = "APPPROXY_WORKER"
#: The first descriptor after those that every program has.
PIPE = 3


@dataclass(frozen=True, slots=True)
class WorkerPlace:
    """`parent`: its process; `pipe`: the descriptor that connections come on; `reloads`: how many there were before; `start`:
    what the parent has drawn when it was started, in hexadecimal digits, which a connector's workers know each other by.
    """

    number: int
    parent: int
    reloads: int
    pipe: int = PIPE
    start: str = ""

    def as_variable(self) -> dict[str, str]:
        """What the worker's environment has of it."""
        return {WORKER: json.dumps({name: value for name, value in asdict(self).items() if value != ""})}


def place_from(environment: MutableMapping[str, str]) -> WorkerPlace | None:
    """The place of this process, None when it is no worker. It is taken out, for it is meant for nobody else."""
    said = environment.pop(WORKER, "")
    if not said:
        return None
    place = WorkerPlace(**json.loads(said))
    os.set_inheritable(place.pipe, False)
    return place


def worker_settings(settings: ServiceSettings, number: int, machine: str) -> ServiceSettings:
    """Those of one worker. Each is a node: connectors tell them apart by the server name, so all have one address."""
    name = settings.node_name or machine or "node"
    return replace(settings, node_name=f"{name[:56]}{WORKERS_APART}{number}",
                   tunnel_advertise=settings.tunnel_advertise or settings.tunnel_address)
