"""The node that a connection means, read from a ClientHello as OpenSSL writes it, and from anything else."""

from __future__ import annotations

import contextlib
import ssl

from hypothesis import given
from hypothesis import strategies as st

from appproxy.tunnel.asked_node import MOST, asked_node, is_label

NODE = "0011223344556677"


def hello(name: str | None) -> bytes:
    """What a client sends first."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.set_alpn_protocols(["appproxy-signal/1"])
    to, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(to, out, server_hostname=name)
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return out.read()


WHOLE = hello(f"{NODE}.connect.example.com")


def test_the_first_label_is_the_node() -> None:
    """In whatever letters it is written; a name of one's own is a node that nobody is."""
    assert asked_node(WHOLE) == NODE
    assert asked_node(WHOLE + b"what follows") == NODE
    assert asked_node(hello("connect.example.com")) == "connect"
    assert asked_node(hello("NODE-1.connect.example.com")) == "node-1"


def test_who_names_nobody() -> None:
    """Without SNI, without TLS, with something else than a ClientHello."""
    assert asked_node(hello(None)) == ""
    assert asked_node(b"GET / HTTP/1.1\r\n\r\n") == ""
    assert asked_node(b"\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00") == ""
    assert asked_node(b"\x16\x03\x01" + (MOST).to_bytes(2, "big")) == ""


def test_what_is_needed_is_told() -> None:
    """First the head of the record, then all of it; never more than is allowed, and never less than there is."""
    assert asked_node(b"") == asked_node(WHOLE[:4]) == 5
    for cut in range(5, len(WHOLE)):
        assert asked_node(WHOLE[:cut]) == len(WHOLE)


@given(st.binary(max_size=300))
def test_anything_may_come(data: bytes) -> None:
    """Strangers send what they like: it is answered, within the bound."""
    found = asked_node(data)
    assert isinstance(found, str) or len(data) < found <= MOST


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_hello_with_a_wrong_byte(at: int, byte: int) -> None:
    """It names a node that can be, or none."""
    found = asked_node(WHOLE[:at] + bytes((byte,)) + WHOLE[at + 1 :])
    assert isinstance(found, int) or found == "" or is_label(found)


def test_ids_that_can_be_asked_for() -> None:
    """Those of our own nodes; others of the protocol are dialled without."""
    assert is_label(NODE) and is_label("node-1")
    assert not any(map(is_label, ("", "Node", "a.b", "-a", "a-", "a" * 64, "a\n")))
