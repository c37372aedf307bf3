"""Passwords: which are taken, and how they are kept."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.errors import ConfigError
from appproxy.provider.passwords.rules import HASHER, LONGEST_BYTES, check_new, hash_password, outdated, verify
from tests.cost.growth import MOST, growth

#: The least that argon2 allows, so that tests are quick.
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


#: A process that gets 20 MiB more and not one byte beyond (RLIMIT_AS of setrlimit(2)): less than a hash takes.
LITTLE_MEMORY = """
import resource
from pathlib import Path
from appproxy.errors import Code, RequestError
from appproxy.provider.passwords.rules import hash_password, verify

kept = hash_password("correct horse")
before = resource.getrlimit(resource.RLIMIT_AS)
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 20 * 2**20, before[1]))
for ask in (lambda: verify(kept, "correct horse"), lambda: hash_password("correct horse")):
    try:
        print(ask())
    except RequestError as error:
        print(error.code.name)
resource.setrlimit(resource.RLIMIT_AS, before)
print(verify(kept, "correct horse"))
"""


class TestCheckNew:
    @pytest.mark.parametrize("password", ["eight888", "correct horse battery staple", "p" * LONGEST_BYTES, "пароль12"])
    def test_takes_what_is_long_enough(self, password: str) -> None:
        """Eight characters or more are taken, in any script, without rules of composition."""
        check_new(password, "ann")

    @pytest.mark.parametrize(
        ("password", "hint"),
        [
            ("", "at least 8"),
            ("seven77", "at least 8"),
            ("p" * (LONGEST_BYTES + 1), "at most 1024 bytes"),
            ("ж" * 513, "at most 1024 bytes"),
            ("line end\n", "control character"),
            ("Margarethe", "user's name"),
        ],
    )
    def test_names_the_mend(self, password: str, hint: str) -> None:
        """A refused password comes with a sentence that says what to change."""
        with pytest.raises(ConfigError, match=hint):
            check_new(password, "margarethe")


class TestVerify:
    def test_only_the_password_itself(self) -> None:
        """The password matches its hash; another one, also with other case, does not."""
        kept = hash_password("correct horse", CHEAP)
        assert verify(kept, "correct horse")
        assert not verify(kept, "Correct horse")
        assert not verify(kept, "")

    def test_one_password_has_many_hashes(self) -> None:
        """Two users with one password have different hashes."""
        assert hash_password("correct horse", CHEAP) != hash_password("correct horse", CHEAP)

    def test_typed_on_another_system(self) -> None:
        """A letter with its accent apart is the same as the composed letter."""
        assert verify(hash_password("caf\u00e9 caf\u00e9", CHEAP), "cafe\u0301 cafe\u0301")

    def test_too_long_is_never_hashed(self) -> None:
        """A password over the bound is refused even if it would match."""
        long = "p" * (LONGEST_BYTES + 1)
        assert not verify(hash_password(long, CHEAP), long)

    def test_combining_marks_do_not_cost_their_square(self) -> None:
        """What is too long is counted and not put in order."""

        def work(size: int) -> Callable[[], object]:
            return lambda: verify("", "\u0315\u0300" * size)

        assert growth(work, 4_000) <= MOST

    def test_no_memory_is_no_wrong_password(self) -> None:
        """Where it cannot be found out, the answer is not no; whoever asks may do so again."""
        # In a process of its own, which gives back what a hash has taken: a test before this one may have left some.
        said = subprocess.run(
            [sys.executable, "-c", LITTLE_MEMORY], env={**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"},
            capture_output=True, text=True, timeout=60, check=True)  # fmt: skip
        assert said.stdout.split() == ["OVERLOADED", "OVERLOADED", "True"]

    @pytest.mark.parametrize(
        "kept",
        [
            "",
            "!",
            "plain text",
            "$argon2id$v=19$m=8,t=1,p=1$",
            "$argon2id$v=19$m=99999999,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=8,t=99999999,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        ],
    )
    def test_a_damaged_hash_is_nobodys(self, kept: str) -> None:
        """A damaged or costly hash in the store lets nobody in, and costs nothing."""
        assert not verify(kept, "correct horse")

    @given(st.text(max_size=40), st.text(max_size=40))
    @settings(max_examples=25, deadline=None)
    def test_any_text_is_survived(self, kept: str, password: str) -> None:
        """Whatever stands in the store and whatever is typed: an answer, never a crash."""
        assert not verify(kept, password)


class TestOutdated:
    def test_parameters_of_today(self) -> None:
        """A hash of other parameters is to be made again, one of today's is not."""
        assert outdated(hash_password("correct horse", CHEAP), HASHER)
        assert not outdated(hash_password("correct horse", CHEAP), CHEAP)

    def test_strength(self) -> None:
        """The parameters are argon2id with at least OWASP's memory."""
        kept = hash_password("correct horse")
        assert kept.startswith("$argon2id$v=19$m=47104,t=1,p=1$")
        assert verify(kept, "correct horse")
