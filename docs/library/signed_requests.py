"""A signer of one's own: each request of a signed-in user carries a JWT (RFC 7519) that only this service can have made.

Its distribution says in pyproject.toml where the signer is, and service.toml says that it is wanted:

    [project.entry-points."appproxy.request_signers"]
    assertion = "signed_requests:Assertion"

    signer = "assertion"

The private key (Ed25519, PEM) is in the file that the variable ASSERTION_KEY names; applications get the public one. An
application that can be reached past the service, too, has to check signature, `aud` (its id), `exp` and, for what must not be
done twice, `jti`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import OKPKey

from appproxy.api import dispatch

#: Seconds for which an assertion is good: it is used at once, by a machine whose clock may be off.
LASTS = 60


class Assertion(dispatch.RequestSigner):
    """What the entry point leads to."""

    names = frozenset({"x-user-assertion"})

    def __init__(
        self, key: Path | None = None,
        wall_clock: Callable[[], float] = time.time,  # noqa: TID251 -- the default of an argument
    ) -> None:
        self._key = OKPKey.import_key((key or Path(os.environ["ASSERTION_KEY"])).read_bytes())
        self._wall_clock = wall_clock

    def sign(
        self, exchange: dispatch.Exchange, application: dispatch.Application, session: dispatch.Session | None, block: bytes
    ) -> bytes:
        """Who asks, of which application, and when."""
        if session is None:
            return b""
        now = int(self._wall_clock())
        claims = {
            "iss": session.issuer, "sub": session.subject, "aud": application.id, "iat": now, "exp": now + LASTS,
            "jti": exchange.id,
        }
        return b"x-user-assertion: %b\n" % jwt.encode({"alg": "Ed25519"}, claims, self._key, ["Ed25519"]).encode("ascii")
