"""Where machines ask that nobody has signed in at: for a code, for what they were allowed, for the next token (RFC 8628).

They stand at the administration's host beside its pages. A program asks there, and no page: what a browser sends says so, and
is refused. How often one network may ask is bounded, and what it asks wrongly more so.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qsl

from twisted.internet.defer import Deferred

from appproxy.admin.logins import rules
from appproxy.admin.logins.paths import BEGIN, DEVICE, REVOKE, TOKEN
from appproxy.admin.logins.rules import MachineFacts
from appproxy.errors import AppProxyError, Code, RequestError
from appproxy.http.head import RequestHead
from appproxy.identity.command_line import token_text
from appproxy.identity.cookie import from_payload
from appproxy.identity.grant_types import DEVICE_CODE, REFRESH
from appproxy.identity.session import Session
from appproxy.pages import NO_STORE
from appproxy.policy.failed_tries import FailedTries
from appproxy.policy.levels import AddressLimit, RateLimit
from appproxy.publish.administration import ADMINISTRATION
from appproxy.store.database.live import LiveStore
from appproxy.store.machines import command_lines, waiting_machines
from appproxy.store.machines.command_lines import CommandLine, KnownCommandLine
from appproxy.store.machines.waiting_machines import MachinePurpose, NewWaitingMachine
from appproxy.store.snapshot import BUILTIN

#: Machines of one network that begin to wait, at once and a second: a rack that is set up by a program.
_BEGUN = (30.0, 0.1)
#: Codes and tokens of one network that are none, at once and a second.
_WRONG = (30.0, 0.2)
#: Questions of one machine, with a code or a token that is one, at once and a second: it is told to ask every five seconds.
_ASKED = (30.0, 0.25)
_MOST_FIELDS = 20
_ENDED = "the session has ended"
_FORM = b"application/x-www-form-urlencoded"
_JSON = b"content-type: application/json\n" + NO_STORE
_KNOWN: Mapping[str, frozenset[str]] = {
    BEGIN: frozenset({"client_id", "scope", "name", "group"}),
    TOKEN: frozenset({"client_id", "grant_type", "device_code", "refresh_token"}),
    REVOKE: frozenset({"client_id", "token", "token_type_hint"}),
}

Sent = tuple[int, bytes, bytes]


@dataclass(frozen=True, slots=True)
class MachinePlace:
    """Where the administration is: its origin and host; `seconds`: the monotonic clock."""

    origin: str
    host: str
    seconds: Callable[[], float]
    random_bytes: Callable[[int], bytes]


class AskedDirectories(Protocol):
    """What is needed of `provider.directories.source.Directories`."""

    async def refresh(self, user_id: str) -> bool:
        """May a user of the built-in provider still sign in, as far as a directory says? Raises RequestError if it is away."""
        ...


class AskedProviders(Protocol):
    """What is needed of `service.signin.sessions.renewal.Renewal`."""

    async def asked_again(self, origin: str, session: Session) -> Session | None:
        """What another provider says of somebody now, asked by the session `origin`; None: that has ended, or is refused."""
        ...


class MachineEndPoints:
    """Made once a node. `facts` gives those of now; `directories` and `providers` are asked before a session goes on."""

    def __init__(
        self, live: LiveStore, facts: Callable[[], MachineFacts], place: MachinePlace, directories: AskedDirectories,
        providers: AskedProviders | None = None,
    ) -> None:
        self._directories = directories
        self._providers = providers
        self._live = live
        self._facts = facts
        self._place = place
        self._begun = AddressLimit(*_BEGUN)
        self._wrong = FailedTries(*_WRONG)
        self._questions = RateLimit(*_ASKED)

    def concern(self, target: bytes) -> bool:
        """Is it one of these that is asked for?"""
        return target.decode("latin-1") in _KNOWN

    def answer(self, head: RequestHead, body: bytes, client: str) -> Deferred[Sent]:
        """Status, fields and body. `client`: the address that it comes from. Fails with RequestError where no program asks."""
        return Deferred.fromCoroutine(self._answer(head, body, client))

    async def _answer(self, head: RequestHead, body: bytes, client: str) -> Sent:
        _check(head)
        path = head.target.decode("latin-1")
        fields = _read(head, body)
        if fields is None or fields.keys() - _KNOWN[path]:
            return _error("invalid_request", "a form is needed, with fields that are known, each once")
        answer = {BEGIN: self._begin, TOKEN: self._token, REVOKE: self._revoke}[path]
        try:
            return await answer(fields, client)
        except RequestError:
            raise
        except AppProxyError as error:
            return _error("invalid_request", str(error))

    async def _begin(self, fields: Mapping[str, str], client: str) -> Sent:
        wait = self._begun.take(client, self._place.seconds())
        if wait > 0.0:
            return _slower(wait)
        purpose = {"": MachinePurpose.ADMINISTER, **{one.value: one for one in MachinePurpose}}.get(fields.get("scope", ""))
        if purpose is None:
            return _error("invalid_scope", "scope: administer or join")
        wanted = NewWaitingMachine(purpose, fields.get("name", ""), fields.get("group", ""), client)
        secret, made = await self._live.write(waiting_machines.new, wanted)
        page = self._place.origin + DEVICE
        return _sent(200, {
            "device_code": secret, "user_code": made.shown, "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={made.shown}", "expires_in": int(waiting_machines.LIFETIME),
            "interval": int(waiting_machines.INTERVAL),
        })  # fmt: skip

    async def _token(self, fields: Mapping[str, str], client: str) -> Sent:
        grant = fields.get("grant_type")
        if grant not in (DEVICE_CODE, REFRESH):
            return _error("unsupported_grant_type", "a device code or a refresh token")
        return await (self._poll if grant == DEVICE_CODE else self._refresh)(fields, client)

    async def _poll(self, fields: Mapping[str, str], client: str) -> Sent:
        code, facts = fields.get("device_code", ""), self._facts()
        known = await self._live.read(waiting_machines.id_of_device, code, facts.now)
        if held_up := self._held_up(known, client):
            return held_up
        if known is None:
            return self._failed(client, "expired_token")
        outcome = await self._live.write(rules.poll, code, client, facts)
        if outcome.error:
            return _error(outcome.error)
        if outcome.line is None:
            return _sent(200, {"join_token": outcome.join_token, "token_type": "join"})
        return self._tokens(outcome.line)

    async def _refresh(self, fields: Mapping[str, str], client: str) -> Sent:
        token = fields.get("refresh_token", "")
        known = await self._known(token)
        if held_up := self._held_up(None if known is None else token, client):
            return held_up
        session = None
        if known is not None:
            try:
                session = await self._asked(known)
            except RequestError:
                # The token was not used, and may come again.
                return _sent(503, {"error": "temporarily_unavailable"})
            if session is None:
                if known.origin:
                    await self._live.write(rules.end_refused, token, self._facts())
                return _error("invalid_grant", _ENDED)
        line = None
        if command_lines.is_refresh_token(token):
            # One that is not the last may be an older one, which ends its session.
            line = await self._live.write(rules.refresh, token, self._facts(), session)
        return self._failed(client, "invalid_grant", _ENDED) if line is None else self._tokens(line)

    async def _asked(self, known: KnownCommandLine) -> Session | None:
        """The session, as who vouches for its user says now; None: they do no more. Raises RequestError: they are away."""
        session = from_payload(known.session)
        if session.provider == BUILTIN:
            return session if await self._directories.refresh(session.subject) else None
        if not known.origin or self._providers is None:
            return session
        return await self._providers.asked_again(known.origin, session)

    async def _revoke(self, fields: Mapping[str, str], client: str) -> Sent:
        token = fields.get("token", "")
        known = await self._known(token)
        if held_up := self._held_up(None if known is None else token, client):
            return held_up
        if known is not None:
            await self._live.write(rules.give_back, token, self._facts())
        elif command_lines.is_refresh_token(token):
            self._failed(client, "")
        # RFC 7009 section 2.2: a token that is none is as good as one that was revoked.
        return _sent(200, {})

    async def _known(self, token: str) -> KnownCommandLine | None:
        return await self._live.read(command_lines.known, token) if command_lines.is_refresh_token(token) else None

    def _held_up(self, known: str | None, client: str) -> Sent | None:
        """The answer to who has to wait. `known`: the code or the token, None for what is none.

        Who has one does not wait for what others of their network get wrong: it is counted by itself.
        """
        now = self._place.seconds()
        wait = self._wrong.wait(client, now) if known is None else self._questions.take(known, now)
        return _slower(wait) if wait > 0.0 else None

    def _failed(self, client: str, error: str, description: str = "") -> Sent:
        """The answer to a code or a token that is none, which is held against the network that it comes from."""
        self._wrong.failed(client, self._place.seconds())
        return _error(error, description)

    def _tokens(self, line: CommandLine) -> Sent:
        facts = self._facts()
        session = rules.current(line, facts.now)
        key = facts.snapshot.keys[0]
        text = token_text(session, ADMINISTRATION, self._place.host, key, self._place.random_bytes(12))
        return _sent(200, {
            "access_token": text, "token_type": "Bearer", "expires_in": max(int(session.expires - facts.now), 1),
            "refresh_token": line.refresh_token,
        })  # fmt: skip


def _check(head: RequestHead) -> None:
    """Raises RequestError for what a page of somewhere has a browser send, and for other methods."""
    if head.method != b"POST":
        raise RequestError(Code.METHOD_NOT_ALLOWED, "POST alone")
    if any(name in (b"origin", b"sec-fetch-site", b"cookie") for name, _ in head.fields):
        raise RequestError(Code.CROSS_SITE, "programs ask here, and no browsers")


def _read(head: RequestHead, body: bytes) -> dict[str, str] | None:
    """The fields of the form, each once; None for what is none."""
    if (head.get(b"content-type") or b"").partition(b";")[0].strip().lower() != _FORM:
        return None
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict",
                          max_num_fields=_MOST_FIELDS)
    except ValueError:
        return None
    return dict(pairs) if len(dict(pairs)) == len(pairs) else None


def _sent(status: int, data: Mapping[str, object], more: bytes = b"") -> Sent:
    return status, _JSON + more, json.dumps(data).encode()


def _error(error: str, description: str = "") -> Sent:
    """RFC 6749 section 5.2."""
    return _sent(400, {"error": error, **({"error_description": description} if description else {})})


def _slower(wait: float) -> Sent:
    return _sent(429, {"error": "slow_down"}, b"retry-after: %d\n" % math.ceil(wait))
