"""URLs in HTML: one match of `grammar.tokenizer` from link to link, and a closer look where that stops."""

from __future__ import annotations

import re

from appproxy.publish.body.css import css_translator
from appproxy.publish.body.links import Links
from appproxy.publish.body.markup.grammar import TAG, tokenizer
from appproxy.publish.body.markup.raw_text import END_TAGS, LongTag, RawText, Script
from appproxy.publish.body.markup.srcdoc import DEEPEST, translate_srcdoc
from appproxy.publish.body.markup.table import FOREIGN, PLAIN, RAW_TEXT
from appproxy.publish.body.markup.tag import WantedAttributes, attributes, changes, value_of
from appproxy.publish.body.script import script_translator
from appproxy.publish.body.translator import LONGEST, Holding, Untouched
from appproxy.regex import compiled

#: Without and with URLs that are only a path. To compile one takes some 25 ms, which no request is to wait for.
_TOKENIZERS = (tokenizer(False), tokenizer(True))
_COMMENT_ENDS = compiled(rb"--!?>")
_CDATA_ENDS = compiled(rb"\]\]>")
_TAG_ENDS = compiled(rb">")
#: Behind the part of a URL that is looked at: a reference to a character, or what browsers read as a slash.
_SPELLED = b"&\\"
_NEVER = compiled(rb"(?!)")
_NAME = compiled(rb"</?+([a-zA-Z][^\t\n\f\r />]*+)(?=[\t\n\f\r />])")
#: How XML names a style sheet; group 2 is its address.
_SHEET = compiled(
    rb"<\?xml-stylesheet(?:(?![\t\n\r ]++href)[\t\n\r ]++[a-z]++[\t\n\r ]*+=[\t\n\r ]*+(?:\"[^\"]*+\"|'[^']*+'))*+"
    rb"[\t\n\r ]++href[\t\n\r ]*+=[\t\n\r ]*+([\"'])([^\"']*+)\1")
#: How scripts and data in them say what they are (HTML section 4.12.1); without a type it is JavaScript.
_SCRIPT_TYPE = compiled(
    rb"(?:module|importmap|speculationrules|(?:text|application)/(?:x-)?(?:java|ecma)script|application/(?:[a-z.-]+\+)?json)?",
    re.IGNORECASE)
#: How pieces of pages say what they are that scripts fill in and insert later; to browsers they are only data.
_TEMPLATE_TYPE = compiled(
    rb"text/(?:html|ng-template|(?:x-)?(?:[a-z-]+[.-])?(?:template|tmpl|handlebars|mustache))", re.IGNORECASE)


