"""What a machine gets that somebody has allowed: a session of its own for a command line, a join token for a connector.

Who has allowed it may have gone since, or have lost the right: all of it is looked at again when the machine comes for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from appproxy.admin.base import roles
from appproxy.admin.base.principal import Permission, Principal
from appproxy.admin.fleet.connectors import join_token_text
from appproxy.config.service import ServiceSettings
from appproxy.identity.command_line import LIFETIME
from appproxy.identity.cookie import from_payload, to_payload
from appproxy.identity.session import Session
from appproxy.policy.authorizer import Authorizer
from appproxy.policy.networks import network_of
from appproxy.publish.administration import ADMINISTRATION, NAME
from appproxy.store.connectors import groups, join_tokens
from appproxy.store.machines import command_lines, waiting_machines
from appproxy.store.machines.command_lines import CommandLine
from appproxy.store.machines.waiting_machines import MachinePurpose, WaitingMachine
from appproxy.store.people.session import rows as session_rows
from appproxy.store.people.session.record import SignInResult
from appproxy.store.service import audit
from appproxy.store.service.actions import (
    COMMAND_LINE_ALLOWED,
    CONNECTOR_ALLOWED,
    MACHINE_DENIED,
    SESSION_ENDED,
    SIGN_IN,
    SIGN_OUT,
)
from appproxy.store.service.note import Action
from appproxy.store.snapshot import BUILTIN, RoleAssignment, Snapshot
from appproxy.store.tables.core import GROUP, USER
from appproxy.store.transaction import Transaction

#: Seconds that a connector has to join in, once it was allowed: it waits for nothing else.
_TOKEN_LIFE = 600.0


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """What is so at this moment. `now` in seconds since 1970."""

    snapshot: Snapshot
    settings: ServiceSettings
    now: float

    def why_not(self, session: Session, purpose: MachinePurpose | None = None) -> str:
        """Why a session of the administration counts no longer, or may not let a machine in for this; "" where it does."""
        if session.expires <= self.now:
            return "the session is over"
        if reason := Authorizer(self.snapshot).why_not(session):
            return reason
        if not self.held(session) and not roles.may_ask(self.snapshot.entitlements, self.holders(session), self.now):
            return "who has allowed it has no role any more"
        lacks = purpose is MachinePurpose.JOIN and not self.principal(session).covers({Permission.CHANGE_CONNECTORS})
        return "who has allowed it may not let connectors in any more" if lacks else ""

    def held(self, session: Session) -> list[RoleAssignment]:
        """The roles that somebody has now."""
        return roles.held(self.snapshot.roles, self.holders(session), self.now)

    def holders(self, session: Session) -> set[tuple[str, str, str]]:
        """Whose roles somebody has."""
        return {(session.provider, USER, session.subject), *((session.provider, GROUP, group) for group in session.groups)}

    def principal(self, session: Session) -> Principal:
        """What somebody may do now."""
        return roles.principal(f"user:{session.subject}", self.held(session))

    def provider_name(self, session: Session) -> str:
        """Who vouches for somebody, as people call it."""
        record = self.snapshot.providers.get(session.provider)
        return session.provider if record is None else record.name


@dataclass(frozen=True, slots=True)
class AllowingUser:
    """Who allows a machine, from which address."""

    session: Session
    address: str
    provider_name: str

    @property
    def noted(self) -> Mapping[str, object]:
        """As the audit has them, beside the actor."""
        return {"from": self.address, "caller": self.session.name, "caller_provider": self.provider_name}


@dataclass(frozen=True, slots=True)
class PollOutcome:
    """What a machine's question comes to: an `error` of RFC 8628 section 3.5, or a session, or a join token."""

    error: str = ""
    line: CommandLine | None = None
    join_token: str = field(default="", repr=False)


def allow(tx: Transaction, machine: WaitingMachine, person: AllowingUser, group: str) -> bool:
    """Somebody lets it in. `group`: which a connector joins, by name. False: it waits no longer. Raises NotFound."""
    detail: dict[str, object] = {"name": machine.name, "address": machine.address, **person.noted}
    action = COMMAND_LINE_ALLOWED
    if machine.purpose is MachinePurpose.JOIN:
        found = groups.find(tx, group)
        group, action = found.id, CONNECTOR_ALLOWED
        detail["group"] = found.name
    if not waiting_machines.decide(tx, machine.id, to_payload(person.session), group):
        return False
    audit.record(tx, f"user:{person.session.subject}", action, person.session.subject, detail)
    return True


def deny(tx: Transaction, machine: WaitingMachine, person: AllowingUser) -> bool:
    """Somebody does not let it in. False: it waits no longer."""
    if not waiting_machines.decide(tx, machine.id, None):
        return False
    detail = {"name": machine.name, "address": machine.address, **person.noted}
    audit.record(tx, f"user:{person.session.subject}", MACHINE_DENIED, person.session.subject, detail)
    return True


