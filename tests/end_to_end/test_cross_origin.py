"""Pages of other origins, and applications that are being maintained: what users meet, with real processes."""

from __future__ import annotations

import pytest

from appproxy.admin.transport.client import AdminClient
from appproxy.twistd.assembly.passwords import admit_password
from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.load import Load
from tests.end_to_end.system import PROMPT, System, shared_system
from tests.end_to_end.wire import Reply, Wire

PAGE = "https://app.example.org"


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    """The system that others use too."""
    return shared_system(request, tmp_path_factory)


def ask(system: System, method: str, case: str, **fields: str) -> Reply:
    """One request to the application that asks for a sign-in, and its answer."""
    with Wire(system, "held") as wire:
        wire.request(method, "/api/x", case, fields={key.replace("_", "-"): value for key, value in fields.items()})
        return wire.reply(method)


def preflight(system: System, case: str, origin: str = PAGE) -> Reply:
    """What a browser asks before a call."""
    return ask(system, "OPTIONS", case, Origin=origin, Access_Control_Request_Method="PUT")


def test_a_rule_is_live_within_a_second_and_gone_as_fast(system: System) -> None:
    """Preflights and our own 401, before any sign-in; nothing of them reaches the application."""
    assert preflight(system, "no rule").status == 401
    system.call("POST", "/applications/held/cors", resource="/api", origins=[PAGE], methods=["PUT"], credentials=True)
    began = usual_seconds()
    while (reply := preflight(system, "rule")).status != 204:
        assert usual_seconds() - began < PROMPT
    assert reply.values("access-control-allow-origin") == [PAGE]
    assert reply.values("access-control-allow-credentials") == ["true"]
    assert preflight(system, "other", "https://evil.example").status == 403
    call = ask(system, "PUT", "call", Origin=PAGE, Content_Length="0")
    assert (call.status, call.values("access-control-allow-origin")) == (401, [PAGE])
    assert call.values("content-type") == ["application/problem+json"]
    system.call("PATCH", "/applications/held/cors", resource="/api", origins=["https://other.example.org"])
    began = usual_seconds()
    while preflight(system, "changed").status != 403:
        assert usual_seconds() - began < PROMPT
    AdminClient(system.state, admit_password).call("DELETE", "/applications/held/cors", {"resource": "/api"})
    began = usual_seconds()
    while preflight(system, "gone").status != 401:
        assert usual_seconds() - began < PROMPT
    assert not [one for one in system.origin.seen if one.case in ("no rule", "rule", "other", "call", "changed", "gone")]


def test_maintenance_begins_and_ends_within_a_second(system: System) -> None:
    """503 with the admin's words for everybody, before any sign-in; the neighbours do not notice."""
    with Load(system) as load:
        load.more(20)
        system.set("held", maintenance="yes", maintenance_text="Moving house.")
        began = usual_seconds()
        while (reply := ask(system, "GET", "maintained", Accept="application/json")).status != 503:
            assert usual_seconds() - began < PROMPT
        assert reply.values("retry-after") == ["300"] and b'"detail": "Moving house."' in reply.body
        load.more(20)
        system.set("held", maintenance="", maintenance_text="")
        began = usual_seconds()
        while ask(system, "GET", "open again", Accept="application/json").status == 503:
            assert usual_seconds() - began < PROMPT
        load.more(20)
    assert load.faults == []
