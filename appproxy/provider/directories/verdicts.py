"""What a directory says to a name and a password, and to whether an account may still be used."""

from __future__ import annotations

import re
from enum import Enum

from appproxy.ldap.ber import Malformed
from appproxy.ldap.messages import PASSWORD_POLICY, DirectoryEntry, Result, ResultCode, policy_error
from appproxy.store.people.directories import AD, Directory


class Verdict(Enum):
    """The value is what the audit says."""

    RIGHT = "right"
    WRONG = "wrong password"
    NOBODY = "no such user"
    AMBIGUOUS = "several entries of the directory have this name"
    DISABLED = "disabled in the directory"
    ACCOUNT_EXPIRED = "the account has expired in the directory"
    LOCKED = "locked in the directory, after too many wrong passwords"
    PASSWORD_EXPIRED = "the password has expired"
    MUST_CHANGE = "the password must be changed first"
    NOT_HERE = "the directory does not let this account sign in at this time or from here"
    UNUSABLE = "the entry lacks what a user needs"

    @property
    def password_was_right(self) -> bool:
        """Directories say these two only to who has the right password: it is no guess, and the user may be told."""
        return self in (Verdict.PASSWORD_EXPIRED, Verdict.MUST_CHANGE)


#: Active Directory's own reason, in hexadecimal, behind `data` of the message: Windows' error codes ([MS-ERREF] section 2.2).
_SUB_CODE = re.compile(r"\bdata ([0-9a-fA-F]{1,8})\b")
_SUB_CODES = {
    0x525: Verdict.NOBODY, 0x52E: Verdict.WRONG, 0x530: Verdict.NOT_HERE, 0x531: Verdict.NOT_HERE,
    0x532: Verdict.PASSWORD_EXPIRED, 0x533: Verdict.DISABLED, 0x701: Verdict.ACCOUNT_EXPIRED, 0x773: Verdict.MUST_CHANGE,
    0x775: Verdict.LOCKED,
}  # fmt: skip
#: Errors of the password policy control (draft-behera-ldap-password-policy-11 section 6.2).
_POLICY = {0: Verdict.PASSWORD_EXPIRED, 1: Verdict.LOCKED, 2: Verdict.MUST_CHANGE}
#: userAccountControl: ACCOUNTDISABLE ([MS-ADTS] section 2.2.16).
_DISABLED_FLAG = 0x2
#: accountExpires: 100 ns since 1601; these two mean never ([MS-ADA1] section 2.3).
_NEVER = (0, 0x7FFFFFFFFFFFFFFF)
_EPOCH_1601 = 11644473600
#: pwdAccountLockedTime: locked by an administrator, for good (draft-behera section 5.3.3).
_LOCKED_FOR_GOOD = "000001010000Z"


def verdict_of_bind(result: Result) -> Verdict | None:
    """What the answer to a bind means; None: it says nothing of this user (the server is busy, refers elsewhere)."""
    try:
        policy = policy_error(result.controls.get(PASSWORD_POLICY, b""))
    except Malformed:
        return None
    if result.code == ResultCode.SUCCESS:
        # With nothing but the right to change it (section 8.1.1): that is no sign-in.
        return Verdict.RIGHT if policy is None else _POLICY.get(policy, Verdict.RIGHT)
    if result.code == ResultCode.INVALID_CREDENTIALS:
        return _refused(result.message, policy)
    if result.code == ResultCode.CONSTRAINT:
        # 389 Directory Server, after too many wrong passwords.
        return Verdict.LOCKED
    if result.code == ResultCode.UNWILLING:
        # The same, of accounts that an administrator has made inactive.
        return Verdict.DISABLED if "inactivated" in result.message.lower() else None
    return Verdict.WRONG if result.code in (ResultCode.INAPPROPRIATE_AUTHENTICATION, ResultCode.NO_SUCH_OBJECT) else None


def _refused(message: str, policy: int | None) -> Verdict:
    if policy is not None:
        return _POLICY.get(policy, Verdict.WRONG)
    found = _SUB_CODE.search(message)
    return Verdict.WRONG if found is None else _SUB_CODES.get(int(found[1], 16), Verdict.WRONG)


def standing_of(directory: Directory, entry: DirectoryEntry, now: float) -> Verdict:
    """May this account be used, as far as its entry says? `now`: seconds since 1970.

    A password that has expired, or an account that wrong passwords have locked, end no session: anybody can lock an account.
    """
    if directory.kind == AD:
        if (entry.number("userAccountControl") or 0) & _DISABLED_FLAG:
            return Verdict.DISABLED
        expires = entry.number("accountExpires")
        if expires is not None and expires not in _NEVER and expires / 1e7 - _EPOCH_1601 <= now:
            return Verdict.ACCOUNT_EXPIRED
        return Verdict.RIGHT
    locked = entry.text("pwdAccountLockedTime") == _LOCKED_FOR_GOOD or entry.text("nsAccountLock").lower() == "true"
    return Verdict.DISABLED if locked else Verdict.RIGHT
