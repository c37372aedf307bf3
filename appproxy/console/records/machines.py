"""What programs sign in with: service tokens, native clients, and clients of the built-in provider."""

from __future__ import annotations

from appproxy.console.records.kinds import Act, Cell, OptionsOf, RecordKind

_TOKEN, _NATIVE, _CLIENT = "/service-tokens/{token}", "/native-clients/{native}", "/clients/{client}"

SERVICE_TOKENS = RecordKind(
    "/service-tokens", "service token", "Service tokens",
    "By which a program opens applications, or administers the service in the name of a role. Each is shown once.",
    (Cell("name", "Token", False), Cell("applications", "Opens"), Cell("expires", "Ends", False),
     Cell("used", "Last used"), Cell("address", "From")),
    one=_TOKEN, add="POST /service-tokens", tells=True, options={"role": OptionsOf("/roles")},
    acts=(
        Act(f"POST {_TOKEN}/rotate", "rotate", "Make a new secret", "It is shown once. The one before counts as long as you "
            "say, so that the program can be changed meanwhile.", tells=True),
        Act(f"DELETE {_TOKEN}", "remove", "Revoke", "The program is refused from its next request on.", "removed", closes=True,
            is_danger=True, leaves=True),
    ))
NATIVE_CLIENTS = RecordKind(
    "/native-clients", "native client", "Native clients",
    "Programs on people's machines (command lines, desktop and phone apps) that sign them in and open applications for them.",
    (Cell("name", "Client", False), Cell("applications", "Opens", False), Cell("redirect_uris", "Redirect URIs")),
    one=_NATIVE, add="POST /native-clients", change=f"PATCH {_NATIVE}",
    acts=(
        Act(f"DELETE {_NATIVE}", "remove", "Remove", "Nobody signs in by it any more, and its tokens count no longer.",
            "removed", closes=True, is_danger=True, leaves=True),
    ))
CLIENTS = RecordKind(
    "/clients", "client", "Clients",
    "Applications that sign people in with the built-in provider by themselves (OpenID Connect), published here or not.",
    (Cell("name", "Client", False), Cell("redirect_uris", "Redirect URIs", False), Cell("created", "Added")),
    one=_CLIENT, add="POST /clients", change=f"PATCH {_CLIENT}", tells=True,
    acts=(
        Act(f"POST {_CLIENT}/rotate", "rotate", "Make a new secret", "It is shown once; the one before counts as long as you "
            "say.", tells=True),
        Act(f"DELETE {_CLIENT}", "remove", "Remove", "Nobody signs in to it any more.", "removed", closes=True, is_danger=True,
            leaves=True),
    ))

KINDS = (SERVICE_TOKENS, NATIVE_CLIENTS, CLIENTS)
