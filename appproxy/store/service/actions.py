"""The names of what the audit tells beside administrators' changes: what each means, and which keys its detail may have.

`docs/audit.md` is made of it. An entry's action is always one of these, or that of a command of the admin API: whatever is
written takes an `Action`, which nothing else makes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from appproxy.store.service.note import Action


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """What an action means, and the keys that its detail may have."""

    meaning: str
    keys: tuple[str, ...]


_events: dict[str, AuditEvent] = {}


def _event(name: str, meaning: str, keys: str = "") -> Action:
    _events[name] = AuditEvent(meaning, tuple(keys.split()))
    return Action(name)


_FACTS = "address client application provider"
_SESSION = "issuer name session"

USER_SIGN_IN = _event(
    "user.sign_in", "A user has signed in to the built-in provider, or proved a second factor there.",
    "address provider directory methods more")
USER_PASSWORD_ACCEPTED = _event(
    "user.password_accepted", "A password was right, and a second factor is asked for now.", "address provider directory more")
USER_SIGN_IN_FAILED = _event(
    "user.sign_in_failed", "A password was wrong, or was not looked at.", "address provider directory reason more")
USER_FACTOR_USED = _event("user.factor_used", "A second factor was used.", "address provider factor")
USER_FACTOR_REFUSED = _event("user.factor_refused", "A second factor was refused.", "address provider factor reason")
USER_FACTOR_ENROLLED = _event(
    "user.factor_enrolled", "A user has set up a second factor.", "address provider factor id label")
USER_FACTOR_REMOVED = _event(
    "user.factor_removed", "A user has removed a second factor.", "address provider factor id label")
USER_RECOVERY_CODES_MADE = _event(
    "user.recovery_codes_made", "A user was given new recovery codes in the place of all old ones.", "address provider")
USER_PASSWORD_CHANGED = _event("user.password_changed", "A user has set another password.", "address provider")
USER_PASSWORD_SET_BY_LINK = _event(
    "user.password_set_by_link", "A user has set a password by the link of an administrator.", "address provider")
USER_DIRECTORY_REFUSED = _event(
    "user.directory_refused", "A directory does not let a user in any more who has signed in; their sessions have ended.",
    "provider directory reason")
USER_SIGN_OUT = _event("user.sign_out", "A session with the built-in provider has ended by a sign-out.", "provider")
NODE_TOKEN_ADD = _event("node_token.add", "A token was made with which one machine becomes a node.", "expires")
NODE_JOIN = _event("node.join", "A machine has become a node, by a token.", "address")
SIGN_IN = _event(
    "sign-in", "A session with an application has begun, whichever the provider.",
    f"{_FACTS} {_SESSION} expires amr acr auth_time risk report_only break_glass")
SIGN_IN_REFUSED = _event("sign-in.refused", "A session with an application has not begun.", f"{_FACTS} code reason")
DEVICE_ISSUED = _event(
    "device.issued", "A user has fetched the key of a device by the link of an administrator.",
    "address device fingerprint not_after")
DEVICE_PROVED = _event(
    "device.proved", "A browser has proved at a sign-in that it runs on a device.",
    f"{_FACTS} {_SESSION} authority device fingerprint")
DEVICE_LISTS_FETCHED = _event(
    "device_authority.fetched", "New lists of revoked certificates of a device authority have come from their URLs.",
    "crl_until name revoked")
SIGN_OUT = _event("sign-out", "The user has ended a session.", f"{_FACTS} {_SESSION}")
SESSION_ENDED = _event(
    "session.ended", "A session has ended: by its provider, because that refused a refresh, or because there were too many.",
    f"{_FACTS} {_SESSION} reason count")
SESSION_END_REFUSED = _event(
    "session.end_refused", "What came to end a session was not to be believed.", "address code reason")
PROGRAM_SIGN_IN = _event(
    "program.sign_in", "A program has used an application with a credential; once an hour, application and address.",
    f"address application provider {_SESSION} expires")
PROGRAM_REFUSED = _event(
    "program.refused", "A program's credential was refused by an application.",
    f"address application provider subject {_SESSION} expires reason")
CLIENT_SIGN_IN = _event(
    "client.sign_in", "A user has signed in to an application elsewhere, which was given tokens.",
    "address provider name session scope auth_time acr amr risk")
CLIENT_REFUSED = _event(
    "client.refused",
    "Somebody has shown a wrong secret of an application elsewhere, or none, or a refresh token that was used before.",
    "address name reason")
CLIENT_SIGN_IN_REFUSED = _event(
    "client.sign_in_refused", "Policies have not let a user in to an application elsewhere, or not let it go on.",
    "address provider name session code reason")
CLIENT_BREAK_GLASS = _event(
    "client.break_glass", "A user whom no policy concerns has signed in to an application elsewhere, against policies.",
    "address provider name session break_glass")
CLIENT_SIGNED_OUT = _event(
    "client.signed_out", "An application elsewhere was told that a session has ended.", "name subject session tries")
CLIENT_SIGN_OUT_FAILED = _event(
    "client.sign_out_failed", "An application elsewhere was not told that a session has ended, and will not be.",
    "name subject session tries reason")
CERTIFICATE_ISSUE = _event("certificate.issue", "A certificate was issued by ACME.", "name names fingerprint not_after")
CONNECTOR_JOIN = _event(
    "connector.join", "A connector has joined: by a token, or because somebody has let it in.",
    "address group name state allowed_by")
ACCESS_REQUEST = _event(
    "access.request", "A user has asked to use an application.", "address application client name provider reason")
ACCESS_ENDED = _event(
    "access.ended", "An assignment that was given for a time has ended by itself.", "application kind provider subject")
_MACHINE = "name address from caller caller_provider"
COMMAND_LINE_ALLOWED = _event(
    "command_line.allowed", "Somebody has let a command line elsewhere administer in their name.", _MACHINE)
CONNECTOR_ALLOWED = _event(
    "connector.allowed", "Somebody has let a connector join, by the code that it has shown.", f"{_MACHINE} group")
MACHINE_DENIED = _event(
    "machine.denied", "Somebody has not let a command line or a connector in that has shown a code.", _MACHINE)
CONNECTOR_INACTIVE = _event(
    "connector.inactive", "A connector was not seen by any node for two minutes.", "address last_seen name")
CONNECTOR_ACTIVE = _event("connector.active", "A connector that was inactive is back.", "address name seconds")
CONNECTOR_UPDATE = _event("connector.update", "It is a connector's turn to be updated.", "group name version")
CONNECTOR_UPDATED = _event("connector.updated", "A connector has said that its update is over.", "group name version")
CONNECTOR_FORGOTTEN = _event("connector.remove", "A connector that never came back was forgotten.", "name reason")
MASTER_CHANGE = _event("master.change", "All secrets in the store were sealed under another master key.", "secrets")
AUDIT_LEFT_OUT = _event(
    "audit.left_out", "More entries came about nobody known, or of one user, than are kept.", "address provider count")
AUDIT_EXPORT_LOST = _event(
    "audit.export_lost", "Old entries were forgotten that a destination of the audit's export did not have yet.", "name count")

#: By name.
EVENTS: Mapping[str, AuditEvent] = _events
#: What keys mean, wherever they stand.
KEYS: Mapping[str, str] = {
    "acr": "how strongly the user has proved who they are, as the provider calls it",
    "address": "where it came from: an IP address; of counted entries a network, or `others`",
    "allowed_by": "who has let it in by its code, as an actor",
    "amr": "by which methods, as the provider calls them (RFC 8176)",
    "application": "name of the application",
    "auth_time": "when the user proved it, in seconds since 1970",
    "authority": "the device authority that vouches for it, by name",
    "break_glass": "policies that would have kept this user out, who is exempt from them",
    "caller": "who has done it, by name",
    "caller_provider": "who vouches for them, by name",
    "client": "what the browser or program calls itself",
    "code": "the error's [code](requests.md)",
    "count": "how many",
    "crl_until": "when the first list of revoked certificates ends, in seconds since 1970",
    "device": "the subject of its certificate",
    "directory": "name of the directory",
    "expires": "when the session ends at the latest, in seconds since 1970",
    "factor": "`totp`, `passkey` or `recovery-code`",
    "fingerprint": "SHA-256 of the certificate",
    "from": "the address of who has done it",
    "group": "the connector group, by name",
    "id": "of the second factor",
    "issuer": "the provider's issuer",
    "kind": "`user` or `group`",
    "last_seen": "when it was seen last, in seconds since 1970",
    "label": "what the user calls the second factor",
    "methods": "what was proved, in this order",
    "more": "how many there were besides, which have no entry of their own",
    "name": "of the user, of the client, or of the thing that was changed, as people call it",
    "names": "the certificate's host names",
    "not_after": "its end, in seconds since 1970",
    "provider": "the identity provider, by name; `builtin` for the built-in one",
    "reason": "why, in words",
    "risk": "the level of the sign-in's [risk](risk.md)",
    "report_only": "what policies would have done that are only reported",
    "revoked": "how many certificates are known to be revoked",
    "scope": "what was granted",
    "secrets": "how many were sealed",
    "seconds": "for how long",
    "session": "id of the session, for `appproxy session revoke --session ID`; of clients that of the provider's (`sid`)",
    "state": "`approved`, `pending approval` or `revoked`",
    "subject": "whose session it was: a user's id",
    "version": "that it ran when it was seen last",
    "tries": "how often it was tried",
}
