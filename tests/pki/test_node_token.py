"""The one line with which a machine becomes a node."""

from __future__ import annotations

import json

import pytest

from appproxy.errors import ConfigError
from appproxy.pki.node_token import PREFIX, NodeToken, decode_node_token, encode_node_token
from appproxy.pki.tokens import from_base64, to_base64

TOKEN = NodeToken("postgresql://appproxy@db.internal/appproxy", "00ff", bytes(range(32)), 1782864000.0, "nodes", "1.2")


def test_it_is_read_as_it_was_written() -> None:
    """Also with blanks around it; and it shows no secret where it is printed by mistake."""
    text = encode_node_token(TOKEN)
    assert decode_node_token(f" {text}\n") == TOKEN
    assert "secret" not in repr(TOKEN) and "db.internal" not in repr(TOKEN)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hello", "must start with"), ("appproxy-node2.abc", "newer appproxy; upgrade"), ("appproxy1.abc", "for a connector"),
        (encode_node_token(TOKEN)[:-5], "cut off or mistyped"), (PREFIX + "!", "cut off or mistyped"), (PREFIX, "cut off"),
        (PREFIX + to_base64(b"[]"), "not of a version"),
    ],
)
def test_what_is_none(text: str, words: str) -> None:
    """The error says what to do, and quotes nothing."""
    with pytest.raises(ConfigError, match=words) as caught:
        decode_node_token(text)
    assert text[len(PREFIX) :][:20] not in str(caught.value) or len(text) < 40


@pytest.mark.parametrize("key", list("disemp"))
@pytest.mark.parametrize("value", [None, "", 7, "\0", True, []])
def test_what_is_damaged(key: str, value: object) -> None:
    """Each field is looked at."""
    body = json.loads(from_base64(encode_node_token(TOKEN)[len(PREFIX) :]))
    body[key] = value
    if (key, value) == ("e", 7):
        return
    with pytest.raises(ConfigError, match=f"damaged .field {key}"):
        decode_node_token(PREFIX + to_base64(json.dumps(body).encode()))
