"""Which answers of an application have their URLs translated, and what that means for the fields of request and answer.

A translated answer is another representation than the application's: another length, another entity tag, no ranges, no
digests. What cannot be read is passed on as it is, and the log says once why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from twisted.logger import Logger

from appproxy.errors import Code, RequestError
from appproxy.http.fields import decode_block, encode_block, values
from appproxy.http.head import Fields
from appproxy.publish.application import Application, Segment
from appproxy.publish.body.charset import Decoded, charset_of, has_ascii, is_utf_16
from appproxy.publish.body.coding import CODINGS, Coded
from appproxy.publish.body.css import css_translator
from appproxy.publish.body.lines import EventsTranslator, Lines
from appproxy.publish.body.links import Links
from appproxy.publish.body.markup.html import HtmlTranslator
from appproxy.publish.body.markup.tag import WantedAttributes
from appproxy.publish.body.markup.xml import xml_translator
from appproxy.publish.body.script import script_translator
from appproxy.publish.body.translator import Holding, Stepwise
from appproxy.publish.body.validators import marked, own, own_in_if
from appproxy.publish.fields.headers import AnswerUrls, has_too_many
from appproxy.publish.urls import Translation

_KINDS = (
    ("html", re.compile(rb"text/html|application/xhtml\+xml|image/svg\+xml")),
    ("css", re.compile(rb"text/css")),
    ("javascript", re.compile(rb"(?:text|application)/(?:x-)?(?:java|ecma)script")),
    ("json", re.compile(rb"(?:text|application)/(?:[a-z0-9.-]+\+)?json")),
    # Not every `+xml`: what is signed must not change.
    ("xml", re.compile(rb"(?:text|application)/(?:(?:atom|rdf|rss|soap|wsdl)\+)?xml|text/xsl")),
    ("events", re.compile(rb"text/event-stream")),
    # None of them is registered; RFC 7464 and RFC 8142 are the last two.
    ("ndjson", re.compile(
        rb"application/(?:x-)?(?:nd-?json|json-?lines|jsonl)|application/(?:[a-z0-9.-]+\+)?json-seq")),
)
#: Pages that are XML.
_IS_XML = re.compile(rb"[\t ]*(?:application/xhtml|image/svg)\+xml", re.IGNORECASE)
#: What reads the kinds that are no pages; JSON is read as the scripts that it is.
_SPANS = {"css": css_translator, "javascript": script_translator, "json": script_translator, "xml": xml_translator}
#: What an answer says of the bytes of its body, which are others now.
_OF_OTHER_BYTES = frozenset({
    b"accept-ranges", b"content-digest", b"content-length", b"content-md5", b"digest", b"last-modified", b"repr-digest",
})
_POLICIES = (b"content-security-policy", b"content-security-policy-report-only")
_HASHES = re.compile(rb"\ncontent-security-policy: [^\n]*'sha(?:256|384|512)-", re.IGNORECASE)
_READABLE = CODINGS | {b"identity"}
#: Members of Accept-Encoding, If-None-Match or If-Match in one request; browsers send five, programs a dozen.
_MOST_MEMBERS = 256
_LISTS = frozenset([b"accept-encoding", b"if-match", b"if-none-match"])
#: Fields of a request that are about representations.
_ASKS = re.compile(rb"^(?:accept-encoding|if|if-match|if-modified-since|if-none-match|if-range|range): ", re.MULTILINE)
#: The last segment of a path with an ending, and the endings of what may be translated.
_ENDING = re.compile(rb"/[^/?]*\.([a-z0-9]{1,8})(?:\?|\Z)", re.IGNORECASE)
_PAGES = frozenset(
    b"asp aspx atom cfm cgi css do htm html js json jsp jspx map mjs php pl rdf rss shtml svg svgz webmanifest wsdl xht xhtml "
    b"xml xsl".split())
#: Those that say of what kind a file is, and the uses that do (Fetch, request destinations).
_FILES = {
    b"css": "css", b"js": "javascript", b"mjs": "javascript", b"json": "json", b"map": "json", b"webmanifest": "json",
    b"atom": "xml", b"rdf": "xml", b"rss": "xml", b"wsdl": "xml", b"xml": "xml", b"xsl": "xml"}
_USES = {b"style": "css", b"script": "javascript", b"worker": "javascript", b"serviceworker": "javascript"}
#: What browsers fetch piece by piece, none of it translated but SVG (Fetch, request destinations).
_MEDIA = frozenset([b"audio", b"font", b"image", b"track", b"video"])
_DRAWINGS = frozenset({b"svg", b"svgz"})


_log = Logger()


class LengthCheck:
    """A body whose length its application has announced: too few bytes must not look complete."""

    __slots__ = ("_inner", "_left")

    def __init__(self, inner: Stepwise, length: int) -> None:
        self._inner = inner
        self._left = length

    def feed(self, data: bytes) -> bytes:
        """Take a piece. Raises RequestError when there is more than announced."""
        return b"".join(public for _, public in self.steps(data))

    def steps(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The same, step by step."""
        self._left -= len(data)
        if self._left < 0:
            raise RequestError(Code.ORIGIN_TRUNCATED, "more bytes than announced")
        yield from self._inner.steps(data)

    def finish(self) -> bytes:
        """The body is over. Raises RequestError when there was less than announced."""
        if self._left:
            raise RequestError(Code.ORIGIN_TRUNCATED, f"{self._left} bytes fewer than announced")
        return self._inner.finish()


