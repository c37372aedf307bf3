"""Passwords that cost nothing, so that all else of a sign-in can be seen."""

from __future__ import annotations

import subprocess
import sys

#: As `bench.cheap_passwords` does it, in a process of its own: classes are replaced there.
PROGRAM = """
import argon2
from bench.cheap_passwords import Cheap
argon2.PasswordHasher = Cheap
from appproxy.provider.passwords.checker import PasswordChecker
from appproxy.provider.passwords.rules import hash_password
print(hash_password("correct horse").split("$")[3])
print(PasswordChecker(None)._hasher.hash("x").split("$")[3])
"""


def test_every_hasher_is_cheap() -> None:
    """Also the one of the checker, which is loaded along with the provider: else argon2 would be measured all the same."""
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60)
    assert ended.stdout.split() == ["m=8,t=1,p=1"] * 2, ended.stderr
