"""What an application has compressed is read, piece by piece (RFC 9110 section 8.4.1).

A body ends where its coding does: bytes behind that are nobody's, and browsers do not mind them.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

import brotli

from appproxy.errors import Code, RequestError
from appproxy.publish.body.translator import slices

try:
    from compression import zstd  # type: ignore[import-not-found,unused-ignore]
except ImportError:  # before Python 3.14
    from backports import zstd

#: Bytes that are read from a compressed piece at once.
PIECE = 64 * 1024
#: Bytes that are given to a decoder at once: what it leaves of them, where a part ends, is copied.
INPUT = 16 * 1024
#: How many parts of a body that are complete in themselves (a member of gzip, a frame of zstd) may be empty. Those who join
#: compressed files have some.
_MOST_EMPTY = 1000
#: Bytes of the fixed part of gzip's head, of its trailer, and of a head with the name of a file and a comment.
_GZIP_HEAD, _GZIP_TRAILER, _LONGEST_HEAD = 10, 8, 4096
#: Browsers take frames with windows up to 8 MiB (RFC 9659).
_ZSTD_WINDOW = 23
#: How a frame of zstd begins, and one that is to be skipped (RFC 8878 section 3.1.2).
_ZSTD_MAGIC = (b"\x28\xb5\x2f\xfd", *(bytes([number]) + b"\x2a\x4d\x18" for number in range(0x50, 0x60)))
#: Bytes that brotli's decoder gets at once: so many are read one by one where its end is among them. And those that are kept
#: before they are read a second time; few pages are larger.
_BROTLI_INPUT, _BROTLI_KEPT = 4 * 1024, 256 * 1024
#: What keeping a piece takes besides: a page may arrive byte by byte.
_OF_A_PIECE = 64


def malformed(why: object) -> RequestError:
    """What is raised for an answer that cannot be read."""
    return RequestError(Code.ORIGIN_MALFORMED, f"the compressed answer cannot be read: {why}")


class Decoder(Protocol):
    """Reads one coding."""

    @property
    def complete(self) -> bool:
        """Has the end been read?"""
        ...

    def read(self, data: bytes) -> Iterator[bytes]:
        """What these bytes are, in pieces of at most about `PIECE`, some of them empty. Raises RequestError."""
        ...


class Deflate:
    """gzip (RFC 1952), also several members in a row, and deflate with or without zlib's head, as browsers take both.

    What is behind a stream, lengths and checksums, is not looked at, as in browsers: a page whose trailer is cut or wrong
    is shown by them.
    """

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        #: The beginning of a head whose rest has not come.
        self._head = b""
        self._inner = zlib.decompressobj(-zlib.MAX_WBITS)
        self._inside = False
        #: Bytes of a trailer that are still to come.
        self._trailer = 0
        self._members = _Members()
        self._over = False
        self.complete = False

    def read(self, data: bytes) -> Iterator[bytes]:
        for piece in slices(data, INPUT):
            more = bool(piece)
            while more and not self._over:
                if not self._inside:
                    piece = self._begin(piece)
                    more = bool(piece)
                    continue
                try:
                    out = self._inner.decompress(piece, PIECE)
                except zlib.error as error:
                    raise malformed(error) from error
                ended = self._inner.eof
                piece = self._inner.unused_data if ended else self._inner.unconsumed_tail
                # zlib may have read all that there is, and still hold what did not fit into this output.
                more = bool(piece) or (len(out) >= PIECE and not ended)
                self._members.grew(len(out))
                yield out
                if ended:
                    self._end()

    def _end(self) -> None:
        self.complete = True
        self._inside = False
        self._members.ended()
        self._over = not self._gzip
        self._trailer = _GZIP_TRAILER

    def _begin(self, data: bytes) -> bytes:
        """Over a trailer and a head, as far as they are here; gives what follows them. Raises RequestError."""
        skipped = min(self._trailer, len(data))
        self._trailer -= skipped
        data = self._head + data[skipped:]
        self._head = b""
        if not data:
            return b""
        size = _gzip_head(data) if self._gzip else _zlib_head(data)
        if (len(data) if size is None else size) > _LONGEST_HEAD:
            raise malformed(f"a head of more than {_LONGEST_HEAD} bytes")
        if size is None:
            self._head = data
            return b""
        if size < 0:
            if not self.complete:
                raise malformed("it does not begin as gzip does")
            self._over = True  # what follows is nobody's, and browsers do not mind it
            return b""
        self._inner = zlib.decompressobj(-zlib.MAX_WBITS)
        self._inside = True
        self.complete = False
        return data[size:]


def _gzip_head(data: bytes) -> int | None:
    """The size of a member's head; None: more bytes are needed; -1: there is none (RFC 1952 section 2.3)."""
    if not b"\x1f\x8b\x08".startswith(data[:3]):
        return -1
    if len(data) < _GZIP_HEAD:
        return None
    flags, end = data[3], _GZIP_HEAD
    if flags & 4:
        if len(data) < end + 2:
            return None
        end += 2 + int.from_bytes(data[end : end + 2], "little")
    for flag in (8, 16):
        if flags & flag:
            end = data.find(b"\0", end) + 1
            if not end:
                return None
    end += 2 if flags & 2 else 0
    return end if end <= len(data) else None


