"""What RFC 9113, 8441 and 7541 say of single frames, one case each, as a user's connection takes them.

Each case is bytes on the wire and what comes of them: the connection ends with one of these codes, the stream is reset
with one, or nothing happens. A fault of a stream may end the connection (RFC 9113 section 5.4.1). Where we differ from
the standard the case says so. Floods and the fields of heads are in `test_h2_connection`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from appproxy.http.h2.blocks import PREFACE
from appproxy.http.h2.session import CONNECTION_WINDOW, STREAMS
from tests.service.h2_rig import HEAD, H2Rig, frame

_DATA, _HEADERS, _PRIORITY, _RESET, _SETTINGS, _PUSH, _PING, _GOAWAY, _WINDOW, _CONTINUATION = range(10)
#: The same bit says ACK in SETTINGS and PING.
_END_STREAM, _END_HEADERS, _PADDED, _PRIORITIZED, _ACK = 1, 4, 8, 32, 1
_PROTOCOL, _FLOW, _CLOSED, _SIZE, _REFUSED, _CANCEL, _COMPRESSION = 1, 3, 5, 6, 7, 8, 9

#: Its parts: GET, POST, https, /, :authority.
_GET, _POST, _HTTPS, _ROOT, _HOST = HEAD[:1], b"\x83", HEAD[1:2], HEAD[2:3], HEAD[3:]
_OF_POST = _POST + _HTTPS + _ROOT + _HOST


def line(name: bytes, value: bytes) -> bytes:
    """A field without the table and without Huffman's code (RFC 7541 section 6.2.2)."""
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


def whole(stream: int = 1, head: bytes = HEAD) -> bytes:
    """A request without a body."""
    return frame(_HEADERS, _END_HEADERS | _END_STREAM, stream, head)


def begun(stream: int = 1, head: bytes = _OF_POST) -> bytes:
    """A request whose body follows."""
    return frame(_HEADERS, _END_HEADERS, stream, head)


def settings(*entries: tuple[int, int]) -> bytes:
    return frame(_SETTINGS, 0, 0, b"".join(key.to_bytes(2, "big") + value.to_bytes(4, "big") for key, value in entries))


def word(number: int) -> bytes:
    return number.to_bytes(4, "big")


@dataclass(frozen=True)
class Ends:
    """The connection ends with this code."""

    code: int


@dataclass(frozen=True)
class Resets:
    """Stream 1 is reset with this code; the connection lives."""

    code: int


#: The connection lives, and nothing is said of stream 1.
IGNORED = "ignored"


def frames(data: bytes) -> list[tuple[int, int, int, bytes]]:
    """Type, flags, stream and payload of each."""
    found = []
    while data:
        size = int.from_bytes(data[:3], "big")
        found.append((data[3], data[4], int.from_bytes(data[5:9], "big"), data[9:9 + size]))
        data = data[9 + size:]
    return found


def outcome(rig: H2Rig, data: bytes, size: int) -> Ends | Resets | str:
    """What comes of these bytes when `size` of them arrive at a time."""
    sent = b"".join(rig.raw(data[start:start + size]) for start in range(0, len(data), size))
    back = frames(sent)
    if goodbye := [payload for kind, _, _, payload in back if kind == _GOAWAY]:
        assert rig.wire.disconnecting
        return Ends(int.from_bytes(goodbye[-1][4:8], "big"))
    assert not rig.wire.disconnecting
    assert (_PING, _ACK, 0, b"8 bytes.") in frames(rig.raw(frame(_PING, 0, 0, b"8 bytes.")))
    for kind, _, stream, payload in back:
        if kind == _RESET and stream == 1:
            return Resets(int.from_bytes(payload, "big"))
    return IGNORED


_LENGTH = line(b"content-length", b"2")
#: A head whose end has not come.
_OPEN_HEAD = frame(_HEADERS, 0, 1, HEAD)
#: A request that its user has taken back.
_TAKEN_BACK = begun() + frame(_RESET, 0, 1, word(_CANCEL))

