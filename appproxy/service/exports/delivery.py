"""One batch on its way to a destination: what every way of sending has in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from twisted.internet.defer import Deferred

from appproxy.errors import AppProxyError
from appproxy.store.service.audit_exports import AuditExport

#: Seconds for one delivery, the connection included; below the lease of the node (`audit_exports.LEASE`).
TIMEOUT = 20.0


class DeliveryFailed(AppProxyError):
    """It has not arrived, as far as we know. `wait`: the receiver wants to be asked again after so many seconds, 0.0 for no
    wish; `refused`: what is in it is at fault, so that no other try helps; `suspect`: that may be so, if it goes on.
    """

    def __init__(self, problem: str, wait: float = 0.0, *, refused: bool = False, suspect: bool = False) -> None:
        super().__init__(problem)
        self.wait = wait
        self.refused = refused
        self.suspect = suspect


@dataclass(frozen=True, slots=True)
class Payload:
    """What is sent: entries, as the destination's format and way have them. A batch that is sent again has the same `id`."""

    id: str
    pieces: tuple[bytes, ...]


class Deliver(Protocol):
    """Sends a batch; fires once it has arrived for certain, and fails with whatever came in between."""

    def __call__(self, export: AuditExport, load: Payload, /) -> Deferred[None]: ...