class HtmlTranslator:
    """Translates a page. `xml`: it is XHTML, where empty elements and CDATA are what they look like.

    `level` counts the pages that this one is in, by `srcdoc`, or as a piece of a page for scripts.
    """

    __slots__ = ("_depth", "_held", "_level", "_links", "_paths", "_raw", "_scan", "_wanted", "_xml")

    def __init__(
        self, links: Links, wanted: WantedAttributes, *, paths: bool = False, xml: bool = False, level: int = 0,
    ) -> None:
        self._links = links
        self._level = level
        self._wanted = wanted
        self._paths = paths
        self._xml = xml
        self._scan = _TOKENIZERS[paths]
        self._held = b""
        #: Inside of how many elements of `FOREIGN`.
        self._depth = 0
        #: The text that is no markup, or the tag too long to be looked at, in which we are.
        self._raw: RawText | None = None

    @property
    def held(self) -> int:
        """Bytes that wait for those that follow them."""
        return len(self._held) + (0 if self._raw is None else self._raw.inner.held)

    def feed(self, data: bytes) -> bytes:
        """Take a piece; give what is known."""
        page = self._held + data if self._held else data
        if self._raw is None and self._held[1:2].isalpha() and b">" not in data and len(page) <= LONGEST:
            self._held = page  # a tag that does not end here either need not be looked at
            return b""
        out: list[bytes] = []
        place = 0
        while True:
            if self._raw is not None:
                place, more = self._in_raw(self._raw, page, place, out)
            else:
                place, more = self._in_markup(page, place, out)
            if not more:
                break
        self._held = page[place:]
        return b"".join(out)

    def finish(self) -> bytes:
        """The page is over; what is cut stays as it is."""
        held, self._held = self._held, b""
        if self._raw is None:
            return held
        return self._raw.inner.feed(held) + self._raw.inner.finish()

    def _in_raw(self, raw: RawText, page: bytes, place: int, out: list[bytes]) -> tuple[int, bool]:
        end, over = raw.end(page, place)
        out.append(raw.inner.feed(page[place:end]))
        if over:
            out.append(raw.inner.finish())
            self._raw = None
            if raw.opens:
                self._opened(raw.opens, None, page, empty=False)
        return end, over

    def _in_markup(self, page: bytes, place: int, out: list[bytes]) -> tuple[int, bool]:
        """From tag to tag. Gives the place up to which all is known, and whether it is to be called again there."""
        scan, known, leaves = self._scan.match, self._links.memo.get, self._links.leaves
        done = place
        while (found := scan(page, place)) is not None:
            if found.lastindex != 2:
                return self._stopped(page, found, done, out)
            before, place = place, found.end()
            start, end = found.span(2)
            head = page[start:end]
            cut = head.rfind(b"/") + 1
            public = known(head[:cut])
            if (
                public is None or page[end] in _SPELLED or (leaves and head[cut:] in leaves)
                or (place - before > LONGEST and place - found.start(1) > LONGEST)
            ):
                done = self._slowly(page, found.start(1), place, done, out)
            elif public:
                out += (page[done:start], public)
                done = start + cut
        raise AssertionError("the tokenizer may match nothing, but it matches")

    def _stopped(self, page: bytes, found: re.Match[bytes], done: int, out: list[bytes]) -> tuple[int, bool]:
        before = found.end() if found.lastindex is None else found.start(1)
        out.append(page[done:before])
        return (before, False) if before == len(page) else self._look(page, before, out)

    def _slowly(self, page: bytes, start: int, end: int, done: int, out: list[bytes]) -> int:
        """A tag that the short way cannot tell. Gives the place up to which all has been given."""
        found = TAG.match(page, start, end)
        if found is None or end - start > LONGEST:
            return done
        for first, last, public in changes(
                self._links, self._wanted, found[1].lower(), page, *found.span(2), self._srcdoc):
            out += (page[done:first], public)
            done = last
        return done

    def _srcdoc(self, raw: bytes, quote: bytes) -> bytes | None:
        """What a page in an attribute becomes; None: it stays. It is HTML, also in XHTML."""
        level = self._level + 1
        if level > DEEPEST:
            return None

        def translate(page: bytes) -> bytes:
            inner = HtmlTranslator(self._links, self._wanted, paths=self._paths, level=level)
            return inner.feed(page) + inner.finish()

        return translate_srcdoc(raw, quote, level, translate)

    def _look(self, page: bytes, place: int, out: list[bytes]) -> tuple[int, bool]:
        """At a `<` that begins something else than a plain link."""
        if page.startswith(b"<!--", place):
            return self._comment(page, place, out)
        if page.startswith(b"<![CDATA[", place):
            ends = _CDATA_ENDS if self._depth or self._xml else _TAG_ENDS
            self._raw = RawText(ends, Untouched(), after=True)
            return place, True
        if page.startswith(b"<?", place):
            return self._instruction(page, place, out)
        found = TAG.match(page, place)
        if found is None:
            return self._cut(page, place, out)
        name = found[1].lower()
        end = found.end()
        if page[place + 1] == 0x2F:
            out.append(page[place:end])
            self._depth = max(0, self._depth - (name in FOREIGN))
            return end, True
        within = end - place <= LONGEST
        done = self._slowly(page, place, end, place, out)
        out.append(page[done:end])
        self._opened(name, attributes(page, *found.span(2)) if within else None, page, within and page[end - 2] == 0x2F)
        return end, True

    def _opened(self, name: bytes, found: list[tuple[bytes, int, int, int, int]] | None, page: bytes, empty: bool) -> None:
        """Behind a start tag; `found` None: it was too long to know its attributes."""
        foreign = self._depth > 0 or self._xml
        if name in FOREIGN:
            self._depth += not empty
        elif name == PLAIN and not foreign:
            self._raw = RawText(_NEVER, Untouched(), after=True)
        elif name not in RAW_TEXT or (foreign and (empty or name not in (b"script", b"style"))):
            return
        elif name == b"script":
            self._raw = Script(Untouched() if found is None else self._script((value_of(found, page, b"type") or b"").strip()))
        else:
            sheet = name == b"style" and self._wanted.css and self._wanted.inline
            inner: Holding = css_translator(self._links) if sheet else Untouched()
            self._raw = RawText(END_TAGS[name], inner, after=False)

    def _script(self, says: bytes) -> Holding:
        """What the text of a `script` of this type goes through."""
        if _TEMPLATE_TYPE.fullmatch(says) is not None:
            if self._level == DEEPEST:
                return Untouched()
            return HtmlTranslator(self._links, self._wanted, paths=self._paths, level=self._level + 1)
        known = self._wanted.script and self._wanted.inline and _SCRIPT_TYPE.fullmatch(says) is not None
        return script_translator(self._links) if known else Untouched()

    def _comment(self, page: bytes, place: int, out: list[bytes]) -> tuple[int, bool]:
        short = page[place + 4 : place + 6]
        if short[:1] == b">" or short == b"->":
            end = page.index(b">", place) + 1
            out.append(page[place:end])
            return end, True
        if len(short) < 2:
            return place, False
        out.append(page[place : place + 4])
        self._raw = RawText(_COMMENT_ENDS, Untouched(), after=True)
        return place + 4, True

    def _instruction(self, page: bytes, place: int, out: list[bytes]) -> tuple[int, bool]:
        """A processing instruction, which XML has: that of a style sheet has its address (xml-stylesheet section 3.1)."""
        end = page.find(b">", place) + 1
        if not end:
            return self._cut(page, place, out)
        found = _SHEET.match(page, place, end) if self._xml and end - place <= LONGEST else None
        public = None if found is None else self._links.attribute(found[2])
        if found is not None and public is not None:
            out += (page[place : found.start(2)], public)
            place = found.end(2)
        out.append(page[place:end])
        return end, True

    def _cut(self, page: bytes, place: int, out: list[bytes]) -> tuple[int, bool]:
        """A tag, or what may become one, that has no end yet: wait for it, unless it is too long."""
        if len(page) - place <= LONGEST:
            return place, False
        found = _NAME.match(page, place)
        if found is None:
            self._raw = RawText(_TAG_ENDS, Untouched(), after=True)
            return place, True
        out.append(found[0])
        self._raw = LongTag(b"" if found[0][1] == 0x2F else found[1].lower())
        return found.end(), True
