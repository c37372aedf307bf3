"""python -m bench.cheap_passwords ARGUMENTS: twistd, whose password hashes cost nothing, so that all else can be seen."""

from __future__ import annotations

from argon2 import PasswordHasher
from twisted.scripts.twistd import run

from appproxy.provider.passwords import rules

#: The least that argon2 allows.
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def main() -> None:
    """Run twistd, and have the provider find this hasher where it looks for its own."""
    rules.HASHER = CHEAP
    run()


if __name__ == "__main__":
    main()
