"""A last word about each request that goes to an application: field lines that prove something, as a signed assertion does.

Other distributions bring signers, as entry points of `appproxy.request_signers`; the one that `signer` in service.toml names
is loaded. Without one, a request costs a comparison more.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from appproxy.errors import Code, ConfigError, RequestError
from appproxy.http.fields import check_block, drop
from appproxy.identity.session import Session
from appproxy.plugins import Plugins
from appproxy.publish.application import Application
from appproxy.service.exchange.exchange import Exchange

_PLUGINS = Plugins("appproxy.request_signers")
_MOST_LINES = 10


class RequestSigner(ABC):
    """Signs requests. One for a node, made when it starts."""

    #: The names (lower case) of all fields that it gives. No user can send them, to any application, in whatever spelling, and
    #: no setting of an application does.
    names: frozenset[str] = frozenset()

    @abstractmethod
    def sign(self, exchange: Exchange, application: Application, session: Session | None, block: bytes) -> bytes:
        """The lines (`name: value`, each ended by LF) for one request, or b"" for none.

        `session` is who asks, None where nobody signed in; `block` all other field lines as the application is to see them.
        Called for every request, in the reactor's turn: it must be quick. RequestError refuses the request.
        """


def load_signer(name: str | None) -> RequestSigner | None:
    """The signer of this name, None for none. Raises ConfigError."""
    if name is None:
        return None
    signer = _PLUGINS.make(name, "signer")
    if not isinstance(signer, RequestSigner):
        raise ConfigError(f"signer: {name} makes no signer: derive it from appproxy.api.dispatch.RequestSigner")
    return signer


def signed(
    signer: RequestSigner, exchange: Exchange, application: Application, session: Session | None, block: bytes,
) -> bytes:
    """The block with the signer's lines at its end. Raises RequestError: the request then goes nowhere."""
    lines = signer.sign(exchange, application, session, block)
    for name in signer.names:
        block = drop(block, name.encode("ascii"))
    if lines:
        _check(signer, lines)
    return block + lines


def _check(signer: RequestSigner, lines: bytes) -> None:
    """A line that is none could begin another request; one that was not announced could be a user's, too."""
    try:
        check_block(lines, _MOST_LINES)
    except ValueError as error:
        raise RequestError(Code.INTERNAL, f"the signer gave no field lines: {error}") from error
    for line in lines.splitlines():
        name = line.partition(b":")[0].decode("latin-1")
        if name not in signer.names:
            raise RequestError(Code.INTERNAL, f"the signer gave {name}, which is not among its names")
