"""What the fields of operations are called on pages, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: Options of a choice: what is sent, and what is shown.
Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class FieldWords:
    """`hint`: what it means and what is there without it; `options`: all that it can be; `is_long`: several lines of text;
    `is_secret`: it is never shown again; `is_sent_empty`: of a new one, empty means something, too.
    """

    label: str
    hint: str = ""
    options: Options = ()
    is_long: bool = False
    is_secret: bool = False
    is_sent_empty: bool = False


_PEM = "A PEM text, from BEGIN to END."
_OVERLAP = "How long the one before counts too, such as 1d; 0s: not at all. One day without it."
_OWN_AUTHORITIES = "PEM certificates that alone vouch for it; empty for this machine's authorities."
_W = FieldWords
_RISKS: Options = (("", "As it is known"), ("low", "Low"), ("medium", "Medium"), ("high", "High"))

#: By the name of a field, for every operation that has one.
WORDS: Mapping[str, FieldWords] = {
    "agree_terms": _W("You agree to the authority's terms of service"),
    "algorithms": _W("Signatures to accept", "One a line; RS256 and ES256 without it."),
    "application": _W("Application", "For this one alone; empty for all."),
    "approval": _W("Another person has to approve each time"),
    "longest": _W("For at most", "Such as 1h or 24h; 8h without it."),
    "duration": _W("For how long", "Such as 30m or 2h; as long as you may without it."),
    "reason": _W("Reason", "What for: who approves reads it, and the audit keeps it."),
    "applications": _W("Applications", "Names, one a line."),
    "authority": _W("Authority's certificate", "Where it is your own and browsers trust it. " + _PEM, is_long=True),
    "backchannel_logout_session_required": _W("It has to be told which session has ended"),
    "backchannel_logout_uri": _W("Back-channel sign-out URI", "Where it hears that a session has ended."),
    "bind_name": _W("Account that searches", "A DN, or in Active Directory also NAME@DOMAIN."),
    "bind_password": _W("Its password", is_secret=True),
    "binding_id": _W("Account id (EAB)", "Of your account at the authority, where it wants one."),
    "binding_key": _W("Account key (EAB)", "base64url, as the authority gave it.", is_secret=True),
    "builtin": _W("The service's own authority", "Instead of a certificate."),
    "ca_bundle": _W("Trusted authorities", _OWN_AUTHORITIES, is_long=True),
    "certificate": _W("Certificate", "With its intermediates. " + _PEM, is_long=True),
    "challenge": _W("How the authority looks at the hosts", options=(
        ("tls-alpn-01", "At port 443 (TLS-ALPN-01)"), ("http-01", "At port 80 (HTTP-01; needs acme_listen)"))),
    "claims": _W("Claims", "What header rules of applications find: NAME=VALUE, one a line."),
    "client_id": _W("Client id", "What it calls this service."),
    "client_secret": _W("Client secret", "Empty: a public client, or the one that is kept.", is_secret=True),
    "contacts": _W("Contacts", "Mail addresses that the authority writes to, one a line."),
    "crl": _W("Revocation list", _PEM, is_long=True),
    "crl_urls": _W("Where its revocation lists are fetched", "URLs of http or https, one a line; none: nowhere."),
    "device_codes": _W("It may show a code that its user types elsewhere"),
    "directory": _W("Directory URL", "Of the ACME authority, such as https://acme-v02.api.letsencrypt.org/directory."),
    "expires": _W("Lasts", "A time from now, such as 12h or 30d."),
    "fetch_groups": _W("Ask Entra's directory for groups that do not fit into a token"),
    "format": _W("Whose words", options=(("json", "Ours (JSON)"), ("ecs", "Elastic (ECS)"), ("ocsf", "OCSF"))),
    "frontchannel_logout_uri": _W("Front-channel sign-out URI", "What a frame of the browser loads at a sign-out."),
    "grace": _W("Time to set one up", "Such as 7d; none without it."),
    "group": _W("Group"),
    "group_base": _W("Groups are below", "A DN; as for users without it."),
    "groups_claim": _W("Claim that lists groups", "groups without it."),
    "hosts": _W("Hosts", "Names that it is to answer for, one a line."),
    "idle_minutes": _W("Ends without a request after (minutes)", "0 for never; 240 without it."),
    "issuer": _W("Issuer", "As its tokens name it, such as https://login.example.com/."),
    "key": _W("Private key", "Without a passphrase. " + _PEM, is_long=True, is_secret=True),
    "kind": _W("Kind"),
    "level": _W("Level", options=(("", "Medium and high"), ("medium", "Medium"), ("high", "High"), ("low", "Low"))),
    "credentials": _W("With cookies"),
    "exposed": _W("Fields that it may read", "One a line."),
    "external": _W("External URL", "What users open."),
    "headers": _W("Fields that it may send", "One a line."),
    "internal": _W("Internal URL", "Where the connector finds it."),
    "max_age": _W("A preflight holds (seconds)"),
    "methods": _W("Methods", "One a line."),
    "name": _W("Name"),
    "origins": _W("Origins", "Pages that may call, such as https://app.example.com, one a line."),
    "networks": _W("Networks", "Where it may come from, such as 192.0.2.0/24, one a line; everywhere without it."),
    "ocsp": _W("Its responders (OCSP)", "URLs of http or https that are asked about each device, one a line."),
    "ocsp_soft": _W("A device counts also while its responder does not answer"),
    "older": _W("Also where lists that are there are newer"),
    "overlap": _W("Overlap", _OVERLAP),
    "password": _W("New password", "You have to hand it over; by a link nobody else knows it.", is_secret=True),
    "post_logout_redirect_uris": _W("Sign-out redirect URIs", "Where it may have browsers sent after a sign-out, one a line."),
    "provider": _W("Identity provider", "Whose user or group it is; the built-in one without it."),
    "pushed_requests": _W("Push authorization requests (RFC 9126)", options=(
        ("auto", "Where the provider says so"), ("yes", "Always"), ("no", "Never"))),
    "realms": _W("Realms", "NAME@REALM and REALM\\NAME are of this directory; one a line."),
    "redirect_uris": _W("Redirect URIs", "Where its codes go, to the letter, one a line."),
    "refresh_minutes": _W("Asked again every (minutes)", "About who is signed in; 5 without it."),
    "request": _W("Certificate request", "The device's own key stays there. " + _PEM, is_long=True),
    "resource": _W("Path", "Such as /api/*; all of the application without it."),
    "role": _W("Role"),
    "scopes": _W("Scopes", "One a line; openid, profile and email without it."),
    "secret": _W("Secret", "One is made without it.", is_secret=True),
    "servers": _W("Servers", "ldaps://HOST, or ldap://HOST for StartTLS, one a line; the first is preferred."),
    "session_hours": _W("A session lasts at most (hours)", "Whatever applications say; 12 without it."),
    "settings": _W("Other settings", "KEY=VALUE, one a line; an empty value puts the default back."),
    "sign_in": _W("People sign in by", "Attributes, one a line; the first names them here."),
    "start": _W("Begin with", "now, beginning, or the number of the first entry; now without it."),
    "subject": _W("Subject", "What the provider calls the user."),
    "subject_attribute": _W("What never changes of an entry", "objectGUID in Active Directory, else entryUUID, without it."),
    "tls_certificate": _W("TLS certificate of the client", "For client_authentication=tls_client_auth. " + _PEM, is_long=True),
    "tls_key": _W("Its private key", _PEM, is_long=True, is_secret=True),
    "token": _W("Service token", "For programs."),
    "url": _W("URL", "syslog+tls://HOST:PORT or https://HOST/PATH."),
    "user": _W("User", "By name; of another provider by the subject."),
    "user_base": _W("Users are below", "A DN."),
    "user_filter": _W("Who may sign in", "A filter, such as (memberOf=cn=remote,dc=corp,dc=example); all users without it."),
    "wrong_passwords": _W("Wrong passwords passed on", "For one user in half an hour; 5 without it."),
}
#: Of one operation, where the words above say too little.
OF_ONE: Mapping[tuple[str, str], FieldWords] = {
    ("POST /service-tokens", "role"): _W("Role", "Only for a token that administers the service."),
    ("POST /service-tokens", "expires"): _W("Lasts", "Such as 12h or 30d; 90d without it."),
    ("POST /service-tokens/{token}/rotate", "expires"): _W("Lasts", "From now on, such as 30d; its end stays without it."),
    ("POST /role-assignments", "expires"): _W("Lasts", "Such as 8h or 30d; for good without it."),
    ("POST /role-assignments", "group"): _W("Group", "Its members; give a user, a group or a token."),
    ("POST /role-entitlements", "expires"): _W("They may ask for", "Such as 90d; for good without it."),
    ("POST /role-entitlements", "group"): _W("Group", "Its members; give a user or a group."),
    ("POST /role-requests", "role"): _W("Role", "One that you are entitled to."),
    ("POST /directories", "kind"): _W("Kind", options=(("ad", "Active Directory"), ("openldap", "Any other LDAP"))),
    ("POST /directories/{directory}/groups", "group"): _W("Group there", "Its name in the directory."),
    ("POST /directories/{directory}/groups", "name"): _W("Called here", "As there without it."),
    ("POST /providers", "kind"): _W("Kind", "oidc, or a kind that an installed distribution brings; oidc without it."),
    ("POST /providers", "client_secret"): _W(
        "Client secret", "Empty: a public client, which PKCE alone protects.", is_secret=True, is_sent_empty=True),
    ("GET /policy-explanation", "provider"): _W("Identity provider", "The application's own without it."),
    ("GET /policy-explanation", "groups"): _W("Is in the groups", "Names, one a line, beside those that are known."),
    ("GET /policy-explanation", "time"): _W("When", "Such as 2026-12-24T18:00+01:00; now without it."),
    ("GET /policy-explanation", "acr"): _W("Level that the provider has said (acr)"),
    ("GET /policy-explanation", "amr"): _W("Methods of the sign-in (amr)", "One a line, in place of the choice above."),
    ("GET /policy-explanation", "sign_in_age"): _W("Signed in for", "Such as 8h; just now without it."),
    ("GET /policy-explanation", "user_agent"): _W("What the browser says that it is"),
    ("GET /policy-explanation", "method"): _W("Method", "GET without it."),
    ("GET /policy-explanation", "client"): _W("Opened with", options=(
        ("", "A browser"), ("native", "A program with an access token"))),
    ("GET /policy-explanation", "sign_in_risk"): _W("Risk of the sign-in", options=_RISKS),
    ("GET /policy-explanation", "user_risk"): _W("Risk of the user", options=_RISKS),
    ("GET /policy-explanation", "device"): _W("Device is proved by the authority"),
    ("GET /policy-explanation", "device_subject"): _W("Its subject", "Parts of it, such as CN=laptop-7, one a line."),
    ("GET /risk/sign-ins", "all"): _W("Which", options=(("", "Of that level"), ("yes", "Of any level"))),
    ("GET /risk/sign-ins", "user"): _W("User"),
    ("GET /risk/sign-ins", "subject"): _W("Or the subject"),
    ("GET /risk/sign-ins", "provider"): _W("Of the provider"),
    ("PATCH /providers/{provider}", "client_secret"): _W("Client secret", "Empty: the one that is kept.", is_secret=True),
    ("PUT /second-factor-rules", "group"): _W("Group", "Empty: all users of the built-in provider."),
    ("POST /certificates", "name"): _W("Name", "What to call it here."),
    ("POST /certificate-orders", "name"): _W("Name", "What to call it here."),
    ("PUT /certificate-authority", "authority"): _W(
        "What its HTTPS is checked by", "Where it is an own one. " + _PEM, is_long=True),
}  # fmt: skip


def words_of(operation: str, field: str) -> FieldWords:
    """What a field of an operation (`POST /clients`) is called; one without words by its name."""
    return OF_ONE.get((operation, field)) or WORDS.get(field) or FieldWords(field.replace("_", " ").capitalize())
