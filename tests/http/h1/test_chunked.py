"""The chunked transfer coding."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.http.h1.chunked import _FEW_CHUNKS, ChunkedDecoder, is_whole
from appproxy.http.h1.unread import Unread
from appproxy.http.head import Fields


def decode(*pieces: bytes) -> tuple[bytes, Fields, bytes, bool]:
    """Body, trailers, what follows the message, and whether it is complete."""
    decoder, unread, body = ChunkedDecoder(8192, 32), Unread(), b""
    for piece in pieces:
        unread.add(piece)
        body += decoder.decode(unread)
    return body, decoder.trailers, unread.take(len(unread)), decoder.done


@given(
    st.lists(st.binary(min_size=1, max_size=20), max_size=8), st.lists(st.integers(0, 250), max_size=12),
    st.sampled_from([b"", b"A: b\r\n"]),
)
@settings(max_examples=80)
def test_cutting_does_not_matter(chunks: list[bytes], cuts: list[int], trailer: bytes) -> None:
    """However the bytes are cut, the same body comes out, and what follows it is left alone."""
    data = b"".join(b"%x;e=1\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n" + trailer + b"\r\nNEXT"
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    pieces = [data[start:end] for start, end in zip(places, places[1:], strict=False)]
    assert decode(*pieces) == (b"".join(chunks), [(b"a", b"b")] if trailer else [], b"NEXT", True)


@given(st.binary(max_size=60))
@settings(max_examples=200)
def test_any_bytes_are_survived(data: bytes) -> None:
    """Whatever is sent as chunks is read or refused with ValueError, the same way in one piece and byte by byte."""
    results = []
    for pieces in ([data], [data[i:i + 1] for i in range(len(data))]):
        try:
            body, trailers, rest, done = decode(*pieces)
            results.append((body, trailers, rest if done else b"", done))
        except ValueError:
            results.append((b"", [], b"", None))  # type: ignore[arg-type]
    assert results[0] == results[1]


@pytest.mark.parametrize("data", [
    b"\r\n", b" 3\r\nabc\r\n",
    b"3 3\r\nabc\r\n", b"3\x0b\r\nabc\r\n", b"3 \nabc\n", b"3 \r \r\nabc\r\n",
    b"+3\r\nabc\r\n", b"-3\r\nabc\r\n", b"0x3\r\nabc\r\n", b"3\nabc\n",
    b"3\r\nabcd\r\n", b"3\r\nabc\n", b"3\r\nabc0\r\n", b"3\rabc\r\n", b";e\r\n", b"g\r\n", b"3;\x00\r\nabc\r\n",
    b"3;a\nb\r\nabc\r\n", b"00000000000000003\r\nabc\r\n", b"ffffffffffffffff\r\n", b"20000000000001\r\n",
    b"0\r\nA b\r\n\r\n", b"0\r\n A: b\r\n\r\n", b"0\r\nA : b\r\n\r\n", b"0\r\nA: b\n\n", b"0\r\nA: b\r\n c\r\n\r\n",
    b"0\n\n", b"0\r\n\n", b"3_0\r\n", "٣\r\n".encode()])
def test_what_has_been_used_for_smuggling_is_refused(data: bytes) -> None:
    """Odd sizes, bare LF, wrong ends of chunks and malformed trailers: each is refused, whole or byte by byte."""
    with pytest.raises(ValueError):
        decode(data)
    with pytest.raises(ValueError):
        decode(*[data[i:i + 1] for i in range(len(data))])


@pytest.mark.parametrize("size", [b"3", b"0003", b"3;a=b", b'3 ;a="c d"', b"0000000000000003", b"3 ", b"3\t  "])
def test_a_size_may_have_zeros_blanks_and_an_extension(size: bytes) -> None:
    """Extensions are read over, and so are the blanks with which old programs fill a size up."""
    assert decode(size + b"\r\nabc\r\n0\r\n\r\n") == (b"abc", [], b"", True)


def test_sizes_are_hexadecimal_in_both_cases() -> None:
    """`a` and `A` are ten."""
    assert decode(b"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n")[0] == b"0123456789" * 2


def test_extensions_are_bounded() -> None:
    """A long extension is refused, complete or not, and so are many short ones together."""
    for data in (b"1;" + b"a" * 600 + b"\r\n", b"1;" + b"a" * 600,
                 b"1" + b" " * 600 + b"\r\n", (b"1" + b" " * 400 + b"\r\nx\r\n") * 50,
                 b"1;aaaaaaaaaaaaaaaaaaaaa\r\nx\r\n" * 1000):
        with pytest.raises(ValueError):
            decode(data)


def test_trailers_are_bounded() -> None:
    """Trailers of more than 8 KiB or 32 lines are refused, also while they arrive."""
    for trailers in (b"a: " + b"b" * 8192 + b"\r\n\r\n", b"a: " + b"b" * 8300, b"a: b\r\n" * 33 + b"\r\n"):
        with pytest.raises(ValueError):
            decode(b"0\r\n" + trailers)
    assert len(decode(b"0\r\n" + b"a: b\r\n" * 32 + b"\r\n")[1]) == 32


def test_framing_and_routing_do_not_come_as_trailers() -> None:
    """A trailer that frames, routes or identifies is dropped; what belongs there stays."""
    data = (b"0\r\nTransfer-Encoding: x\r\nContent-Length: 3\r\nHost: evil\r\nSet-Cookie: a\r\nCookie: a\r\n"
            b"Authorization: a\r\nForwarded: a\r\nConnection: a\r\nGrpc-Status: 0\r\n\r\n")
    assert decode(data)[1] == [(b"grpc-status", b"0")]


@given(st.lists(st.tuples(
    st.integers(1, 18), st.sampled_from([b"", b"0", b"0" * 14, b"0" * 15]),
    st.sampled_from([b"", b" ", b";", b"\t ;a", b";" + b"b" * 32, b";" + b"b" * 33, b" " * 17])), max_size=12),
    st.sampled_from([b"", b"1\r\nab\r\n", b"2\r\na\r\n", b"1;\na\r\n", b"1\r\na\r", b"F\r\n"]))
@settings(max_examples=150)
def test_small_chunks_mean_the_same_in_one_read(chunks: list[tuple[int, bytes, bytes]], end: bytes) -> None:
    """However many come at once: the same body, the same count of extensions, and the same is refused."""
    data = b"".join(zeros + b"%x" % size + extension + b"\r\n" + b"\n1\r\na\r\n0\r\n\r\n abcde"[:size] + b"\r\n"
                    for size, zeros, extension in chunks) + end
    results: list[object] = []
    for pieces in ([data], [data[at:at + 1] for at in range(len(data))]):
        decoder, unread, body = ChunkedDecoder(8192, 32), Unread(), b""
        try:
            for piece in pieces:
                unread.add(piece)
                body += decoder.decode(unread)
            results.append((body, decoder._extensions))
        except ValueError:
            results.append(None)
    assert results[0] == results[1]


@given(
    st.lists(st.binary(min_size=1, max_size=20), max_size=8), st.sampled_from([b"", b"A: b\r\n", b"A: b\r\nC: d\r\n"]),
    st.integers(0, 250), st.integers(0, 3),
)
@settings(max_examples=200)
def test_the_end_is_seen_before_anything_is_read(chunks: list[bytes], trailer: bytes, cut: int, before: int) -> None:
    """What is whole for the decoder is so beforehand, and nothing else is; nothing was taken."""
    data = b"".join(b"%x;e=1\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n" + trailer + b"\r\n"
    data = data[:cut]
    unread = Unread()
    unread.add(b"x" * before + data)
    unread.take(before)
    assert is_whole(unread) is decode(data)[3]
    assert unread.take(1000) == data


@pytest.mark.parametrize(("data", "whole"), [
    (b"1\r\na\r\n" * (_FEW_CHUNKS - 1) + b"0\r\n\r\n", True), (b"1\r\na\r\n" * _FEW_CHUNKS + b"0\r\n\r\n", False),
    (b"z\r\na\r\n0\r\n\r\n", False), (b"ffffffffffffffff\r\na\r\n0\r\n\r\n", False), (b"0\r\n\r\nGET / HTTP/1.1", True),
], ids=["few", "many", "malformed", "endless", "pipelined"])  # fmt: skip
def test_only_a_few_chunks_are_looked_through(data: bytes, whole: bool) -> None:
    """What is malformed is refused when it is read, and not here."""
    unread = Unread()
    unread.add(data)
    assert is_whole(unread) is whole
