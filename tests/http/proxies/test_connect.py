"""CONNECT: the request for a tunnel, and the answers of proxies, good and bad."""

from __future__ import annotations

from base64 import b64encode

import pytest

from appproxy.http.proxies.connect import MOST_BYTES, connect_request, read_connect_answer

OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"


@pytest.mark.parametrize(
    ("host", "credentials", "expected"),
    [
        ("connect.example.com", "", b"CONNECT connect.example.com:8443 HTTP/1.1\r\nHost: connect.example.com:8443\r\n\r\n"),
        ("2001:db8::1", "", b"CONNECT [2001:db8::1]:8443 HTTP/1.1\r\nHost: [2001:db8::1]:8443\r\n\r\n"),
        ("a.b", "bj\u00f6rn:a:b", b"CONNECT a.b:8443 HTTP/1.1\r\nHost: a.b:8443\r\nProxy-Authorization: Basic "
         + b64encode("bj\u00f6rn:a:b".encode()) + b"\r\n\r\n"),
    ],
)  # fmt: skip
def test_the_request(host: str, credentials: str, expected: bytes) -> None:
    """Authority form, the same in Host, and Basic in UTF-8."""
    assert connect_request(host, 8443, credentials) == expected


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.0 199\r\nvia: x\r\n\r\n" * 20])
def test_a_tunnel(before: bytes) -> None:
    """It is open behind the last interim answer, at the very byte, in whatever pieces it came."""
    data = before + OPEN
    for size in range(len(data)):
        assert read_connect_answer(data[:size]) is None
    answer = read_connect_answer(data + b"\x16\x03\r\n\r\n")
    assert answer is not None
    assert (answer.is_open, answer.size, answer.reason) == (True, len(data), "Connection established")


@pytest.mark.parametrize(
    ("fields", "schemes"),
    [
        (b"", ()),
        (b'Proxy-Authenticate: Basic realm="a, b"\r\n', ("basic",)),
        (b"PROXY-authenticate: Negotiate\r\nproxy-authenticate: NTLM\r\n", ("negotiate", "ntlm")),
        (b'Proxy-Authenticate: Digest realm="x", nonce=1, Basic realm="x"\r\n', ("digest", "basic")),
        (b"Proxy-Authenticate: " + b"," * 500 + b"\r\nnonsense\r\n", ()),
    ],
)
def test_a_refusal(fields: bytes, schemes: tuple[str, ...]) -> None:
    """Status, and what sign-ins the proxy offers."""
    answer = read_connect_answer(b"HTTP/1.1 407 Proxy\x1b[31m Authentication\r\n" + fields + b"\r\n<html>")
    assert answer is not None
    assert (answer.is_open, answer.status, answer.schemes) == (False, 407, schemes)
    assert answer.reason == "Proxy[31m Authentication"


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n", b"\x15\x03\x01\x00\x02\x02\x46", b"<html>", b"HTTP/2 200\r\n\r\n", b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 099 x\r\n\r\n", b"HTTP/1.1 101 Switching Protocols\r\n\r\n", b"HTTP/1.1 200 a\nb: c\n\r\n\r\n",
        b"HTTP/1.1 100\r\n\r\nnonsense", b"HTTP/1.1 200 x\r\n" + b"a: b\r\n" * MOST_BYTES,
        b"HTTP/1.1 100\r\n\r\n" * MOST_BYTES, b"HTTP/1.1 200 " + b"x" * MOST_BYTES,
    ],
)  # fmt: skip
def test_rubbish(data: bytes) -> None:
    """It is refused as soon as it is known to be none, within a bound, and never shown."""
    with pytest.raises(ValueError) as caught:
        read_connect_answer(data)
    assert len(str(caught.value)) < 80


def test_silence_and_beginnings_are_waited_for() -> None:
    """A slow proxy is none that speaks rubbish."""
    assert read_connect_answer(b"") is read_connect_answer(b"H") is read_connect_answer(b"HTTP/1.1 200 OK\r\n") is None
