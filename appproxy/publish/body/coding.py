"""Content codings: what an application has compressed is read, translated, and compressed again (RFC 9110 section 8.4.1).

What is read is bounded twice: never more than `PIECE` bytes at once, and in all not more than `RATIO` times what came. A
small answer that grows without end (a bomb) is broken off.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import brotli

from appproxy.errors import Code, RequestError
from appproxy.publish.body.translator import STEP, Translator, slices

try:
    from compression import zstd  # type: ignore[import-not-found,unused-ignore]
except ImportError:  # before Python 3.14
    from backports import zstd

#: Bytes that are read from a compressed piece at once.
PIECE = 64 * 1024
#: Bytes that are given to a decoder at once: what it leaves of them, where a part ends, is copied.
INPUT = 16 * 1024
#: What a part of a body costs that is complete in itself (a member of gzip, a frame of zstd), in bytes of text; and how many
#: of them may be empty. Those who join compressed files have some.
_PART = 1024
_MOST_EMPTY = 1000
#: Bytes of the fixed part of gzip's head, of its trailer, and of a head with the name of a file and a comment.
_GZIP_HEAD, _GZIP_TRAILER, _LONGEST_HEAD = 10, 8, 4096
#: The most that a compressed answer may grow. Pages of similar rows reach some 50, zeros 1,030 with gzip.
RATIO = 200
#: What is always allowed, so that a short answer need not be measured, and what never is.
GRACE = 1 << 20
LARGEST = 4 << 30
#: Browsers take frames with windows up to 8 MiB (RFC 9659).
_ZSTD_WINDOW = 23
#: Fast ones: re-compressing must not cost much more than reading.
_GZIP_LEVEL, _BROTLI_QUALITY, _ZSTD_LEVEL = 2, 3, 1

CODINGS = frozenset({b"gzip", b"x-gzip", b"deflate", b"br", b"zstd"})


def _malformed(why: object) -> RequestError:
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


class _Deflate:
    """gzip (RFC 1952), also several members in a row, and deflate with or without zlib's head, as browsers take both.

    What stands behind a stream, lengths and checksums, is not looked at, as in browsers: a page whose trailer is cut or wrong
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
                    raise _malformed(error) from error
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
            raise _malformed(f"a head of more than {_LONGEST_HEAD} bytes")
        if size is None:
            self._head = data
            return b""
        if size < 0:
            if not self.complete:
                raise _malformed("it does not begin as gzip does")
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
            raise _malformed(f"more than {_MOST_EMPTY} empty parts")


class _Brotli:
    def __init__(self) -> None:
        self._inner = brotli.Decompressor()

    @property
    def complete(self) -> bool:
        return bool(self._inner.is_finished())

    def read(self, data: bytes) -> Iterator[bytes]:
        for piece in slices(data, INPUT):
            while not self._inner.is_finished():
                try:
                    out = self._inner.process(piece, output_buffer_limit=PIECE)
                except brotli.error as error:
                    raise _malformed(error) from error
                piece = b""
                if not out:  # `can_accept_more_data` says so too early
                    break
                yield out


class _Zstd:
    """Also several frames in a row."""

    def __init__(self) -> None:
        self._inner = self._new()
        self._members = _Members()
        self.complete = False

    @staticmethod
    def _new() -> zstd.ZstdDecompressor:
        return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW})

    def read(self, data: bytes) -> Iterator[bytes]:
        for piece in slices(data, INPUT):
            while piece or not (self._inner.needs_input or self._inner.eof):
                if self._inner.eof:
                    self._inner = self._new()
                try:
                    out = self._inner.decompress(piece, PIECE)
                except zstd.ZstdError as error:
                    raise _malformed(error) from error
                self._members.grew(len(out))
                yield out
                self.complete = self._inner.eof
                if self.complete:
                    self._members.ended()
                piece = self._inner.unused_data if self._inner.eof else b""


class Encoder(Protocol):
    """Writes one coding."""

    def write(self, data: bytes) -> bytes:
        """Some bytes, in such a way that they can be read at once."""
        ...

    def end(self) -> bytes:
        """What has to come last."""
        ...


class _ZlibEncoder:
    def __init__(self, bits: int) -> None:
        self._inner = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, bits)

    def write(self, data: bytes) -> bytes:
        return self._inner.compress(data) + self._inner.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        return self._inner.flush()


class _BrotliEncoder:
    def __init__(self) -> None:
        self._inner = brotli.Compressor(quality=_BROTLI_QUALITY, lgwin=18)

    def write(self, data: bytes) -> bytes:
        return bytes(self._inner.process(data) + self._inner.flush())

    def end(self) -> bytes:
        return bytes(self._inner.finish())


class _ZstdEncoder:
    def __init__(self) -> None:
        self._inner = zstd.ZstdCompressor(level=_ZSTD_LEVEL)

    def write(self, data: bytes) -> bytes:
        return bytes(self._inner.compress(data, zstd.ZstdCompressor.FLUSH_BLOCK))

    def end(self) -> bytes:
        return bytes(self._inner.flush(zstd.ZstdCompressor.FLUSH_FRAME))


_GZIP_BITS = 16 + zlib.MAX_WBITS
WAYS: dict[bytes, tuple[Callable[[], Decoder], Callable[[], Encoder]]] = {
    b"gzip": (lambda: _Deflate(gzip=True), lambda: _ZlibEncoder(_GZIP_BITS)),
    b"x-gzip": (lambda: _Deflate(gzip=True), lambda: _ZlibEncoder(_GZIP_BITS)),
    b"deflate": (lambda: _Deflate(gzip=False), lambda: _ZlibEncoder(zlib.MAX_WBITS)),
    b"br": (_Brotli, _BrotliEncoder),
    b"zstd": (_Zstd, _ZstdEncoder),
}


class Coded:
    """Translates a body in this coding, one of `CODINGS`, and writes it in the same."""

    __slots__ = ("_decoder", "_empty", "_encoder", "_inner", "_read", "_taken")

    def __init__(self, inner: Translator, coding: bytes) -> None:
        decoder, encoder = WAYS[coding]
        self._inner = inner
        self._decoder = decoder()
        self._encoder = encoder()
        self._taken = 0
        self._read = 0
        self._empty = True

    def feed(self, data: bytes) -> bytes:
        """Take a piece; give what is known. Raises RequestError: what has been given then must not look complete."""
        return b"".join(public for _, public in self.steps(data))

    def steps(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The same, about `STEP` bytes of what was compressed at once."""
        self._taken += len(data)
        self._empty = self._empty and not data
        for piece in self._decoder.read(data):
            self._read += len(piece)
            if self._read > min(GRACE + RATIO * self._taken, LARGEST):
                raise _malformed(f"{self._taken} bytes are {self._read} and more")
            public = []
            for part in slices(piece, STEP):
                public.append(self._inner.feed(part))
                yield max(len(part), _PART), b""
            joined = b"".join(public)
            if joined:
                yield 0, self._encoder.write(joined)

    def finish(self) -> bytes:
        """The body is over.

        Where the coding has no end, what came is passed on, without an end too: browsers show it, and programs that want the
        end miss it as they would without us.
        """
        if self._empty:
            return b""  # an empty body, which needs no coding
        public = self._inner.finish()
        last = self._encoder.write(public) if public else b""
        return last + self._encoder.end() if self._decoder.complete else last
