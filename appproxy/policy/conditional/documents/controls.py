"""From the table `session` of a policy to session controls."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from appproxy.policy.conditional.documents.fields import bytes_at, flag_at, seconds_at, table_at, wrong
from appproxy.policy.conditional.parts.demands import UNLIMITED, SessionControls
from appproxy.policy.conditional.parts.transfers import Rule, Transfers

#: A sign-in that may be no older than this would be asked for with every other click; cookies tell idleness this coarsely.
LEAST_AGE, LEAST_IDLE = 300.0, 600.0
#: Bytes that one answer, or the body of one request, may have where a policy says no more: pages with their pictures are
#: smaller, and what people type is.
LARGEST_DOWNLOAD, LARGEST_UPLOAD = 10 << 20, 256 << 10
#: Bytes of a body that the tunnel takes with its request: less could not be counted.
LEAST_SIZE = 16 << 10
_FIELDS = (
    "sign_in_frequency", "idle", "persistent", "bound_to_network", "read_only", "no_download", "no_upload",
    "largest_download", "largest_upload", "upgrades")


def read_controls(value: object, policy: str, message: str) -> SessionControls:
    """What a policy of this name says; `message`: what its refusals tell users. Raises ConfigError."""
    table = table_at(value, "session", _FIELDS)
    made = SessionControls(
        frequency=seconds_at(table.get("sign_in_frequency"), "session.sign_in_frequency", LEAST_AGE, inf),
        idle=seconds_at(table.get("idle"), "session.idle", LEAST_IDLE, inf),
        persistent=flag_at(table.get("persistent"), "session.persistent", True),
        bound=flag_at(table.get("bound_to_network"), "session.bound_to_network", False),
        transfers=_transfers(table, policy, message),
    )
    return UNLIMITED if made == UNLIMITED else made


def _transfers(table: Mapping[str, object], policy: str, message: str) -> Transfers | None:
    read_only = flag_at(table.get("read_only"), "session.read_only", False)
    no_download = flag_at(table.get("no_download"), "session.no_download", False)
    no_upload = flag_at(table.get("no_upload"), "session.no_upload", False)
    upgrades = flag_at(table.get("upgrades"), "session.upgrades", False)
    for key, needed in (("largest_download", no_download), ("largest_upload", no_upload),
                        ("upgrades", read_only or no_download or no_upload)):
        if key in table and not needed:
            beside = "read_only, no_download or no_upload" if key == "upgrades" else key.replace("largest", "no")
            raise wrong(f"session.{key}", "says nothing by itself", f"it goes with {beside} = true")
    if not (read_only or no_download or no_upload):
        return None
    down = bytes_at(table.get("largest_download"), "session.largest_download", LEAST_SIZE, LARGEST_DOWNLOAD)
    up = bytes_at(table.get("largest_upload"), "session.largest_upload", LEAST_SIZE, LARGEST_UPLOAD)
    return Transfers(
        Rule(policy, message, inf, upgrades) if read_only else None,
        Rule(policy, message, down, upgrades) if no_download else None,
        Rule(policy, message, up, upgrades) if no_upload else None)
