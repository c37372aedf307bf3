"""The one table of the admin API: the local socket, the command line without a service, and later HTTPS serve it."""

from __future__ import annotations

from appproxy.admin import applications, certificates, connectors, cors, segments, service, users
from appproxy.admin.operation import AdminContext, Call, Change, Command, Operation, Query, Routes

__all__ = ["ALIVE", "OPERATIONS", "ROUTES", "AdminContext", "Call", "Change", "Command", "Operation", "Query", "Routes"]

#: Answered by the socket at once, without the store: a client learns whether the service is mute or only busy.
ALIVE = "/alive"

OPERATIONS: tuple[Operation, ...] = (
    *applications.OPERATIONS,
    *segments.OPERATIONS,
    *cors.OPERATIONS,
    *users.OPERATIONS,
    *connectors.OPERATIONS,
    *certificates.OPERATIONS,
    *service.OPERATIONS,
)
ROUTES = Routes(OPERATIONS)
