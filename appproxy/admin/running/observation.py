"""Operations that look at what the service does now: its traffic, what fails, and whether an application can be reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from appproxy.admin.base import concerns
from appproxy.admin.base.operation import AdminContext, Ask, Call, Operation, Query
from appproxy.admin.base.principal import Permission
from appproxy.admin.base.problems import problems_of
from appproxy.errors import ConfigError
from appproxy.publish.application import Application
from appproxy.store.applications import applications
from appproxy.store.transaction import Reading

_NOT_RUNNING = "no service runs on this state directory, so there is nothing to see"


def _traffic(reading: Reading, call: Call) -> object:
    return _service_answer(call)


def _traffic_of(reading: Reading, call: Call) -> object:
    applications.find_id(reading, call.path["application"])
    return _service_answer(call)


def _failures(reading: Reading, call: Call) -> object:
    id_, principal = applications.find_id(reading, call.path["application"]), call.context.principal
    service_answer = _service_answer(call)
    if principal.covers({Permission.READ_USERS}) or principal.covers({Permission.CHANGE_APPLICATIONS}, id_):
        return service_answer
    # Both can tell who asked for what.
    return [{**one, "path": "", "detail": ""} for one in service_answer]


def _check(reading: Reading, call: Call) -> object:
    found, service_answer = applications.find(reading, call.path["application"]), _service_answer(call)
    made = [*_names(found, service_answer), *_published(reading, found, call.context), *_answer(service_answer)]
    return [{"check": check, "health": health, "detail": detail, "hint": hint} for check, health, detail, hint in made]


def _service_answer(call: Call) -> Any:
    if call.context.service_answer is None:
        raise ConfigError(_NOT_RUNNING, hint="start it first")
    return call.context.service_answer


#: What was looked at, how it went, what was found, and what to do about it.
_Found = tuple[str, str, str, str]


def _names(application: Application, service_answer: Mapping[str, Any]) -> Iterator[_Found]:
    """Do the hosts lead to where the service's own host leads?"""
    own = set(service_answer["own"])
    for pair in application.pairs:
        host = pair.external.host
        if host not in service_answer["hosts"]:
            continue
        led = set(service_answer["hosts"][host])
        if not led:
            there = " or ".join(sorted(own)) or "the service"
            yield "dns", "broken", f"no DNS record for {host}", f"add one that leads to {there}"
        elif own and not led & own:
            yield ("dns", "warning", f"{host} leads to {' '.join(sorted(led))}, not to where the service's own host leads",
                   f"if the service is not reached there, let it lead to {' or '.join(sorted(own))}")
        else:
            yield "dns", "good", f"{host} leads to {' '.join(sorted(led))}", ""


def _published(reading: Reading, application: Application, context: AdminContext) -> Iterator[_Found]:
    found = problems_of(reading, application, context)
    for one in found:
        what, _, fix = one.partition(": ")
        yield "certificate" if what.startswith("no certificate") else "connector", "broken", what, fix
    if not found:
        yield "certificate", "good", "each host has a certificate", ""
        yield "connector", "good", "a connector of its group is connected", ""


def _answer(service_answer: Mapping[str, Any]) -> Iterator[_Found]:
    probe = service_answer["probe"]
    if probe is None:
        yield "application", "warning", "it was not asked: it has only wildcards, or takes no HEAD", ""
    elif probe["failure"]:
        yield ("application", "broken", f"{probe['failure']} {probe['detail']}".rstrip(),
               "on the connector's machine: appproxy doctor --state DIR")
    elif probe["status"] >= 500:
        yield "application", "warning", f"it answers with status {probe['status']}", "look into its log"
    else:
        yield "application", "good", f"it answers through a connector, with status {probe['status']}", ""


_ONE = "/applications/{application}"
OPERATIONS: tuple[Operation, ...] = (
    Query("/concerns", "What needs attention, each with what to do.", concerns.listed, permission=Permission.READ_SERVICE),
    Query("/traffic", "The last hour at the node that answers, by minutes: requests, answers of 500 and above, and seconds; "
          "and how often each status was answered.", _traffic, asks=Ask.TRAFFIC, permission=Permission.READ_SERVICE),
    Query(_ONE + "/traffic", "The last hour of an application at the node that answers, by minutes: requests, and answers of "
          "500 and above; and how often each status was answered.", _traffic_of, asks=Ask.TRAFFIC_OF,
          permission=Permission.READ_APPLICATIONS),
    Query(_ONE + "/failures", "The last requests to an application that failed at the node that answers, and why.",
          _failures, asks=Ask.FAILURES, permission=Permission.READ_APPLICATIONS),
    Query(_ONE + "/check", "Can it be reached: names, certificates, connectors, and does it answer? It is sent a HEAD.",
          _check, asks=Ask.REACH, permission=Permission.READ_APPLICATIONS),
)  # fmt: skip
