"""What a connector hears that is not let in."""

from __future__ import annotations

import pytest

from appproxy.errors import Code
from appproxy.service.tunnel import admission
from appproxy.service.tunnel.admission import refusal_of
from appproxy.store.snapshot import ConnectorRecord, ConnectorState
from appproxy.tunnel.messages import Goodbye


def record(state: ConnectorState) -> ConnectorRecord:
    """What the store has of a connector."""
    return ConnectorRecord("c1", "rack", "default", state, 2e9)


@pytest.mark.parametrize("draining", [False, True])
@pytest.mark.parametrize(("state", "code", "permanent", "hint"), [
    (None, Code.REVOKED, True, "appproxy connector join TOKEN --state DIR --again"),
    (ConnectorState.REVOKED, Code.REVOKED, True, "appproxy connector join TOKEN --state DIR --again"),
    (ConnectorState.PENDING, Code.NOT_APPROVED, False, "appproxy connector approve c1"),
])
def test_who_may_not_come_in(state: ConnectorState | None, code: Code, permanent: bool, hint: str, draining: bool) -> None:
    """For good, or until somebody has approved it; the text ends with the command that helps, at a drain too."""
    refusal = refusal_of("c1", None if state is None else record(state), draining)
    assert refusal is not None and (refusal.code, refusal.permanent) == (code, permanent)
    assert refusal.text.endswith(hint) and (refusal.retry_after is None) == permanent


def test_who_may() -> None:
    """But not at a node that goes: it comes again in a moment, and finds another."""
    assert refusal_of("c1", record(ConnectorState.APPROVED), False) is None
    refusal = refusal_of("c1", record(ConnectorState.APPROVED), True)
    assert refusal is not None and refusal.code is Code.SHUTTING_DOWN and not refusal.permanent


def test_only_an_administrators_word_is_for_good() -> None:
    """A connector that is told so stops dialling: nothing that may pass is said in that way."""
    said = [one for one in vars(admission).values() if isinstance(one, Goodbye)]
    assert len(said) >= 7
    assert all(one.permanent == (one.code is Code.REVOKED) == (one.retry_after is None) for one in said)
