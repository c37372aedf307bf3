"""After its own limits an application wants a new sign-in, with any provider, and nobody is sent in a circle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import Any

import pytest

from appproxy.errors import Code
from appproxy.identity.openid.oidc_settings import OidcSettings
from appproxy.publish.application import Application
from appproxy.service.signin.request.freshness import Freshness, needed
from appproxy.store.applications import applications
from appproxy.store.people import providers
from appproxy.store.snapshot import BUILTIN, ProviderRecord
from tests.fakes.outcome import got
from tests.service.sign_in_world import ISSUER, NOW, RECORD, WIKI, Browser, FakeProvider, World
from tests.service.signin.stores.test_live_store import Service, database, service, type_password  # noqa: F401 -- fixtures

PAGE = "https://wiki.example.com/page"
HOUR = 3600.0
#: With an hour, or a pause of twenty minutes, of its own.
BRIEF = replace(WIKI, session_hours=1.0)
IDLE = replace(WIKI, idle_minutes=20.0)


@pytest.mark.parametrize(("application", "record", "freshness"), [
    (WIKI, RECORD, Freshness()),
    (BRIEF, RECORD, Freshness(HOUR)),
    (IDLE, RECORD, Freshness(1200.0)),
    (replace(BRIEF, idle_minutes=20.0), RECORD, Freshness(1200.0)),
    (IDLE, replace(RECORD, idle_minutes=0.0), Freshness(1200.0)),
    (IDLE, replace(RECORD, idle_minutes=20.0), Freshness()),
    (BRIEF, replace(RECORD, session_hours=1.0), Freshness()),
    (WIKI, replace(RECORD, session_hours=24.0, idle_minutes=0.0), Freshness()),
    (IDLE, replace(RECORD, settings=OidcSettings(max_age=600)), Freshness(600.0)),
    (WIKI, replace(RECORD, settings=OidcSettings(max_age=600)), Freshness()),
    (replace(IDLE, reauthentication="never"), RECORD, Freshness()),
    (replace(WIKI, reauthentication="always"), RECORD, Freshness(4 * HOUR, insisted=True)),
    (replace(WIKI, reauthentication="always"), replace(RECORD, idle_minutes=0.0), Freshness(12 * HOUR, insisted=True)),
    (replace(BRIEF, reauthentication="always"), RECORD, Freshness(HOUR, insisted=True)),
    (IDLE, replace(RECORD, id=BUILTIN), Freshness(1200.0, insisted=True)),
])
def test_what_is_needed(application: Application, record: ProviderRecord, freshness: Freshness) -> None:
    """The shorter of the limits that are meant."""
    assert needed(application, record) == freshness


def test_what_is_asked() -> None:
    """Nothing that providers need not know; the second time in words that none overlooks."""
    assert Freshness(inf).parameters(again=True) == {}
    assert Freshness(1200.5).parameters(again=False) == {"max_age": "1200"}
    assert Freshness(1200.0).parameters(again=True) == {"max_age": "1200", "prompt": "login"}


@dataclass
class Somebodys(FakeProvider):
    """Somebody signed in there at `since`. It asks again where it `obeys` a parameter, and `tells` when that was."""

    since: float = NOW
    obeys: tuple[str, ...] = ("max_age", "prompt")
    tells: bool = True

    def authorize(self, url: str, **changes: str | None) -> str:
        location = super().authorize(url, **changes)
        asked = self.codes[f"code-{self.issued}"]
        old = "max_age" in asked and self.now() - self.since >= int(asked["max_age"])
        if ("max_age" in self.obeys and old) or ("prompt" in self.obeys and asked.get("prompt") == "login"):
            self.since = self.now()
        self.changes = {"auth_time": self.since if self.tells else None}
        return location

    @property
    def asked(self) -> list[tuple[str | None, str | None]]:
        """The two parameters of each request."""
        return [(one.get("max_age"), one.get("prompt")) for one in self.kept]

    def __post_init__(self) -> None:
        super().__post_init__()
        self.kept: list[dict[str, str]] = []
        self.codes = _Kept(self.kept)


class _Kept(dict[str, dict[str, str]]):
    """Codes, of which it is remembered what they were asked for with."""

    def __init__(self, kept: list[dict[str, str]]) -> None:
        super().__init__()
        self._kept = kept

    def __setitem__(self, code: str, asked: dict[str, str]) -> None:
        self._kept.append(asked)
        super().__setitem__(code, asked)


def world_of(application: Application, provider: Somebodys) -> tuple[World, Browser]:
    """A service, and a browser in which the application was opened at once after the sign-in."""
    world = World(provider=provider, applications=(application,))
    provider.now = lambda: world.now
    browser = Browser(world)
    assert browser.open(PAGE).status == 200
    return world, browser


class TestProviders:
    """Of others."""

    @pytest.mark.parametrize(("application", "seconds"), [(BRIEF, 3600), (IDLE, 1200)])
    def test_asks_again(self, application: Application, seconds: int) -> None:
        """When the application's own limit has passed, and not before; once."""
        provider = Somebodys()
        world, browser = world_of(application, provider)
        world.now += seconds - 1
        assert browser.open(PAGE).status == 200
        world.now += 1
        assert browser.open(PAGE).status == 200
        assert (provider.since, len(provider.kept)) == (world.now, 2)
        assert provider.asked == [(str(seconds), None)] * 2

    def test_other_limits(self) -> None:
        """Of the provider's own limits its session is its own matter."""
        provider = Somebodys()
        world, browser = world_of(WIKI, provider)
        world.now += 13 * 3600
        assert browser.open(PAGE).status == 200
        assert (provider.since, provider.asked) == (NOW, [(None, None)] * 2)

    def test_knows_prompt_alone(self) -> None:
        """It is asked once more, in the other way."""
        provider = Somebodys(obeys=("prompt",))
        world, browser = world_of(IDLE, provider)
        world.now += 1261
        assert browser.open(PAGE).status == 200
        assert provider.asked[1:] == [("1200", None), ("1200", "login")]

    def test_never_asks(self) -> None:
        """A page after the second time, no circle; the audit says why."""
        provider = Somebodys(obeys=())
        world, browser = world_of(IDLE, provider)
        world.now += 1261
        assert browser.open(PAGE, limit=30).failure is Code.SIGN_IN_STATE
        assert len(provider.kept) == 3
        refusal = world.noted[-1]
        assert refusal[1] == "sign-in.refused" and "1261 s ago, and 1200 s are allowed" in str(refusal[3]["reason"])

    @pytest.mark.parametrize(("how", "passes"), [("auto", True), ("always", False), ("never", True)])
    def test_says_nothing(self, how: str, passes: bool) -> None:
        """What cannot be checked counts only where nobody insists on it."""
        provider = Somebodys()
        world, browser = world_of(replace(IDLE, reauthentication=how), provider)
        provider.tells = False
        world.now += 1200
        answer = browser.open(PAGE)
        assert (answer.status == 200) is passes
        if not passes:
            assert answer.failure is Code.TOKEN_REFUSED and len(provider.kept) == 2

    def test_whoever_sits_at_the_browser(self) -> None:
        """Cuts the parameter out of the request, at once or in a tab that has waited for hours, and does not get in."""
        provider = Somebodys()
        world, browser = world_of(IDLE, provider)
        browser.jars["wiki.example.com"].clear()
        waiting = browser.stop_at(PAGE, f"{ISSUER}/authorize").replace("max_age=1200", "")
        world.now += 2101
        for url in (waiting, browser.stop_at(PAGE, f"{ISSUER}/authorize").replace("max_age=1200", "")):
            assert browser.request(provider.authorize(url), fields=[]).failure is Code.SIGN_IN_STATE
        assert provider.since == NOW


