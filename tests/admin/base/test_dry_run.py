"""Changes that are checked and answered, and not made."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.admin.base.dry_run import NothingDone, dry
from appproxy.errors import ConfigError


def test_the_transaction_is_undone(desk: Any) -> None:
    """And the answer is there."""
    revision = desk.store.revision()
    with pytest.raises(NothingDone) as caught, desk.store.transaction(0.0) as tx:
        dry(tx, lambda: "answer")
    assert caught.value.answer == "answer" and desk.store.revision() == revision


def test_what_is_refused_is_refused(desk: Any) -> None:
    """As if it was no dry run."""

    def change() -> object:
        raise ConfigError("wrong")

    with pytest.raises(ConfigError), desk.store.transaction(0.0) as tx:
        dry(tx, change)
