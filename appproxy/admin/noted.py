"""Which keys the detail of each command's entry in the audit may have; `docs/audit.md` is made of it.

A test that writes another one fails, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping

#: What entries of every command have besides, when it was called over HTTPS.
CALLER = ("from", "caller", "caller_provider")
_DEVICE_AUTHORITY = "certificates crl_until crl_urls name ocsp ocsp_soft revoked"
_KEYS = {
    "application.publish":
        "assigned assignment_required assignments connector_group cors external id internal logo name preauth "
        "provider providers segments settings",
    "application.set": "name settings unassigned unassigned_total",
    "application.set_logo": "digest height kind name size width",
    "application.remove_logo": "name",
    "application.remove": "external name",
    "application.assign": "expires group maintainer name provider user value",
    "application.unassign": "expires group maintainer name provider user value",
    "access.approve": "answer application ends provider reason state user",
    "access.deny": "answer application ends provider reason state user",
    "segment.add": "external id internal name",
    "segment.set": "external id internal name",
    "segment.remove": "external id internal name",
    "cors.add": "credentials exposed headers max_age methods name origins resource",
    "cors.set": "credentials exposed headers max_age methods name origins resource",
    "cors.remove": "credentials exposed headers max_age methods name origins resource",
    "user.add": "groups name",
    "user.set": "disabled display_name email name",
    "user.remove": "name",
    "user.set_password": "name",
    "user.add_to_group": "group name",
    "user.remove_from_group": "group name",
    "group.add": "name",
    "group.remove": "name",
    "user.invite": "expires groups name",
    "user.password_link": "expires groups name",
    "user.reset_factors": "name removed",
    "second_factor.require": "grace group since",
    "second_factor.waive": "grace group since",
    "connector.approve": "group name state",
    "connector.examine": "broken name steps",
    "connector.revoke": "group name state",
    "connector.move": "group name state",
    "connector.remove": "group name reason state",
    "connector.token": "expires group uses",
    "connector.token.remove": "",
    "node.remove": "name",
    "connector_group.add": "id name needs_approval",
    "connector_group.set": "id name needs_approval",
    "connector_group.remove": "id name needs_approval",
    "certificate.add": "fingerprint issuer name names not_after",
    "certificate.replace": "fingerprint issuer name names not_after",
    "certificate.remove": "fingerprint issuer name names not_after",
    "certificate.order": "name names not_after",
    "certificate.order_uncovered": "hosts",
    "certificate.renew": "name names not_after",
    "certificate.authority": "account binding_id contacts directory own_authority",
    "provider.add":
        "algorithms ca_bundle client_id fetch_groups groups_claim id idle_minutes issuer keys kind name "
        "public pushed_requests scopes secret_changed session_hours settings",
    "provider.set":
        "algorithms ca_bundle changed client_id fetch_groups groups_claim id idle_minutes issuer keys kind "
        "name public pushed_requests scopes secret_changed session_hours settings",
    "provider.new_key": "key name",
    "provider.remove": "name",
    "directory.add":
        "bind_name ca_bundle group_base id kind name realms refresh_minutes servers sign_in subject_attribute "
        "user_base user_filter wrong_passwords",
    "directory.set":
        "bind_name ca_bundle changed group_base id kind name realms refresh_minutes servers sign_in "
        "subject_attribute user_base user_filter wrong_passwords",
    "directory.remove": "name users",
    "directory.add_group": "directory name subject",
    "policy.set": "document name version",
    "policy.remove": "document name version",
    "location.set": "document name version",
    "location.remove": "document name version",
    "strength.set": "document name version",
    "strength.remove": "document name version",
    "context.set": "document name version",
    "context.remove": "document name version",
    "device_authority.add": _DEVICE_AUTHORITY,
    "device_authority.set": _DEVICE_AUTHORITY,
    "device_authority.set_crl": _DEVICE_AUTHORITY,
    "device_authority.remove_crl": _DEVICE_AUTHORITY,
    "device_authority.remove": _DEVICE_AUTHORITY,
    "device.add": "fingerprint name not_after user",
    "device.revoke": "fingerprint name not_after user",
    "break_glass.add": "name warning",
    "break_glass.remove": "name",
    "branding.set": "name accent accent_dark sign_in_text help_text help_link footer logo logo_dark",
    "branding.reset": "keys",
    "session.revoke": "by provider",
    "risk.confirm": "address id level name provider score",
    "risk.dismiss": "address id level name provider score",
    "risk.confirm_user": "name provider",
    "risk.dismiss_user": "count name provider",
    "service_token.add": "applications expires name networks",
    "service_token.rotate": "applications expires name networks",
    "service_token.revoke": "applications expires name networks",
    "native_client.add": "applications created device_codes id name redirect_uris",
    "native_client.set": "applications created device_codes id name redirect_uris",
    "native_client.remove": "name",
    "client.add":
        "backchannel_logout_session_required backchannel_logout_uri ca_bundle frontchannel_logout_uri name "
        "post_logout_redirect_uris redirect_uris",
    "client.set":
        "backchannel_logout_session_required backchannel_logout_uri ca_bundle frontchannel_logout_uri name "
        "post_logout_redirect_uris redirect_uris",
    "client.rotate":
        "backchannel_logout_session_required backchannel_logout_uri ca_bundle frontchannel_logout_uri name "
        "post_logout_redirect_uris redirect_uris",
    "client.remove":
        "backchannel_logout_session_required backchannel_logout_uri ca_bundle frontchannel_logout_uri name "
        "post_logout_redirect_uris redirect_uris",
    "audit_export.add": "destination format name start",
    "audit_export.remove": "destination name position",
    "audit_export.test": "name problem",
    "configuration.apply": "added after before changed removed renamed",
    "role.entitle": "application approval expires kind longest name provider role value",
    "role.withdraw": "application approval expires kind longest name provider role value",
    "role.request": "application duration ends name provider reason role state user",
    "role.approve": "application duration ends name provider reason role state user",
    "role.deny": "application duration ends name provider reason role state user",
    "role.end": "application duration ends name provider reason role state user",
    "role.assign": "application expires kind name provider role value",
    "role.unassign": "application expires kind name provider role value",
}
#: By action.
NOTED: Mapping[str, tuple[str, ...]] = {action: tuple(keys.split()) for action, keys in _KEYS.items()}
