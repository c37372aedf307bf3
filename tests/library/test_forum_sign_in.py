"""The example of a kind of identity providers, installed as a distribution of its own."""

from __future__ import annotations

import hmac
import importlib
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from twisted.internet.testing import MemoryReactorClock

from appproxy.errors import Code, ConfigError, RequestError
from appproxy.service.signin.openid.providers import Providers
from appproxy.store.database.store import Store
from appproxy.store.people import providers
from appproxy.store.sealing import Sealer
from tests.service.sign_in_world import RECORD, WIKI, Browser, World

EXAMPLE = Path(__file__).parents[2] / "docs" / "library" / "forum_sign_in.py"
SECRET = "a secret of sixteen signs"
FORUM = replace(RECORD, kind="discourse", issuer="https://forum.example.com", client_secret=SECRET)
PAGE = "https://wiki.example.com/page"


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The distribution, where Python looks for distributions."""
    info = tmp_path / "forum_sign_in-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: forum-sign-in\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[appproxy.identity_providers]\ndiscourse = forum_sign_in:Discourse\n")
    (tmp_path / "forum_sign_in.py").write_text(EXAMPLE.read_text())
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield
    sys.modules.pop("forum_sign_in", None)


class Forum:
    """What the forum does, and a browser on its way there and back."""

    def __init__(self) -> None:
        self.world = World(records=(FORUM,), applications=(WIKI,))
        found = Providers(lambda: self.world.store.snapshot, {}, MemoryReactorClock())
        self.world.sign_in.context.providers["idp"] = found["idp"]  # type: ignore[index]
        self.browser = Browser(self.world)
        self.asked = parse_qs(urlsplit(self.browser.stop_at(PAGE, FORUM.issuer)).query)
        self.said = {"external_id": "7", "username": "ann", "name": "Ann", "email": "ann@example.com", "groups": "staff,trust"}

    def answer(self, secret: str = SECRET, **changes: str) -> str:
        """The URL by which the browser comes back."""
        payload = self.asked["sso"][0]
        assert self.asked["sig"][0] == sign(SECRET, payload)
        given = {name: values[0] for name, values in parse_qs(b64decode(payload).decode()).items()}
        said = b64encode(urlencode({"nonce": given["nonce"], **self.said, **changes}).encode()).decode()
        return f"{given['return_sso_url']}&{urlencode({'sso': said, 'sig': sign(secret, said)})}"


def sign(secret: str, payload: str) -> str:
    """As both sides do it."""
    return hmac.new(secret.encode(), payload.encode(), "sha256").hexdigest()


def test_signing_in_with_the_forum() -> None:
    """There, back, and into the application, with groups; the answer counts once."""
    forum = Forum()
    back = forum.answer()
    assert forum.browser.open(back).content == b"welcome"
    assert forum.world.reached == [("wiki", "7")]
    assert forum.browser.session("wiki.example.com")["issuer"] == FORUM.issuer
    for again in (Browser(forum.world), forum.browser):
        assert b"/.appproxy/finish" not in (again.request(back).field(b"location") or b"")


@pytest.mark.parametrize("changes", [
    {"nonce": "another"}, {"external_id": ""}, {"failed": "true"}, {"secret": "another secret of signs"}])
def test_what_the_forum_has_not_said_of_this_sign_in(changes: dict[str, str]) -> None:
    """Nobody is signed in by it."""
    forum = Forum()
    assert forum.browser.request(forum.answer(**changes)).status >= 400
    assert forum.world.reached == []


def test_no_group_no_entry() -> None:
    """The policy is that of all providers."""
    forum = Forum()
    assert forum.browser.open(forum.answer(groups="trust")).status == 403 and forum.world.reached == []


def test_the_store_takes_kinds_that_are_installed(tmp_path: Path) -> None:
    """And says which they are."""
    store = Store.create(f"sqlite:///{tmp_path}/a.db", Sealer(bytes(32)))
    with store.transaction(0.0) as tx:
        made = providers.add(tx, "forum", FORUM.issuer, "appproxy", SECRET, kind="discourse", scopes=())
        assert providers.find(tx, "forum") == made and made.kind == "discourse"
        with pytest.raises(ConfigError, match="^kind: 'saml' is none of oidc, discourse; install the distribution"):
            providers.add(tx, "other", FORUM.issuer, "appproxy", SECRET, kind="saml")
    store.close()


def test_a_record_that_does_not_fit_signs_nobody_in() -> None:
    """The error names the fix."""
    world = World(records=(replace(FORUM, client_secret="short"),))
    with pytest.raises(RequestError, match="needs 16 characters") as caught:
        Providers(lambda: world.store.snapshot, {}, MemoryReactorClock())["idp"]
    assert caught.value.code is Code.PROVIDER_UNREACHABLE
