"""The one table of the admin API: the local socket, the command line without a service, and later HTTPS serve it."""

from __future__ import annotations

from appproxy.admin import (
    applications,
    audit,
    audit_exports,
    branding,
    certificates,
    clients,
    connectors,
    cors,
    devices,
    directories,
    native_clients,
    nodes,
    observation,
    policies,
    providers,
    risk,
    role_assignments,
    second_factors,
    segments,
    service,
    service_tokens,
    sessions,
    updates,
    users,
)
from appproxy.admin.configuration import operations as configuration
from appproxy.admin.operation import AdminContext, Call, Change, Command, Operation, Query, Routes

__all__ = ["OPERATIONS", "ROUTES", "AdminContext", "Call", "Change", "Command", "Operation", "Query", "Routes"]

OPERATIONS: tuple[Operation, ...] = (
    *applications.OPERATIONS,
    *segments.OPERATIONS,
    *cors.OPERATIONS,
    *users.OPERATIONS,
    *second_factors.OPERATIONS,
    *connectors.OPERATIONS,
    *updates.OPERATIONS,
    *certificates.OPERATIONS,
    *providers.OPERATIONS,
    *directories.OPERATIONS,
    *policies.OPERATIONS,
    *devices.OPERATIONS,
    *branding.OPERATIONS,
    *service.OPERATIONS,
    *observation.OPERATIONS,
    *nodes.OPERATIONS,
    *sessions.OPERATIONS,
    *risk.OPERATIONS,
    *service_tokens.OPERATIONS,
    *native_clients.OPERATIONS,
    *clients.OPERATIONS,
    *role_assignments.OPERATIONS,
    *configuration.OPERATIONS,
    *audit.OPERATIONS,
    *audit_exports.OPERATIONS,
)
ROUTES = Routes(OPERATIONS)
