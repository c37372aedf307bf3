"""What the tests of bodies translate: one application, and ways to cut a text."""

from __future__ import annotations

from hypothesis import strategies as st

from appproxy.publish.application import Url
from appproxy.publish.body.links import Links
from appproxy.publish.body.translator import Translator
from appproxy.publish.fields.sources import Sources

INTERNAL = b"http://wiki.internal:8080"
PUBLIC = b"https://wiki.example.com"


def to_public(url: bytes) -> bytes:
    """`http://wiki.internal:8080` is `https://wiki.example.com`, and `/old/` is `/new/` there."""
    for start, there in ((INTERNAL, PUBLIC), (INTERNAL[5:], PUBLIC[6:]), (b"ws" + INTERNAL[4:], b"wss" + PUBLIC[5:])):
        if url == start or url.startswith((start + b"/", start + b"?", start + b"#")):
            return there + url[len(start):]
    return b"/new/" + url[5:] if url.startswith(b"/old/") else url


def links() -> Links:
    """A table with nothing remembered yet."""
    sources = Sources(to_public, lambda origin: None, Url.parse(f"{PUBLIC.decode()}/"), Url.parse(f"{INTERNAL.decode()}/"),
                      keeps_host=False)
    return Links(to_public, (), sources.policy)


def run(translator: Translator, *pieces: bytes) -> bytes:
    """The whole answer."""
    return b"".join([translator.feed(piece) for piece in pieces]) + translator.finish()


def cuts(text: bytes, places: list[int]) -> list[bytes]:
    """The text, cut at these places."""
    ends = sorted({place % (len(text) + 1) for place in places} | {0, len(text)})
    return [text[start:end] for start, end in zip(ends, ends[1:], strict=False)]


#: Where to cut.
PLACES = st.lists(st.integers(0, 10_000), max_size=12)
