"""Signing in with the certified oidc-provider, as it is when nothing is set: a program that we have not written."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from appproxy.demo.supervisor import Supervisor
from tests.end_to_end import network
from tests.end_to_end.ports import free_port
from tests.end_to_end.visitor import Answer, Socket, Visitor
from tests.end_to_end.world import PATIENCE, World, appproxy, environment, until
from tests.pki.chains import NOW, make

_HERE = Path(__file__).parent / "certified"
_SECRET = "a secret: with/signs+"
needed = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the provider in it, some 40 packages from npm's registry or from its cache."""
    directory = tmp_path_factory.mktemp("certified")
    for path in _HERE.iterdir():
        shutil.copy(path, directory)
    with network.outside():
        ended = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"], cwd=directory,
            capture_output=True, text=True, timeout=180, check=False)
    if ended.returncode:
        pytest.skip(f"npm could not install the provider: {ended.stderr[-500:]}")
    return directory


@contextmanager
def certified(world: World, modules: Path, name: str, secret: str, par: bool, lifetime: int = 0) -> Iterator[Path]:
    """A provider, and the application `certified` that signs in with it; gives its authority's file.

    `lifetime`: its tokens last so many seconds, there are refresh tokens, and it says when its sessions end.
    """
    port = free_port()
    directory = modules / name
    directory.mkdir()
    own = make("Certified Corp", authority=True, ends=NOW + 30 * 86400)
    server = make("localhost", own, names=("localhost",), ends=NOW + 30 * 86400)
    for file, text in (("ca.pem", own.pem), ("chain.pem", server.pem), ("key.pem", server.key)):
        (directory / file).write_text(text)
    asked = {
        "port": port, "chain": str(directory / "chain.pem"), "key": str(directory / "key.pem"), "client": "appproxy",
        "secret": secret, "par": par, "callback": world.url("signin", "/callback"),
        "signedOut": world.url("signin", "/signed-out"),
    }
    if lifetime:
        asked |= {
            "lifetime": lifetime, "backchannel": world.url("signin", "/backchannel-logout"), "anchor": str(world.anchor)}
    with Supervisor(directory, environment()) as supervisor:
        supervisor.start("provider", ["node", str(modules / "provider.mjs"), json.dumps(asked)], "ready on", PATIENCE)
        how = ["--client-secret-stdin"] if secret else ["--public"]
        world.admin("provider", "add", name, "--issuer", f"https://localhost:{port}", "--client-id", "appproxy", *how,
                    "--ca-bundle", str(directory / "ca.pem"), "--scope", "openid", "--scope", "profile", "--scope", "groups",
                    stdin=secret + "\n")
        world.publish(name, world.internal, "--provider", name, "--set", "header.x-user-name=name")
        world.admin("assign", name, "--group", "engineers")
        yield directory / "ca.pem"


def _through(world: World, anchor: Path, name: str, user: str) -> tuple[Visitor, Answer]:
    """Sign in by the provider's own pages: a name, any password, and consent."""
    visitor = Visitor(world.port, world.anchor)
    found = json.loads(world.admin("provider", "show", name, "--json"))
    visitor.elsewhere["localhost"] = urlsplit(found["issuer"]).port or 0
    visitor.trust(anchor)
    page = visitor.navigate(world.url(name))
    assert page.url.startswith(found["issuer"]), page.text
    page = visitor.submit(page, login=user, password="any")
    return visitor, visitor.submit(page)


@needed
@pytest.mark.parametrize(("name", "secret", "par"), [("confidential", _SECRET, False), ("public", "", True)])
def test_the_whole_way(world: World, modules: Path, name: str, secret: str, par: bool) -> None:
    """Groups and name by UserInfo, a refusal, the doctor, and the way out without a question."""
    with certified(world, modules, name, secret, par) as anchor:
        until(lambda: world.url(name) and Visitor(world.port, world.anchor).get(world.url(name)).status == 401, "not live", 10)
        visitor, page = _through(world, anchor, name, "carol")
        assert page.url == world.url(name) and 'Hello, <span id="who">Carol</span>' in page.text
        refused = _through(world, anchor, name, "dave")[1]
        assert refused.status == 403 and "NOT_ASSIGNED" in refused.text
        told = appproxy("--state", str(world.state), "doctor").out
        assert f"identity provider {name}: " in told and "client is known" in told
        asking = visitor.submit(visitor.navigate(world.url(name, "/.appproxy/sign-out")))
        assert "id_token_hint=" in asking.url
        out = visitor.submit(asking, logout="yes")
        assert (out.status, urlsplit(out.url).path) == (200, "/signed-out")
        assert visitor.navigate(world.url(name)).url.startswith("https://localhost:")


@needed
def test_a_session_is_refreshed_and_ended_by_its_provider(world: World, modules: Path) -> None:
    """Tokens of 20 seconds: nobody is asked again while the session is used. Signing out at the provider itself ends it here,
    with its open stream, in a second.
    """
    with certified(world, modules, "minutes", _SECRET, False, lifetime=20) as anchor:
        url = world.url("minutes")
        until(lambda: Visitor(world.port, world.anchor).get(url).status == 401, "not live", 10)
        visitor, page = _through(world, anchor, "minutes", "carol")
        assert page.status == 200, page.text
        talk = Socket(visitor, world.url("minutes", "/echo"))

        def refreshed(times: int) -> bool:
            assert visitor.get(url).status == 200
            (row,) = world.admin_json("session", "list", "--provider", "minutes", "--json")
            return int(row["refreshes"]) >= times

        for times in (1, 2):
            until(lambda times=times: refreshed(times), "not refreshed", 60)  # type: ignore[misc]
        assert 'Hello, <span id="who">Carol</span>' in visitor.get(url).text
        (row,) = world.admin_json("session", "list", "--provider", "minutes", "--json")
        assert row["sid"] and row["applications"] == ["minutes"]
        issuer = json.loads(world.admin("provider", "show", "minutes", "--json"))["issuer"]
        out = visitor.submit(visitor.navigate(f"{issuer}/session/end"), logout="yes")
        assert out.status == 200
        assert talk.ends(within=3)
        assert visitor.get(url).status == 401
        assert "back-channel logout" in {
            one["detail"].get("reason") for one in world.admin_json("audit", "--json") if one["action"] == "session.ended"}