FRAMES: Sequence[tuple[str, bytes, Ends | Resets | str]] = [
    ("4.1 a frame of an unknown type", frame(0x16, 0, 0, b"\0" * 8), IGNORED),
    ("4.1 flags without a meaning", frame(_PING, 0x16, 0, b"12345678"), IGNORED),
    ("4.1 the reserved bit of the stream's number", frame(_PING, 0, 1 << 31, b"12345678"), IGNORED),
    ("4.2 DATA larger than was announced", begun() + frame(_DATA, 0, 1, bytes(16_385)), Ends(_SIZE)),
    ("4.2 HEADERS larger than was announced", frame(_HEADERS, 4, 1, HEAD + bytes(16_385)), Ends(_SIZE)),
    ("4.3 a head that is no HPACK", whole(head=b"\x00\x85\xf2\xb2\x4a\x84\xff\x84\x49\x50\x9f\xff"), Ends(_COMPRESSION)),
    ("4.3 another frame within a head", _OPEN_HEAD + frame(_PRIORITY, 0, 1, bytes(4) + b"\1"), Ends(_PROTOCOL)),
    ("4.3 another stream's head within a head", _OPEN_HEAD + whole(3), Ends(_PROTOCOL)),
    ("5.1 DATA on an idle stream", frame(_DATA, 1, 1, b"x"), Ends(_PROTOCOL)),
    ("5.1 RST_STREAM on an idle stream", frame(_RESET, 0, 1, word(_CANCEL)), Ends(_PROTOCOL)),
    ("5.1 WINDOW_UPDATE on an idle stream", frame(_WINDOW, 0, 1, word(100)), Ends(_PROTOCOL)),
    ("5.1 CONTINUATION on an idle stream", frame(_CONTINUATION, 4, 1, HEAD), Ends(_PROTOCOL)),
    ("5.1 PRIORITY on an idle stream", frame(_PRIORITY, 0, 1, bytes(4) + b"\1"), IGNORED),
    ("5.1 DATA after the end", whole() + frame(_DATA, 1, 1, b"x"), Ends(_CLOSED)),
    ("5.1 HEADERS after the end", whole() + whole(), Ends(_CLOSED)),
    ("5.1 CONTINUATION after the end", whole() + frame(_CONTINUATION, 4, 1, HEAD), Ends(_PROTOCOL)),
    ("5.1 WINDOW_UPDATE after the end", whole() + frame(_WINDOW, 0, 1, word(100)), IGNORED),
    ("5.1 DATA after a reset", _TAKEN_BACK + frame(_DATA, 1, 1, b"x"), Ends(_CLOSED)),
    ("5.1 HEADERS after a reset", _TAKEN_BACK + whole(), Ends(_CLOSED)),
    ("5.1 CONTINUATION after a reset", _TAKEN_BACK + frame(_CONTINUATION, 4, 1, HEAD), Ends(_PROTOCOL)),
    ("5.1 RST_STREAM after a reset", _TAKEN_BACK + frame(_RESET, 0, 1, word(_CANCEL)), IGNORED),
    ("5.1 PRIORITY after a reset", _TAKEN_BACK + frame(_PRIORITY, 0, 1, bytes(4) + b"\1"), IGNORED),
    ("5.1 WINDOW_UPDATE after a reset", _TAKEN_BACK + frame(_WINDOW, 0, 1, word(9)), IGNORED),
    ("5.1.1 an even number", whole(2), Ends(_PROTOCOL)),
    ("5.1.1 a number lower than the last", whole(5) + whole(3), Ends(_PROTOCOL)),
    ("5.1.1 DATA on a stream that was passed over", whole(5) + frame(_DATA, 1, 3, b"x"), Ends(_CLOSED)),
    # RFC 7540 section 5.3.1 reset the stream; RFC 9113 has no priorities, and says nothing of either.
    ("5.3 PRIORITY of a stream that depends on itself", begun() + frame(_PRIORITY, 0, 1, word(1) + b"\1"), IGNORED),
    ("5.3 HEADERS of a stream that depends on itself",
     frame(_HEADERS, 5 | _PRIORITIZED, 1, word(1) + b"\1" + HEAD), Ends(_PROTOCOL)),
    ("5.5 an unknown frame within a head", _OPEN_HEAD + frame(0x16, 0, 0), Ends(_PROTOCOL)),
    ("6.1 DATA on stream 0", frame(_DATA, 1, 0, b"x"), Ends(_PROTOCOL)),
    ("6.1 padding longer than DATA", begun() + frame(_DATA, _END_STREAM | _PADDED, 1, b"\x06Test"), Ends(_PROTOCOL)),
    ("6.2 HEADERS on stream 0", whole(0), Ends(_PROTOCOL)),
    ("6.2 padding longer than HEADERS", frame(_HEADERS, 5 | _PADDED, 1, b"\xff" + HEAD), Ends(_PROTOCOL)),
    ("6.2 HEADERS with padding and priority",
     frame(_HEADERS, 5 | _PADDED | _PRIORITIZED, 1, b"\x02" + bytes(4) + b"\1" + HEAD + bytes(2)), IGNORED),
    ("6.3 PRIORITY on stream 0", frame(_PRIORITY, 0, 0, bytes(4) + b"\1"), Ends(_PROTOCOL)),
    ("6.3 PRIORITY of the wrong size", begun() + frame(_PRIORITY, 0, 1, bytes(4)), Ends(_SIZE)),
    ("6.4 RST_STREAM on stream 0", frame(_RESET, 0, 0, word(_CANCEL)), Ends(_PROTOCOL)),
    ("6.4 RST_STREAM of the wrong size", begun() + frame(_RESET, 0, 1, bytes(3)), Ends(_SIZE)),
    ("6.5 an answer to SETTINGS that says something", frame(_SETTINGS, _ACK, 0, bytes(6)), Ends(_SIZE)),
    ("6.5 SETTINGS on a stream", frame(_SETTINGS, 0, 1, b"\0\3\0\0\0\x64"), Ends(_PROTOCOL)),
    ("6.5 SETTINGS of the wrong size", frame(_SETTINGS, 0, 0, bytes(7)), Ends(_SIZE)),
    ("6.5.2 push that is neither off nor on", settings((2, 2)), Ends(_PROTOCOL)),
    ("6.5.2 a window that is too large", settings((4, 1 << 31)), Ends(_FLOW)),
    ("6.5.2 frames that are too small", settings((5, 16_383)), Ends(_PROTOCOL)),
    ("6.5.2 frames that are too large", settings((5, 1 << 24)), Ends(_PROTOCOL)),
    ("6.5.2 an unknown setting", settings((0x99, 1)), IGNORED),
    ("RFC 8441 3 CONNECT that is neither off nor on", settings((8, 2)), Ends(_PROTOCOL)),
    ("6.6 PUSH_PROMISE from a user", begun() + frame(_PUSH, 4, 1, word(2) + HEAD), Ends(_PROTOCOL)),
    ("6.7 an answer to a PING that nobody sent", frame(_PING, _ACK, 0, b"12345678"), IGNORED),
    ("6.7 PING on a stream", frame(_PING, 0, 1, b"12345678"), Ends(_PROTOCOL)),
    ("6.7 PING of the wrong size", frame(_PING, 0, 0, b"123456"), Ends(_SIZE)),
    ("6.8 GOAWAY on a stream", frame(_GOAWAY, 0, 1, bytes(8)), Ends(_PROTOCOL)),
    ("6.9 WINDOW_UPDATE of nothing", frame(_WINDOW, 0, 0, word(0)), Ends(_PROTOCOL)),
    ("6.9 WINDOW_UPDATE of nothing on a stream", begun() + frame(_WINDOW, 0, 1, word(0)), Ends(_PROTOCOL)),
    ("6.9 WINDOW_UPDATE of the wrong size", frame(_WINDOW, 0, 0, bytes(3)), Ends(_SIZE)),
    ("6.9.1 the connection's window beyond its limit", frame(_WINDOW, 0, 0, word((1 << 31) - 1)) * 2, Ends(_FLOW)),
    ("6.9.1 a stream's window beyond its limit", begun() + frame(_WINDOW, 0, 1, word((1 << 31) - 1)), Ends(_FLOW)),
    ("6.9.1 more DATA than the window lets", begun() + frame(_DATA, 0, 1, bytes(16_384)) * 4, Ends(_FLOW)),
    ("6.9.2 SETTINGS that push a stream's window beyond its limit",
     begun() + frame(_WINDOW, 0, 1, word((1 << 31) - 65_536)) + settings((4, 65_536)), Ends(_FLOW)),
    ("6.10 CONTINUATION on stream 0", _OPEN_HEAD + frame(_CONTINUATION, 4, 0), Ends(_PROTOCOL)),
    ("6.10 CONTINUATION of another stream", _OPEN_HEAD + frame(_CONTINUATION, 4, 3), Ends(_PROTOCOL)),
    ("6.10 CONTINUATION after the head's end", begun() + frame(_CONTINUATION, 4, 1), Ends(_PROTOCOL)),
    ("6.10 CONTINUATION after CONTINUATION's end",
     _OPEN_HEAD + frame(_CONTINUATION, 4, 1, line(b"a", b"b")) + frame(_CONTINUATION, 4, 1), Ends(_PROTOCOL)),
    ("8.1 trailers without an end", begun() + begun(head=line(b"a", b"b")), Resets(_PROTOCOL)),
    ("8.1 pseudo-fields in trailers", begun() + whole(head=_GET), Resets(_PROTOCOL)),
    ("8.1 DATA after trailers", begun() + whole(head=line(b"a", b"b")) + frame(_DATA, 1, 1, b"x"), Ends(_CLOSED)),
    ("8.1.1 a length and less", begun(head=_OF_POST + _LENGTH) + frame(_DATA, 1, 1, b"x"), Resets(_PROTOCOL)),
    ("8.1.1 a length and more", begun(head=_OF_POST + _LENGTH) + frame(_DATA, 0, 1, b"xxx"), Resets(_PROTOCOL)),
    ("RFC 7541 2.3.3 an index that is in no table", whole(head=HEAD + b"\xff\x7f"), Ends(_COMPRESSION)),
    ("RFC 7541 4.2 a table's size at a head's end", whole(head=HEAD + b"\x20"), Ends(_COMPRESSION)),
    ("RFC 7541 5.2 Huffman's code with a long padding", whole(head=HEAD + b"\0\x01a\x82\x1f\xff"), Ends(_COMPRESSION)),
    ("RFC 7541 5.2 Huffman's code padded by zero", whole(head=HEAD + b"\0\x01a\x81\x00"), Ends(_COMPRESSION)),
    ("RFC 7541 5.2 Huffman's code with its end", whole(head=HEAD + b"\0\x01a\x84\xff\xff\xff\xff"), Ends(_COMPRESSION)),
    ("RFC 7541 6.1 index 0", whole(head=HEAD + b"\x80"), Ends(_COMPRESSION)),
    ("RFC 7541 6.3 a table larger than was announced", whole(head=b"\x3f\xe1\x7f" + HEAD), Ends(_COMPRESSION)),
]

