"""A change that is made, answered, and taken back: everything that could refuse it has been asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from appproxy.store.transaction import Transaction


class NothingDone(Exception):
    """Rolls a dry run back; has its answer."""

    def __init__(self, answer: object) -> None:
        super().__init__()
        self.answer = answer


def dry(tx: Transaction, change: Callable[[], object]) -> NoReturn:
    """Makes the change, and raises NothingDone with its answer, so that its transaction is undone."""
    raise NothingDone(change())
