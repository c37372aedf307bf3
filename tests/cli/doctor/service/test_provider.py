"""What the doctor says of a provider's client: it really tries the proof, at a provider that listens here."""

from __future__ import annotations

import json
import ssl
import threading
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from appproxy.cli.doctor.findings import Ailing, Health
from appproxy.cli.doctor.probes import trusting
from appproxy.cli.doctor.service.provider import check_settings, try_client
from appproxy.identity.openid.client_keys import ClientKey
from appproxy.identity.openid.oidc import Metadata
from appproxy.identity.openid.oidc_settings import read_settings
from appproxy.pki.issuing.client_certificate import new_client_credential
from appproxy.store.snapshot import ProviderRecord
from tests.pki.chains import NOW, make

OWN = new_client_credential("EC", "appproxy", NOW, b"x" * 16)
RECORD = ProviderRecord("corp", "corp", "https://localhost", "appproxy", "a secret of more than thirty-two signs")
KEY = ClientKey("k1", "EC", OWN.key, OWN.certificate, NOW)


@dataclass
class Provider:
    """Its token end point; `answer`: status and JSON; `asked`: form, Authorization, and the certificate that was shown."""

    metadata: Metadata
    authority: str
    answer: tuple[int, dict[str, str]] = (400, {"error": "invalid_grant"})
    asked: list[tuple[dict[str, list[str]], str | None, bytes | None]] = field(default_factory=list)


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    """One that listens on loopback, and asks for certificates."""
    authority = make("Corp", authority=True)
    server = make("localhost", authority, names=("localhost",))
    (tmp_path / "chain.pem").write_text(server.pem + server.key)
    (tmp_path / "clients.pem").write_text(OWN.certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "chain.pem")
    context.load_verify_locations(tmp_path / "clients.pem")
    context.verify_mode = ssl.CERT_OPTIONAL

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            connection: Any = self.connection
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            made.asked.append((form, self.headers["Authorization"], connection.getpeercert(True)))
            body = json.dumps(made.answer[1]).encode()
            self.send_response(made.answer[0])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    listening = HTTPServer(("127.0.0.1", 0), Handler)
    listening.socket = context.wrap_socket(listening.socket, server_side=True)
    url = f"https://localhost:{listening.server_port}"
    made = Provider(Metadata(url, f"{url}/a", f"{url}/token", f"{url}/k"), authority.pem)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield made
    listening.shutdown()
    listening.server_close()
    thread.join()


def examined(provider: Provider, record: ProviderRecord) -> str:
    """What is said of a record's client."""
    context = trusting(provider.authority, record.tls_credential(NOW))
    return try_client(provider.metadata, record, context, "https://signin/callback", NOW)


@pytest.mark.parametrize("method", [
    "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "self_signed_tls_client_auth",
    "none"])
def test_each_proof_is_really_tried(provider: Provider, method: str) -> None:
    """The one that is set, and no other along with it."""
    record = replace(RECORD, keys=(KEY,), client_secret="") if method == "none" else replace(
        RECORD, keys=(KEY,), settings=read_settings({"client_authentication": method}))
    said = examined(provider, record)
    assert said == ("the public client is known" if method == "none" else f"the client is known ({method})")
    [(form, authorization, certificate)] = provider.asked
    assert form["code"][0].startswith("appproxy-doctor-")
    found = {
        "client_secret_basic": authorization is not None, "client_secret_post": "client_secret" in form,
        "self_signed_tls_client_auth": certificate is not None,
        "client_secret_jwt": "client_assertion" in form and b"HS256" in _header(form),
        "private_key_jwt": "client_assertion" in form and b"ES256" in _header(form),
    }
    assert {name for name, there in found.items() if there} == {method} - {"none"}


def _header(form: dict[str, list[str]]) -> bytes:
    return urlsafe_b64decode(form["client_assertion"][0].partition(".")[0] + "==")


@pytest.mark.parametrize(("answer", "settings", "words", "health"), [
    ((401, {"error": "invalid_client"}), {}, "by client_secret_basic", Health.BROKEN),
    ((400, {"error": "invalid_client"}), {"client_authentication": "private_key_jwt"}, "by private_key_jwt", Health.BROKEN),
    ((400, {"error": "unauthorized_client"}), {}, "may not use the authorization code flow", Health.BROKEN),
    ((400, {"error": "invalid_request"}), {}, "not known whether", Health.WARNING),
])
def test_what_is_not_taken(
    provider: Provider, answer: tuple[int, dict[str, str]], settings: dict[str, str], words: str, health: Health
) -> None:
    """With what to do: another secret, or the keys that are to be registered."""
    provider.answer = answer
    with pytest.raises(Ailing) as caught:
        examined(provider, replace(RECORD, keys=(KEY,), settings=read_settings(settings)))
    assert words in str(caught.value) and caught.value.health is health
    if "invalid_client" in answer[1].values():
        assert ("jwks_uri" if settings else "--client-secret-stdin") in caught.value.hint


def test_what_is_said_before() -> None:
    """A key that is lacking, a certificate that ends, and answers that could be taken for another provider's."""
    metadata = Metadata("https://i", "https://i/a", "https://i/t", "https://i/k")
    with pytest.raises(Ailing, match="no key for them"):
        check_settings(replace(metadata, signed_requests=True), RECORD, NOW, several=False)
    assert check_settings(replace(metadata, signed_requests=True), replace(RECORD, keys=(KEY,)), NOW, several=False) == []
    ending = make("appproxy", ends=NOW + 3 * 86400)
    given = ClientKey("g", "EC", ending.key, ending.pem, NOW, given=True)
    shown = replace(RECORD, keys=(given,), settings=read_settings({"client_authentication": "tls_client_auth"}))
    with pytest.raises(Ailing, match="ends on") as caught:
        check_settings(metadata, shown, NOW, several=False)
    assert caught.value.health is Health.WARNING and "--tls-certificate" in caught.value.hint
    [word] = check_settings(metadata, RECORD, NOW, several=True)
    assert "redirect_uri=own" in word
    apart = replace(RECORD, settings=read_settings({"redirect_uri": "own"}))
    assert check_settings(metadata, apart, NOW, several=True) == []
    assert check_settings(replace(metadata, iss_parameter=True), RECORD, NOW, several=True) == []
