"""HELLO, WELCOME, ERROR, CONFIG, ATTACH and the load."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.errors import Code, LocalProtocolError, RemoteProtocolError
from appproxy.tunnel.json_heads.handshake import (
    Attach,
    Goodbye,
    Hello,
    Load,
    Welcome,
    decode_attach,
    decode_configuration,
    decode_error,
    decode_hello,
    decode_load,
    decode_welcome,
    encode_attach,
    encode_configuration,
    encode_error,
    encode_hello,
    encode_load,
    encode_welcome,
)

HELLO = Hello((1,), bytes(range(16)), 1, 3, ("upgrade",), 1000, (5, 9), (4,), "1.0")
WELCOME = Welcome("node-1", b"12345678", "connect.example.com", 8443, 15.0, 17, 180, {"inline": 16384})
GOODBYE = Goodbye(Code.DUPLICATE, 30.0, False, "another instance is connected")


def changed(head: bytes, key: str, value: object) -> bytes:
    """The same JSON with one key replaced; None takes it out."""
    values = json.loads(head)
    if value is None:
        del values[key]
    else:
        values[key] = value
    return json.dumps(values).encode()


class TestHello:
    """A connector says who it is."""

    def test_it_comes_out_as_it_went_in(self) -> None:
        """Every part of HELLO survives."""
        assert decode_hello(encode_hello(HELLO)) == HELLO

    def test_how_long_it_goes_on_at_a_stop(self) -> None:
        """Told or not; what is no such time is refused."""
        assert decode_hello(encode_hello(replace(HELLO, drain=0.0))).drain == 0.0
        assert decode_hello(encode_hello(replace(HELLO, drain=45.5))).drain == 45.5
        assert b"drain" not in encode_hello(HELLO) and decode_hello(encode_hello(HELLO)).drain is None
        for wrong in (-1, 86401, "30", True):
            with pytest.raises(RemoteProtocolError):
                decode_hello(changed(encode_hello(HELLO), "drain", wrong))

    def test_most_ids_fit(self) -> None:
        """Twice as many ids as may be in flight, open and ended, fit, ten digits each."""
        many = tuple(range(2**32 - 2000, 2**32))
        assert decode_hello(encode_hello(replace(HELLO, open=many, ended=many))).ended == many

    def test_more_ids_are_refused(self) -> None:
        """The lists are bounded by what may be in flight, at both ends."""
        many = replace(HELLO, most_in_flight=1, open=(1, 2, 3))
        with pytest.raises(LocalProtocolError):
            encode_hello(many)
        with pytest.raises(RemoteProtocolError):
            decode_hello(changed(encode_hello(replace(many, open=())), "ended", [1, 2, 3]))

    def test_too_large_a_hello(self) -> None:
        """A HELLO over 64 KiB cannot be sent, and is refused before it is parsed."""
        many = tuple(range(2**32 - 6000, 2**32))
        with pytest.raises(LocalProtocolError) as caught:
            encode_hello(replace(HELLO, most_in_flight=6000, open=many))
        assert caught.value.code is Code.TOO_LARGE

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("versions", None), ("versions", ["1"]), ("versions", [0]), ("instance", "00"), ("instance", None),
            ("slot", 2), ("slot", -1), ("slot", True), ("generation", -1), ("capabilities", "x"),
            ("capabilities", ["x"] * 33), ("most_in_flight", 0), ("most_in_flight", 10**7),
            ("open", [0]), ("open", [2**32]), ("open", ["1"]), ("ended", {}), ("version", 1), ("version", "x" * 65),
        ],
    )
    def test_bad_values(self, key: str, value: object) -> None:
        """Each value is needed, has its type and its bounds."""
        with pytest.raises(RemoteProtocolError, match=f"^{key}: "):
            decode_hello(changed(encode_hello(HELLO), key, value))

    def test_unknown_keys_are_ignored(self) -> None:
        """A later version may say more."""
        assert decode_hello(changed(encode_hello(HELLO), "colour", "blue")) == HELLO


class TestWelcome:
    """A node takes a connector."""

    def test_it_comes_out_as_it_went_in(self) -> None:
        """Every part of WELCOME survives."""
        assert decode_welcome(encode_welcome(WELCOME)) == WELCOME

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("node", 1), ("epoch", "00"), ("host", "x" * 256), ("port", -1), ("port", 65536), ("heartbeat", 0.5),
            ("heartbeat", 301), ("configuration", -1), ("renew_after", -1), ("limits", []), ("limits", {"a": -1}),
            ("limits", {str(n): n for n in range(33)}),
        ],
    )
    def test_bad_values(self, key: str, value: object) -> None:
        """Each value is needed, has its type and its bounds."""
        with pytest.raises(RemoteProtocolError, match=f"^{key}: "):
            decode_welcome(changed(encode_welcome(WELCOME), key, value))


class TestGoodbye:
    """ERROR."""

    @pytest.mark.parametrize("goodbye", [GOODBYE, Goodbye(Code.REVOKED, None, True), Goodbye(Code.SHUTTING_DOWN, 0.0)])
    def test_it_comes_out_as_it_went_in(self, goodbye: Goodbye) -> None:
        """Code, hint, permanence and text survive."""
        assert decode_error(encode_error(goodbye)) == goodbye

    def test_a_code_of_a_later_version(self) -> None:
        """A number that is unknown here is an internal fault of the peer."""
        assert decode_error(changed(encode_error(GOODBYE), "code", 60000)).code is Code.INTERNAL

    @pytest.mark.parametrize(
        ("key", "value"),
        [("code", None), ("code", "4"), ("retry_after", -1), ("retry_after", 86401), ("permanent", 0), ("text", 1)],
    )
    def test_bad_values(self, key: str, value: object) -> None:
        """Each value has its type and its bounds."""
        with pytest.raises(RemoteProtocolError, match=f"^{key}: "):
            decode_error(changed(encode_error(GOODBYE), key, value))

    def test_a_long_or_odd_text_does_not_stop_a_goodbye(self) -> None:
        """Whatever the text, the peer learns the code."""
        told = decode_error(encode_error(Goodbye(Code.PROTOCOL, text="line\nline " + "x" * 300)))
        assert told.code is Code.PROTOCOL
        assert told.text.startswith("line line x")


class TestShort:
    """The short ones."""

    @given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
    def test_the_load(self, in_flight: int, idle: int, lag: int) -> None:
        """The load of a connector survives."""
        assert decode_load(encode_load(Load(in_flight, idle, lag))) == Load(in_flight, idle, lag)

    def test_an_impossible_load_is_cut(self) -> None:
        """A loop that hung for months is still told."""
        assert decode_load(encode_load(Load(-1, 0, 2**40))) == Load(0, 0, 2**32 - 1)

    @pytest.mark.parametrize("data", [b"", b"1" * 11, b"1" * 13])
    def test_a_malformed_load(self, data: bytes) -> None:
        """A load is 12 bytes."""
        with pytest.raises(RemoteProtocolError):
            decode_load(data)

    @pytest.mark.parametrize("flags", [1, 2, 3])
    def test_attach(self, flags: int) -> None:
        """ATTACH tells the epoch in its head, and what is wanted in its flags."""
        assert decode_attach(encode_attach(b"12345678"), flags) == Attach(b"12345678", bool(flags & 1), bool(flags & 2))

    @pytest.mark.parametrize(("head", "flags"), [(b"3132333435363738", 0), (b"31", 1), (b"313233343536373G", 1), (b"", 3)])
    def test_malformed_attach(self, head: bytes, flags: int) -> None:
        """An epoch is 16 lower-case hexadecimal digits, and something must be wanted."""
        with pytest.raises(RemoteProtocolError):
            decode_attach(head, flags)

    def test_an_epoch_has_eight_bytes(self) -> None:
        """No other epoch can be sent."""
        with pytest.raises(LocalProtocolError):
            encode_attach(b"1234567")

    def test_configuration(self) -> None:
        """CONFIG tells a version in digits, and nothing else."""
        assert decode_configuration(encode_configuration(17)) == 17
        for head in (b"", b"-1", b"1.0", b"1" * 16):
            with pytest.raises(RemoteProtocolError):
                decode_configuration(head)


@given(st.binary(max_size=60))
@settings(max_examples=150)
def test_any_head_is_fine_or_blamed_on_the_peer(head: bytes) -> None:
    """No bytes raise anything but a fault of the peer."""
    decoders: list[Callable[[bytes], object]] = [
        decode_hello, decode_welcome, decode_error, decode_load, decode_configuration, lambda data: decode_attach(data, 3),
    ]
    for decode in decoders:
        with suppress(RemoteProtocolError):
            decode(head)
