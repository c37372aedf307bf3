"""The chunked transfer coding, read strictly (RFC 9112 section 7.1); it serves requests and answers alike."""

from __future__ import annotations

from appproxy.http.h1.unread import Unread
from appproxy.http.head import Fields
from appproxy.http.lines import LARGEST_SIZE, parse_lines
from appproxy.regex import compiled

#: A size of at most 16 digits, blanks, and an extension. Old programs fill the size up with blanks, which nginx and HAProxy
#: take, too.
_SIZE = compiled(rb"([0-9A-Fa-f]{1,16}+)([ \t]*+(?:;[\t\x20-\x7e\x80-\xff]*+)?)\r\n")
_SIZE_SO_FAR = compiled(rb"[0-9A-Fa-f]{0,16}+(?:[ \t]*+(?:;[\t\x20-\x7e\x80-\xff]*+)?)?\r?")
#: A size line: 16 digits, CRLF, and an extension as long as a signature needs.
_LINE_LIMIT = 512
#: Extensions of one body together, so that they cannot be most of what we read.
_EXTENSIONS_LIMIT = 16384

_WANT_SIZE, _WANT_DATA, _WANT_END_OF_CHUNK, _WANT_TRAILERS, _DONE = range(5)

#: Never taken from a trailer section: framing, routing, and whatever would be believed by someone who merges trailers
#: into the head (RFC 9110 section 6.5.1).
NOT_IN_TRAILERS = frozenset(
    b"age authorization cache-control connection content-encoding content-length content-range content-type cookie "
    b"date expect expires forwarded host if-match if-modified-since if-none-match if-range if-unmodified-since "
    b"keep-alive location max-forwards origin pragma proxy-authenticate proxy-authorization proxy-connection range "
    b"retry-after set-cookie te trailer transfer-encoding upgrade vary via warning www-authenticate".split())


def _small_chunk() -> bytes:
    """An expression for a whole chunk of 1 to 15 bytes. The one digit of its size says how many bytes follow the line."""
    line_end = rb"(?:\r\n|[ \t]{0,16}+(?:;[\t\x20-\x7e\x80-\xff]{0,32}+)?\r\n)"
    digits = b"1 2 3 4 5 6 7 8 9 [aA] [bB] [cC] [dD] [eE] [fF]".split()
    sizes = b"|".join(b"%b%b[\\s\\S]{%d}" % (digit, line_end, size) for size, digit in enumerate(digits, 1))
    return rb"0{0,15}+(?:" + sizes + rb")\r\n"


#: Small chunks with short extensions, one behind the other; and one of them. The loop that reads any chunk takes three times
#: as long for them.
_SMALL_CHUNKS = compiled(b"(?:" + _small_chunk() + b")++")
_SMALL_CHUNK = compiled(_small_chunk())
#: Bytes of such a chunk beside its data: one digit, and CRLF twice.
_AROUND = 5


#: A body in so few chunks is looked through for its end before it is read. Programs send what they have written in one piece
#: as one chunk, or line by line.
_FEW_CHUNKS = 32


def is_whole(unread: Unread) -> bool:
    """Is all of a chunked body here, which begins with the first unread byte? Nothing is read.

    False also for one that is malformed or has more than `_FEW_CHUNKS`: this only saves time where the answer is yes.
    """
    data, at = unread.data, unread.at
    for _ in range(_FEW_CHUNKS):
        line = _SIZE.match(data, at)
        if line is None:
            return False
        start = line.end()
        size = int(line[1], 16)
        if not size:
            return data.find(b"\r\n\r\n", start - 2) >= 0
        at = start + size + 2
        if at > len(data):
            return False
    return False


class TrailersTooLong(ValueError):
    """A trailer section with more bytes or lines than are taken."""


