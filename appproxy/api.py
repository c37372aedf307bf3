"""The public names of appproxy as a library, and the only ones: docs/library/stability.md says what that means.

Services of Twisted: `proxy_service` and `connector_service`, which give a `ProxyService` and a `ConnectorService`; `join`
makes what a connector needs. Sign-in before a site of your own: `CookieAuthResource`, `identity_of`, `ProviderRecord`,
`OidcClient`, `oidc_client`. The tunnel without input and output: `SignalSession`, `DataSession`, `tunnel`. Bodies from one
transport to another with back-pressure: `bridge`, `ReadGate`. Stages and signers of one's own for requests: `dispatch`.
Kinds of identity providers of one's own: `signin`. Credentials for applications: `OriginAuth`. For tests: `testing`. What can
go wrong: `errors`.

A name is loaded when it is first used, and with it only what it needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from appproxy import errors, testing, tunnel
    from appproxy.connector.applications.origin_auth import OriginAuth
    from appproxy.net.read_gate import ReadGate, bridge
    from appproxy.service import dispatch, signin
    from appproxy.service.cookie_auth import CookieAuthResource, identity_of, oidc_client
    from appproxy.service.signin.openid.oidc_client import OidcClient
    from appproxy.store.snapshot import ProviderRecord
    from appproxy.tunnel.connections.data import DataSession
    from appproxy.tunnel.connections.signal import SignalSession
    from appproxy.twistd.connector_service import ConnectorService, connector_service, join
    from appproxy.twistd.proxy_service import ProxyService, proxy_service

__all__ = [
    "ConnectorService",
    "CookieAuthResource",
    "DataSession",
    "OidcClient",
    "OriginAuth",
    "ProviderRecord",
    "ProxyService",
    "SignalSession",
    "ReadGate",
    "bridge",
    "connector_service",
    "dispatch",
    "errors",
    "identity_of",
    "join",
    "oidc_client",
    "proxy_service",
    "signin",
    "testing",
    "tunnel",
]

#: The module that each name comes from; of a module, the package that it is in.
_HOMES = {
    "ConnectorService": "appproxy.twistd.connector_service",
    "CookieAuthResource": "appproxy.service.cookie_auth",
    "DataSession": "appproxy.tunnel.connections.data",
    "OidcClient": "appproxy.service.signin.openid.oidc_client",
    "OriginAuth": "appproxy.connector.applications.origin_auth",
    "ProviderRecord": "appproxy.store.snapshot",
    "ProxyService": "appproxy.twistd.proxy_service",
    "SignalSession": "appproxy.tunnel.connections.signal",
    "ReadGate": "appproxy.net.read_gate",
    "bridge": "appproxy.net.read_gate",
    "connector_service": "appproxy.twistd.connector_service",
    "dispatch": "appproxy.service",
    "errors": "appproxy",
    "identity_of": "appproxy.service.cookie_auth",
    "join": "appproxy.twistd.connector_service",
    "oidc_client": "appproxy.service.cookie_auth",
    "proxy_service": "appproxy.twistd.proxy_service",
    "signin": "appproxy.service",
    "testing": "appproxy",
    "tunnel": "appproxy",
}

#: The packages whose modules are public names.
_PACKAGES = ("appproxy", "appproxy.service")

# Checkers of types look at the imports above, and know of a name that is not there.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Load a name when it is first used (PEP 562)."""
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = import_module(f"{home}.{name}") if home in _PACKAGES else getattr(import_module(home), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return list(__all__)
