"""What directories say of a name and a password."""

from __future__ import annotations

import pytest

from appproxy.ldap.messages import PASSWORD_POLICY, DirectoryEntry, Result
from appproxy.provider.directories.verdicts import Verdict, standing_of, verdict_of_bind
from tests.provider.directories.made import directory

AD_SAYS = "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data {}, v4563"


@pytest.mark.parametrize(("data", "verdict"), [
    ("52e", Verdict.WRONG), ("525", Verdict.NOBODY), ("530", Verdict.NOT_HERE), ("531", Verdict.NOT_HERE),
    ("532", Verdict.PASSWORD_EXPIRED), ("533", Verdict.DISABLED), ("701", Verdict.ACCOUNT_EXPIRED),
    ("773", Verdict.MUST_CHANGE),
    ("775", Verdict.LOCKED), ("0", Verdict.WRONG), ("568", Verdict.WRONG), ("52E", Verdict.WRONG),
])
def test_what_active_directory_means(data: str, verdict: Verdict) -> None:
    assert verdict_of_bind(Result(49, AD_SAYS.format(data))) is verdict


@pytest.mark.parametrize(("code", "message", "control", "verdict"), [
    (0, "", "", Verdict.RIGHT),
    (0, "", "3000", Verdict.RIGHT),
    (0, "", "3005a003800164", Verdict.RIGHT),
    (0, "", "3003810102", Verdict.MUST_CHANGE),
    (49, "", "3003810100", Verdict.PASSWORD_EXPIRED),
    (49, "", "3003810101", Verdict.LOCKED),
    (49, "", "3003810107", Verdict.WRONG),
    (49, "Invalid credentials", "", Verdict.WRONG),
    (32, "", "", Verdict.WRONG),
    (48, "", "", Verdict.WRONG),
    (19, "Exceed password retry limit", "", Verdict.LOCKED),
    (53, "Account inactivated. Contact system administrator.", "", Verdict.DISABLED),
    # Nothing of these says anything of the user.
    (53, "not now", "", None), (51, "busy", "", None), (10, "", "", None), (13, "TLS", "", None), (0, "", "31", None),
])
def test_what_others_mean(code: int, message: str, control: str, verdict: Verdict | None) -> None:
    controls = {PASSWORD_POLICY: bytes.fromhex(control)} if control else {}
    assert verdict_of_bind(Result(code, message, controls)) is verdict


def test_only_who_has_the_password_is_told_more() -> None:
    assert {one for one in Verdict if one.password_was_right} == {Verdict.PASSWORD_EXPIRED, Verdict.MUST_CHANGE}


@pytest.mark.parametrize(("kind", "attributes", "verdict"), [
    ("ad", {"useraccountcontrol": b"512", "accountexpires": b"0"}, Verdict.RIGHT),
    ("ad", {"useraccountcontrol": b"514"}, Verdict.DISABLED),
    ("ad", {"useraccountcontrol": b"512", "accountexpires": b"9223372036854775807"}, Verdict.RIGHT),
    # 2026-06-01, and 2026-08-01.
    ("ad", {"useraccountcontrol": b"512", "accountexpires": b"134247456000000000"}, Verdict.ACCOUNT_EXPIRED),
    ("ad", {"useraccountcontrol": b"512", "accountexpires": b"134300160000000000"}, Verdict.RIGHT),
    ("ad", {"lockouttime": b"134247456000000000"}, Verdict.RIGHT),
    ("openldap", {"pwdaccountlockedtime": b"000001010000Z"}, Verdict.DISABLED),
    ("openldap", {"pwdaccountlockedtime": b"20260630230000Z"}, Verdict.RIGHT),
    ("openldap", {"nsaccountlock": b"TRUE"}, Verdict.DISABLED),
    ("openldap", {}, Verdict.RIGHT),
])
def test_whom_the_directory_still_lets_in(kind: str, attributes: dict[str, bytes], verdict: Verdict) -> None:
    """2026-07-01. An account that anybody can lock by wrong passwords keeps its sessions."""
    entry = DirectoryEntry("cn=x", {name: [value] for name, value in attributes.items()})
    assert standing_of(directory(kind=kind), entry, 1782864000.0) is verdict
