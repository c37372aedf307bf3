"""The text of service tokens."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.identity.service_token import read_token, secret_hash, token_text

GOOD = b"apst_0123456789abcdef_" + b"a" * 43


@given(st.binary(min_size=32, max_size=32))
def test_what_is_written_is_read(secret: bytes) -> None:
    """The id, and a hash that another secret does not have."""
    text = token_text("0123456789abcdef", secret)
    found = read_token(text.encode())
    assert found == ("0123456789abcdef", secret_hash(text)) and found[1] == sha256(text[22:].encode()).hexdigest()


@pytest.mark.parametrize("text", [
    b"", b"apst_", GOOD[:-1], GOOD + b"a", b"x" + GOOD, GOOD.upper(), GOOD[:-1] + b"=", GOOD + b"\n",
])
def test_what_is_none(text: bytes) -> None:
    """It is nobody's."""
    assert read_token(text) is None


def test_only_tokens_have_secrets() -> None:
    """A mistake of ours is seen at once."""
    with pytest.raises(ValueError, match="no service token"):
        secret_hash("abc")
