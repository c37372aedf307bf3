"""What providers may ask of a client, switched on one after another at the certified oidc-provider: who we are is proved by
keys and certificates, requests are signed, tokens have other signatures, answers are posted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from appproxy.demo.supervisor import Supervisor
from tests.end_to_end.ports import free_port
from tests.end_to_end.test_certified_provider import modules as modules
from tests.end_to_end.test_certified_provider import needed
from tests.end_to_end.visitor import Answer, Visitor
from tests.end_to_end.world import PATIENCE, World, appproxy, environment, until
from tests.pki.chains import NOW, make

_SECRET = "a secret of more than thirty-two signs"
_BY_KEY = {"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "ES256"}


@dataclass(frozen=True)
class Feature:
    """What is registered of the client there, what the provider does, and what an admin sets here."""

    client: Mapping[str, str] = field(default_factory=dict)
    provider: Mapping[str, object] = field(default_factory=dict)
    settings: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    secret: str = ""
    #: What the doctor says of the client.
    known: str = "client_secret_basic"


FEATURES = {
    "proof": Feature(
        _BY_KEY, {"par": True, "lifetime": 3600}, ("client_authentication=private_key_jwt",), known="private_key_jwt"),
    "rsa": Feature({**_BY_KEY, "token_endpoint_auth_signing_alg": "PS256"}, {"algorithm": "PS256"},
                   ("client_authentication=private_key_jwt", "client_algorithm=PS256"), ("--algorithm", "PS256"),
                   known="private_key_jwt"),
    "secret-proof": Feature(
        {"token_endpoint_auth_method": "client_secret_jwt"}, {"algorithm": "ES384"},
        ("client_authentication=client_secret_jwt",), ("--algorithm", "ES384"), _SECRET, "client_secret_jwt"),
    "signed": Feature({**_BY_KEY, "request_object_signing_alg": "ES256"}, {"signed": True, "algorithm": "Ed25519"},
                      ("client_authentication=private_key_jwt", "redirect_uri=own"), ("--algorithm", "Ed25519"),
                      known="private_key_jwt"),
    "pushed-signed": Feature({**_BY_KEY, "request_object_signing_alg": "ES256"}, {"signed": True, "par": True},
                             ("client_authentication=private_key_jwt",), known="private_key_jwt"),
    "own-certificate": Feature({"token_endpoint_auth_method": "self_signed_tls_client_auth"}, {"mtls": True},
                               ("client_authentication=self_signed_tls_client_auth",), known="self_signed_tls_client_auth"),
    "certificate": Feature(
        {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=appproxy at corp"}, {"mtls": True},
        ("client_authentication=tls_client_auth",), ("--tls-certificate", "client.pem", "--tls-key", "client.key"),
        known="tls_client_auth"),
    "encrypted": Feature(
        {"token_endpoint_auth_method": "client_secret_basic", "id_token_encrypted_response_alg": "RSA-OAEP-256",
         "userinfo_signed_response_alg": "RS256", "userinfo_encrypted_response_alg": "RSA-OAEP-256"},
        {"encryption": True, "lifetime": 3600}, ("id_token_encryption=RSA-OAEP-256",), secret=_SECRET),
    "encrypted-proof": Feature(
        {**_BY_KEY, "id_token_encrypted_response_alg": "ECDH-ES+A256KW", "id_token_encrypted_response_enc": "A256GCM"},
        {"encryption": True, "algorithm": "ES256"},
        ("client_authentication=private_key_jwt", "id_token_encryption=ECDH-ES+A256KW"), known="private_key_jwt"),
    "posted": Feature({"token_endpoint_auth_method": "client_secret_basic"}, {"algorithm": "RS512"},
                      ("response_mode=form_post", "max_age=3600", "prompt=login"), ("--algorithm", "RS512"), _SECRET),
}  # fmt: skip


@contextmanager
def provider(world: World, modules: Path, name: str, feature: Feature) -> Iterator[Path]:
    """The provider, and the application of this name that signs in with it; gives its authority's file."""
    directory = modules / f"feature-{name}"
    directory.mkdir()
    own = make("Certified Corp", authority=True, ends=NOW + 30 * 86400)
    server = make("localhost", own, names=("localhost",), ends=NOW + 30 * 86400)
    client = make("appproxy at corp", own, ends=NOW + 30 * 86400)
    for file, text in (("ca.pem", own.pem), ("chain.pem", server.pem), ("key.pem", server.key), ("client.pem", client.pem),
                       ("client.key", client.key)):
        (directory / file).write_text(text)
    port = free_port()
    how = ["--client-secret-stdin"] if feature.secret else ["--public"]
    options = [str(directory / option) if option.startswith("client.") else option for option in feature.options]
    scopes = [part for scope in ("openid", "profile", "groups") for part in ("--scope", scope)]
    sets = [part for setting in feature.settings for part in ("--set", setting)]
    world.admin("provider", "add", name, "--issuer", f"https://localhost:{port}", "--client-id", "appproxy", *how, *options,
                "--ca-bundle", str(directory / "ca.pem"), *scopes, *sets, stdin=feature.secret + "\n")
    made = json.loads(world.admin("provider", "show", name, "--json"))
    own_keys = {"jwks_uri": made["jwks_uri"]} if any(not key["given"] for key in made["keys"]) else {}
    asked = {
        "port": port, "chain": str(directory / "chain.pem"), "key": str(directory / "key.pem"), "client": "appproxy",
        "secret": feature.secret, "par": False, "callback": made["redirect_uri"], "anchor": str(world.anchor),
        "signedOut": made["post_logout_redirect_uri"], "metadata": {**feature.client, **own_keys},
        "clientAuthority": str(directory / "ca.pem"), **feature.provider,
    }
    if "mtls" in feature.provider:
        asked["mtls"] = free_port()
    with Supervisor(directory, environment()) as supervisor:
        supervisor.start("provider", ["node", str(modules / "provider.mjs"), json.dumps(asked)], "ready on", PATIENCE)
        world.publish(name, world.internal, "--provider", name, "--set", "header.x-user-name=name")
        world.admin("assign", name, "--group", "engineers")
        yield directory / "ca.pem"


