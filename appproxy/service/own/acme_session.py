"""One attempt at a certificate authority, over the library `acme` (certbot's own): blocking, for a thread of its own.

The library speaks RFC 8555 with its nonces, retries and problem documents, and is maintained beside the most used client
there is; it waits and blocks, and so never runs in the reactor's thread. It is imported when it is first needed.
"""

from __future__ import annotations

import os
import tempfile
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

import appproxy
from appproxy.errors import AppProxyError
from appproxy.pki import load_key
from appproxy.store.certificates.acme import AcmeAccount
from appproxy.store.snapshot import AcmeChallenge

#: Seconds for one answer of the authority, for its look at our hosts, and for the issuing.
_ANSWER, _LOOK, _ISSUE = 15, 180.0, 120.0
#: How often a request is sent while the authority says only that its nonce is old.
_NONCES = 5


class AcmeFailed(AppProxyError):
    """The authority has refused, in its own words, or could not be reached."""


class AuthoritySession(Protocol):
    """What an attempt needs, in this order. All block, and raise AcmeFailed."""

    def register(self) -> str:
        """Make sure that the authority knows our account; gives the account's URL."""
        ...

    def order(self, request: str, kind: str) -> list[AcmeChallenge]:
        """Order by this certificate request (PEM); gives what the authority will look for, by the challenge `kind`."""
        ...

    def validate(self) -> None:
        """Let the authority look, now that all nodes answer; returns when it believes us."""
        ...

    def finish(self) -> str:
        """Give the issued chain (PEM, leaf first)."""
        ...


OpenSession = Callable[[AcmeAccount], AuthoritySession]


class LibrarySession:
    """`AuthoritySession` by the library."""

    def __init__(self, account: AcmeAccount) -> None:
        from acme import client, messages
        from josepy.jwa import ES256
        from josepy.jwk import JWKEC

        self._account = account
        # JWKEC takes the key itself; the library's annotation lags behind.
        key: Any = load_key(account.key)
        self._key = JWKEC(key=key)
        agent = f"appproxy/{appproxy.__version__}"
        self._net = client.ClientNetwork(self._key, alg=ES256, user_agent=agent, timeout=_ANSWER)
        self._challenges: list[Any] = []
        self._order: Any = None
        directory = self._ask(lambda: client.ClientV2.get_directory(account.directory, self._net))
        self._client = client.ClientV2(directory, self._net)
        if account.url:
            self._net.account = messages.RegistrationResource(body=messages.Registration(), uri=account.url)

    def register(self) -> str:
        """See `AuthoritySession`."""
        return self._account.url or str(self._ask(self._register))

    def _register(self) -> str:
        from acme import errors, messages

        account = self._account
        binding = None
        if account.binding_id:
            binding = messages.ExternalAccountBinding.from_data(
                self._key.public_key(), account.binding_id, account.binding_key, self._client.directory)
        asked = messages.NewRegistration(
            key=self._key.public_key(), contact=account.contacts, terms_of_service_agreed=True,
            external_account_binding=binding)
        try:
            return str(self._client.new_account(asked).uri)
        except errors.ConflictError as error:
            # It knows this key; what changed is whom it is to write to.
            found = messages.RegistrationResource(body=messages.Registration(), uri=error.location)
            self._net.account = found
            self._client.update_registration(found, messages.Registration(contact=account.contacts))
            return str(error.location)

    def order(self, request: str, kind: str) -> list[AcmeChallenge]:
        """See `AuthoritySession`."""
        from acme import messages

        wanted = []
        self._order = self._ask(lambda: self._client.new_order(request.encode()))
        for authorization in self._order.authorizations:
            host = authorization.body.identifier.value
            if authorization.body.status == messages.STATUS_VALID:
                continue
            # The library has no class for tls-alpn-01; what it does not know it keeps as JSON, and so are all read.
            offered = {one.to_partial_json()["type"]: one for one in authorization.body.challenges}
            if kind not in offered:
                raise AcmeFailed(f"{host}: the authority offers no {kind}, only {', '.join(offered)}")
            self._challenges.append(offered[kind])
            token = str(offered[kind].to_partial_json()["token"])
            wanted.append(AcmeChallenge(kind, host, token, f"{token}.{self._thumbprint()}"))
        return wanted

    def _thumbprint(self) -> str:
        """RFC 8555 section 8.1: of our account's key, by which the authority knows whose answer it sees."""
        return urlsafe_b64encode(self._key.thumbprint()).rstrip(b"=").decode("ascii")

    def validate(self) -> None:
        """See `AuthoritySession`."""
        from acme.challenges import HTTP01Response

        # An empty object, whatever the kind (RFC 8555 section 7.5.1).
        response = HTTP01Response(key_authorization="")
        for challenge in self._challenges:
            self._ask(partial(self._client.answer_challenge, challenge, response))
        self._order = self._ask(lambda: self._client.poll_authorizations(self._order, _within(_LOOK)))

    def finish(self) -> str:
        """See `AuthoritySession`."""
        return str(self._ask(lambda: self._client.finalize_order(self._order, _within(_ISSUE))).fullchain_pem)

    def _ask(self, do: Callable[[], Any]) -> Any:
        """Ask the authority, again while it only wants a newer nonce (RFC 8555 section 6.5): the library retries once."""
        from acme import messages

        with _bundle(self._account.authority) as path:
            # `requests`, below the library, takes a path here.
            setattr(self._net, "verify_ssl", path or True)  # noqa: B010 -- annotated as a bool
            left = _NONCES
            while True:
                left -= 1
                try:
                    return do()
                except messages.Error as error:
                    if error.code != "badNonce" or not left:
                        raise AcmeFailed(explain(error)) from error
                except Exception as error:
                    raise AcmeFailed(explain(error)) from error


def explain(error: Exception) -> str:
    """Why it failed, in one line: what the authority says of each host, or of the order, or what the network says."""
    from acme import errors, messages

    if isinstance(error, errors.ValidationError):
        return "; ".join(
            f"{authorization.body.identifier.value}: {_words(challenge.error)}"
            for authorization in error.failed_authzrs for challenge in authorization.body.challenges if challenge.error
        )
    if isinstance(error, errors.IssuanceError):
        return _words(error.error)
    if isinstance(error, messages.Error):
        return _words(error)
    if isinstance(error, errors.TimeoutError):
        return "the authority did not come to a decision in time"
    return " ".join(f"{type(error).__name__}: {error}".split())


def _words(problem: Any) -> str:
    """A problem document: its kind, what it says, and what it says of each host."""
    text = f"{problem.code or problem.typ}: {problem.detail or problem.title or ''}"
    parts = [f"{one.identifier.value if one.identifier else ''} {_words(one)}" for one in problem.subproblems or ()]
    return " ".join("; ".join((text, *parts)).split())


@contextmanager
def _bundle(authority: str) -> Iterator[str]:
    """The PEM text as a file for as long as it is needed; "" when there is none."""
    if not authority:
        yield ""
        return
    handle, path = tempfile.mkstemp(prefix="appproxy-", suffix=".pem")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(authority)
        yield path
    finally:
        os.unlink(path)


def _within(seconds: float) -> datetime:
    # The library compares it with its own naive clock.
    return datetime.now() + timedelta(seconds=seconds)