#: Heads that are wrong: the stream is reset.
HEADS: Sequence[tuple[str, bytes]] = [
    ("8.1.1 a length and no body", whole(head=_OF_POST + _LENGTH)),
    ("8.3 an unknown pseudo-field", whole(head=HEAD + line(b":test", b"x"))),
    ("8.3 a pseudo-field of answers", whole(head=HEAD + line(b":status", b"200"))),
    ("8.3 a pseudo-field after a field", whole(head=_GET + _HTTPS + _HOST + line(b"a", b"b") + _ROOT)),
    ("8.3.1 no method", whole(head=_HTTPS + _ROOT + _HOST)),
    ("8.3.1 no scheme", whole(head=_GET + _ROOT + _HOST)),
    ("8.3.1 no path", whole(head=_GET + _HTTPS + _HOST)),
    ("8.3.1 an empty path", whole(head=_GET + _HTTPS + line(b":path", b"") + _HOST)),
    ("8.3.1 two methods", whole(head=_GET + HEAD)),
    ("8.3.1 two schemes", whole(head=_HTTPS + HEAD)),
    ("8.3.1 two paths", whole(head=_ROOT + HEAD)),
    ("8.3.1 two authorities", whole(head=_HOST + HEAD)),
    ("8.5 CONNECT with a path", whole(head=line(b":method", b"CONNECT") + _HTTPS + _ROOT + _HOST)),
    ("8.5 CONNECT without an authority", whole(head=line(b":method", b"CONNECT"))),
    ("RFC 8441 4 a protocol without CONNECT", whole(head=HEAD + line(b":protocol", b"websocket"))),
]


