"""Content codings: what an application has compressed is read, translated, and compressed again (RFC 9110 section 8.4.1).

What is read is bounded twice: never more than `PIECE` bytes at once, and in all not more than `RATIO` times what came. A
small answer that grows without end (a bomb) is broken off.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import brotli

from appproxy.publish.body.decoders import Brotli, Decoder, Deflate, Zstd, malformed
from appproxy.publish.body.translator import STEP, Translator, slices

try:
    from compression import zstd  # type: ignore[import-not-found,unused-ignore]
except ImportError:  # before Python 3.14
    from backports import zstd

#: What a part of a body costs that is complete in itself (a member of gzip, a frame of zstd), in bytes of text.
_PART = 1024
#: The most that a compressed answer may grow. Pages of similar rows reach some 50, zeros 1,030 with gzip.
RATIO = 200
#: What is always allowed, so that a short answer need not be measured, and what never is.
GRACE = 1 << 20
LARGEST = 4 << 30
#: Fast ones: re-compressing must not cost much more than reading.
_GZIP_LEVEL, _BROTLI_QUALITY, _ZSTD_LEVEL = 2, 3, 1

CODINGS = frozenset({b"gzip", b"x-gzip", b"deflate", b"br", b"zstd"})


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
    b"gzip": (lambda: Deflate(gzip=True), lambda: _ZlibEncoder(_GZIP_BITS)),
    b"x-gzip": (lambda: Deflate(gzip=True), lambda: _ZlibEncoder(_GZIP_BITS)),
    b"deflate": (lambda: Deflate(gzip=False), lambda: _ZlibEncoder(zlib.MAX_WBITS)),
    b"br": (Brotli, _BrotliEncoder),
    b"zstd": (Zstd, _ZstdEncoder),
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
                raise malformed(f"{self._taken} bytes are {self._read} and more")
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
