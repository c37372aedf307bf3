"""Whose certificates prove a device, and the devices that the service's own authority has issued to."""

from __future__ import annotations

from appproxy.console.records.kinds import Act, Cell, RecordKind

_AUTHORITY = "/device-authorities/{authority}"


AUTHORITIES = RecordKind(
    "/device-authorities", "device authority", "Device authorities",
    "Whose certificates prove that a device is the organisation's own, as policies can ask.",
    (Cell("name", "Authority", False), Cell("not_after", "Ends", False)),
    one=_AUTHORITY, add="POST /device-authorities", change=f"PATCH {_AUTHORITY}",
    acts=(
        Act(f"PUT {_AUTHORITY}/crl", "crl", "Give its revocation lists", "They take the place of those that are there."),
        Act(f"DELETE {_AUTHORITY}/crl", "crl-remove", "Forget its revocation lists", "Nobody looks any more whether its "
            "certificates are revoked.", "saved", is_danger=True),
        Act(f"DELETE {_AUTHORITY}", "remove", "Believe it no longer", "Sessions that need its devices end.", "removed",
            closes=True, is_danger=True, leaves=True),
    ))
DEVICES = RecordKind(
    "/devices", "device", "Devices",
    "Devices of users that hold a certificate of the service's own authority. One is added on the page of its user.",
    (Cell("name", "Device", False), Cell("user", "User", False), Cell("state", "State", False),
     Cell("not_after", "Ends")),
    key="id",
    acts=(
        Act("DELETE /devices/{device}", "remove", "Revoke", "Its certificate counts no longer, and what is under way ends.",
            "removed", closes=True, is_danger=True, leaves=True, where=lambda record: not record["revoked"]),
    ))

KINDS = (AUTHORITIES, DEVICES)