@pytest.mark.parametrize("size", [1 << 20, 7], ids=["at once", "in pieces"])
@pytest.mark.parametrize(("data", "wanted"), [case[1:] for case in FRAMES], ids=[case[0] for case in FRAMES])
def test_a_frame(data: bytes, wanted: Ends | Resets | str, size: int) -> None:
    """The standard's answer, however the bytes are cut."""
    assert outcome(H2Rig(), data, size) == wanted


@pytest.mark.parametrize("data", [case[1] for case in HEADS], ids=[case[0] for case in HEADS])
def test_a_head(data: bytes) -> None:
    """Its stream is reset, nobody is asked, and the next request is."""
    rig = H2Rig()
    assert outcome(rig, data, len(data)) == Resets(_PROTOCOL)
    assert rig.responder.exchanges == []
    rig.raw(whole(3))
    assert len(rig.responder.exchanges) == 1


@pytest.mark.parametrize("late", [frame(_DATA, 1, 1, b"x"), whole()], ids=["DATA", "HEADERS"])
@pytest.mark.parametrize("answered", [False, True])
def test_after_both_ends(late: bytes, answered: bool) -> None:
    """A frame on a stream that its user had ended ends the connection, whether or not the answer is complete."""
    rig = H2Rig()
    rig.raw(whole())
    if answered:
        rig.responder.last.answer(200, b"", b"x")
        rig.clock.advance(0)
        rig.wire.take()
    assert outcome(rig, late, len(late)) == Ends(_CLOSED)


