"""Signing in with a second implementation that others wrote: oidc-provider-mock, on Authlib's server. It registers clients by
itself, has no PKCE, names no methods of authentication, and tells groups in ID token and UserInfo whatever the scopes.
"""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from appproxy.demo.supervisor import Supervisor
from tests.end_to_end import network
from tests.end_to_end.ports import free_port
from tests.end_to_end.visitor import Answer, Visitor
from tests.end_to_end.world import PATIENCE, World, appproxy, environment, until
from tests.pki.chains import NOW, make

_HERE = Path(__file__).parent
_NAME = "authlib"


@dataclass(frozen=True)
class Provider:
    """Where it is, and its authority."""

    world: World
    port: int
    anchor: Path

    @property
    def url(self) -> str:
        """The application's."""
        return self.world.url(_NAME)

    def at_its_page(self) -> tuple[Visitor, Answer]:
        """A browser that was sent there."""
        visitor = Visitor(self.world.port, self.world.anchor)
        visitor.elsewhere["localhost"] = self.port
        visitor.trust(self.anchor)
        page = visitor.navigate(self.url)
        assert page.url.startswith(f"https://localhost:{self.port}/oauth2/authorize"), page.text
        return visitor, page


@pytest.fixture(scope="module")
def provider(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """The provider with a client of ours, and the application that signs in with it."""
    directory = tmp_path_factory.mktemp("authlib")
    with network.outside():
        ended = subprocess.run(
            [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--target", str(directory / "lib"),
             "oidc-provider-mock==0.3.4"], capture_output=True, text=True, timeout=180, check=False)
    if ended.returncode:
        pytest.skip(f"pip could not install the provider: {ended.stderr[-500:]}")
    own = make("Corp", authority=True, ends=NOW + 30 * 86400)
    server = make("localhost", own, names=("localhost",), ends=NOW + 30 * 86400)
    for file, text in (("ca.pem", own.pem), ("chain.pem", server.pem), ("key.pem", server.key)):
        (directory / file).write_text(text)
    port = free_port()
    command = [sys.executable, str(_HERE / "authlib_provider.py"), str(port), str(directory / "chain.pem"),
               str(directory / "key.pem")]
    with Supervisor(directory, {**environment(), "PYTHONPATH": str(directory / "lib")}) as supervisor:
        supervisor.start("provider", command, "ready on", PATIENCE)
        client = _register(port, directory / "ca.pem", world.url("signin", "/callback"))
        world.admin("provider", "add", _NAME, "--issuer", f"https://localhost:{port}", "--client-id", client["client_id"],
                    "--client-secret-stdin", "--ca-bundle", str(directory / "ca.pem"),
                    "--set", "client_authentication=client_secret_post", stdin=client["client_secret"] + "\n")
        world.publish(_NAME, world.internal, "--provider", _NAME, "--set", "header.x-user-name=name")
        world.admin("assign", _NAME, "--group", "engineers")
        until(lambda: Visitor(world.port, world.anchor).get(world.url(_NAME)).status == 401, "not live", 10)
        yield Provider(world, port, directory / "ca.pem")


def _register(port: int, anchor: Path, callback: str) -> dict[str, str]:
    """Register our client there (OAuth 2.0 Dynamic Client Registration, RFC 7591)."""
    asking = http.client.HTTPSConnection("localhost", port, context=ssl.create_default_context(cafile=str(anchor)))
    body = json.dumps({"redirect_uris": [callback], "token_endpoint_auth_method": "client_secret_post"})
    asking.request("POST", "/oauth2/clients", body, {"content-type": "application/json"})
    answer: dict[str, str] = json.loads(asking.getresponse().read())
    asking.close()
    return answer


def test_in_with_name_and_groups(provider: Provider) -> None:
    """And the doctor knows the client."""
    visitor, page = provider.at_its_page()
    page = visitor.submit(page, sub="carol")
    assert page.url == provider.url and '<span id="who">Carol</span>' in page.text, page.text
    told = appproxy("--state", str(provider.world.state), "doctor").out
    assert "the client is known (client_secret_post)" in told


def test_who_is_not_assigned(provider: Provider) -> None:
    """Is refused."""
    visitor, page = provider.at_its_page()
    page = visitor.submit(page, sub="dave")
    assert page.status == 403 and "NOT_ASSIGNED" in page.text


def test_another_secret(provider: Provider) -> None:
    """The doctor says so, and the sign-in names the reason; with the right one again all is well."""
    world = provider.world
    found = world.admin_json("provider", "show", _NAME, "--json")
    world.admin("provider", "set", _NAME, "--client-secret-stdin", stdin="another\n")
    assert world.admin_json("provider", "show", _NAME, "--json")["secret_changed"] > found["secret_changed"]
    told = appproxy("--state", str(world.state), "doctor").out
    assert "does not take the client" in told and "client_secret_post" in told
    until(lambda: _fails(provider), "it is not known yet", 10)


def _fails(provider: Provider) -> bool:
    visitor, page = provider.at_its_page()
    return "PROVIDER_REFUSED" in visitor.submit(page, sub="carol").text
