"""What people sign in with: identity providers, directories, who must have a second factor, whom no policy concerns."""

from __future__ import annotations

from appproxy.console.records.kinds import Act, Cell, Look, Record, RecordKind

_PROVIDER, _DIRECTORY, _RULE = "/providers/{provider}", "/directories/{directory}", "/second-factor-rules"


def is_own(record: Record) -> bool:
    """Is it the built-in provider? It stays as it is."""
    return bool(record.get("kind") == "builtin")


def _others(record: Record) -> bool:
    return not is_own(record)


def _has_secret(record: Record) -> bool:
    return _others(record) and not record["public"]


PROVIDERS = RecordKind(
    "/providers", "identity provider", "Identity providers",
    "Who signs people in: the built-in one, Entra, Google, Keycloak or any other that speaks OpenID Connect. What is to be "
    "registered there (redirect URI and the like) is on its page once it is added.",
    (Cell("name", "Provider", False), Cell("kind", "Kind"), Cell("issuer", "Issuer", False),
     Cell("client_id", "Client")),
    one=_PROVIDER, add="POST /providers", change="PATCH " + _PROVIDER, helps="/provider-settings",
    acts=(
        Act("POST " + _PROVIDER + "/keys", "keys", "Make a new key", "It proves the client from now on; the one before is "
            "still published for a while, so that nothing is refused meanwhile.", where=_others),
        Act("PATCH " + _PROVIDER, "public", "Make it a public client", "Its secret is forgotten: from the next sign-in on "
            "PKCE alone protects it.", where=_has_secret, is_danger=True, body=lambda record: {"client_secret": ""}),
        Act("DELETE " + _PROVIDER, "remove", "Remove", "Nobody signs in by it any more, and all sessions with it end.",
            "removed", is_danger=True, leaves=True, where=_others),
    ),
    looks=(Look(_PROVIDER + "/report", "report", "Test it",
                "Asks it for its metadata and keys, and with a made-up code whether it takes this service for its client.",
                {"metadata": "Metadata", "keys": "Keys", "client": "Client"}, _others),))
DIRECTORIES = RecordKind(
    "/directories", "directory", "Directories",
    "Active Directory, or any other LDAP, whose users sign in with the built-in provider by their own password.",
    (Cell("name", "Directory", False), Cell("kind", "Kind"), Cell("servers", "Servers", False),
     Cell("users", "Users")),
    one=_DIRECTORY, add="POST /directories", change="PATCH " + _DIRECTORY,
    acts=(
        Act("POST " + _DIRECTORY + "/groups", "groups", "Make a group known here", "Applications can be assigned to it, and "
            "policies can name it.", "added"),
        Act("DELETE " + _DIRECTORY, "remove", "Remove", "All users who came from it go, with their sessions and assignments.",
            "removed", is_danger=True, leaves=True),
    ),
    looks=(Look(_DIRECTORY + "/report", "report", "Test it",
                "Asks each of its servers, and looks for the bases, as a sign-in would."),))
SECOND_FACTORS = RecordKind(
    "/second-factors", "rule for second factors", "Second factors",
    "Who must have one when they sign in with the built-in provider. It concerns users of one group, or all.",
    (Cell("group", "Group (none: all)", False), Cell("since", "Since"), Cell("grace", "Seconds to set one up")),
    api=_RULE, key="group", title="group", add="PUT " + _RULE,
    acts=(
        Act("DELETE " + _RULE, "remove", "Ask for none any more", "Its users may sign in by their password alone, as far as "
            "no policy asks for more.", "removed", is_danger=True, leaves=True,
            body=lambda record: {"group": record["group"]} if record["group"] else {}),
    ))
BREAK_GLASS = RecordKind(
    "/break-glass", "break-glass user", "Break-glass users",
    "No policy concerns them, so that a wrong one cannot shut everybody out. Have two, with strong second factors, and look "
    "at the audit whenever one signs in. A user is made one on their own page.",
    (Cell("user", "User", False), Cell("warning", "To be seen to", False)), key="user", title="user",
    acts=(
        Act("DELETE /break-glass/{user}", "remove", "Policies are about this user again", "What policies ask is asked of "
            "them, too, from the next request on.", "saved", is_danger=True, leaves=True),
    ))

KINDS = (PROVIDERS, DIRECTORIES, SECOND_FACTORS, BREAK_GLASS)