def _zlib_head(data: bytes) -> int | None:
    """The size of zlib's head, 0 for deflate without one; None: more bytes are needed (RFC 1950 section 2.2)."""
    if len(data) < 2:
        return None
    return 2 if data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0 and not data[1] & 0x20 else 0


class _Members:
    """Counts the parts of a body that are complete in themselves: each costs as much as some kilobytes of text."""

    __slots__ = ("_empty", "_size")

    def __init__(self) -> None:
        self._empty = 0
        self._size = 0

    def grew(self, size: int) -> None:
        """So many more bytes are in the present one."""
        self._size += size

    def ended(self) -> None:
        """It is over. Raises RequestError for too many that hold nothing."""
        self._empty += not self._size
        self._size = 0
        if self._empty > _MOST_EMPTY:
            raise malformed(f"more than {_MOST_EMPTY} empty parts")


class Brotli:
    """One stream (RFC 7932); what is behind it is nobody's, and browsers do not mind it.

    The library fails where such bytes come in one piece with the end, and gives nothing of that piece. So what came is kept,
    and read once more then: all but the last piece, and that byte by byte, until the end. Of a body that is too large to be
    kept, a second decoder reads all but the latest pieces.
    """

    def __init__(self) -> None:
        self._inner = brotli.Decompressor()
        #: What that has read, and the second one has not, and its size.
        self._kept: list[bytes] = []
        self._size = 0
        self._second = brotli.Decompressor()
        #: Bytes of text that the first one has given and the second one has not.
        self._ahead = 0
        self.complete = False

    def read(self, data: bytes) -> Iterator[bytes]:
        for piece in slices(data, _BROTLI_INPUT):
            if self.complete:
                return
            self._kept.append(piece)
            self._size += len(piece) + _OF_A_PIECE
            try:
                for out in self._process(self._inner, piece):
                    self._ahead += len(out)
                    yield out
            except brotli.error:
                yield from self._again()
            if self.complete:
                self._kept = []
            elif self._size > _BROTLI_KEPT:
                yield from self._follow()

    def _process(self, decoder: brotli.Decompressor, piece: bytes) -> Iterator[bytes]:
        """What is known behind this piece. Raises brotli.error, also where more than the end is in it."""
        out = decoder.process(piece, output_buffer_limit=PIECE)
        while out:  # `can_accept_more_data` says so too early
            yield out
            if decoder.is_finished():
                break
            out = decoder.process(b"", output_buffer_limit=PIECE)
        self.complete = bool(decoder.is_finished())

    def _follow(self) -> Iterator[bytes]:
        """Let the second decoder read all that the first one has; what it gives is known."""
        kept, self._kept, self._size = self._kept, [], 0
        for piece in kept:
            for out in self._process(self._second, piece):
                self._ahead -= len(out)
                yield b""

    def _again(self) -> Iterator[bytes]:
        """Read from there to the end, and give what was not given yet. Raises RequestError where there is no end."""
        try:
            for piece in (*self._kept[:-1], *slices(self._kept[-1], 1)):
                for out in self._process(self._second, piece):
                    new = out[max(0, self._ahead):]
                    self._ahead -= len(out)
                    yield new
                if self.complete:
                    return
        except brotli.error as error:
            raise malformed(error) from error


class Zstd:
    """Also several frames in a row, until something that is none (RFC 8878 section 3.1)."""

    def __init__(self) -> None:
        self._inner = self._new()
        self._members = _Members()
        #: What may be the beginning of a frame whose rest has not come.
        self._head = b""
        self._inside = True
        self._over = False
        self.complete = False

    @staticmethod
    def _new() -> zstd.ZstdDecompressor:
        return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW})

    def read(self, data: bytes) -> Iterator[bytes]:
        for piece in slices(data, INPUT):
            while piece or (self._inside and not self._inner.needs_input):
                if not self._inside:
                    piece = self._begin(piece)
                    continue
                try:
                    out = self._inner.decompress(piece, PIECE)
                except zstd.ZstdError as error:
                    raise malformed(error) from error
                self._members.grew(len(out))
                yield out
                piece = b""
                if self._inner.eof:
                    self._members.ended()
                    self._inside, self.complete = False, True
                    piece = self._inner.unused_data

    def _begin(self, data: bytes) -> bytes:
        """Behind a frame: the next one with its first bytes, as far as it is here. What is none is nobody's."""
        if self._over:
            return b""
        data = self._head + data
        self._head = b""
        if not any(magic.startswith(data[:4]) for magic in _ZSTD_MAGIC):
            self._over = True
            return b""
        if len(data) < 4:
            self._head = data
            return b""
        self._inner = self._new()
        self._inside, self.complete = True, False
        return data