def through(world: World, anchor: Path, name: str, user: str) -> tuple[Visitor, Answer]:
    """Sign in by the provider's own pages: a name, any password, and consent."""
    visitor = Visitor(world.port, world.anchor)
    issuer = json.loads(world.admin("provider", "show", name, "--json"))["issuer"]
    visitor.elsewhere["localhost"] = urlsplit(issuer).port or 0
    visitor.trust(anchor)
    page = visitor.navigate(world.url(name))
    assert page.url.startswith(issuer), page.text
    page = visitor.submit(visitor.submit(page, login=user, password="any"))
    return visitor, page if page.url.startswith("https://") and not page.url.startswith(issuer) else visitor.submit(page)


@needed
@pytest.mark.parametrize("name", FEATURES)
def test_the_whole_way(world: World, modules: Path, name: str) -> None:
    """In, with groups and name; a refusal; the doctor by the same proof; and out."""
    feature = FEATURES[name]
    with provider(world, modules, name, feature) as anchor:
        until(lambda: Visitor(world.port, world.anchor).get(world.url(name)).status == 401, "not live", 10)
        visitor, page = through(world, anchor, name, "carol")
        assert page.url == world.url(name) and 'Hello, <span id="who">Carol</span>' in page.text, (page.url, page.text)
        refused = through(world, anchor, name, "dave")[1]
        assert refused.status == 403 and "NOT_ASSIGNED" in refused.text
        told = appproxy("--state", str(world.state), "doctor").out
        [line] = [line for line in told.splitlines() if f"identity provider {name}:" in line]
        assert f"the client is known ({feature.known})" in line
        asking = visitor.submit(visitor.navigate(world.url(name, "/.appproxy/sign-out")))
        out = visitor.submit(asking, logout="yes")
        assert (out.status, urlsplit(out.url).path) == (200, "/signed-out")


@needed
def test_a_token_that_is_not_encrypted_as_it_should_be_lets_nobody_in(world: World, modules: Path) -> None:
    """The provider only signs, whatever is set here; and the log says what is to be set."""
    feature = Feature(
        {"token_endpoint_auth_method": "client_secret_basic"}, {"encryption": True}, ("id_token_encryption=ECDH-ES",),
        secret=_SECRET)
    with provider(world, modules, "only-signed", feature) as anchor:
        until(lambda: Visitor(world.port, world.anchor).get(world.url("only-signed")).status == 401, "not live", 10)
        page = through(world, anchor, "only-signed", "carol")[1]
        assert page.status == 502 or "TOKEN_REFUSED" in page.text, (page.status, page.text)
        assert "it is not encrypted, though that is set for this provider" in world.supervisor.find("service").output()
        world.admin("provider", "set", "only-signed", "--set", "id_token_encryption=")
        until(lambda: through(world, anchor, "only-signed", "carol")[1].url == world.url("only-signed"), "not let in", 20)
