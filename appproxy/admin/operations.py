"""The one table of the admin API: the local socket, the command line without a service, and later HTTPS serve it."""

from __future__ import annotations

from appproxy.admin.base.operation import AdminContext, Call, Change, Command, Operation, Query, Routes
from appproxy.admin.configuration import operations as configuration
from appproxy.admin.fleet import connectors, nodes, updates
from appproxy.admin.people import (
    clients,
    devices,
    directories,
    native_clients,
    providers,
    role_assignments,
    role_requests,
    second_factors,
    service_tokens,
    sessions,
    users,
)
from appproxy.admin.policy import policies, results, risk
from appproxy.admin.publishing import access_requests, applications, branding, certificates, cors, logos, segments
from appproxy.admin.running import audit, audit_exports, observation, service

__all__ = ["OPERATIONS", "ROUTES", "AdminContext", "Call", "Change", "Command", "Operation", "Query", "Routes"]

OPERATIONS: tuple[Operation, ...] = (
    *applications.OPERATIONS,
    *segments.OPERATIONS,
    *logos.OPERATIONS,
    *access_requests.OPERATIONS,
    *cors.OPERATIONS,
    *users.OPERATIONS,
    *second_factors.OPERATIONS,
    *connectors.OPERATIONS,
    *updates.OPERATIONS,
    *certificates.OPERATIONS,
    *providers.OPERATIONS,
    *directories.OPERATIONS,
    *policies.OPERATIONS,
    *results.OPERATIONS,
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
    *role_requests.OPERATIONS,
    *configuration.OPERATIONS,
    *audit.OPERATIONS,
    *audit_exports.OPERATIONS,
)
ROUTES = Routes(OPERATIONS)
