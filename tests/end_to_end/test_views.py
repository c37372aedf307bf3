"""One picture of the place: Host, forwarding fields, Origin and Referer agree, so that checks of frameworks hold.

The applications are stand-ins that copy the one rule by which a framework takes a request for its own, or refuses it; what
the frameworks themselves did is in docs/publishing.md.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.origins import Call, Seen
from tests.end_to_end.system import PROMPT, System, shared_system
from tests.end_to_end.wire import Reply, Wire
from tests.end_to_end.world import appproxy


@dataclass(frozen=True, slots=True)
class Heard:
    """What an application is told."""

    host: str
    scheme: str
    origin: str
    referer: str
    forwarded_host: str
    forwarded_scheme: str

    @classmethod
    def of(cls, seen: Seen) -> Heard:
        """Of this request; "" for what is not there."""
        def one(name: str) -> str:
            return b",".join(seen.values(name)).decode()
        return cls(one("host"), "http", one("origin"), one("referer"), one("x-forwarded-host"), one("x-forwarded-proto"))

    @property
    def believed(self) -> str:
        """The origin that who believes proxies takes for its own."""
        return f"{self.forwarded_scheme or self.scheme}://{self.forwarded_host or self.host}"

    @property
    def plain(self) -> str:
        """The origin that who does not takes for its own."""
        return f"{self.scheme}://{self.host}"


def _referred(heard: Heard, own: str) -> bool:
    """Flask-WTF's and Django's check of a Referer, which they make where they take themselves for https."""
    return not own.startswith("https:") or urlsplit(heard.referer)[:2] == urlsplit(own)[:2]


#: By framework and its settings: the status with which it refuses a form of its own page; 0: it takes it.
RULES: dict[str, Callable[[Heard, str], int]] = {
    "rails": lambda heard, public: 0 if heard.origin == heard.believed else 422,
    "django": lambda heard, public: 0 if heard.origin == heard.plain else 403,
    "django-proxy": lambda heard, public: 0 if heard.origin == heard.believed else 403,
    "django-public": lambda heard, public: (
        400 if (heard.forwarded_host or heard.host) != public else 0 if heard.origin == heard.believed else 403),
    "django-trusted": lambda heard, public: 400 if heard.host != public else 0 if heard.origin == f"https://{public}" else 403,
    "flask-wtf": lambda heard, public: 0 if _referred(heard, heard.plain) else 400,
    "flask-wtf-proxyfix": lambda heard, public: 0 if _referred(heard, heard.believed) else 400,
    "next": lambda heard, public: 0 if urlsplit(heard.origin).netloc == (heard.forwarded_host or heard.host) else 500,
    "express-trust": lambda heard, public: 0 if heard.origin == heard.believed else 403,
    "php": lambda heard, public: 0 if urlsplit(heard.origin).netloc == heard.host else 403,
    "own-host-only": lambda heard, public: 0 if heard.host.startswith("127.0.0.1:") else 403,
    "forces-https": lambda heard, public: 0 if heard.forwarded_scheme == "https" else 301,
}
#: Those that refuse by default, and what they need.
NEED_PUBLIC = {"django-public", "django-trusted", "forces-https"}
REFUSED_IN_PUBLIC = {"django", "own-host-only"}


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    """The system that others use too, with an application for each rule, below a path too."""
    found = shared_system(request, tmp_path_factory)
    published = {one["name"] for one in found.call("GET", "/applications")}
    for name in RULES:
        if name not in published:
            found.application(name, f"{found.origin.url}{name}/", preauth="passthrough")
        found.origin.on(f"/{name}/form", form(name, found.host(name)))
    return found


def form(name: str, public: str) -> Callable[[Call], None]:
    """An application that redirects from its form to a page of its own, in absolute terms."""

    def answer(call: Call) -> None:
        call.body()
        heard = Heard.of(call.seen)
        status = RULES[name](heard, public)
        own = heard.believed if name in ("rails", "django-proxy", "django-public", "forces-https") else heard.plain
        if status == 301:
            call.answer(b"", "301 Moved Permanently", f"Location: https://{heard.host}/{name}/form\r\n")
        elif status:
            call.answer(b"Blocked host" if name == "own-host-only" else b"", f"{status} No")
        else:
            call.answer(b"", "303 See Other", f"Location: {own}/{name}/done\r\nSet-Cookie: a=1; Path=/{name}\r\n")

    return answer


def submit(system: System, name: str, case: str, method: str = "POST") -> Reply:
    """The page's own form is sent."""
    public = f"https://{system.host(name)}"
    fields = {"Origin": public, "Referer": f"{public}/page"} if method == "POST" else {}
    with Wire(system, name) as wire:
        wire.request(method, "/form", case, b"a=b" if method == "POST" else None, fields=fields)
        return wire.reply()


