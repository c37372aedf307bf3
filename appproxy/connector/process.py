"""This process of a connector: how it came to be, and what it tells the nodes of the service of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from appproxy.connector.reactor_lag import ReactorLag
from appproxy.net.descriptors.inherited import Inherited
from appproxy.tunnel.json_heads.findings import EXAMINES, Findings
from appproxy.tunnel.messages import INLINE_BODY

#: Runs a doctor, and calls what it is given with the findings.
Examine = Callable[[Callable[[Findings], None]], None]


@dataclass(frozen=True, slots=True)
class WorkerId:
    """One of several workers: 16 random bytes of its parent's start, and its number there."""

    parent: bytes
    number: int


#: Of a connector that is one process.
ALONE = WorkerId(b"", 0)


@dataclass(frozen=True, slots=True)
class ProcessStart:
    """How a process of a connector came to be.

    `environment`: its variables, where HTTPS_PROXY may be; `inherited`: a predecessor's or a parent's sockets; `worker`: which
    of several it is; `examine`: runs its half of the doctor, None: this program cannot.
    """

    environment: Mapping[str, str]
    inherited: Inherited = field(default_factory=Inherited)
    worker: WorkerId = ALONE
    examine: Examine | None = None


@dataclass(frozen=True, slots=True)
class ConnectorProcess:
    """`instance`: 16 random bytes of this start; `drain_seconds`: how long it waits for what is under way when it stops.

    `examine` runs this end's half of the doctor, and tells what it has found; None: this program cannot.
    """

    instance: bytes
    version: str
    lag: ReactorLag
    worker: WorkerId = ALONE
    drain_seconds: float | None = None
    examine: Examine | None = None

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What it can beside what all can."""
        return (INLINE_BODY,) if self.examine is None else (INLINE_BODY, EXAMINES)