def test_what_is_late_on_a_stream_that_we_have_reset() -> None:
    """The user could not know: their DATA and trailers are thrown away, and their next request is answered."""
    rig = H2Rig()
    rig.raw(begun())
    rig.responder.last.answer(200, b"", b"x")
    rig.clock.advance(0)
    back = frames(rig.wire.take())
    assert (_RESET, 0, 1, word(0)) in back
    assert outcome(rig, frame(_DATA, 0, 1, b"x") + whole(head=line(b"a", b"b")), 1 << 20) == IGNORED
    rig.raw(whole(3))
    assert len(rig.responder.exchanges) == 2


def test_a_head_in_pieces() -> None:
    """CONTINUATION with nothing, with one byte, with the rest: one request."""
    rig = H2Rig()
    rig.raw(frame(_HEADERS, _END_STREAM, 1, HEAD[:5]) + frame(_CONTINUATION, 0, 1) + frame(_CONTINUATION, 0, 1, HEAD[5:6]))
    assert rig.responder.exchanges == []
    rig.raw(frame(_CONTINUATION, _END_HEADERS, 1, HEAD[6:]))
    assert [exchange.head.host for exchange in rig.responder.exchanges] == ["h.example.com"]


class TestTheBeginning:
    """RFC 9113 section 3.4."""

    def test_the_first_word_is_ours(self) -> None:
        """SETTINGS, before the user has said anything; their own are acknowledged (section 6.5.3)."""
        rig = H2Rig(greet=False)
        rig.clock.advance(0)
        assert frames(rig.wire.take())[0][:3] == (_SETTINGS, 0, 0)
        back = frames(rig.raw(PREFACE + settings((4, 1000))))
        assert (_SETTINGS, _ACK, 0, b"") in back

    @pytest.mark.parametrize("first", [frame(_PING, 0, 0, bytes(8)), whole(), frame(_SETTINGS, _ACK, 0)])
    def test_something_other_than_settings(self, first: bytes) -> None:
        """The connection ends, and nobody is asked."""
        rig = H2Rig(greet=False)
        rig.raw(PREFACE + first)
        assert rig.wire.disconnecting and rig.responder.exchanges == []


