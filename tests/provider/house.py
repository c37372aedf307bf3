"""What the tests of the provider share: a clock that is also the wall's, a browser, and a client of the code flow."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any, TypeVar, cast
from urllib.parse import parse_qs, urlencode, urlsplit

from argon2 import PasswordHasher
from joserfc import jws
from treq.testing import StubTreq
from twisted.internet.task import Clock
from twisted.web.resource import Resource

from appproxy.identity.openid.oidc import challenge
from appproxy.net.chance import TimeAndChance
from appproxy.provider import BuiltInProvider
from appproxy.provider.passwords.checker import PasswordWork
from appproxy.provider.steps.party_sign_in import SignInWatch
from appproxy.publish.application import Application
from appproxy.store.database.live import LiveStore
from appproxy.store.transaction import Transaction
from tests.fakes.outcome import got
from tests.fakes.threads import NoThreads, run_at_once

ISSUER = "https://signin.example.com"
CALLBACK = ISSUER + "/callback"
PASSWORD = "correct horse"
#: 2026-07-01 00:00 UTC.
NOW = 1782864000.0
#: The least that argon2 allows, so that tests are quick.
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

T = TypeVar("T")


@dataclass
class Now:
    """The wall clock: it moves with the other one."""

    clock: Clock

    def __call__(self) -> float:
        return NOW + self.clock.seconds()


@dataclass(frozen=True)
class Noted:
    """An entry of the audit that nobody waits for."""

    actor: str
    action: str
    target: str = ""
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass
class House:
    """A running provider and what it stands on."""

    clock: NoThreads
    live: LiveStore
    provider: BuiltInProvider
    root: Resource
    #: What was noted for the audit.
    noted: list[Noted] = field(default_factory=list)

    def rebuild(self, **parts: Any) -> None:
        """Another provider in its place, for which policies have these parts to say."""
        def note(actor: str, action: str, target: str = "", detail: Mapping[str, object] | None = None) -> None:
            self.noted.append(Noted(actor, action, target, detail or {}))

        self.provider.stop()
        self.provider = BuiltInProvider(
            self.live, ISSUER, self.clock, TimeAndChance(Now(self.clock)), work=PasswordWork(CHEAP, run_at_once), note=note,
            watch=SignInWatch(**parts))
        self.provider.start()
        for name, child in self.provider.resources().items():
            self.root.putChild(name, child)

    @property
    def now(self) -> float:
        """Seconds since 1970."""
        return NOW + self.clock.seconds()

    def application(self, name: str) -> Application:
        """A published application."""
        return next(one for one in self.live.snapshot.applications.values() if one.name == name)

    def write(self, do: Callable[..., T], *args: object) -> T:
        """Change the store."""
        return got(self.live.write(cast("Callable[[Transaction], T]", do), *args))

    def read(self, do: Callable[..., T], *args: object) -> T:
        """Look into the store."""
        return got(self.live.read(do, *args))


@dataclass(frozen=True)
class Page:
    """An answer as a browser has it."""

    status: int
    fields: Mapping[str, list[str]]
    text: str

    @property
    def location(self) -> str:
        """Where it leads."""
        return self.fields["location"][0]

    @property
    def query(self) -> dict[str, str]:
        """The parameters of where it leads."""
        return {name: value for name, (value,) in parse_qs(urlsplit(self.location).query).items()}

    @property
    def csrf(self) -> str:
        """The hidden field of its form."""
        found = re.search(r'name="csrf" value="([^"]*)"', self.text)
        assert found, self.text
        return unescape(found[1])


class Browser:
    """Keeps cookies, follows nothing by itself."""

    def __init__(self, root: Resource, cookies: dict[str, str] | None = None) -> None:
        self.root = root
        self._treq = StubTreq(root)
        self.cookies = cookies or {}

    def get(self, path: str, query: Mapping[str, str] | None = None, **fields: str) -> Page:
        """Follow a link."""
        return self.request("GET", path + ("?" + urlencode(query) if query else ""), b"", **fields)

    def post(self, path: str, form: Mapping[str, str] | bytes, **fields: str) -> Page:
        """Post a form."""
        body = form if isinstance(form, bytes) else urlencode(form).encode()
        return self.request("POST", path, body, **{"content-type": "application/x-www-form-urlencoded", **fields})

    def leave(self, path: str, form: Mapping[str, str]) -> None:
        """Post a form and do not wait for the answer."""
        fields = {"content-type": "application/x-www-form-urlencoded"}
        if self.cookies:
            fields["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        cast("Any", self._treq).request("POST", ISSUER + path, headers=fields, data=urlencode(form).encode())
        self._treq.flush()

    def request(self, method: str, path: str, body: bytes, **fields: str) -> Page:
        """Send anything; `_` in a field's name is `-`."""
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        if self.cookies:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        waiting = cast("Any", self._treq).request(method, ISSUER + path, headers=headers, data=body, allow_redirects=False)
        self._treq.flush()
        response = got(waiting)
        self._treq.flush()
        text = got(response.text())
        page = Page(response.code, _lowered(response.headers), text)
        self._keep(page)
        return page

    def _keep(self, page: Page) -> None:
        for line in page.fields.get("set-cookie", []):
            first, *attributes = line.split("; ")
            name, _, value = first.partition("=")
            assert name.startswith("__Host-")
            assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} <= set(attributes), line
            if "Max-Age=0" in attributes:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value


def _lowered(headers: Any) -> dict[str, list[str]]:
    return {
        name.decode().lower(): [value.decode() for value in values] for name, values in headers.getAllRawHeaders()
    }


@dataclass
class Flow:
    """One code flow of an application's client."""

    client_id: str
    verifier: str = "v" * 43
    more: Mapping[str, str] = field(default_factory=dict)

    def query(self) -> dict[str, str]:
        """The authorization request."""
        return {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": CALLBACK,
            "scope": "openid profile email groups", "state": "the state", "nonce": "the nonce",
            "code_challenge": challenge(self.verifier), "code_challenge_method": "S256", **self.more,
        }  # fmt: skip

    def token_form(self, code: str, /, **other: str) -> dict[str, str]:
        """The token request."""
        return {
            "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "client_id": self.client_id,
            "code_verifier": self.verifier, **other,
        }  # fmt: skip


def tokens(browser: Browser, flow: Flow, code: str) -> dict[str, Any]:
    """What the token end point gives for a code, which it must."""
    answer = browser.post("/token", flow.token_form(code))
    assert answer.status == 200, answer.text
    return cast("dict[str, Any]", json.loads(answer.text))


def claims(id_token: str) -> dict[str, Any]:
    """What an ID token says, believed without a look."""
    return cast("dict[str, Any]", json.loads(jws.extract_compact(id_token.encode()).payload))


def sign_in(browser: Browser, flow: Flow, name: str = "ann", password: str = PASSWORD) -> Page:
    """Ask for the form, fill it in, post it."""
    form = browser.get("/authorize", flow.query())
    assert form.status == 200, form
    return onward(browser, browser.post("/sign-in", {"csrf": form.csrf, "username": name, "password": password}))


def onward(browser: Browser, page: Page) -> Page:
    """Where a page leads; a sign-in at a relying party is judged on the way, without a page of its own."""
    if page.status != 303 or not page.location.startswith("/consent?"):
        return page
    judged = browser.get(page.location)
    return judged if judged.status == 303 or "refresh" in judged.fields else page
