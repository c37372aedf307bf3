"""The three verdicts are values: compared, matched, never changed."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from appproxy.errors import Code
from appproxy.policy.verdict import Pass, Refuse, SignInRequired


def test_a_verdict_cannot_be_changed() -> None:
    """A refusal stays one."""
    verdict = Refuse(Code.NOT_ASSIGNED, "because")
    with pytest.raises(FrozenInstanceError):
        verdict.code = Code.INTERNAL  # type: ignore[misc]
    assert SignInRequired("no session") == SignInRequired("no session")
    assert Pass(None) == Pass(None)
