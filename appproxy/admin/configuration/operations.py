"""Operations on the whole configuration: show it, compare it with a document, and make it what the document says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from appproxy.admin.base import guard
from appproxy.admin.base.operation import Call, Change, Command, Operation, Query, Routes
from appproxy.admin.base.pages import etag_of
from appproxy.admin.base.principal import Permission
from appproxy.admin.configuration.difference import Comparison, Difference, What, compare
from appproxy.admin.configuration.fields import is_reference
from appproxy.admin.configuration.present import configuration, shown
from appproxy.admin.configuration.sections import BRANDING, SECTIONS, Document, FieldForm
from appproxy.admin.configuration.steps import ApplyStep, steps_of
from appproxy.admin.configuration.wanted import read_document
from appproxy.admin.fleet import connectors
from appproxy.admin.people import (
    clients,
    devices,
    directories,
    native_clients,
    providers,
    role_assignments,
    second_factors,
    users,
)
from appproxy.admin.policy import policies
from appproxy.admin.publishing import applications, branding, cors, logos, segments
from appproxy.errors import AppProxyError, ConfigError
from appproxy.store.policies.policies import without_anybody
from appproxy.store.policies.renaming import rename_all
from appproxy.store.service import audit
from appproxy.store.service.audit import AuditEntry
from appproxy.store.transaction import Reading, Transaction

#: What is done step by step: each is checked, guarded and noted as if somebody had called it.
_ROUTES = Routes((
    *applications.OPERATIONS, *branding.OPERATIONS, *clients.OPERATIONS, *connectors.OPERATIONS, *cors.OPERATIONS,
    *devices.OPERATIONS, *directories.OPERATIONS, *logos.OPERATIONS, *native_clients.OPERATIONS,
    *policies.OPERATIONS, *providers.OPERATIONS,
    *role_assignments.OPERATIONS, *second_factors.OPERATIONS, *segments.OPERATIONS, *users.OPERATIONS,
))  # fmt: skip


def _show(reading: Reading, call: Call) -> object:
    return shown(configuration(reading, call.context.now))


def _compare(reading: Reading, call: Call) -> object:
    now = call.context.now
    there = configuration(reading, now)
    may = call.context.principal.covers([Permission.CHANGE_CONFIGURATION])
    found = compare(there, read_document(call.body.json("document"), there, now), tells_hidden=may)
    return {**_described(found), "secrets": list(_secrets(found.changes)), "etag": etag_of(shown(there), ())}


def _described(found: Comparison) -> dict[str, object]:
    return {
        "changes": [one.record() for one in found.changes], "only_here": [one.record() for one in found.only_here],
        "ending": [one.record() for one in found.ending]}


def _secrets(changes: Iterable[Difference]) -> Iterator[dict[str, object]]:
    """The references that have to be followed for these changes; `path`: where they stand."""
    for one in changes:
        for field in SECTIONS[one.section].fields if one.section in SECTIONS else ():
            value = one.after.get(field.name)
            if field.form is FieldForm.SECRET and one.what is What.ADD and is_reference(value):
                yield {"path": f"{one.path}.{field.name}", "reference": value}
            elif field.form is FieldForm.SETTINGS:
                new = {key: text for key, text in (value or {}).items() if key not in one.before.get(field.name, {})}
                yield from ({"path": f"{one.path}.{field.name}.{key}", "reference": text}
                            for key, text in new.items() if is_reference(text))


def _apply(tx: Transaction, call: Call) -> Change:
    document, prune = call.body.json("document"), call.body.flag("prune", False)
    there = configuration(tx, tx.now)
    found = rest = compare(there, read_document(document, there, tx.now))
    with guard.keeping_an_administrator(tx, call.context.principal, Permission.CHANGE_ROLES):
        if found.renames:
            for section, pairs in found.renames.items():
                rename_all(tx, SECTIONS[section].one, pairs)
            now = configuration(tx, tx.now)
            rest = compare(now, read_document(document, now, tx.now))
        done = [_performed(tx, call, step) for step in steps_of(rest.changes, rest.only_here if prune else ())]
        if any(field.field == "providers" for one in rest.changes for field in one.fields):
            # Who was assigned before the application had their provider is let in with it, and nobody knew of them until now.
            now = configuration(tx, tx.now)
            rest = compare(now, read_document(document, now, tx.now))
            done += [_performed(tx, call, step) for step in steps_of(rest.changes, ())]
    _check_nobody_is_locked_out(tx, call, found, prune)
    if done:
        audit.record_all(tx, [entry for entry, _ in done])
    made = [secret for _, secret in done if secret]
    answer = {**_described(found), "pruned": prune, "made": made}
    return Change(answer, "", _noted(there, configuration(tx, tx.now), found, prune))


def _performed(tx: Transaction, call: Call, step: ApplyStep) -> tuple[AuditEntry, dict[str, object]]:
    """Takes a step; gives what the audit is to say of it, and a secret that was made by it, which nobody sees again."""
    try:
        operation, inner = _ROUTES.prepare(step.method, step.path, dict(step.body) or None, call.context)
        assert isinstance(operation, Command)
        change = operation.change(tx, inner)
    except AppProxyError as error:
        raise _located(error, step) from error
    answer: Any = change.answer
    made = "secret" in answer and "secret" not in step.body
    secret = {"path": step.where, **{key: answer[key] for key in ("name", "id", "secret")}} if made else {}
    return operation.entry(tx, inner, change), secret


def _located(error: AppProxyError, step: ApplyStep) -> AppProxyError:
    """The same error; it begins with the path in the document, to the field if it names one."""
    section = SECTIONS.get(step.where.partition("[")[0])
    first = error.message.partition(":")[0]
    if section is not None and first in section.by_name:
        error.message = f"{step.where}.{error.message}"
        return error
    if section is not None and first in step.body.get("settings", {}):
        error.message = f"{step.where}.settings.{error.message}"
        return error
    return error.at(step.where)


def _check_nobody_is_locked_out(tx: Transaction, call: Call, found: Comparison, prune: bool) -> None:
    """Of all policies together: one by one, they may go through states that nobody wants."""
    concerned = [*found.changes, *(found.only_here if prune else ())]
    asked = any(one.section == "policies" for one in concerned) and not call.body.flag("force", False)
    if asked and (without := without_anybody(tx)):
        raise ConfigError(f"policies: with these nobody could use {', '.join(without)}",
                          hint="exclude somebody, add a condition, or use --force")


def _noted(before: Document, after: Document, found: Comparison, prune: bool) -> dict[str, object]:
    """How many there were and are, and how many were touched; each change itself has an entry of its own."""
    done = Counter(one.what.value for one in found.changes)
    counts = {
        name: {section: len(document[section]) for section in (*SECTIONS, BRANDING)}
        for name, document in (("before", before), ("after", after))}
    renamed = [f"{section}: {old} is {new}" for section, pairs in found.renames.items() for old, new in pairs.items()]
    return {
        **counts, "added": done["add"], "changed": done["change"], "renamed": renamed,
        "removed": len(found.only_here) if prune else 0}


_PATH = "/configuration"
OPERATIONS: tuple[Operation, ...] = (
    Query(_PATH, "The whole configuration as one document, without secrets.", _show,
          live=(), permission=Permission.READ_CONFIGURATION),
    Query(f"{_PATH}/difference", "What a document would change, and what no entry of it is of.", _compare, ("document",),
          method="POST", alone=True, permission=Permission.READ_CONFIGURATION),
    Command("PUT", _PATH, "configuration.apply",
            "Make the configuration what a document says, all or nothing; `prune`: what no entry is of goes.", _apply,
            ("document", "prune", "force"), long=True, permission=Permission.CHANGE_CONFIGURATION),
)