class ChunkedDecoder:
    """Takes one chunked body from an `Unread`, and stops exactly behind it.

    Why not httptools: it cannot be stopped at the end of a message, so it would read the next, pipelined one as well;
    it calls once a chunk, and it bounds neither extensions nor trailers. Faults raise ValueError; the caller knows whom
    to blame.
    """

    __slots__ = ("trailers", "_extensions", "_left", "_lines", "_state", "_trailers_limit")

    def __init__(self, trailers_limit: int, trailer_lines: int) -> None:
        self.trailers: Fields = []
        self._trailers_limit = trailers_limit
        self._lines = trailer_lines
        self._state = _WANT_SIZE
        self._left = 0
        self._extensions = 0

    @property
    def done(self) -> bool:
        """The last chunk and the trailers have been read."""
        return self._state == _DONE

    def decode(self, unread: Unread) -> bytes:
        """Body bytes that are there, joined; the coding's own bytes are gone. Raises ValueError."""
        pieces: list[bytes] = []
        more = True
        while more:
            if self._state == _WANT_SIZE:
                self._read_whole_chunks(unread, pieces)
                more = self._read_size(unread)
            elif self._state == _WANT_DATA:
                more = self._read_data(unread, pieces)
            elif self._state == _WANT_END_OF_CHUNK:
                more = self._read_end_of_chunk(unread)
            elif self._state == _WANT_TRAILERS:
                more = self._read_trailers(unread)
            else:
                more = False
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _read_whole_chunks(self, unread: Unread, pieces: list[bytes]) -> None:
        """All chunks that are here whole: one read can bring ten thousand of a byte. Raises ValueError."""
        data, at, read_line = unread.data, unread.at, _SIZE.match
        while True:
            if (small := _SMALL_CHUNKS.match(data, at)) is not None:
                pieces.append(self._join_small_chunks(small[0]))
                at = small.end()
            line = read_line(data, at)
            if line is None:
                break
            start = line.end()
            end = start + int(line[1], 16)
            if end == start or data[end:end + 2] != b"\r\n":
                break
            if line[2]:
                self._count_extension(line[2])
            pieces.append(bytes(data[start:end]))
            at = end + 2
        unread.at = at

    def _join_small_chunks(self, run: bytes) -> bytes:
        """The data of a run of small chunks. Raises ValueError."""
        chunks = _SMALL_CHUNK.findall(run)
        data = b"".join([chunk[chunk.find(b"\n") + 1:-2] for chunk in chunks])
        size = len(data) + _AROUND * len(chunks)
        if len(run) > size:  # zeros in front of sizes, or extensions
            self._count_extensions(sum([len(chunk.lstrip(b"0")) for chunk in chunks]) - size)
        return data

    def _count_extension(self, extension: bytes) -> None:
        if len(extension) > _LINE_LIMIT:
            raise ValueError("a chunk extension is too long")
        self._count_extensions(len(extension))

    def _count_extensions(self, size: int) -> None:
        self._extensions += size
        if self._extensions > _EXTENSIONS_LIMIT:
            raise ValueError("chunk extensions are too long")

    def _read_size(self, unread: Unread) -> bool:
        line = _SIZE.match(unread.data, unread.at)
        if line is None:
            if len(unread) >= _LINE_LIMIT or _SIZE_SO_FAR.fullmatch(unread.data, unread.at) is None:
                raise ValueError("a chunk size is malformed")
            return False
        if line[2]:
            self._count_extension(line[2])
        self._left = int(line[1], 16)
        if self._left > LARGEST_SIZE:
            raise ValueError("a chunk is too large")
        unread.at = line.end()
        self._state = _WANT_DATA if self._left else _WANT_TRAILERS
        return True

    def _read_data(self, unread: Unread, pieces: list[bytes]) -> bool:
        piece = unread.take(self._left)
        if not piece:
            return False
        pieces.append(piece)
        self._left -= len(piece)
        if self._left:
            return False
        self._state = _WANT_END_OF_CHUNK
        return True

    def _read_end_of_chunk(self, unread: Unread) -> bool:
        end = bytes(unread.data[unread.at:unread.at + 2])
        if end == b"\r\n":
            unread.at += 2
            self._state = _WANT_SIZE
            return True
        if end not in (b"", b"\r"):
            raise ValueError("a chunk is longer than its size")
        return False

    def _read_trailers(self, unread: Unread) -> bool:
        start = bytes(unread.data[unread.at:unread.at + 2])
        if start == b"\r\n":
            unread.at += 2
            self._state = _DONE
        elif start not in (b"", b"\r"):
            try:
                section = unread.cut_head(self._trailers_limit)
            except OverflowError as error:
                raise TrailersTooLong("trailers are too long") from error
            if section is None:
                return False
            if section.count(b"\r\n") - 1 > self._lines:
                raise TrailersTooLong("too many trailers")
            self.trailers = [field for field in parse_lines(section[:-2]) if field[0] not in NOT_IN_TRAILERS]
            self._state = _DONE
        return False