def change(service: Service, **settings: str) -> None:  # noqa: F811 -- a fixture
    """Set the application."""
    got(service.live.write(applications.set_values, "wiki", settings))


def limit(service: Service, **limits: float) -> None:  # noqa: F811 -- a fixture
    """Set the provider."""
    got(service.live.write(lambda tx: providers.change(tx, BUILTIN, None, **limits)))


def later(service: Service, seconds: float) -> None:  # noqa: F811 -- a fixture
    """Let time pass."""
    service.clock.advance(seconds)
    service.now += seconds


def asks(browser: Browser) -> Any:
    """The answer to whoever opens the page, if it asks for the password."""
    answer = browser.open(PAGE)
    return answer if b"password" in answer.content else None


class TestBuiltIn:
    """The built-in provider."""

    def test_a_pause(self, service: Service) -> None:  # noqa: F811 -- a fixture
        """With the application's own limit; who has typed the password goes on to the page."""
        browser = Browser(service)
        change(service, idle_minutes="20")
        type_password(browser, browser.open(PAGE), "ann")
        later(service, 1199)
        assert browser.open(PAGE).status == 200
        later(service, 1)
        form = asks(browser)
        assert form is not None
        assert type_password(browser, form, "ann").content == b"welcome"
        assert browser.open(PAGE).content == b"welcome"
        change(service, reauthentication="never")
        later(service, 1200)
        assert browser.open(PAGE).content == b"welcome"

    def test_its_own_end(self, service: Service) -> None:  # noqa: F811 -- a fixture
        """With the provider's limits, whichever application it is."""
        browser = Browser(service)
        change(service, idle_minutes="43200", reauthentication="auto")
        for limits, seconds in (({"session_hours": 1.0}, 3600), ({"session_hours": 12.0, "idle_minutes": 15.0}, 900)):
            limit(service, **limits)
            form = asks(browser)
            assert form is not None
            type_password(browser, form, "ann")
            later(service, seconds - 1)
            assert asks(browser) is None
            later(service, 1 if seconds == 3600 else 900)
        assert asks(browser) is not None
        limit(service, idle_minutes=240.0)
