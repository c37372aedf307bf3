"""What the doctor asks of the network: names, TCP, TLS. Blocking, each bounded in time."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from tempfile import NamedTemporaryFile
from urllib.parse import urlencode, urlsplit

from appproxy.cli.doctor.findings import Ailing, Health
from appproxy.json_input import read_json
from appproxy.pki.issuing.authority import Credential

#: Seconds for each hop; what takes longer is broken for users too.
PATIENCE = 5.0
#: Bytes of a document; those of identity providers are below 50 kB.
_MOST_JSON = 1024 * 1024
_DAY = 86400.0
#: Days before its end from which a certificate is a warning.
_SOON = 14


def resolve(host: str, hint: str) -> list[str]:
    """The addresses of a name. Raises Ailing."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Ailing(f"{host}: {error.strerror or error}", hint) from error
    return sorted({str(entry[4][0]) for entry in found})


def addresses_of(host: str) -> frozenset[str]:
    """The addresses of a published host; of a wildcard, those of some name that it stands for. Empty when there is none."""
    # Nobody has made an exception for this name.
    name = f"appproxy-check{host[1:]}" if host.startswith("*.") else host
    try:
        return frozenset(str(entry[4][0]) for entry in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM))
    except OSError:
        return frozenset()


def connect(host: str, port: int, hint: str) -> socket.socket:
    """A TCP connection. Raises Ailing."""
    try:
        return socket.create_connection((host, port), PATIENCE)
    except OSError as error:
        raise Ailing(f"{host} port {port}: {error.strerror or error}", hint) from error


def trusting(ca_bundle: str = "", credential: Credential | None = None) -> ssl.SSLContext:
    """A client's context with the rules of service and connector: this machine's store, or PEM text in its place;
    `credential`: what is shown to a server that asks for a certificate.

    A path ends at the first key that is trusted (`net.contexts.trust_keys_of`), on every version of Python.
    """
    context = ssl.create_default_context(cadata=ca_bundle or None)
    context.verify_flags = ssl.VERIFY_X509_TRUSTED_FIRST | ssl.VERIFY_X509_PARTIAL_CHAIN
    if credential is not None:
        with NamedTemporaryFile("w") as file:  # made for us alone; ssl takes files only
            file.write(credential.key + credential.certificate)
            file.flush()
            context.load_cert_chain(file.name)
    return context


def shake_hands(
    connection: socket.socket, context: ssl.SSLContext, name: str, hint: str
) -> ssl.SSLSocket:
    """TLS on a connection. Raises Ailing; what the certificate lacks is in its text."""
    try:
        return context.wrap_socket(connection, server_hostname=name)
    except ssl.SSLCertVerificationError as error:
        connection.close()
        raise Ailing(f"the certificate shown is not trusted for {name}: {error.verify_message}", hint) from error
    except (ssl.SSLError, OSError) as error:
        connection.close()
        raise Ailing(f"no TLS: {getattr(error, 'reason', None) or error}", hint) from error


@contextmanager
def hop(notes: list[str], name: str) -> Iterator[None]:
    """Say how long this part of a step took."""
    began = time.monotonic()
    yield
    notes.append(f"{name} {(time.monotonic() - began) * 1000:.1f} ms")


def speaks_tls(host: str, port: int) -> bool:
    """Does it take a TLS handshake, with whatever certificate?"""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        shake_hands(connect(host, port, ""), context, host, "").close()
    except Ailing:
        return False
    return True


def speaks_http(host: str, port: int) -> bool:
    """Does it answer a request without TLS as if it meant it? Servers of TLS answer 400, an alert, or nothing."""
    asking = HTTPConnection(host, port, timeout=PATIENCE)
    try:
        asking.request("HEAD", "/")
        return asking.getresponse().status != 400
    except (OSError, HTTPException):
        return False
    finally:
        asking.close()


def fetch_json(url: str, context: ssl.SSLContext, trust_hint: str, hint: str) -> object:
    """The JSON document at an https address; no redirect is followed. Raises Ailing, with `trust_hint` for TLS."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    with shake_hands(connect(host, port, hint), context, host, trust_hint) as connection:
        asking = HTTPConnection(host, port, timeout=PATIENCE)
        asking.sock = connection
        try:
            asking.request("GET", parts.path, headers={"Accept": "application/json", "Host": parts.netloc})
            answer = asking.getresponse()
            content = answer.read(_MOST_JSON)
        except (OSError, HTTPException) as error:
            raise Ailing(f"{url}: {error}", hint) from error
    if answer.status != 200:
        raise Ailing(f"{url}: status {answer.status}", hint)
    try:
        return read_json(content)
    except ValueError as error:
        raise Ailing(f"{url}: the answer is not JSON", hint) from error


def post_form(
    url: str, context: ssl.SSLContext, form: Mapping[str, str], authorization: str | None, hint: str
) -> tuple[int, object]:
    """Status and JSON (None for anything else) of what an https address answers to a form. Raises Ailing."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    headers = {"Accept": "application/json", "Host": parts.netloc, "Content-Type": "application/x-www-form-urlencoded"}
    if authorization is not None:
        headers["Authorization"] = authorization
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    with shake_hands(connect(host, port, hint), context, host, hint) as connection:
        asking = HTTPConnection(host, port, timeout=PATIENCE)
        asking.sock = connection
        try:
            asking.request("POST", target, urlencode(form), headers)
            answer = asking.getresponse()
            content = answer.read(_MOST_JSON)
        except (OSError, HTTPException) as error:
            raise Ailing(f"{url}: {error}", hint) from error
    try:
        return answer.status, read_json(content)
    except ValueError:
        return answer.status, None


def check_dates(not_before: float, not_after: float, now: float, hint: str) -> str:
    """Is the certificate valid now? Gives until when. Raises Ailing, as a warning when it ends soon."""
    ends = datetime.fromtimestamp(not_after, UTC).strftime("%Y-%m-%d")
    if now < not_before:
        raise Ailing("the certificate is not valid yet", "set this machine's clock right (timedatectl set-ntp true)")
    if now >= not_after:
        raise Ailing(f"the certificate ended on {ends}", hint)
    if not_after - now < _SOON * _DAY:
        raise Ailing(f"the certificate ends on {ends}", hint, Health.WARNING)
    return f"valid until {ends}"