class GuardedTranslator:
    """A fault of ours in a translator breaks one answer, and no connection of a connector, which others use, too."""

    __slots__ = ("_inner",)

    def __init__(self, inner: Stepwise) -> None:
        self._inner = inner

    def feed(self, data: bytes) -> bytes:
        """Take a piece. Raises RequestError."""
        return b"".join(public for _, public in self.steps(data))

    def steps(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The same, step by step."""
        try:
            yield from self._inner.steps(data)
        except RequestError:
            raise
        except Exception as error:
            raise _fault() from error

    def finish(self) -> bytes:
        """The body is over. Raises RequestError."""
        try:
            return self._inner.finish()
        except RequestError:
            raise
        except Exception as error:
            raise _fault() from error


def _fault() -> RequestError:
    _log.failure("an answer could not be translated: a fault of ours")
    return RequestError(Code.INTERNAL, "the translation of the body has failed")


@dataclass(slots=True, eq=False)
class TranslatedBodies:
    """The translation of one application's answers, and what its pages have taught it of their links."""

    application: str
    wanted: WantedAttributes
    kinds: frozenset[str]
    links: Links
    paths: bool
    #: Says how an answer was translated; another one when a URL or a setting is.
    mark: bytes
    #: What makes the origins in security policies public; None: the plan does that, as in all other fields.
    policies: Callable[[bytes], bytes] | None
    say: Callable[[str, str], None]
    _said: set[str]

    @classmethod
    def of(cls, application: Application, segment: Segment, table: Translation) -> TranslatedBodies | None:
        """Of this application at one of its pairs of URLs; None where nothing is to be translated."""
        kinds = application.translate_body
        if not kinds:
            return None
        outward = AnswerUrls(
            table, segment.external, segment.internal, keeps_host=application.view == "public",
            prefix=segment.prefix if application.forwarded_prefix else "")
        wanted = WantedAttributes(css="css" in kinds, script=bool(kinds & {"javascript", "json"}))
        paths = table.facts.moves_paths(segment.internal) or segment.internal.path != segment.external.path
        settings = sum(1 << place for place, (kind, _) in enumerate(_KINDS) if kind in kinds)
        mark = b"%08x" % (int(table.facts.mark, 16) ^ settings)
        policy = outward.sources.policy
        links = Links(outward.url, table.facts.leaves, policy)
        policies = None if application.translate_headers else policy
        return cls(application.name, wanted, kinds, links, paths, mark, policies, _warn, set())

    # The request.

    def request(self, block: bytes, target: bytes, method: bytes = b"GET") -> tuple[bytes, bool]:
        """The request's block as the application is to see it, and whether the user holds a translated answer.

        Codings that we do not read are not asked for. A part of what is translated is no part of what the user has, so
        none is asked for where the answer may be translated: the whole is always right (RFC 9110 section 14.2). There a
        copy without our mark is from before its kind was translated, so nobody is asked whether it is still fresh.

        Raises RequestError(BAD_REQUEST) for a list with more members than anybody sends.
        """
        if _ASKS.search(block) is None:
            return block, False
        fields = decode_block(block)
        asked = dict(fields)
        whole = _may_be_translated(target, asked.get(b"sec-fetch-dest", b""), self.kinds)
        reads = method in (b"GET", b"HEAD")
        only_marked = whole and reads
        any_marked = stale = False
        kept: Fields = []
        if sum(value.count(b",") for name, value in fields if name in _LISTS) >= _MOST_MEMBERS:
            raise RequestError(Code.BAD_REQUEST, f"more than {_MOST_MEMBERS} codings or entity tags")
        for name, value in fields:
            if name == b"accept-encoding":
                value = _readable(value)
            elif name == b"if-none-match":
                # What must not be overwritten is the application's own, however it was translated.
                value, any_marked = own(value, self.mark if reads else None, unmarked=not only_marked)
                stale = any_marked
            elif name in (b"if-match", b"if"):
                value = own(value, None)[0] if name == b"if-match" else own_in_if(
                    value, self.mark if reads else None, unmarked=not only_marked)
            elif name in (b"range", b"if-range") and (whole or own(asked.get(b"if-range", b""), None)[1]):
                continue
            if value or name not in (b"if-none-match", b"if-match"):
                kept.append((name, value))
        if stale or only_marked:
            kept = [field for field in kept if field[0] != b"if-modified-since"]
        return encode_block(kept), any_marked

    # The answer.

    def answer(self, method: bytes, status: int, block: bytes, marked_before: bool) -> tuple[bytes, Stepwise | None]:
        """The answer's block and what its body goes through; None: as it is."""
        if self.policies is not None and b"\ncontent-security-policy" in b"\n" + block and not has_too_many(block):
            policy = self.policies
            block = encode_block([
                (name, policy(value) if name in _POLICIES else value) for name, value in decode_block(block)])
        if status == 304 and marked_before:
            return self._marked(block, frozenset({b"last-modified"})), None
        if status < 200 or status in (204, 206, 304):
            return block, None
        kind = _kind_of(block)
        if kind not in self.kinds:
            return block, None
        coding, reason = self._readable_as(block)
        if reason:
            if reason not in self._said:
                self._said.add(reason)
                self.say(self.application, reason)
            return block, None
        length = values(block, b"content-length")
        public = self._marked(block, _OF_OTHER_BYTES)
        if method == b"HEAD":
            return public, None
        translator: Stepwise = self._translator(kind, block)
        if coding:
            translator = Coded(translator, coding)
        return public, GuardedTranslator(LengthCheck(translator, int(length[0])) if length else translator)

    def _translator(self, kind: str, block: bytes) -> Stepwise:
        if kind in ("events", "ndjson"):
            return Lines(EventsTranslator(self.links) if kind == "events" else script_translator(self.links))
        content_type = values(block, b"content-type")[0]
        inner: Holding
        if kind == "html":
            wanted = self.wanted
            if _HASHES.search(b"\n" + block) is not None:
                wanted = WantedAttributes(wanted.css, wanted.script, inline=False)
            inner = HtmlTranslator(self.links, wanted, paths=self.paths, xml=_IS_XML.match(content_type) is not None)
        else:
            inner = _SPANS[kind](self.links)
        return Decoded(inner, charset_of(content_type))

    def _marked(self, block: bytes, unwanted: frozenset[bytes]) -> bytes:
        kept = []
        for name, value in decode_block(block):
            if name == b"etag":
                value = marked(value, self.mark) or b""
            if name not in unwanted and (value or name != b"etag"):
                kept.append((name, value))
        return encode_block(kept)

    @staticmethod
    def _readable_as(block: bytes) -> tuple[bytes, str]:
        """The coding of the body, b"" for none, and why it cannot be translated, "" if it can."""
        if b"no-transform" in b",".join(values(block, b"cache-control")).lower():
            return b"", "Cache-Control: no-transform"
        if any(value.lower().startswith(b"attachment") for value in values(block, b"content-disposition")):
            return b"", "Content-Disposition: attachment"
        charset = charset_of(values(block, b"content-type")[0])
        if not has_ascii(charset or "utf-8") and not is_utf_16(charset):
            return b"", f"the charset {charset[:40]!r} is not read"
        codings = b",".join(values(block, b"content-encoding")).lower().replace(b" ", b"").split(b",")
        named = [coding for coding in codings if coding not in (b"", b"identity")]
        if not named:
            return b"", ""
        if len(named) > 1 or named[0] not in CODINGS:
            return b"", f"the content coding {b','.join(named)[:40].decode('latin-1')!r} is not read"
        return named[0], ""


def _warn(application: str, reason: str) -> None:
    _log.warn("an answer of {application} was passed on without translating its URLs: {reason}", application=application,
              reason=reason)


def _kind_of(block: bytes) -> str:
    """What is in the body, "" for what is never translated."""
    content_types = values(block, b"content-type")
    if len(content_types) == 1:
        essence = content_types[0].partition(b";")[0].strip().lower()
        for kind, pattern in _KINDS:
            if pattern.fullmatch(essence) is not None:
                return kind
    return ""


def _readable(accepted: bytes) -> bytes:
    """An Accept-Encoding without the codings that we do not read; `*` could be one of them."""
    kept = [member for member in accepted.split(b",") if member.partition(b";")[0].strip().lower() in _READABLE]
    return b",".join(kept).strip() or b"identity"


def _may_be_translated(target: bytes, destination: bytes, kinds: Collection[str]) -> bool:
    """Could the answer be of one of these kinds? Files with other endings, and what browsers want for other uses, are not."""
    found = _ENDING.search(target.partition(b"?")[0])
    ending = b"" if found is None else found[1].lower()
    if destination in _MEDIA:
        return ending in _DRAWINGS and "html" in kinds
    if _USES.get(destination, "html") not in {"html", *kinds}:
        return False
    if not ending:
        return True
    return ending in _PAGES and _FILES.get(ending, "html") in {"html", *kinds}
