"""appproxy login ..., and commands that act on a service elsewhere: against a whole service in memory."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appproxy.admin.transport.remote import Remote
from appproxy.cli.running.contexts import contexts_file
from appproxy.testing import Playground
from appproxy.testing.browser import Page
from appproxy.twistd.assembly.replaying import LogReplay
from tests.admin.logins.test_end_points import answer
from tests.cli.conftest import Typing

URL = "https://admin.example.org"


class Wire:
    """What `http.client` offers, over the network in memory."""

    def __init__(self, playground: Playground, url: str) -> None:
        self.playground = playground
        self.url = url
        self.page: Page | None = None

    def request(self, method: str, target: str, body: str | None, fields: dict[str, str]) -> None:
        """Ask, and wait."""
        data = None if body is None else body.encode()
        self.page = self.playground.browser().request(method, self.url + target, navigate=False, data=data, headers=fields)

    def getresponse(self) -> Wire:
        """The answer."""
        return self

    @property
    def status(self) -> int:
        """Of the answer."""
        assert self.page is not None
        return self.page.status

    def read(self, size: int) -> bytes:
        """Its body."""
        assert self.page is not None
        return self.page.body

    def getheader(self, name: str, default: str) -> str:
        """One of its fields."""
        assert self.page is not None
        return (self.page.headers.getRawHeaders(name.encode()) or [default.encode()])[0].decode()

    def close(self) -> None:
        """Nothing is kept."""


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    """With the admin API."""
    with Playground(admin_api=True) as made:
        yield made


@pytest.fixture
def elsewhere(playground: Playground, bare: Typing, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Typing:
    """Type a command on another machine, with a home of its own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("APPPROXY_CONTEXT", raising=False)
    monkeypatch.setattr(Remote, "_connection", lambda remote: Wire(playground, remote.url))
    return bare


@pytest.fixture
def token(playground: Playground) -> Iterator[str]:
    """Of an administrator."""
    made: Any = playground.admin("POST", "/service-tokens", {"name": "laptop", "role": "administrator"})
    yield made["token"]
    playground.admin("DELETE", "/service-tokens/laptop")


def test_the_same_commands_from_elsewhere(elsewhere: Typing, token: str, playground: Playground) -> None:
    """Log in once; then list, change, and be told what is wrong, as on the machine itself."""
    assert "appproxy login" in elsewhere("remote", "list").err
    done = elsewhere("login", URL, "--token-stdin", stdin=token + "\n")
    assert (done.code, done.out) == (0, "example.org: you are laptop, with administrator\n")
    made = elsewhere("app", "publish", "wiki", "--internal", "http://w/", "--external", "https://wiki.example.org")
    assert made.code == 0 and "wiki is published" in made.out
    assert playground.admin("GET", "/applications/wiki")["name"] == "wiki"
    assert elsewhere("app", "set", "wiki", "maintenance=yes").code == 0
    assert [one["name"] for one in elsewhere("app", "list", "--json").json] == ["wiki"]
    assert "did you mean wiki" in elsewhere("app", "show", "wikki").err
    assert elsewhere("app", "remove", "wiki").code == 0
    assert playground.admin("GET", "/audit", {"limit": 1})[0]["detail"]["caller"] == "laptop"