class TestWindows:
    """RFC 9113 sections 5.2, 6.9.1 and 6.9.2, and what we are sent beyond them."""

    def answered(self, *entries: tuple[int, int]) -> H2Rig:
        """A place whose user has said these settings, and gets an answer of five bytes on stream 1."""
        rig = H2Rig(greet=False)
        rig.raw(PREFACE + settings(*entries) + whole())
        exchange = rig.responder.last
        exchange.start(200, b"", 5)
        exchange.write(b"12345")
        exchange.finish()
        return rig

    def data(self, rig: H2Rig, after: bytes = b"") -> bytes:
        """What comes of the body once the user has said this."""
        return b"".join(payload for kind, _, _, payload in frames(rig.raw(after)) if kind == _DATA)

    def test_a_window_of_one(self) -> None:
        """One byte at a time, as they ask for them."""
        rig = self.answered((4, 1))
        assert self.data(rig) == b"1"
        assert self.data(rig, frame(_WINDOW, 0, 1, word(3))) == b"234"
        assert self.data(rig, frame(_WINDOW, 0, 1, word(3))) == b"5"

    def test_a_window_that_is_made_larger_later(self) -> None:
        """SETTINGS change the windows of streams that are open."""
        rig = self.answered((4, 0))
        assert self.data(rig) == b""
        assert self.data(rig, settings((4, 2))) == b"12"

    def test_a_window_below_nothing(self) -> None:
        """What was sent counts when SETTINGS make it smaller: first the debt is to be paid."""
        rig = self.answered((4, 3))
        assert self.data(rig) == b"123"
        assert self.data(rig, settings((4, 1))) == b""
        assert self.data(rig, frame(_WINDOW, 0, 1, word(2))) == b""
        assert self.data(rig, frame(_WINDOW, 0, 1, word(1))) == b"4"

    def test_of_several_settings_the_last_counts(self) -> None:
        """They are taken in their order (section 6.5.3)."""
        assert self.data(self.answered((4, 5), (4, 1))) == b"1"

    def test_what_comes_for_streams_that_are_gone(self) -> None:
        """It takes nothing from the window of all streams together, which would otherwise be empty one day."""
        rig = H2Rig()
        piece = frame(_DATA, 0, 1, bytes(16_384)) * 100
        rig.raw(begun())
        rig.responder.last.abort()
        for _ in range(CONNECTION_WINDOW // (100 * 16_384) + 2):
            rig.raw(piece)
        assert not rig.wire.disconnecting


@pytest.mark.parametrize("knows", [False, True])
def test_a_stream_too_many(knows: bool) -> None:
    """RFC 9113 section 5.1.2: refused, to be sent again, for one who has not acknowledged the number; else the end."""
    rig = H2Rig(greet=False)
    rig.raw(PREFACE + settings() + (frame(_SETTINGS, _ACK, 0) if knows else b""))
    rig.raw(b"".join(begun(2 * n + 1) for n in range(STREAMS)))
    back = frames(rig.raw(begun(2 * STREAMS + 1)))
    assert len(rig.responder.exchanges) == STREAMS
    assert ((_RESET, 0, 2 * STREAMS + 1, word(_REFUSED)) in back) is not knows
    assert rig.wire.disconnecting is knows
