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
from appproxy.publish.body.translator import Translator

try:
    from compression import zstd  # type: ignore[import-not-found,unused-ignore]
except ImportError:  # before Python 3.14
    from backports import zstd

#: Bytes that are read from a compressed piece at once.
PIECE = 64 * 1024
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
        """What these bytes are, in pieces of at most about `PIECE`. Raises RequestError."""
        ...


class _Zlib:
    """gzip, also several members in a row, and deflate with or without zlib's head, as browsers take both."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._inner = zlib.decompressobj(bits)
        self._begun = False
        self.complete = False

    def read(self, data: bytes) -> Iterator[bytes]:
        if not self._begun and data:
            self._begun = True
            if self._bits == zlib.MAX_WBITS and data[0] & 0x0F != 8:
                self._inner = zlib.decompressobj(-zlib.MAX_WBITS)
        while data:
            if self._inner.eof:
                if self._bits <= zlib.MAX_WBITS or data[:1] != b"\x1f":
                    return  # what follows is nobody's, and browsers do not mind it
                self._inner = zlib.decompressobj(self._bits)
            try:
                out = self._inner.decompress(data, PIECE)
            except zlib.error as error:
                raise _malformed(error) from error
            if out:
                yield out
            data = self._inner.unused_data if self._inner.eof else self._inner.unconsumed_tail
            self.complete = self._inner.eof


class _Brotli:
    def __init__(self) -> None:
        self._inner = brotli.Decompressor()

    @property
    def complete(self) -> bool:
        return bool(self._inner.is_finished())

    def read(self, data: bytes) -> Iterator[bytes]:
        while not self._inner.is_finished():
            try:
                out = self._inner.process(data, output_buffer_limit=PIECE)
            except brotli.error as error:
                raise _malformed(error) from error
            data = b""
            if not out:  # `can_accept_more_data` says so too early
                return
            yield out


class _Zstd:
    """Also several frames in a row."""

    def __init__(self) -> None:
        self._inner = self._new()
        self.complete = False

    @staticmethod
    def _new() -> zstd.ZstdDecompressor:
        return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW})

    def read(self, data: bytes) -> Iterator[bytes]:
        while data or not (self._inner.needs_input or self._inner.eof):
            if self._inner.eof:
                self._inner = self._new()
            try:
                out = self._inner.decompress(data, PIECE)
            except zstd.ZstdError as error:
                raise _malformed(error) from error
            if out:
                yield out
            self.complete = self._inner.eof
            data = self._inner.unused_data if self._inner.eof else b""


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
    b"gzip": (lambda: _Zlib(_GZIP_BITS), lambda: _ZlibEncoder(_GZIP_BITS)),
    b"x-gzip": (lambda: _Zlib(_GZIP_BITS), lambda: _ZlibEncoder(_GZIP_BITS)),
    b"deflate": (lambda: _Zlib(zlib.MAX_WBITS), lambda: _ZlibEncoder(zlib.MAX_WBITS)),
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
        """The same, about `PIECE` bytes of what was compressed at once."""
        self._taken += len(data)
        self._empty = self._empty and not data
        for piece in self._decoder.read(data):
            self._read += len(piece)
            if self._read > min(GRACE + RATIO * self._taken, LARGEST):
                raise _malformed(f"{self._taken} bytes are {self._read} and more")
            public = self._inner.feed(piece)
            yield len(piece), self._encoder.write(public) if public else b""

    def finish(self) -> bytes:
        """The body is over. Raises RequestError if it is cut."""
        if self._empty:
            return b""  # an empty body, which needs no coding
        if not self._decoder.complete:
            raise RequestError(Code.ORIGIN_TRUNCATED, "the compressed answer is cut")
        public = self._inner.finish()
        return (self._encoder.write(public) if public else b"") + self._encoder.end()
