"""The admin API of a service elsewhere, over HTTPS: for commands that are given a context in place of a state directory."""

from __future__ import annotations

import http.client
import json
import re
import ssl
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from appproxy.admin.base.problem import error_of
from appproxy.admin.fields import in_query
from appproxy.admin.transport.client import DRY_RUN
from appproxy.errors import ConfigError, StoreError

#: Below the origin.
_PREFIX = "/api/v1"
#: Seconds that a call may take: asking all applications whether they answer takes longest.
_PATIENCE = 90.0
#: Of one answer, in bytes; a page of a listing has 1,000 rows.
_LARGEST = 64 << 20
#: Bytes of one line of the stream of events.
_LONGEST_LINE = 1 << 20
_NEXT = re.compile(r'<([^<>]*)>; rel="next"')


class TokenRefused(ConfigError):
    """The service does not take the token. Nothing was done."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A service elsewhere. `url`: `https://admin.DOMAIN[:PORT]`; `ca`: PEM of who vouches for it, "" for the system's.

    `refresh_token`: what the next token is got with, "" for one that lasts as it is; then `expires` is when this one ends, in
    seconds since 1970.
    """

    url: str
    token: str = field(default="", repr=False)
    ca: str = ""
    refresh_token: str = field(default="", repr=False)
    expires: float = 0.0

    def call(
        self, method: str, path: str, body: Mapping[str, object] | None = None, *, if_match: str = "", dry_run: bool = False
    ) -> object:
        """Perform one operation; `path` has names percent-encoded. Gives its answer, of a listing all pages.

        `if_match` and `dry_run` as of `AdminClient.call`.
        Raises ConfigError or another AppProxyError, whose text is one line for people.
        """
        target = _PREFIX + path
        if method == "GET" and body:
            target += "?" + urlencode({name: in_query(value) for name, value in body.items()}, doseq=True)
        if dry_run:
            target += DRY_RUN
        precondition = {"If-Match": f'"{if_match}"'} if if_match else {}
        data, following = self._once(method, target, None if method == "GET" else body, precondition)
        while following and isinstance(data, list):
            more, following = self._once(method, following, None, {})
            if not isinstance(more, list):
                raise StoreError(f"{self.url} gives a page that is no list")
            data += more
        return data

    def _once(
        self, method: str, target: str, body: Mapping[str, object] | None, more: Mapping[str, str]
    ) -> tuple[object, str]:
        """The answer, and where the next page is. What the service answers with is never a reason to go elsewhere."""
        fields = {"Authorization": f"Bearer {self.token}", "Accept": "application/json", **more}
        if body is not None:
            fields["Content-Type"] = "application/json"
        status, data, link = self._exchange(method, target, None if body is None else json.dumps(dict(body)), fields)
        if status == 401:
            raise TokenRefused(f"{self.url} does not take the token", hint="it has ended or was revoked: appproxy login again")
        if status != 200:
            raise error_of(status, data)
        following = _NEXT.search(link)
        found = following[1] if following else ""
        return data, found if found.startswith(_PREFIX + "/") else ""

    def follow(self, after: int | None) -> Iterator[tuple[int, Mapping[str, Any] | None]]:
        """Entries of the audit as they are written, behind the number `after`, None for from now on: each with its number.
        None in the place of an entry: so far there is nothing more for the caller. Ends when the service ends it.

        Raises as `call` does, and StoreError when the connection breaks.
        """
        fields = {"Authorization": f"Bearer {self.token}", "Accept": "text/event-stream"}
        if after is not None:
            fields["Last-Event-ID"] = str(after)
        connection = self._connection()
        try:
            connection.request("GET", f"{_PREFIX}/events", headers=fields)
            answer = connection.getresponse()
            if answer.status == 401:
                raise TokenRefused(f"{self.url} does not take the token",
                                   hint="it has ended or was revoked: appproxy login again")
            if answer.status != 200:
                raise error_of(answer.status, json.loads(answer.read(_LARGEST) or b"null"))
            yield from events_of(iter(lambda: answer.readline(_LONGEST_LINE), b""))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise StoreError(f"{self.url} has broken the stream of events off ({error})") from error
        finally:
            connection.close()

    def post_form(self, path: str, fields: Mapping[str, str]) -> tuple[int, Mapping[str, Any]]:
        """Ask one of the end points beside the API that want no token; status and answer. Raises as `call` does."""
        status, data, _ = self._exchange("POST", path, urlencode(fields), {
            "Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"})
        if not isinstance(data, dict):
            raise StoreError(f"{self.url} answers with what is no object", hint="is it https://admin.DOMAIN?")
        return status, data

    def _exchange(self, method: str, target: str, body: str | None, fields: Mapping[str, str]) -> tuple[int, object, str]:
        """Status, JSON and the field Link."""
        connection = self._connection()
        try:
            connection.request(method, target, body, dict(fields))
            answer = connection.getresponse()
            data = json.loads(answer.read(_LARGEST) or b"null")
        except ssl.SSLCertVerificationError as error:
            raise ConfigError(f"{self.url}: its certificate is not believed ({error.verify_message})",
                              hint="give the authority's: appproxy login --ca FILE") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise StoreError(f"{self.url} does not answer as an admin API ({error})",
                             hint="is it https://admin.DOMAIN, and admin_api true there?") from error
        finally:
            connection.close()
        return answer.status, data, answer.getheader("Link", "")

    def _connection(self) -> http.client.HTTPSConnection:
        place = urlsplit(self.url)
        try:
            context = ssl.create_default_context(cadata=self.ca or None)
        except ssl.SSLError as error:
            raise ConfigError("ca: is no certificate in PEM", hint="give the authority's: appproxy login --ca FILE") from error
        return http.client.HTTPSConnection(place.hostname or "", place.port or 443, timeout=_PATIENCE, context=context)


def events_of(lines: Iterable[bytes]) -> Iterator[tuple[int, Mapping[str, Any] | None]]:
    """The events of a stream (HTML standard, section 9.2.6), as ours are written: one line of data each.

    Raises ValueError for what is none of ours.
    """
    number, data = 0, b""
    for line in lines:
        text = line.rstrip(b"\r\n")
        name, _, value = text.partition(b": ")
        if name == b"id":
            number = int(value)
        elif name == b"data":
            data = value
        elif not text:
            if number:
                yield number, json.loads(data) if data else None
            data = b""


def origin_of(url: str) -> str:
    """The origin that somebody means. Raises ConfigError for anything but https, since the token goes there."""
    place = urlsplit(url if "://" in url else f"https://{url}")
    try:
        port = place.port
    except ValueError as error:
        raise ConfigError(f"{url!r} has no port that there is") from error
    if place.scheme != "https" or not place.hostname or place.username is not None or place.path not in ("", "/") or (
        place.query or place.fragment
    ):
        raise ConfigError(f"{url!r} is no origin of an admin API", hint="write https://admin.DOMAIN")
    host = f"[{place.hostname}]" if ":" in place.hostname else place.hostname  # urlsplit takes them off an IPv6 address
    return f"https://{host}" + (f":{port}" if port not in (None, 443) else "")