def poll(tx: Transaction, secret: str, address: str, facts: MachineFacts) -> PollOutcome:
    """The machine of this device code asks, from this address. What it was allowed it gets once."""
    machine = waiting_machines.of_device(tx, secret)
    if machine is None:
        return PollOutcome("expired_token")
    if machine.asks_too_often(tx.now):
        return PollOutcome("slow_down")
    if machine.denied:
        return PollOutcome("access_denied")
    if machine.session is None:
        return PollOutcome("authorization_pending")
    session = from_payload(machine.session)
    if not waiting_machines.take(tx, machine.id) or facts.why_not(session, machine.purpose):
        return PollOutcome("access_denied")
    if machine.purpose is MachinePurpose.JOIN:
        return PollOutcome(join_token=_join_token(tx, machine, session, facts))
    line = _begin(tx, machine, session, address, facts)
    return PollOutcome("access_denied") if line is None else PollOutcome(line=line)


def _join_token(tx: Transaction, machine: WaitingMachine, session: Session, facts: MachineFacts) -> str:
    expires = tx.now + _TOKEN_LIFE
    id_, secret = join_tokens.new_token(tx, machine.group, 1, expires, f"user:{session.subject}")
    return join_token_text(tx, facts.settings, id_, secret, expires)


def _begin(
    tx: Transaction, machine: WaitingMachine, allowed: Session, address: str, facts: MachineFacts
) -> CommandLine | None:
    """A session of its own, which lasts as long as that of who has allowed it would have. None: its provider has ended it.

    What a device has proved in a browser is not true of the machine that the command line is on.
    """
    id_ = tx.random_bytes(16).hex()
    row = session_rows.find(tx, allowed.id)
    sid = id_ if allowed.provider == BUILTIN or row is None else row.sid
    client = f"Command line at {machine.name}"
    begun = session_rows.begin(tx, SignInResult(
        id=id_, provider=allowed.provider, subject=allowed.subject, issuer=allowed.issuer, name=allowed.name, sid=sid,
        application=ADMINISTRATION, expires=allowed.expires, address=address, client=client, auth_time=allowed.auth_time,
        amr=allowed.amr, acr=allowed.acr, claims={}))
    if begun is None or begun.id != id_:
        return None
    network = network_of(address) if allowed.network else ""
    session = replace(allowed, id=id_, claims={}, refresh_at=0.0, network=network, device=None)
    audit.record(tx, f"user:{allowed.subject}", SIGN_IN, allowed.subject, {
        "address": address, "client": client, "application": NAME, "provider": facts.provider_name(allowed),
        "issuer": allowed.issuer, "name": allowed.name, "session": id_, "expires": allowed.expires})
    origin = "" if allowed.provider == BUILTIN else allowed.id
    return command_lines.begin(tx, id_, to_payload(session), allowed.expires, origin)


def refresh(tx: Transaction, token: str, facts: MachineFacts, now_known: Session | None = None) -> CommandLine | None:
    """The session of a refresh token, with the next one; None: it counts for nothing (any more). `now_known`: what its
    provider has said since.
    """
    line = command_lines.refresh(tx, token, None if now_known is None else to_payload(now_known))
    if line is None:
        return None
    session = from_payload(line.session)
    if line.stolen:
        _note(tx, SESSION_ENDED, session, facts, {"reason": "a refresh token of it came a second time"})
        return None
    return None if facts.why_not(session) else line


def end_refused(tx: Transaction, token: str, facts: MachineFacts) -> None:
    """Its provider knows the session no more by which it is asked, or that has ended: so does this one."""
    line = command_lines.give_back(tx, token)
    if line is not None:
        _note(tx, SESSION_ENDED, from_payload(line.session), facts, {
            "reason": "the session that has let it in has ended, or its provider refused to refresh it"})


def give_back(tx: Transaction, token: str, facts: MachineFacts) -> bool:
    """A command line is done with its session (RFC 7009). Whether there was one."""
    line = command_lines.give_back(tx, token)
    if line is not None:
        _note(tx, SIGN_OUT, from_payload(line.session), facts, {})
    return line is not None


def _note(tx: Transaction, action: Action, session: Session, facts: MachineFacts, more: Mapping[str, object]) -> None:
    audit.record(tx, f"user:{session.subject}", action, session.subject, {
        "provider": facts.provider_name(session), "issuer": session.issuer, "name": session.name, "session": session.id,
        **more})


def current(line: CommandLine, now: float) -> Session:
    """What an access token of a command line says that is made now."""
    return replace(from_payload(line.session), seen=now, expires=min(line.expires, now + LIFETIME))
