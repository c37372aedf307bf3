"""Lists of revoked certificates that applications' settings have (`machine_crl`): what may take whose place."""

from __future__ import annotations

from collections.abc import Mapping

from appproxy.errors import ConfigError
from appproxy.pki.pem import load_chain
from appproxy.pki.revocation.crl import check_newer, read_editions

_KEY = "machine_crl"
_FORCE = "appproxy app set --older-crl NAME machine_crl=@FILE"


def refuse_empty(text: str, settings: Mapping[str, str]) -> None:
    """Raises ConfigError for an empty text where these settings have lists: what a download that failed has left would let in
    whoever was shut out.
    """
    if not text.strip() and settings.get(_KEY, "none").lower() != "none":
        raise ConfigError("machine_crl: an empty text is no list of revoked certificates",
                          hint="machine_crl=none says that nobody looks whether one is revoked")


def refuse_older(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Raises ConfigError where the settings `after` have an older list of an issuer than those `before`."""
    if not before.get(_KEY) or not after.get(_KEY) or before[_KEY] == after[_KEY]:
        return
    known, found = (
        read_editions(one[_KEY], load_chain(one["machine_authority"])) if one.get("machine_authority") else {}
        for one in (before, after))
    try:
        check_newer(found, known, _FORCE)
    except ConfigError as error:
        raise ConfigError(f"machine_{error.message}", hint=error.hint) from error
