"""What operations answer, field by field: for the description of the API, so that generated clients have types.

A record is written as a line of `name:kind`. `?` behind a kind: or null; `~` behind a name: not always there. Records may get
more fields with any release, and lose none. Operations that are not here answer an object or a list without a description.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_KINDS: Mapping[str, Schema] = {
    "text": _TEXT, "flag": {"type": "boolean"}, "whole": {"type": "integer"}, "number": {"type": "number"},
    "texts": {"type": "array", "items": _TEXT}, "map": {"type": "object", "additionalProperties": _TEXT},
    "object": {"type": "object"},
    #: Seconds since 1970; 0 where it has not been.
    "time": {"type": "number", "description": "Seconds since 1970."},
}
_SUMMARY = (
    "id:text name:text external:text internal:text preauth:text connector_group:text provider:text providers:texts "
    "assignment_required:flag assigned:whole")
_TOKEN = (
    "id:text name:text applications:texts networks:texts claims:map created:time rotated:time expires:time expired:flag "
    "former_until:time used:time address:text token~:text")
_RECORDS: Mapping[str, str] = {
    "Named": "id:text name:text",
    "Setting": "key:text explanation:text default~:text unit~:text topic~:text",
    "ApplicationSummary": _SUMMARY,
    "Application":
        f"{_SUMMARY} logo:text settings:map segments:[Segment] cors:[CorsRule] assignments:[Assignment] problems~:texts",
    "LogoFacts": "kind:text width:whole height:whole size:whole digest:text",
    "Logo": "kind:text width:whole height:whole size:whole digest:text picture:text",
    "Segment": "id:text external:text internal:text",
    "CorsRule": "resource:text origins:texts methods:texts headers:texts exposed:texts credentials:flag max_age:whole",
    "Assignment": "key~:text provider:text user~:text group~:text value:text maintainer:flag expires:time",
    "AccessRequest":
        "id:text key:text application:text user:text subject:text provider:text reason:text state:text decider:text "
        "answer:text created:time decided:time ends:time",
    "User":
        "directory~:text id:text name:text display_name:text email:text disabled:flag groups:texts credentials_changed:time",
    "UserDetails":
        "directory:text id:text name:text display_name:text email:text disabled:flag groups:texts credentials_changed:time "
        "has_password:flag second_factors:[object] second_factor_due:number? link:object?",
    "UserGroup": "id:text name:text count:whole members~:texts", "UserGroupSize": "id:text name:text count:whole",
    "SecondFactorRule": "group:text since:time grace:number",
    "ConnectorGroup": "id:text name:text needs_approval:flag connectors~:whole",
    "JoinToken": "id:text group:text uses:whole uses_left:whole created:time expires:time expired:flag",
    "NewJoinToken": "id:text token:text group:text uses:whole expires:time address:text",
    "ProviderKey": "id:text type:text use:text created:time given:flag certificate:text",
    "ProviderSetting": "key:text meaning:text",
    "Provider":
        "id:text name:text kind:text issuer:text client_id:text public:flag scopes:texts groups_claim:text algorithms:texts "
        "ca_bundle:text pushed_requests:text session_hours:number idle_minutes:number fetch_groups:flag settings:map "
        "secret_changed:time keys:[ProviderKey] redirect_uri:text post_logout_redirect_uri:text "
        "backchannel_logout_uri:text frontchannel_logout_uri:text jwks_uri:text",
    "Directory":
        "id:text name:text kind:text servers:texts bind_name:text user_base:text group_base:text user_filter:text "
        "realms:texts sign_in:texts subject_attribute:text ca_bundle:text refresh_minutes:number wrong_passwords:whole "
        "users:whole groups:texts",
    "PolicyDocument": "name:text id:text version:whole changed:time state~:text document:object",
    "PolicyFault": "policy:text problem:text",
    "ResultsOfDay": "day:text decisions:whole users:whole passed:whole",
    "ResultsOf":
        "effect~:text user~:text application~:text reason~:text decisions:whole users:whole last:time",
    "ResultExample": "time:time user:text application:text effect:text reason:text address:text",
    "PolicyResults":
        "policy:text state:text changed:time decisions:whole users:whole passed:whole more_users:flag days:[ResultsOfDay] "
        "effects:[ResultsOf] by_user:[ResultsOf] by_application:[ResultsOf] reasons:[ResultsOf] examples:[ResultExample]",
    "BreakGlassUser": "user:text id:text warning~:text",
    "ServiceToken": _TOKEN,
    "NativeClient": "id:text name:text applications:texts redirect_uris:texts created:time device_codes:flag",
    "Client":
        "id:text name:text redirect_uris:texts post_logout_redirect_uris:texts backchannel_logout_uri:text "
        "backchannel_logout_session_required:flag ca_bundle:text frontchannel_logout_uri:text created:time rotated:time "
        "former_until:time secret~:text issuer~:text",
    "Role": "name:text explanation:text permissions:texts for_one_application:texts",
    "RoleAssignment":
        "id:text role:text kind:text name:text value:text provider:text application:text created:time expires:time",
    "RoleEntitlement":
        "id:text role:text kind:text name:text value:text provider:text application:text longest:number approval:flag "
        "created:time expires:time",
    "RoleRequest":
        "id:text role:text application:text name:text user:text email:text subject:text provider:text reason:text "
        "duration:number state:text "
        "decider:text created:time ends:time",
    "AuditEntry": "number:whole time:time actor:text action:text target:text detail:object",
    "TrustAnchor": "certificate:text",
    "FieldDifference": "field:text before:any after:any",
    "ConfigurationDifference": "what:text section:text name:text path:text fields:[FieldDifference]",
    "SecretReference": "path:text reference:map",
    "ConfigurationComparison":
        "changes:[ConfigurationDifference] only_here:[ConfigurationDifference] ending:[ConfigurationDifference] "
        "secrets:[SecretReference] etag:text",
    "NewSecret": "path:text name:text id:text secret:text",
    "ConfigurationChange":
        "changes:[ConfigurationDifference] only_here:[ConfigurationDifference] ending:[ConfigurationDifference] pruned:flag "
        "made:[NewSecret]",
}  # fmt: skip
_APP, _POLICIES = "/applications/{application}", ("policy", "location", "strength", "context")
_PLURAL = {"policy": "policies", "location": "locations", "strength": "strengths", "context": "contexts"}
#: By method and path: a record, or in brackets a list of them.
_ANSWERS: Mapping[str, str] = {
    "GET /applications": "[ApplicationSummary]", "POST /applications": "Application", f"GET {_APP}": "Application",
    f"PATCH {_APP}": "Application", f"DELETE {_APP}": "Named", f"GET {_APP}/assignments": "[Assignment]",
    f"POST {_APP}/assignments": "Assignment", f"DELETE {_APP}/assignments": "Assignment",
    f"GET {_APP}/logo": "Logo", f"PUT {_APP}/logo": "LogoFacts", f"DELETE {_APP}/logo": "Named",
    "GET /access-requests": "[AccessRequest]", "GET /access-requests/{request}": "AccessRequest",
    **{f"POST /access-requests/{{request}}/{word}": "AccessRequest" for word in ("approve", "deny")},
    "GET /application-settings": "[Setting]", f"GET {_APP}/segments": "[Segment]", f"POST {_APP}/segments": "Segment",
    f"PATCH {_APP}/segments/{{segment}}": "Segment", f"DELETE {_APP}/segments/{{segment}}": "Segment",
    f"GET {_APP}/cors": "[CorsRule]",
    **{f"{method} {_APP}/cors": "CorsRule" for method in ("POST", "PATCH", "DELETE")},
    "GET /users": "[User]", "POST /users": "User", "GET /users/{user}": "UserDetails", "PATCH /users/{user}": "User",
    "DELETE /users/{user}": "User", "PUT /users/{user}/password": "User", "PUT /users/{user}/groups/{group}": "User",
    "DELETE /users/{user}/groups/{group}": "User", "GET /groups": "[UserGroup]", "GET /groups/{group}": "UserGroupSize",
    "GET /groups/{group}/members": "[Named]", "POST /groups": "Named",
    "DELETE /groups/{group}": "Named", "GET /second-factor-rules": "[SecondFactorRule]",
    "PUT /second-factor-rules": "SecondFactorRule", "DELETE /second-factor-rules": "SecondFactorRule",
    "GET /connector-groups": "[ConnectorGroup]", "POST /connector-groups": "ConnectorGroup",
    "PATCH /connector-groups/{group}": "ConnectorGroup", "DELETE /connector-groups/{group}": "ConnectorGroup",
    "GET /connector-tokens": "[JoinToken]", "POST /connector-tokens": "NewJoinToken",
    "GET /provider-settings": "[ProviderSetting]", "GET /providers": "[Provider]", "POST /providers": "Provider",
    **{f"{method} /providers/{{provider}}": "Provider" for method in ("GET", "PATCH", "DELETE")},
    "GET /directories": "[Directory]", "POST /directories": "Directory",
    **{f"{method} /directories/{{directory}}": "Directory" for method in ("GET", "PATCH", "DELETE")},
    **{f"GET /{_PLURAL[one]}": "[PolicyDocument]" for one in _POLICIES},
    **{f"{method} /{_PLURAL[one]}/{{{one}}}": "PolicyDocument" for one in _POLICIES for method in ("GET", "PUT", "DELETE")},
    "GET /policies/{policy}/results": "PolicyResults",
    "GET /policy-check": "[PolicyFault]", "GET /break-glass": "[BreakGlassUser]",
    "PUT /break-glass/{user}": "BreakGlassUser", "DELETE /break-glass/{user}": "BreakGlassUser",
    "GET /branding": "map", "PATCH /branding": "map", "DELETE /branding": "map", "GET /branding-settings": "[Setting]",
    "GET /service-tokens": "[ServiceToken]", "GET /service-tokens/{token}": "ServiceToken",
    "POST /service-tokens": "ServiceToken", "POST /service-tokens/{token}/rotate": "ServiceToken",
    "DELETE /service-tokens/{token}": "ServiceToken",
    "GET /native-clients": "[NativeClient]", "GET /native-clients/{native}": "NativeClient",
    "POST /native-clients": "NativeClient",
    "PATCH /native-clients/{native}": "NativeClient", "DELETE /native-clients/{native}": "NativeClient",
    "GET /clients": "[Client]", "POST /clients": "Client", "POST /clients/{client}/rotate": "Client",
    **{f"{method} /clients/{{client}}": "Client" for method in ("GET", "PATCH", "DELETE")},
    "GET /roles": "[Role]", "GET /roles/{role}": "Role", "GET /role-assignments": "[RoleAssignment]",
    "POST /role-assignments": "RoleAssignment", "DELETE /role-assignments": "RoleAssignment",
    "GET /role-entitlements": "[RoleEntitlement]", "GET /role-entitlements/mine": "[RoleEntitlement]",
    "POST /role-entitlements": "RoleEntitlement", "DELETE /role-entitlements": "RoleEntitlement",
    "GET /role-requests": "[RoleRequest]", "POST /role-requests": "RoleRequest",
    "POST /role-requests/{request}/approve": "RoleRequest", "POST /role-requests/{request}/deny": "RoleRequest",
    "POST /role-requests/{request}/end": "RoleRequest",
    "GET /audit": "[AuditEntry]", "GET /trust-anchor": "TrustAnchor",
    "POST /configuration/difference": "ConfigurationComparison", "PUT /configuration": "ConfigurationChange",
}  # fmt: skip


def described() -> frozenset[str]:
    """Of which operations, by method and path, the answer is described."""
    return frozenset(_ANSWERS)


def answer_of(method: str, path: str) -> Schema | None:
    """The schema of what an operation answers; None where there is none."""
    kind = _ANSWERS.get(f"{method} {path}")
    return None if kind is None else _schema(kind)


def records() -> dict[str, Schema]:
    """The schemas of all records, by name."""
    return {name: _record(line) for name, line in _RECORDS.items()}


def _record(line: str) -> Schema:
    fields = [one.partition(":") for one in line.split()]
    return {
        "type": "object", "required": [name for name, _, _ in fields if not name.endswith("~")],
        "properties": {name.rstrip("~"): _schema(kind) for name, _, kind in fields},
    }  # fmt: skip


def _schema(kind: str) -> Schema:
    if kind == "any":
        return {}
    if kind.endswith("?"):
        return {"type": [_KINDS[kind[:-1]]["type"], "null"]}
    if kind.startswith("["):
        return {"type": "array", "items": _schema(kind[1:-1])}
    return _KINDS.get(kind, {"$ref": f"#/components/schemas/{kind}"})
