"""python -m bench.cheap_passwords ARGUMENTS: twistd, whose password hashes cost nothing, so that all else can be seen."""

from __future__ import annotations

import argon2


class Cheap(argon2.PasswordHasher):
    """The least that argon2 allows, whatever is asked for."""

    def __init__(self, **_: object) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)


def main() -> None:
    """Run twistd. The class is replaced before anything is imported that makes or keeps a hasher."""
    argon2.PasswordHasher = Cheap  # type: ignore[misc, assignment]
    from twisted.scripts.twistd import run

    run()


if __name__ == "__main__":
    main()
