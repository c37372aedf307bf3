"""Joining: from a token to a connector that can run. The secret leaves only after the service has proved who it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, DNSLookupError
from twisted.internet.interfaces import IStreamClientEndpoint

from appproxy.config.connector import ConnectorSettings, dump_connector
from appproxy.config.outbound_proxy import OutboundProxies
from appproxy.config.state import ConnectorPaths
from appproxy.connector.config.files import proxies_of, read_settings
from appproxy.connector.enrol.control import CALL_SECONDS, ControlClient, Issued
from appproxy.connector.enrol.identity import Identity, IdentityFiles, fits
from appproxy.connector.enrol.identity_lock import IdentityLock
from appproxy.connector.enrol.service_dialer import place_of, way_to
from appproxy.errors import AppProxyError, ConfigError
from appproxy.net.secure.tls import connector_context, shown_chain, wrap_client
from appproxy.pki import Credential, JoinToken, certificate_request, check_first_contact, connector_id, decode_token, new_key

#: Gives the chain (PEM, leaf first) that the service at a token's address shows.
Look = Callable[[JoinToken], Deferred[list[str]]]
#: Gives the control end points of a token's service, trusting this one anchor (PEM).
Reach = Callable[[JoinToken, str], ControlClient]


async def join(
    token_text: str, state: Path, reactor: Any, wall_clock: Callable[[], float], name: str,
    *, environment: Mapping[str, str], outbound_proxy: str | None = None, credentials: str | None = None, again: bool = False,
    look: Look | None = None, reach: Reach | None = None,
) -> tuple[ConnectorSettings, Issued]:  # fmt: skip
    """Join the service of a token: `state` then holds a connector called `name`. All is written, or nothing.

    `outbound_proxy` and `credentials` are the connector's settings `outbound_proxy` and `outbound_proxy_credentials`; without
    them `environment` says which proxy there is. `again`: a connector has joined from there before, and becomes this new one;
    its other settings stay.

    Raises AppProxyError with one line for the admin: ConfigError for the token and the directory, IdentityError for a
    service that is not the token's, ControlError for one that cannot be reached or refuses, ProxyError for the proxy.
    """
    files = IdentityFiles(ConnectorPaths(state))
    if files.joined and not again:
        raise ConfigError(f"{state}: a connector has joined from here already",
                          hint="give another --state; or, if the service does not take that one any more, --again")
    before = read_settings(state) if files.joined else None
    if before is not None:
        outbound_proxy = before.outbound_proxy if outbound_proxy is None else outbound_proxy
        credentials = before.outbound_proxy_credentials if credentials is None else credentials
    token = decode_token(token_text)
    now = wall_clock()
    if token.expires <= now:
        when = datetime.fromtimestamp(token.expires, UTC)
        raise ConfigError(f"join token: expired on {when:%Y-%m-%d %H:%M} UTC", hint="make a new one: appproxy connector token")
    network = _Network(reactor, proxies_of(outbound_proxy, credentials, state, environment))
    chain = await _reaching(token, (look or network.look)(token))
    anchor = check_first_contact(chain, token.anchor, token.name, now)
    key = new_key()
    with _alone(IdentityLock(ConnectorPaths(state).renewal_lock), before is not None), files.reserved(key):
        issued = await (reach or network.reach)(token, anchor).enrol(token, certificate_request(key), name)
        if not fits(key, issued.certificate) or connector_id(issued.certificate) != issued.id:
            raise ConfigError("join: the service has signed another key, or for another connector")
        settings = replace(
            before or ConnectorSettings(address=token.address, name=token.name, id=issued.id), address=token.address,
            name=token.name, id=issued.id, outbound_proxy=outbound_proxy, outbound_proxy_credentials=credentials)
        identity = Identity(Credential(issued.certificate, key), issued.trust)
        try:
            if before is None:
                files.create(identity, dump_connector(settings))
            else:
                files.replace(identity, dump_connector(settings))
        except OSError as error:
            reason = f"cannot be written ({error.strerror}); the token has been used, make a new one"
            raise ConfigError(f"{state}: {reason}") from error
    return settings, issued


@contextmanager
def _alone(lock: IdentityLock, beside: bool) -> Iterator[None]:
    """Where a connector may run from this directory, nothing of it is renewed meanwhile. Raises ConfigError."""
    if beside and not lock.try_acquire():
        raise ConfigError("join: the connector that runs from this directory renews its certificate now, or another joins",
                          hint="wait a minute, or stop it; the token is still good")
    try:
        yield
    finally:
        lock.release()


async def _reaching(token: JoinToken, chain: Deferred[list[str]]) -> list[str]:
    """Wait for the first contact; errors say which address was tried."""
    try:
        return await chain
    except AppProxyError:
        raise
    except DNSLookupError as error:
        reason = "its name cannot be found; is it the address of the service?"
        raise ConfigError(f"join: {token.address}: {reason}") from error
    except ConnectError as error:
        why = os.strerror(error.osError) if error.osError else str(error).rstrip(".")
        reason = f"nothing answers ({why}); is the service up, and the way open?"
        raise ConfigError(f"join: {token.address}: {reason}") from error
    except Exception as error:
        reason = f"no TLS 1.3 there ({error}); is it the connectors' port of the service?"
        raise ConfigError(f"join: {token.address}: {reason}") from error


class _Network:
    """The real thing."""

    def __init__(self, reactor: Any, proxies: OutboundProxies) -> None:
        self._reactor = reactor
        self._proxies = proxies

    def _endpoint(self, token: JoinToken) -> IStreamClientEndpoint:
        return way_to(self._reactor, place_of(token.address), self._proxies, CALL_SECONDS)

    def look(self, token: JoinToken) -> Deferred[list[str]]:
        """The chain that the service shows."""
        return Deferred.fromCoroutine(shown_chain(self._endpoint(token), token.name, self._reactor))

    def reach(self, token: JoinToken, anchor: str) -> ControlClient:
        """The control end points, on a new connection that trusts only this anchor."""
        context = connector_context([anchor], token.name, None, [b"http/1.1"])
        return ControlClient(
            lambda factory: self._endpoint(token).connect(wrap_client(context, factory, self._reactor)), token.name,
            self._reactor)
