"""The one table of the admin API: the local socket, the command line without a service, and later HTTPS serve it."""

from __future__ import annotations

from appproxy.admin import applications, branding, certificates, connectors, cors, providers, segments, service, users
from appproxy.admin.operation import AdminContext, Call, Change, Command, Operation, Query, Routes

__all__ = ["OPERATIONS", "ROUTES", "AdminContext", "Call", "Change", "Command", "Operation", "Query", "Routes"]

OPERATIONS: tuple[Operation, ...] = (
    *applications.OPERATIONS,
    *segments.OPERATIONS,
    *cors.OPERATIONS,
    *users.OPERATIONS,
    *connectors.OPERATIONS,
    *certificates.OPERATIONS,
    *providers.OPERATIONS,
    *branding.OPERATIONS,
    *service.OPERATIONS,
)
ROUTES = Routes(OPERATIONS)
