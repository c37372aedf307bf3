"""The PROXY header: who a load balancer says the client is."""

from __future__ import annotations

from ipaddress import ip_address
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.http.proxies.proxy_protocol import LONGEST_V1, LONGEST_V2, ProxyHeader, canonical, read_proxy_header

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
LINE = b"PROXY TCP4 203.0.113.9 198.51.100.1 56324 443\r\n"
#: A client hello follows.
REST = b"\x16\x03\x01"


def v2(command: int = 0x21, protocol: int = 0x11, rest: bytes | None = None, length: int | None = None) -> bytes:
    """A header of version 2; by default IPv4."""
    if rest is None:
        rest = bytes([203, 0, 113, 9, 198, 51, 100, 1]) + pack("!HH", 56324, 443)
    return SIGNATURE + pack("!BBH", command, protocol, len(rest) if length is None else length) + rest


V6 = ip_address("2001:db8::9").packed + ip_address("2001:db8::1").packed + pack("!HH", 1, 443)
GOOD = [
    (LINE, "203.0.113.9"), (b"PROXY TCP6 2001:DB8:0::9 2001:db8::1 0 65535\r\n", "2001:db8::9"),
    (b"PROXY TCP6 ::ffff:203.0.113.9 ::1 1 1\r\n", "203.0.113.9"), (b"PROXY UNKNOWN\r\n", None),
    (b"PROXY UNKNOWN ff:ff 1.2.3.4 x\r\n", None), (v2(), "203.0.113.9"), (v2(protocol=0x21, rest=V6), "2001:db8::9"),
    (v2(rest=bytes(8) + pack("!HH", 1, 2) + b"\x03\x00\x04abcd\x20\x00\x00"), "0.0.0.0"), (v2(command=0x20), None),
    (v2(command=0x20, protocol=0xFF, rest=b"anything"), None), (v2(protocol=0, rest=b""), None),
    (v2(protocol=0x31, rest=bytes(216)), None),
]
BAD = [
    b"GET / HTTP/1.1\r\n", b"\x16\x03\x01\x02", b"proxy TCP4 1.2.3.4 1.2.3.4 1 1\r\n", b"PROXY\r\n", b"PROXY  UNKNOWN\r\n",
    b"PROXYTCP4 1.2.3.4 1.2.3.4 1 1\r\n", b"PROXY TCP4 1.2.3.4 1.2.3.4 1 1\n", b"PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
    b"PROXY TCP4 1.2.3.4 1.2.3.4 1 1 \r\n", b"PROXY TCP4 1.2.3.4  1.2.3.4 1 1\r\n", b"PROXY TCP4 ::1 ::1 1 1\r\n",
    b"PROXY TCP6 1.2.3.4 1.2.3.4 1 1\r\n", b"PROXY TCP4 1.2.3 1.2.3.4 1 1\r\n", b"PROXY TCP4 1.2.3.04 1.2.3.4 1 1\r\n",
    b"PROXY TCP4 1.2.3.4 1.2.3.256 1 1\r\n", b"PROXY TCP4 1.2.3.4 1.2.3.4 01 1\r\n",
    b"PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n", b"PROXY TCP4 1.2.3.4 1.2.3.4 -1 1\r\n", b"PROXY UDP4 1.2.3.4 1.2.3.4 1 1\r\n",
    b"PROXY TCP6 fe80::1%eth0 ::1 1 1\r\n", b"PROXY UNKNOWN \x00\r\n", b"PROXY UNKNOWN" + b" " * LONGEST_V1,
    v2(command=0x22), v2(command=0x11), v2(command=0x01), v2(protocol=0x12), v2(protocol=0x10), v2(protocol=0x41),
    v2(protocol=0x01, rest=b""), v2(rest=bytes(11)), v2(protocol=0x21), v2(protocol=0x31, rest=bytes(215)),
    v2(length=LONGEST_V2), v2(rest=bytes(12) + b"\x04"), v2(rest=bytes(12) + b"\x04\x00\x05abcd"),
    v2(rest=bytes(12) + b"\x04\x00"), SIGNATURE.replace(b"QUIT", b"quit"), b"\r\n\r\n\x00\r\nQUIT\r",
]


@pytest.mark.parametrize(("data", "client"), GOOD)
def test_good_headers(data: bytes, client: str | None) -> None:
    """Both versions, both families; None where the balancer speaks for itself or does not know."""
    assert read_proxy_header(data) == ProxyHeader(client, len(data))


@pytest.mark.parametrize(("data", "client"), GOOD)
def test_chunking_does_not_matter(data: bytes, client: str | None) -> None:
    """Cut anywhere it waits for more; whatever follows is not its own."""
    for size in range(len(data)):
        assert read_proxy_header(data[:size]) is None
    assert read_proxy_header(data + REST) == ProxyHeader(client, len(data))


@pytest.mark.parametrize("data", BAD)
def test_bad_headers(data: bytes) -> None:
    """What the specification does not allow is refused, never guessed."""
    with pytest.raises(ValueError, match="PROXY"):
        read_proxy_header(data)


def test_waiting_is_bounded() -> None:
    """A line that does not end is refused at its longest; the length of version 2 before its bytes have come."""
    assert read_proxy_header(b"PROXY UNKNOWN" + b" " * 93) is None
    with pytest.raises(ValueError, match="does not end"):
        read_proxy_header(b"PROXY UNKNOWN" + b" " * 94)
    with pytest.raises(ValueError, match="65551 bytes"):
        read_proxy_header(v2(length=65535)[:16])


@given(st.one_of(
    st.binary(max_size=120), st.binary(max_size=120).map(lambda data: b"PROXY TCP4 " + data),
    st.binary(max_size=60).map(lambda data: SIGNATURE + data),
    st.tuples(st.integers(0, 255), st.integers(0, 255), st.binary(max_size=60)).map(lambda given: v2(*given)),
    st.tuples(st.integers(0, len(LINE) - 1), st.integers(0, 255)).map(
        lambda change: LINE[: change[0]] + bytes([change[1]]) + LINE[change[0] + 1:]),
))
@settings(max_examples=400)
def test_any_bytes_are_survived(data: bytes) -> None:
    """Read, refused, or waited for; a client that is read is an address in its one spelling, and found again."""
    try:
        header = read_proxy_header(data)
    except ValueError:
        return
    if header is not None:
        assert 0 < header.size <= len(data)
        assert header == read_proxy_header(data[: header.size])
        assert header.client is None or canonical(ip_address(header.client)) == header.client


@given(st.ip_addresses(), st.ip_addresses(), st.integers(0, 65535), st.binary(max_size=9))
def test_what_is_written_is_read(client: object, server: object, port: int, rest: bytes) -> None:
    """Any address in either version comes out in its one spelling."""
    family = 4 if ip_address(str(client)).version == 4 else 6
    other = server if ip_address(str(server)).version == family else client
    line = f"PROXY TCP{family} {client} {other} {port} {port}\r\n".encode()
    addresses = ip_address(str(client)).packed + ip_address(str(other)).packed + pack("!HH", port, port)
    packed = v2(protocol=0x11 if family == 4 else 0x21, rest=addresses)
    for data in (line, packed):
        header = read_proxy_header(data + rest)
        assert header is not None
        assert (header.client, header.size) == (canonical(ip_address(str(client))), len(data))
