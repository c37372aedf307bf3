"""A browser's stand-in: follows redirects, keeps cookies, fills in the sign-in form; and a WebSocket client."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Event, Message, Request, TextMessage

from appproxy.testing.forms import Form
from tests.end_to_end.world import PASSWORD

#: What browsers send when a person follows a link.
NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "document"}
_TIMEOUT = 60.0


@dataclass(slots=True)
class Answer:
    """An answer, read to its end."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    url: str

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


class Visitor:
    """Speaks HTTP/1.1 to the service on this machine's `port`, whatever the host is called. Cookies are per host.

    `address` is where they come from; `elsewhere` names other servers of this machine, by host: their ports.
    """

    def __init__(self, port: int, anchor: Path, address: str = "127.0.0.1") -> None:
        self.port = port
        self._address = address
        self._context = ssl.create_default_context(cafile=str(anchor))
        self.cookies: dict[str, dict[str, str]] = {}
        self.elsewhere: dict[str, int] = {}

    def trust(self, anchor: Path) -> None:
        """Of another server."""
        self._context.load_verify_locations(str(anchor))

    def connect(self, host: str) -> ssl.SSLSocket:
        """A TLS connection to the service, as if to `host`."""
        plain = socket.create_connection(("127.0.0.1", self.elsewhere.get(host, self.port)), _TIMEOUT, (self._address, 0))
        return self._context.wrap_socket(plain, server_hostname=host)

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | Iterable[bytes] | None = None
    ) -> Answer:
        """One request, not followed anywhere."""
        with self.opened(method, url, headers, body) as answer:
            return Answer(answer.status, answer.headers, answer.read(), url)

    @contextmanager
    def opened(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | Iterable[bytes] | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        """The same, with the answer's body still to be read."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        connection = http.client.HTTPConnection(host, self.elsewhere.get(host, self.port), timeout=_TIMEOUT)
        connection.sock = self.connect(host)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            fields = {**(headers or {}), **self.cookie_field(host)}
            connection.request(method, target, body, fields, encode_chunked="Transfer-Encoding" in fields)
            answer = connection.getresponse()
            self._keep(host, answer.headers)
            yield answer
        finally:
            connection.close()

    def get(self, url: str, **headers: str) -> Answer:
        """GET as a program does it."""
        return self.request("GET", url, {name.replace("_", "-"): value for name, value in headers.items()})

    def navigate(self, url: str, method: str = "GET", form: Mapping[str, str] | None = None) -> Answer:
        """As a person: redirects are followed."""
        headers, body = dict(NAVIGATION), None
        if form is not None:
            parts = urlsplit(url)
            body = urlencode(form).encode()
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"https://{parts.netloc}",
                        "Sec-Fetch-Site": "same-origin"}
        for _ in range(10):
            answer = self.request(method, url, headers, body)
            location = answer.headers["Location"]
            # A page that only leads on, by a script or, without scripts, by itself.
            onward = re.search(r'<a id="onward" href="([^"]+)"', answer.text) if b'id="onward"' in answer.body else None
            if onward is not None:
                location = unescape(onward[1])
            elif answer.status not in (301, 302, 303, 307, 308) or location is None:
                return answer
            url, method, body = urljoin(url, location), "GET", None
            headers = dict(NAVIGATION)
        raise AssertionError(f"too many redirects, the last to {url}")

    def submit(self, page: Answer, **fields: str) -> Answer:
        """Fill in the page's form and send it."""
        form = Form(page.text)
        assert form.action is not None, f"no form on {page.url}: {page.text}"
        return self.navigate(urljoin(page.url, form.action), "POST", {**form.fields, **fields})

    def sign_in(self, url: str, user: str, password: str = PASSWORD) -> Answer:
        """Open an address and sign in on the way; gives the page at the end of it."""
        return self.submit(self.navigate(url), username=user, password=password)

    def cookie_field(self, host: str) -> dict[str, str]:
        """The Cookie field for a host."""
        # A copy: tabs in other threads keep cookies meanwhile.
        kept = self.cookies.get(host, {}).copy()
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in kept.items())} if kept else {}

    def _keep(self, host: str, headers: http.client.HTTPMessage) -> None:
        jar = self.cookies.setdefault(host, {})
        for line in headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0" or not morsel.value:
                    jar.pop(name, None)
                else:
                    jar[name] = morsel.value


class Socket:
    """A WebSocket of a visitor."""

    def __init__(self, visitor: Visitor, url: str, headers: Mapping[str, str] | None = None) -> None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        self._connection = visitor.connect(host)
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._waiting: list[Event] = []
        extra = {"Origin": f"https://{parts.netloc}", **visitor.cookie_field(host), **(headers or {})}
        lines = [(name.encode(), value.encode()) for name, value in extra.items()]
        self._send(Request(host=parts.netloc, target=parts.path, extra_headers=lines))
        accepted = self._next()
        assert isinstance(accepted, AcceptConnection), accepted

    def send(self, message: str | bytes) -> None:
        """Send a message."""
        self._send(TextMessage(message) if isinstance(message, str) else BytesMessage(message))

    def receive(self) -> str | bytes:
        """The next message, whole."""
        parts: list[str | bytes] = []
        while True:
            event = self._next()
            assert isinstance(event, Message), event
            parts.append(event.data if isinstance(event.data, str) else bytes(event.data))
            if event.message_finished:
                return "".join(parts) if isinstance(parts[0], str) else b"".join(parts)  # type: ignore[arg-type]

    def closed(self) -> bool:
        """Wait for the end of the connection; was it a proper close?"""
        try:
            return isinstance(self._next(), CloseConnection)
        except OSError:
            return False

    def ends(self, within: float) -> bool:
        """Does the connection end in so many seconds, properly or not?"""
        self._connection.settimeout(within)
        try:
            self._next()
        except TimeoutError:
            return False
        except OSError:
            pass
        return True

    def say_goodbye(self, reason: str | None = None) -> None:
        """Send a close, and leave the connection open for the answer."""
        self._send(CloseConnection(1000, reason))

    def at_the_end(self) -> bool:
        """Has the connection ended, with nothing behind what was read?"""
        return self._connection.recv(1) == b""

    def close(self) -> None:
        """Close properly."""
        self.say_goodbye()
        self._connection.close()

    def _send(self, event: Event) -> None:
        self._connection.sendall(self._protocol.send(event))

    def _next(self) -> Event:
        while not self._waiting:
            data = self._connection.recv(65536)
            self._protocol.receive_data(data or None)
            self._waiting += self._protocol.events()
        return self._waiting.pop(0)
