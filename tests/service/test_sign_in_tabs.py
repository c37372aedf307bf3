"""Many tabs of one browser sign in side by side: whatever the order of their requests and answers, each ends on its page."""

from __future__ import annotations

import random
from dataclasses import dataclass
from urllib.parse import urljoin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.identity import binding
from tests.service.exchanges import FakeExchange
from tests.service.sign_in_world import CRM, DOCS, ISSUER, WIKI, Browser, World

#: Two applications on one host, and one on another.
PLACES = ("https://wiki.example.com/", "https://wiki.example.com/docs/", "https://crm.example.com/")


@dataclass
class Tab:
    """One tab: it sends its next request, or takes the answer to the one before."""

    browser: Browser
    page: str
    url: str = ""
    answer: FakeExchange | None = None
    done: bool = False

    def __post_init__(self) -> None:
        self.url = self.page

    def step(self) -> None:
        """The next thing that happens in this tab."""
        if self.answer is not None:
            self._arrived(self.answer)
            self.answer = None
        elif self.url.startswith(ISSUER):
            self.url = self.browser.world.provider.authorize(self.url)
        else:
            self.answer = self.browser.send(self.url)

    def _arrived(self, answer: FakeExchange) -> None:
        self.browser.receive(self.url, answer)
        location = answer.field(b"location")
        if location is None:
            self.done = True
        else:
            self.url = urljoin(self.url, location.decode())


def world() -> World:
    """Everybody may use everything."""
    crm = CRM.__class__(**{**{name: getattr(CRM, name) for name in CRM.__slots__}, "assigned_users": frozenset({"ann"})})
    return World(applications=(WIKI, DOCS, crm))


def tabs(count: int) -> list[Tab]:
    """Tabs of one browser, over all places, each with a page of its own."""
    browser = Browser(world())
    return [Tab(browser, f"{PLACES[number % 3]}page?tab={number}") for number in range(count)]


def ended_well(every: list[Tab]) -> None:
    """Each tab shows its own page."""
    for tab in every:
        assert tab.answer is None
        assert tab.url == tab.page
    cookies = {name for jar in every[0].browser.jars.values() for name in jar}
    assert not [name for name in cookies if b"-start" in name], "what is over leaves no cookie"


@given(st.integers(2, 8), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_any_order(count: int, chance: random.Random) -> None:
    """Requests and answers of all tabs in any order."""
    every = tabs(count)
    while waiting := [tab for tab in every if not tab.done]:
        chance.choice(waiting).step()
    ended_well(every)


@pytest.mark.parametrize("order", ["together", "one after another", "backwards", "last answer first"])
def test_fifty(order: str) -> None:
    """Fifty tabs: all in step; each whole; and each answer overtaken by all that come later."""
    every = tabs(50)
    if order == "last answer first":
        for tab in every:
            tab.step()
        for tab in reversed(every):
            tab.step()
    queue = every if order != "backwards" else every[::-1]
    while any(not tab.done for tab in queue):
        for tab in queue:
            while not tab.done:
                tab.step()
                if order != "one after another":
                    break
    ended_well(every)


def test_tabs_that_are_never_signed_in_leave_a_bounded_number_of_cookies() -> None:
    """A page that reloads itself for hours, with nobody there to sign in, fills no cookie jar: the oldest go."""
    every = tabs(200)
    for tab in every:
        while not tab.url.startswith(ISSUER):
            tab.step()
    jars = every[0].browser.jars
    assert len(jars["wiki.example.com"]) == binding.MOST
    assert len(jars["signin.example.com"]) == 1
    for tab in every[-20:]:
        while not tab.done:
            tab.step()
        assert tab.url == tab.page


def test_a_tab_whose_cookie_was_forgotten_begins_again_by_itself() -> None:
    """The oldest of too many, when its user comes back to it, still ends on its page."""
    every = tabs(200)
    for tab in every:
        while not tab.url.startswith(ISSUER):
            tab.step()
    while not every[0].done:
        every[0].step()
    assert every[0].url == every[0].page
    assert sum("/.appproxy/again" in url for url in every[0].browser.seen) == 1
