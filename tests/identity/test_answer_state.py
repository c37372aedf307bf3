"""A posted answer on its way through a redirect."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from appproxy.errors import Code, RequestError
from appproxy.identity.answer_state import seal, unsealed
from appproxy.store.snapshot import SealingKey

NOW = 1_800_000_000.0
KEYS = (SealingKey(1, b"k" * 32, NOW),)
ANSWER = {"code": "the code", "state": "the state", "iss": "https://idp"}


def carried(answer: dict[str, str]) -> dict[str, str]:
    """The parameters that the browser brings."""
    return dict(parse_qsl(seal(answer, KEYS[0], NOW, b"n" * 12)))


def test_there_and_back() -> None:
    """The same parameters, and none of them but the state can be read on the way."""
    brought = carried(ANSWER)
    assert unsealed(brought, KEYS, NOW + 59) == ANSWER
    assert brought["state"] == "the state" and "code" not in brought and set(brought) == {"state", "answer"}


@pytest.mark.parametrize(("changes", "later"), [({"state": "another"}, 0.0), ({"answer": "x"}, 0.0), ({}, 60.0)])
def test_what_cannot_be_opened_has_no_code(changes: dict[str, str], later: float) -> None:
    """Another sign-in's state, a made-up text, or one that is too old."""
    assert "code" not in unsealed({**carried(ANSWER), **changes}, KEYS, NOW + later)


def test_an_answer_in_the_url() -> None:
    """It is left as it is."""
    assert unsealed(ANSWER, KEYS, NOW) is ANSWER


def test_one_that_fits_into_no_url() -> None:
    """It is refused here, before a server on the way does."""
    with pytest.raises(RequestError) as caught:
        carried({**ANSWER, "code": "x" * 7000})
    assert caught.value.code is Code.TARGET_TOO_LONG
