"""A native client as people write them: OAuth over HTTPS with the standard library, and a browser's stand-in for its user."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import socket
import ssl
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.end_to_end.visitor import Answer, Visitor
from tests.end_to_end.world import PASSWORD


class _Local(HTTPSConnection):
    """To this machine, whatever the host is called."""

    def connect(self) -> None:
        self.sock = socket.create_connection(("127.0.0.1", self.port), 60)
        context = self._context  # type: ignore[attr-defined]
        self.sock = context.wrap_socket(self.sock, server_hostname=self.host)


@dataclass
class Native:
    """A client with this id at this issuer; it trusts `anchor`."""

    client_id: str
    issuer: str
    anchor: Path

    def call(self, url: str, form: dict[str, str] | None = None, token: str = "") -> tuple[int, Any, dict[str, str]]:
        """Status, JSON (or text) and fields of one call."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = None
        if form is not None:
            body, headers["Content-Type"] = urlencode(form).encode(), "application/x-www-form-urlencoded"
        status, text, fields = self.post(url, body, headers)
        try:
            return status, json.loads(text), fields
        except ValueError:
            return status, text, fields

    def post(self, url: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, str, dict[str, str]]:
        """Status, text and fields of one call; without a body it is a GET."""
        parts = urlsplit(url)
        connection = _Local(str(parts.hostname), parts.port, context=ssl.create_default_context(cafile=str(self.anchor)))
        target = parts.path + ("?" + parts.query if parts.query else "")
        connection.request("GET" if body is None else "POST", target, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        fields = {name.lower(): ", ".join(answer.headers.get_all(name, ())) for name in answer.headers}
        return answer.status, text, fields

    def metadata(self) -> dict[str, Any]:
        """What the authorization server says (RFC 8414)."""
        status, said, _ = self.call(f"{self.issuer}/.well-known/oauth-authorization-server")
        assert status == 200 and isinstance(said, dict)
        return said

    def token(self, **form: str) -> tuple[int, dict[str, Any]]:
        """A token request."""
        status, said, _ = self.call(self.metadata()["token_endpoint"], {"client_id": self.client_id, **form})
        return status, said

    def device(self, **form: str) -> dict[str, Any]:
        """Begin to wait for a user."""
        url = self.metadata()["device_authorization_endpoint"]
        status, said, _ = self.call(url, {"client_id": self.client_id, **form})
        assert status == 200, said
        return dict(said)

    def poll(self, code: str) -> tuple[int, dict[str, Any]]:
        """Ask whether somebody has allowed it."""
        return self.token(grant_type="urn:ietf:params:oauth:grant-type:device_code", device_code=code)

    def authorization_url(self, redirect_uri: str, verifier: str = "A" * 43, **more: str) -> str:
        """Where a browser begins."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        return str(self.metadata()["authorization_endpoint"]) + "?" + urlencode({
            "response_type": "code", "client_id": self.client_id, "redirect_uri": redirect_uri,
            "code_challenge": challenge, "code_challenge_method": "S256", **more})

    def by_browser(self, user: Visitor, name: str, redirect_uri: str, *, allow: bool = True, **more: str) -> dict[str, str]:
        """The code flow with PKCE; gives what comes back to the client, and the verifier."""
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        url = self.authorization_url(redirect_uri, verifier, state=state, **more)
        page = user.navigate(url)
        if "name=\"password\"" in page.text:
            page = user.sign_in(url, name)
        page = answer_consent(user, page, allow)
        location = page.headers["Refresh"].partition("url=")[2]
        back = dict(parse_qsl(urlsplit(location).query))
        assert back["state"] == state and back["iss"] == self.issuer
        return {**back, "verifier": verifier}


def answer_consent(user: Visitor, page: Answer, allow: bool = True) -> Answer:
    """Press one of the two buttons."""
    assert "Let " in page.text, page.text
    return user.submit(page, do="allow" if allow else "deny")


def allow_device(user: Visitor, name: str, place: str, code: str, *, allow: bool = True) -> Answer:
    """Type a device's code, sign in, and answer."""
    page = user.submit(user.navigate(place), user_code=code)
    if "name=\"password\"" in page.text:
        page = user.submit(page, username=name, password=PASSWORD)
    assert code in page.text, page.text
    return answer_consent(user, page, allow)
