"""A whole service in memory with people of several roles, and what their browsers show of the pages at its `admin.DOMAIN`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
from twisted.web.resource import Resource

from appproxy.admin.operations import ROUTES, Query
from appproxy.console.proofs import field_value
from appproxy.testing import Playground
from appproxy.testing.browser import Browser, Page

HOST = "https://admin.example.org"
PASSWORD = "a rather long password"
#: Seconds: well below the 60 minutes without a request after which the pages want a new sign-in.
_SESSION = 2400.0
ROLES = {
    "alice": "administrator", "hal": "help-desk", "rita": "reader", "pub": "application-administrator",
    "con": "connector-administrator", "uma": "user-administrator", "pol": "policy-administrator", "aud": "auditor",
}


class Proof(HTMLParser):
    """The hidden fields of the forms of a page, and where those go; `tag`: of what it has read."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = self.tag = ""
        self.actions: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called by HTMLParser."""
        values = {name: value or "" for name, value in attrs}
        if tag == "input" and values.get("name") == "proof":
            self.text = values["value"]
        if tag == "input" and values.get("name") == "tag":
            self.tag = values["value"]
        if tag == "form" and values.get("method") == "post":
            self.actions.append(values["action"])


@dataclass
class Seat:
    """Somebody's browser on the pages."""

    playground: Playground
    browser: Browser
    name: str

    def see(self, path: str, **headers: str) -> Page:
        """Open a page, as by a link on another one."""
        return self.browser.get(HOST + path, headers={"sec-fetch-site": "same-origin", **headers})

    @property
    def proof(self) -> str:
        """What a form would have: also of who is shown none."""
        session = self.playground.admin("GET", "/sessions", {"user": self.name})[0]["id"]
        return field_value(self.playground.service.live.snapshot.keys[0], session)

    def send(self, path: str, form: Mapping[str, str], *, of: str = "", headers: Mapping[str, str] | None = None) -> Page:
        """Send a form of the page `of`, as the browser would; where none is given, one that is well proved."""
        shown = Proof(self.see(of).text if of else "")
        hidden = {"proof": shown.text, **({"tag": shown.tag} if shown.tag else {})} if of else {"proof": self.proof}
        fields = {"origin": HOST, "sec-fetch-site": "same-origin", **(headers or {})}
        return self.browser.request(
            "POST", HOST + path, data={**hidden, **form}, headers=fields, allow_redirects=True)


@dataclass
class House:
    """The service, and a seat for each of `ROLES`, who signs in when they are first needed."""

    playground: Playground
    seats: dict[str, Seat] = field(default_factory=dict)
    taken: dict[str, float] = field(default_factory=dict)

    def seat(self, name: str) -> Seat:
        """Somebody's; they sign in again before their session has ended by the clock of all these tests."""
        now = self.playground.network.seconds()
        if name not in self.seats or now - self.taken[name] > _SESSION:
            self.taken[name] = now
            browser = self.playground.browser()
            browser.sign_in(HOST + "/", name, PASSWORD)
            self.seats[name] = Seat(self.playground, browser, name)
            self.seats[name].see("/")  # as the browser's own redirect would: this one keeps the Origin of the form
        return self.seats[name]

    def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """An operation, as the machine's administrator."""
        return self.playground.admin(method, path, body)

    def last(self) -> dict[str, Any]:
        """The latest entry of the audit."""
        row: dict[str, Any] = self.call("GET", "/audit", {"limit": 1})[0]
        return row


def shown_of(house: House, path: str) -> tuple[Any, str]:
    """What the page of an administrator would have read, and the tag that its forms would have."""
    operation, _ = ROUTES.find("GET", path)
    found = house.call("GET", path)
    assert isinstance(operation, Query)
    return found, f'"{operation.etag(found)}"'


@pytest.fixture(scope="session")
def built() -> Iterator[House]:
    """One for all tests of the pages: to make it costs a second."""
    with Playground(admin_api=True) as made:
        for name, role in ROLES.items():
            made.add_user(name, PASSWORD)
            made.admin("POST", "/role-assignments", {"role": role, "user": name})
        made.publish("wiki", Resource(), users=["rita"])
        yield House(made)


@pytest.fixture
def house(built: House) -> House:
    """With as many requests left as at the beginning."""
    built.playground.network.pass_time(60)
    return built


@pytest.fixture
def alice(house: House) -> Seat:
    """An administrator's."""
    return house.seat("alice")
