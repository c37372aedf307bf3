"""Why an application could not be reached, in words that name where it was tried and, where we know, the setting to change."""

from __future__ import annotations

import os

from OpenSSL import SSL
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.python.failure import Failure

from appproxy.connector.config.configuration import OriginAddress

#: What OpenSSL calls an answer that is no TLS record: by its version field, by its length.
_NO_TLS = frozenset({"wrong version number", "packet length too long", "record layer failure", "unknown protocol"})


def place_name(address: OriginAddress) -> str:
    """`https://wiki.corp:8443`, always with the port: it is what firewalls and typing errors are about."""
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{address.scheme}://{host}:{address.port}"


def other_scheme(address: OriginAddress) -> str:
    """The internal URL with TLS instead of without, or the other way round."""
    scheme = "http" if address.secure else "https"
    return f"{scheme}{place_name(address).removeprefix(address.scheme)}/"


def reason_of(failure: Failure, address: OriginAddress, in_handshake: bool) -> str:
    """One line for the access log and the connector's log. `in_handshake`: TCP was there, TLS was not yet."""
    return f"{place_name(address)}: {_why(failure, address, in_handshake)}"


def _why(failure: Failure, address: OriginAddress, in_handshake: bool) -> str:
    if failure.check(SSL.Error):
        said = openssl_words(failure.value)
        if said & _NO_TLS:
            return f"it answers without TLS; set internal={other_scheme(address)}"
        return f"TLS failed: {', '.join(sorted(said)) or 'no reason was given'}"
    if in_handshake and failure.check(ConnectionClosed):
        return f"it closed the connection during the TLS handshake; if it speaks no TLS, set internal={other_scheme(address)}"
    value = failure.value
    if isinstance(value, ConnectError) and isinstance(value.osError, int):
        return os.strerror(value.osError)  # Twisted says it twice
    return str(failure.getErrorMessage())


def openssl_words(error: BaseException | None) -> frozenset[str]:
    """The reasons in OpenSSL's error queue."""
    queue = error.args[0] if error is not None and error.args else ()
    if not isinstance(queue, list | tuple):
        return frozenset()
    return frozenset(str(entry[-1]) for entry in queue if isinstance(entry, tuple) and entry and entry[-1])
