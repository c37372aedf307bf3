"""Every setting of an application is changed again and again while users are using it: none of their requests fails."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from urllib.parse import quote

import pytest

from appproxy.admin.transport.client import AdminClient, read_settings
from appproxy.admin.transport.direct import open_store
from appproxy.config import StatePaths
from appproxy.store.people import providers
from appproxy.twistd.assembly.passwords import admit_password
from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.load import Load
from tests.end_to_end.origins import Origin
from tests.end_to_end.settings import REFUSING, all_keys, values_of
from tests.end_to_end.system import PROMPT, System, shared_system
from tests.end_to_end.wire import Wire, ask
from tests.end_to_end.world import DOMAIN

#: Changes of each setting. `APPPROXY_CHANGES=20` for a thorough look, which takes some minutes.
CHANGES = int(os.environ.get("APPPROXY_CHANGES", "2"))


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    """The system that is changed."""
    found = shared_system(request, tmp_path_factory)
    found.repair()
    found.call("POST", "/connector-groups", name="empty")
    paths = StatePaths(found.state)
    with (
        closing(open_store(paths, read_settings(paths), os.environ, print)) as store,
        store.transaction(time.time()) as tx,  # noqa: TID251 -- as another node would do it
    ):
        providers.add(tx, "company", "https://id.example.com", "client", "secret")
    found.application("changed", found.origin.url, preauth="passthrough")
    return found


class Slowest:
    """How long changes take until they are live."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.what = ""

    def wait(self, what: str, live: Callable[[], bool]) -> None:
        """Ask until it is so; not for much longer than a second."""
        began = usual_seconds()
        while not live():
            assert usual_seconds() - began < PROMPT, f"{what}: not live"
            time.sleep(0.01)
        if (seconds := usual_seconds() - began) > self.seconds:
            self.seconds, self.what = seconds, what

    def __str__(self) -> str:
        return f"{self.seconds:.3f} s ({self.what})"


@contextmanager
def everybody(system: System) -> Iterator[tuple[list[str], Load]]:
    """Users who signed in and users who need not, over HTTP/1.1 and HTTP/2; afterwards none of their requests has failed.

    Gives a list of words to be printed, and those who signed in.
    """
    alice = system.alice()
    with Load(system, 3, streams=3) as open_, Load(system, 3, "held", streams=3, visitor=alice) as held:
        told: list[str] = []
        for load in (open_, held):
            load.more(10)
        yield told, held
        for load in (open_, held):
            load.more(10)
    print(f"{open_.done + held.done} requests,", *told)
    assert open_.faults + held.faults == []


def test_any_setting(system: System) -> None:
    """Each key of the product's own table, of applications in use; what a change says holds within a second."""
    ids = {one["name"]: one["id"] for one in system.call("GET", "/applications")}
    slowest, changes = Slowest(), 0
    with everybody(system) as (told, signed_in):
        for key in all_keys():
            values = values_of(key, system)
            for name in ("changed",) if key in REFUSING else ("raw", "held"):
                for number in range(CHANGES):
                    mark = f"{key}-{number}"
                    settings = {key: values[number % 2], "response.x-mark": mark}
                    system.call("PATCH", f"/applications/{ids[name]}", settings=settings)
                    changes += 1
                    if name == "raw":
                        slowest.wait(f"{key} of {name}", partial(_marked, system, mark))
                    if name == "held":
                        signed_in.more(1)
                _put_back(system, ids[name], name, key)
        told.append(f"{changes} changes of settings; the slowest was live after {slowest}")


def test_urls_and_rules(system: System) -> None:
    """Segments, rules for calls from other origins, other hosts, wildcards, and a time of maintenance come and go."""
    slowest, origin = Slowest(), Origin()
    segment = quote(system.url("raw", "/part/"), safe="")
    system.call("POST", "/applications", name="wild", internal="http://*.internal.example:1/", external=system.url("*"),
                preauth="passthrough")
    at_raw, page = "/applications/raw", "https://pages.example.com"
    steps: list[tuple[str, str, str, dict[str, object], Callable[[], bool]]] = [
        ("segment add", "POST", f"{at_raw}/segments", {"external": system.url("raw", "/part/"), "internal": origin.url},
         lambda: _reaches(system, origin)),
        ("segment set", "PATCH", f"{at_raw}/segments/{segment}", {"settings": {"internal": system.origin.url}},
         lambda: _reaches(system, system.origin)),
        ("segment set", "PATCH", f"{at_raw}/segments/{segment}", {"settings": {"internal": origin.url}},
         lambda: _reaches(system, origin)),
        ("segment remove", "DELETE", f"{at_raw}/segments/{segment}", {}, lambda: _reaches(system, system.origin)),
        ("cors add", "POST", f"{at_raw}/cors", {"resource": "/call", "origins": [page]},
         lambda: _preflight(system, page) == 204),
        ("cors set", "PATCH", f"{at_raw}/cors", {"resource": "/call", "origins": ["https://no.example.com"]},
         lambda: _preflight(system, page) == 403),
        ("cors remove", "DELETE", f"{at_raw}/cors", {"resource": "/call"}, lambda: _preflight(system, page) == 200),
        ("other host", "PATCH", at_raw, {"settings": {"alternate_hosts": f"one.{DOMAIN}"}},
         lambda: ask(system, "one").status == 200),
        ("no other host", "PATCH", at_raw, {"settings": {"alternate_hosts": ""}}, lambda: ask(system, "one").status == 502),
        ("excluded", "PATCH", "/applications/wild", {"settings": {"excluded_hosts": f"one.{DOMAIN}"}},
         lambda: ask(system, "one").status == 404),
        ("not excluded", "PATCH", "/applications/wild", {"settings": {"excluded_hosts": ""}},
         lambda: ask(system, "one").status == 502),
        ("closed", "PATCH", "/applications/changed", {"settings": {"maintenance": "yes", "maintenance_text": "soon"}},
         lambda: b"soon" in ask(system, "changed").body),
        ("open", "PATCH", "/applications/changed", {"settings": {"maintenance": "", "maintenance_text": ""}},
         lambda: ask(system, "changed").status == 200),
    ]  # fmt: skip
    with everybody(system) as (told, _):
        for _turn in range(CHANGES):
            for what, method, path, body, live in steps:
                AdminClient(system.state, admit_password).call(method, path, body or None)
                slowest.wait(what, live)
        told.append(f"{CHANGES * len(steps)} changes of URLs and rules; the slowest was live after {slowest}")
    system.call("DELETE", "/applications/wild")
    origin.stop()


def _reaches(system: System, origin: Origin) -> bool:
    case = f"part-{time.monotonic_ns()}"
    return ask(system, "raw", "/part/", case).status == 200 and bool(origin.about(case))


def _preflight(system: System, page: str) -> int:
    with Wire(system, "raw") as wire:
        wire.request("OPTIONS", "/call/x", "preflight", fields={"Origin": page, "Access-Control-Request-Method": "GET"})
        return wire.reply("OPTIONS").status


def _marked(system: System, mark: str) -> bool:
    return ask(system).values("x-mark") == [mark]


def _put_back(system: System, id_: str, name: str, key: str) -> None:
    """As it was."""
    before = {
        "name": name, "internal": system.origin.url, "external": system.url(name), "connector_group": "default",
        "preauth": "oidc" if name == "held" else "passthrough", "provider": "builtin",
    }  # fmt: skip
    unset = "none" if key == "machine_crl" else ""
    system.call("PATCH", f"/applications/{id_}", settings={key: before.get(key, unset), "response.x-mark": ""})
