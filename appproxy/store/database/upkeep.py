"""What a node does to the database once an hour: new keys in time, and nothing kept that nobody can need."""

from __future__ import annotations

from appproxy.store.applications import recent, requests
from appproxy.store.certificates import acme
from appproxy.store.connectors import connectors, join_tokens
from appproxy.store.database.initial import renew_leaves
from appproxy.store.devices import devices, statuses
from appproxy.store.machines import client_grants, command_lines, native_grants, service_tokens
from appproxy.store.people import client_keys, encryption_keys, kept_forms, password_attempts, password_links, providers
from appproxy.store.people.factors import refused_codes
from appproxy.store.people.session import client_sessions, one_time, sessions
from appproxy.store.people.session import rows as session_rows
from appproxy.store.policies import results
from appproxy.store.risk import judging
from appproxy.store.roles import assignments as role_assignments
from appproxy.store.roles import entitlements, idempotency
from appproxy.store.service import audit, keys
from appproxy.store.service.actions import ACCESS_ENDED, CONNECTOR_FORGOTTEN
from appproxy.store.transaction import Transaction

#: In seconds. A node looks for connectors that never came back only when it was there itself for a day to see them.
_WATCHED = 86400.0


def keep_up(tx: Transaction, node_started: float, audit_days: int = 0, connector_days: int = 0) -> list[str]:
    """Do what is due, one node or several; `node_started` in seconds since 1970, `audit_days`: how long the audit is kept,
    `connector_days`: and connectors that nobody sees; 0 for ever. Gives the names of new certificates.

    A sealing key changes the snapshot; a leaf does not: whoever serves it must take it up from `keys.server_leaf`.
    """
    keys.rotate_sealing_keys(tx)
    for one in providers.list_all(tx):
        client_keys.keep_up(tx, one.id, one.client_id, one.settings)
        encryption_keys.keep_up(tx, one.id, one.settings)
    one_time.purge(tx)
    kept_forms.purge(tx)
    recent.purge(tx)
    end_assignments(tx)
    audit.purge(tx, audit_days)
    acme.purge(tx)
    sessions.purge(tx)
    session_rows.purge(tx)
    client_sessions.purge(tx)
    refused_codes.purge(tx)
    password_attempts.purge(tx)
    password_links.purge(tx)
    join_tokens.purge(tx)
    service_tokens.purge(tx)
    devices.purge(tx)
    statuses.purge(tx)
    native_grants.purge(tx)
    command_lines.purge(tx)
    client_grants.purge(tx)
    role_assignments.purge(tx)
    entitlements.purge(tx)
    judging.purge(tx)
    results.purge(tx)
    idempotency.purge(tx)
    if tx.now - node_started > _WATCHED:
        for gone in connectors.remove_unseen(tx, connector_days):
            detail = {"name": gone.name, "reason": f"not seen for {connector_days} days"}
            audit.record(tx, "service", CONNECTOR_FORGOTTEN, gone.id, detail)
    return renew_leaves(tx)


def end_assignments(tx: Transaction) -> None:
    """Those that have ended count no more since then; now they go.

    Nodes do it at the end of each, too: to those of the release before, which does not know of any end, they count until then.
    """
    for application, one in requests.purge(tx):
        audit.record(tx, "service", ACCESS_ENDED, application.id, {
            "application": application.name, "provider": providers.find(tx, one.provider).name, "kind": one.kind,
            "subject": one.value})