def in_view(system: System, name: str, view: str) -> None:
    """The application sees this place from now on."""
    system.set(name, view=view)
    began = usual_seconds()
    while told(system, name) != (view or "internal"):
        assert usual_seconds() - began < PROMPT


def told(system: System, name: str) -> str:
    """Which place does it see?"""
    case = f"seen {time.time_ns()}"
    with Wire(system, name) as wire:
        wire.request("GET", "/seen", case)
        wire.reply()
    (seen,) = system.origin.about(case)
    return "public" if seen.values("host") == [system.host(name).encode()] else "internal"


@pytest.mark.parametrize("name", RULES)
def test_what_works_alone_works_here(system: System, name: str) -> None:
    """By default, or with the one setting; its redirect leads to the public URL, its cookie is Secure."""
    for view in ("", "public"):
        in_view(system, name, view)
        reply = submit(system, name, f"{name} in {view}", "GET" if name == "forces-https" else "POST")
        if name in (REFUSED_IN_PUBLIC if view else NEED_PUBLIC):
            assert reply.status != 303
            continue
        assert (reply.status, reply.values("location")) == (303, [f"https://{system.host(name)}/done"]), view
        assert reply.values("set-cookie") == ["a=1; Path=/; Secure"]


@pytest.mark.parametrize("view", ["internal", "public"])
def test_all_fields_speak_of_one_place(system: System, view: str) -> None:
    """On an ordinary request and on a WebSocket, with a page elsewhere on the host as Referer; the other is never named."""
    name = "rails"
    in_view(system, name, view)
    public, internal = system.host(name), system.origin.url.split("//")[1].rstrip("/")
    origin = f"https://{public}"
    said = {"Origin": origin, "Referer": f"{origin}/from?a", "Destination": f"{origin}/new", "If": f"<{origin}/x> ([W/\"a\"])"}
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
               "Sec-WebSocket-Key": "c2l4dGVlbiBieXRlcyEhCg=="}
    for number, more in enumerate(({}, upgrade)):
        with Wire(system, name) as wire:
            wire.request("GET", "/seen", case := f"one place {view} {number}", fields={**said, **more})
            wire.reply()
        (seen,) = system.origin.about(case)
        text = b"\n".join(name + b": " + value for name, value in seen.fields).decode().lower()
        here, there = (public, internal) if view == "public" else (internal, public)
        assert there not in text
        assert seen.values("host") == [here.encode()]
        if view == "internal":
            assert not [value for value in ("proto", "x-forwarded-host", "x-forwarded-port") if value in text]
            assert seen.values("origin") == [f"http://{internal}".encode()]
            assert seen.values("forwarded") == [b"for=127.0.0.1"]
        else:
            port = str(system.port).encode()
            assert [seen.values(f"x-forwarded-{one}") for one in ("proto", "host", "port")] == [
                [b"https"], [public.encode()], [port]]
            assert seen.values("origin") == [origin.encode()]
            assert seen.values("forwarded") == [f'for=127.0.0.1;host="{public}";proto=https'.encode()]
    in_view(system, name, "")


def test_the_access_log_and_the_doctor_name_it(system: System) -> None:
    """A form that is refused, a host that is not served, a circle: each with the setting to try."""
    for name, method, words in (
        ("django-trusted", "POST", "refuses requests from its own pages"),
        ("forces-https", "GET", "redirects to the very URL"),
        ("own-host-only", "GET", "refuses the host that it is called by"),
    ):  # fmt: skip
        view, other = ("public", "internal") if name == "own-host-only" else ("internal", "public")
        in_view(system, name, view)
        for number in range(3):
            submit(system, name, f"hint {name} {number}", method)
        began = usual_seconds()
        while not (lines := [one for one in logged(system) if one["application"] == name and words in one.get("detail", "")]):
            assert usual_seconds() - began < 2 * PROMPT, name
            time.sleep(0.1)
        assert f"appproxy app set {name} view={other}" in lines[-1]["detail"] and "failure" not in lines[-1]
        assert [one for one in system.call("GET", "/status")["symptoms"] if one["application"] == name and one["count"] >= 3]
        doctor = appproxy("doctor", "--state", str(system.state))
        assert f"appproxy app set {name} view={other}" in doctor.out + doctor.err, doctor
        in_view(system, name, "")


def logged(system: System) -> list[dict[str, Any]]:
    """The service's access log."""
    return [json.loads(line) for line in (system.state / "access.log").read_text().splitlines()]


def test_scripts_with_the_older_name_of_the_setting(system: System) -> None:
    """`host_header=original` is `view=public`."""
    system.set("rails", host_header="original")
    began = usual_seconds()
    while told(system, "rails") != "public":
        assert usual_seconds() - began < PROMPT
    assert "host_header" not in str(system.call("GET", "/applications/rails"))
    in_view(system, "rails", "")