def test_a_listing_is_whole(elsewhere: Typing, token: str, playground: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pages it comes in."""
    monkeypatch.setattr("appproxy.admin.transport.https.MOST_ROWS", 2)
    for number in range(5):
        playground.admin("POST", "/groups", {"name": f"g{number}"})
    elsewhere("login", URL, "--token-stdin", stdin=token)
    assert [one["name"] for one in elsewhere("group", "list", "--json").json] == [f"g{number}" for number in range(5)]


def test_the_file_is_for_its_owner_alone(elsewhere: Typing, token: str) -> None:
    """Made so, and not believed otherwise; the token is shown by no command."""
    elsewhere("login", URL, "--name", "home", "--token-stdin", stdin=token)
    path = contexts_file()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    shown = elsewhere("remote", "list")
    assert "home" in shown.out and token not in shown.out + elsewhere("remote", "list", "--json").out
    path.chmod(0o644)
    refused = elsewhere("app", "list")
    assert refused.code == 1 and "chmod 600" in refused.err
    path.chmod(0o600)
    path.write_text("{")
    assert "log in again" in elsewhere("app", "list").err


def test_several_services(elsewhere: Typing, token: str) -> None:
    """The last one is used until another is chosen, or named; what is forgotten is gone."""
    for name in ("one", "two"):
        elsewhere("login", URL, "--name", name, "--token-stdin", stdin=token)
    assert json.loads(contexts_file().read_text())["current"] == "two"
    assert elsewhere("remote", "use", "one").code == 0
    assert elsewhere("--context", "two", "app", "list").code == 0
    assert "there is one, two" in elsewhere("--context", "three", "app", "list").err
    assert elsewhere("logout").code == 0
    assert "state directory" in elsewhere("app", "list").err
    assert elsewhere("--context", "two", "app", "list").code == 0
    assert token in contexts_file().read_text()
    elsewhere("logout", "two")
    assert token not in contexts_file().read_text()


def test_a_context_and_a_state_directory(elsewhere: Typing, token: str, state: Path) -> None:
    """Are two services; one that is named by --state is never another's."""
    elsewhere("login", URL, "--token-stdin", stdin=token)
    assert elsewhere("--state", str(state), "app", "list", "--json").json == []
    assert "two services" in elsewhere("--state", str(state), "--context", "example.org", "app", "list").err
    assert "state directory" in elsewhere("--context", "example.org", "reload").err


def test_a_token_that_counts_no_more(elsewhere: Typing, token: str, playground: Playground) -> None:
    """Says so, and what to do; a wrong one is not kept."""
    assert elsewhere("login", URL, "--token-stdin", stdin="apst_nothing").code == 1
    assert not contexts_file().exists()
    elsewhere("login", URL, "--token-stdin", stdin=token)
    playground.admin("POST", "/service-tokens/laptop/rotate", {"overlap": "0s"})
    assert "log in again" in elsewhere("app", "list").err.replace("login again", "log in again")


@pytest.fixture
def person(playground: Playground, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Somebody who lets in whatever shows a code, as soon as the command waits; what they have seen."""
    playground.network.pass_time(60)
    seen: list[str] = []

    def elsewhere(seconds: float) -> None:
        playground.network.pass_time(seconds)
        if len(seen) == 1:
            seen.append("allowed")
            browser = playground.browser()
            browser.sign_in("https://admin.example.org/", "ann", "a rather long password")
            assert answer(browser, seen[0]).status == 200

    monkeypatch.setattr("appproxy.cli.running.contexts.code_shown", lambda shown: seen.append(shown.code))
    monkeypatch.setattr("appproxy.cli.running.contexts._sleep", elsewhere)
    monkeypatch.setattr("appproxy.cli.running.contexts._wall_clock", playground.wall_clock)
    playground.add_user("ann", "a rather long password")
    playground.admin("POST", "/role-assignments", {"role": "administrator", "user": "ann"})
    yield seen
    playground.admin("DELETE", "/users/ann")


def test_by_a_code(elsewhere: Typing, person: list[str], playground: Playground) -> None:
    """What is kept is for its owner alone; it is renewed by itself, and over when it is logged out of."""
    done = elsewhere("login", URL)
    assert (done.code, done.out) == (0, "example.org: you are ann, with administrator\n"), done.err
    assert elsewhere("whoami").out == done.out
    path = contexts_file()
    first = json.loads(path.read_text())["contexts"]["example.org"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and first["refresh_token"]
    playground.network.pass_time(700)
    assert elsewhere("group", "list").code == 0
    second = json.loads(path.read_text())["contexts"]["example.org"]
    assert second["token"] != first["token"] and second["refresh_token"] != first["refresh_token"]
    assert elsewhere("logout").code == 0 and first["refresh_token"] not in path.read_text()
    path.write_text(json.dumps({"current": "again", "contexts": {"again": second}}))
    refused = elsewhere("group", "list")
    assert refused.code == 1 and "appproxy login again" in refused.err


def test_a_clock_that_is_wrong(elsewhere: Typing, person: list[str], playground: Playground) -> None:
    """A token that is refused is renewed once, whatever the time is here."""
    assert elsewhere("login", URL).code == 0
    path = contexts_file()
    kept = json.loads(path.read_text())
    kept["contexts"]["example.org"]["expires"] += 1e6
    path.write_text(json.dumps(kept))
    playground.network.pass_time(700)
    assert elsewhere("whoami").code == 0
    playground.admin("POST", "/sessions/revoke", {"user": "ann"})
    assert "appproxy login again" in elsewhere("whoami").err


def test_logging_in_again_ends_the_session_of_before(elsewhere: Typing, person: list[str], playground: Playground) -> None:
    """Nobody would think of it any more."""
    assert elsewhere("login", URL).code == 0
    person.clear()
    assert elsewhere("login", URL).code == 0
    mine = [one for one in playground.admin("GET", "/sessions", {"user": "ann"}) if "Command line" in one["client"]]
    assert len(mine) == 1


def test_who_is_not_let_in_is_told(elsewhere: Typing, playground: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    """After ten minutes at the latest; nothing is kept."""
    monkeypatch.setattr("appproxy.cli.running.contexts._sleep", lambda seconds: playground.network.pass_time(60))
    refused = elsewhere("login", URL)
    assert refused.code == 1 and "nobody has confirmed the code in time" in refused.err
    assert "type the code" in refused.err and not contexts_file().exists()
    assert "appproxy login" in elsewhere("whoami").err


def test_what_takes_an_object_from_elsewhere(
    elsewhere: Typing, token: str, playground: Playground, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:
    """The parts of a device's subject; and policies that are tried on the log, which the service reads itself."""
    asked: list[Any] = []

    async def replayed(self: object, policies: object, without: Any, age: float | None, caller: str) -> object:
        asked.append((policies, list(without), age))
        return {"decisions": 3, "skipped": 0, "unreadable": 0, "unsure": 0, "first": 1.7e9, "last": 1.7e9, "new_groups": [],
                "changes": [{"before": "pass", "after": "refused", "decisions": 3, "users": 1, "examples": ["ann at wiki"]}],
                "policies": []}

    monkeypatch.setattr(LogReplay, "__call__", replayed)
    elsewhere("login", URL, "--token-stdin", stdin=token)
    playground.add_user("ann", "a rather long password")
    playground.admin("POST", "/applications", {"name": "wiki", "internal": "http://w/", "external": "https://wiki.example.org"})
    explained = elsewhere("policy", "explain", "--app", "wiki", "--user", "ann", "--device-subject", "CN=lt-7")
    assert "device: is needed with device_subject" in explained.err
    document = {"name": "night", "users": {"include": ["all"]}, "applications": {"include": ["all"]}, "grant": {"block": True}}
    (tmp_path / "night.json").write_text(json.dumps(document))
    found = elsewhere("policy", "replay", str(tmp_path / "night.json"), "--without", "day", "--since", "12h")
    assert (found.code, found.out) == (0, "pass\trefused\t3\t1\tann at wiki\n"), found.err
    assert "3 decisions, from " in found.err and asked == [([document], ["day"], 43_200.0)]
    assert elsewhere("policy", "replay").code == 0 and asked[-1] == ([], [], None)
    assert "--log: a file of this machine" in elsewhere("policy", "replay", "--log", "x").err and len(asked) == 2
    playground.admin("DELETE", "/applications/wiki")
