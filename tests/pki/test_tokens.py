"""Join tokens."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.errors import ConfigError
from appproxy.pki import JoinToken, decode_token, encode_token, hash_secret

TOKEN = JoinToken("connect.example.com:8443", "connect.example.com", "ab" * 32, "t0k3n", bytes(range(32)), 1_800_000_000.0)

tokens = st.builds(
    JoinToken,
    address=st.sampled_from(["127.0.0.1:8443", "[::1]:1", "connect.example.com:65535", "h:443"]),
    name=st.sampled_from(["connect.example.com", "connect.appproxy.localhost", "c"]),
    anchor=st.binary(min_size=32, max_size=32).map(bytes.hex),
    id=st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
    secret=st.binary(min_size=32, max_size=32),
    expires=st.floats(1, 9e10),
)


def written(**changes: object) -> str:
    """A token as another program might write it."""
    body: dict[str, object] = {
        "v": 1, "a": TOKEN.address, "n": TOKEN.name, "f": TOKEN.anchor, "i": TOKEN.id,
        "s": urlsafe_b64encode(TOKEN.secret).decode().rstrip("="), "e": TOKEN.expires,
    }
    body |= changes
    return "appproxy1." + urlsafe_b64encode(json.dumps(body).encode()).decode().rstrip("=")


@given(tokens)
@settings(max_examples=50)
def test_there_and_back(token: JoinToken) -> None:
    """What was encoded comes back, as one word that a shell does not touch."""
    text = encode_token(token)
    assert decode_token(text) == token
    assert decode_token(f"  {text}\n") == token
    assert all(sign.isascii() and (sign.isalnum() or sign in "._-") for sign in text)
    assert len(text) < 800


def test_the_form_is_fixed() -> None:
    """Tokens of this version can be read by the next one: the form is part of the product."""
    assert decode_token(written()) == TOKEN
    assert decode_token(written(later="something new")) == TOKEN


def test_the_secret_is_not_printed() -> None:
    """A token that ends up in a log does not show its secret."""
    assert "\\x" not in repr(TOKEN) and "secret" not in repr(TOKEN)


def test_only_the_hash_is_stored() -> None:
    """The store keeps the SHA-256 of the secret."""
    assert hash_secret(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("length", range(10, len(encode_token(TOKEN)), 7))
def test_cut_off(length: int) -> None:
    """A token that was not copied whole is recognised, and the fix named."""
    with pytest.raises(ConfigError, match="copy the whole line"):
        decode_token(encode_token(TOKEN)[:length])


def test_one_token_one_spelling() -> None:
    """Two texts never are the same token: a mistyped last letter is noticed too."""
    for padding in ("", " ", "  "):
        text = written(later=padding)
        assert decode_token(text) == TOKEN
        if len(text.removeprefix("appproxy1.")) % 4:
            with pytest.raises(ConfigError, match="mistyped"):
                decode_token(text[:-1] + chr(ord(text[-1]) + 1))


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"v": None},
        {"a": "connect.example.com"},
        {"a": "connect.example.com:0"},
        {"a": "connect.example.com:65536"},
        {"a": "https://connect.example.com:1"},
        {"a": "a b:1"},
        {"a": 7},
        {"n": ""},
        {"n": "a..b"},
        {"n": "-a"},
        {"n": "a\n"},
        {"f": "ab"},
        {"f": "AB" * 32},
        {"i": ""},
        {"i": "../x"},
        {"s": "AAAA"},
        {"s": "!" * 43},
        {"s": None},
        {"e": "tomorrow"},
        {"e": True},
        {"e": -1},
        {"e": 1e300},
        {"e": float("nan")},
    ],
)
def test_a_damaged_field(changes: dict[str, object]) -> None:
    """Each field is checked, and the error does not repeat the secret."""
    text = written(**changes)
    with pytest.raises(ConfigError, match="join token: ") as caught:
        decode_token(text)
    assert text[20:40] not in str(caught.value)


def test_a_newer_token() -> None:
    """A token of a later version says that the connector is too old."""
    with pytest.raises(ConfigError, match="upgrade the connector"):
        decode_token("appproxy2.abc")


@given(st.text(max_size=100) | st.text("ABCabc019-_=.", max_size=100).map("appproxy1.".__add__))
@settings(max_examples=100)
def test_anything_else(text: str) -> None:
    """Whatever is pasted, the error is one line."""
    with pytest.raises(ConfigError) as caught:
        decode_token(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("change", [{"address": "x"}, {"secret": b"short"}, {"anchor": "zz"}, {"expires": float("inf")}])
def test_a_broken_token_is_never_written(change: dict[str, object]) -> None:
    """The service does not print a token that no connector would take."""
    with pytest.raises(ValueError, match="join token"):
        encode_token(replace(TOKEN, **change))  # type: ignore[arg-type]
