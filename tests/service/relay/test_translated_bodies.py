"""Answers whose URLs are translated: which, and what that means for fields; the way through the service."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace

import pytest

from appproxy.errors import Code, RequestError
from appproxy.http.fields import values
from appproxy.publish.application import Segment, Url
from appproxy.publish.body.markup.html import HtmlTranslator
from appproxy.publish.urls import Translation
from appproxy.service.relay.translated_bodies import TranslatedBodies
from appproxy.tunnel.frames import Kind
from appproxy.tunnel.messages import decode_request
from tests.service.world import GET, WIKI, World, only_request

INTERNAL = WIKI.internal.origin.encode()
PUBLIC = WIKI.external.origin.encode()
PAGE = b"<a href='%b/x'>" % INTERNAL
PUBLIC_PAGE = b"<a href='%b/x'>" % PUBLIC
TRANSLATED = replace(WIKI, translate_body=frozenset({"html", "css"}))
HTML = b"content-type: text/html; charset=utf-8\n"


def bodies(kinds: str = "html,css", **changes: object) -> TranslatedBodies:
    """The translation of the wiki, which is published alone."""
    wiki = replace(WIKI, translate_body=frozenset(kinds.split(",")), **changes)  # type: ignore[arg-type]
    made = TranslatedBodies.of(wiki, Segment(wiki.external, wiki.internal), Translation([wiki]))
    assert made is not None
    return made


def test_applications_without_translation_have_none() -> None:
    """Their requests pay for one look at this."""
    assert TranslatedBodies.of(WIKI, Segment(WIKI.external, WIKI.internal), Translation([WIKI])) is None


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        (b"gzip, deflate, br, zstd", b"gzip, deflate, br, zstd"),
        (b"br;q=1.0, dcz, gzip;q=0.8, *;q=0.1", b"br;q=1.0, gzip;q=0.8"),
        (b"compress", b"identity"), (b"", b"identity"), (b"identity", b"identity"),
    ],
)
def test_only_codings_that_are_read_are_asked_for(asked: bytes, sent: bytes) -> None:
    """Weights and order stay."""
    block, _ = bodies().request(b"accept-encoding: %b\n" % asked, b"/")
    assert values(block, b"accept-encoding") == [sent]


@pytest.mark.parametrize("method", [b"PUT", b"DELETE", b"PATCH"])
def test_what_must_not_be_overwritten_is_asked_for_by_all_its_tags(method: bytes) -> None:
    """A condition of a request that writes never goes: neither for a tag without our mark nor for one with another one."""
    made, moved = bodies(), bodies("html")
    tags = [values(each.answer(b"GET", 200, HTML + b'etag: "v1"\n', False)[0], b"etag")[0] for each in (made, moved)]
    for tag in tags:
        asked = b'if-none-match: %b, "v2"\nif-match: %b, W/"v3"\nif: ([%b]) (["v4"])\n' % (tag, tag, tag)
        block, _ = made.request(asked, b"/", method)
        assert block == b'if-none-match: "v1", "v2"\nif-match: "v1", W/"v3"\nif: (["v1"]) (["v4"])\n'


def test_a_policy_with_very_many_sources_stays() -> None:
    """Each is translated at once."""
    for count, public in ((1500, True), (2500, False)):
        block = b"content-security-policy: default-src" + b" %b/" % INTERNAL * count + b"\n"
        assert (INTERNAL not in bodies(translate_headers=False).answer(b"GET", 200, block, False)[0]) is public


@pytest.mark.parametrize("name", [b"accept-encoding", b"if-none-match", b"if-match"])
def test_lists_longer_than_anybody_sends_are_refused(name: bytes) -> None:
    """Each member is looked at."""
    bodies().request(b"%b: %b\n" % (name, b",".join([b'"a"'] * 256)), b"/")
    with pytest.raises(RequestError) as caught:
        bodies().request(b"%b: %b\n" % (name, b",".join([b'"a"'] * 257)), b"/")
    assert caught.value.code is Code.BAD_REQUEST


@pytest.mark.parametrize(
    ("target", "fields", "kept"),
    [
        (b"/page", b"", False), (b"/", b"", False), (b"/a.html?x.pdf", b"", False), (b"/a.HTM", b"", False),
        (b"/a.JS", b"", True),
        (b"/a.pdf", b"", True), (b"/film", b"sec-fetch-dest: video\n", True), (b"/v1.2/page", b"", False),
        (b"/a.svg", b"sec-fetch-dest: image\n", False), (b"/a.png", b"sec-fetch-dest: image\n", True),
        (b"/a.pdf", b'if-range: W/"x-ts%b"\n', False), (b"/a.pdf", b'if-range: "x"\n', True),
    ],
)
def test_no_part_of_what_may_be_translated_is_asked_for(target: bytes, fields: bytes, kept: bool) -> None:
    """Files and media keep their ranges, so that downloads go on and films can be sought in."""
    made = bodies()
    fields = fields % made.mark if b"%b" in fields else fields
    block, _ = made.request(b"range: bytes=5-\n" + fields, target)
    assert (b"range: bytes=5-\n" in block) == kept
    assert (b"if-range" in block) == (kept and b"if-range" in fields)


def test_the_application_sees_its_own_tags() -> None:
    """A user who holds a translated answer asks whether it is fresh, and hears so under the translated answer's tag."""
    made = bodies()
    public, translator = made.answer(b"GET", 200, HTML + b'etag: "v1"\n', False)
    assert translator is not None
    (tag,) = values(public, b"etag")
    assert tag.startswith(b'W/"v1-ts')
    block, holds = made.request(b"if-none-match: " + tag + b"\nif-modified-since: x\n", b"/")
    assert (block, holds) == (b'if-none-match: "v1"\n', True)
    assert made.answer(b"GET", 304, b'etag: "v1"\n', True)[0] == b"etag: " + tag + b"\n"
    assert made.answer(b"GET", 304, b'etag: "v1"\n', False)[0] == b'etag: "v1"\n'
    assert made.request(b"if-match: " + tag + b"\n", b"/")[0] == b'if-match: "v1"\n'
    for method in (b"GET", b"PUT", b"LOCK"):
        assert made.request(b"if: ([" + tag + b"])\n", b"/", method)[0] == b'if: (["v1"])\n'


@pytest.mark.parametrize(("target", "fields", "asked"), [
    (b"/", b'if-none-match: "v1"\n', b""), (b"/a.html", b"if-modified-since: x\n", b""),
    (b"/", b'if-none-match: "v1", W/"v2"\nif-modified-since: x\n', b""), (b"/", b"if-none-match: *\n", b"if-none-match: *\n"),
    (b"/a.png", b'if-none-match: "v1"\n', b'if-none-match: "v1"\n'),
    (b"/a.css", b"if-modified-since: x\n", b"if-modified-since: x\n"),
    (b"/s", b"sec-fetch-dest: style\nif-modified-since: x\n", b"sec-fetch-dest: style\nif-modified-since: x\n"),
])
def test_copies_from_before_are_fetched_again(target: bytes, fields: bytes, asked: bytes) -> None:
    """Where the answer may be translated, no application says that an untranslated copy is fresh. Other files keep theirs."""
    assert bodies("html").request(fields, target) == (asked, False)
    assert bodies("html").request(fields, target, b"PUT")[0] == fields


def test_another_table_of_urls_makes_other_tags() -> None:
    """Whoever holds a page with yesterday's URLs gets it again."""
    (tag,) = values(bodies().answer(b"GET", 200, HTML + b'etag: "v1"\n', False)[0], b"etag")
    moved = bodies(internal=Url.parse("http://elsewhere/"))
    assert moved.request(b"if-none-match: " + tag + b"\nif-modified-since: x\n", b"/") == (b"", True)
    assert bodies("html").request(b"if-none-match: " + tag + b"\n", b"/") == (b"", True)


def test_drawings_are_read_as_xml() -> None:
    """An empty title hides nothing in them; without `html` they keep their copies."""
    _, translator = bodies().answer(b"GET", 200, b"content-type: Image/SVG+xml\n", False)
    assert translator is not None and translator.feed(b"<svg><style/>" + PAGE) == b"<svg><style/>" + PUBLIC_PAGE
    _, translator = bodies().answer(b"GET", 200, b"content-type: image/svg+xml\n", False)
    assert translator is not None and translator.feed(b"<title/>" + PAGE) == b"<title/>" + PUBLIC_PAGE
    asked = b'sec-fetch-dest: image\nif-none-match: "v1"\n'
    assert bodies("html").request(asked, b"/a.svg") == (b"sec-fetch-dest: image\n", False)
    assert bodies("css").request(asked, b"/a.svg") == (asked, False)


def test_fields_about_the_bytes_go() -> None:
    """Length, ranges, digests and the date of other bytes."""
    said = HTML + (b"content-length: 9\naccept-ranges: bytes\nlast-modified: x\ncontent-md5: x\ndigest: x\nrepr-digest: x\n"
                   b"content-digest: x\netag: broken\nvary: x\n")
    assert bodies().answer(b"GET", 200, said, False)[0] == HTML + b"vary: x\n"
    assert bodies().answer(b"HEAD", 200, said, False) == (HTML + b"vary: x\n", None)


@pytest.mark.parametrize("kind", ["html", "css", "javascript", "json", "xml", "events", "ndjson"])
@pytest.mark.parametrize(
    ("content_type", "belongs"),
    [
        (b"text/html", "html"), (b"Application/XHTML+xml;charset=utf-8", "html"), (b"text/css", "css"),
        (b"image/svg+xml", "html"),
        (b"text/javascript", "javascript"),
        (b"application/x-javascript", "javascript"), (b"application/json", "json"), (b"application/hal+json", "json"),
        (b"text/xml; charset=utf-8", "xml"), (b"application/rss+xml", "xml"), (b"application/samlmetadata+xml", ""),
        (b"text/plain", ""), (b"image/png", ""), (b"text/event-stream", "events"),
        (b"application/x-ndjson", "ndjson"), (b"application/jsonl; charset=utf-8", "ndjson"),
        (b"application/json-seq", "ndjson"),
        (b"application/geo+json-seq", "ndjson"), (b"application/x-jsonlines", "ndjson"), (b"application/jsonlx", ""),
    ],
)
def test_the_type_tells_what_is_translated(kind: str, content_type: bytes, belongs: str) -> None:
    """Of those kinds only that are switched on."""
    _, translator = bodies(kind).answer(b"GET", 200, b"content-type: %b\n" % content_type, False)
    assert (translator is not None) == (kind == belongs)


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (200, HTML + b"cache-control: private, No-Transform\n"), (200, HTML + b"content-disposition: attachment\n"),
        (200, HTML + b"content-encoding: gzip, br\n"), (200, HTML + b"content-encoding: compress\n"),
        (200, b"content-type: text/html; charset=utf-7\n"), (206, HTML), (204, HTML), (304, HTML), (101, HTML), (200, b""),
        (200, HTML + HTML),
    ],
)
def test_what_may_not_or_cannot_be_translated_passes_as_it_is(status: int, fields: bytes) -> None:
    """Fields and body."""
    fields += b'content-length: 5\netag: "x"\n'
    assert bodies().answer(b"GET", status, fields, False) == (fields, None)


def test_a_reason_is_said_once() -> None:
    """Not with every answer."""
    made = bodies()
    said: list[tuple[str, str]] = []
    made.say = lambda application, reason: said.append((application, reason))
    for _ in range(3):
        made.answer(b"GET", 200, HTML + b"content-encoding: compress\n", False)
        made.answer(b"GET", 200, b"content-type: text/html; charset=hz\n", False)
    assert said == [
        (WIKI.name, "the content coding 'compress' is not read"), (WIKI.name, "the charset 'hz' is not read"),
    ]


def test_security_policies_name_public_origins() -> None:
    """The plan sees to it, as in other fields, and once; where fields are not translated, it is done here."""
    said = b"content-security-policy: img-src %b\n" % INTERNAL
    assert bodies().answer(b"GET", 200, said, False)[0] == said
    alone = bodies(translate_headers=False)
    assert alone.answer(b"GET", 200, said, False)[0] == b"content-security-policy: img-src %b\n" % PUBLIC


def test_hashes_in_a_security_policy_bind_what_is_inside_of_a_page() -> None:
    """With them nothing inside of it changes."""
    said = b"content-security-policy: img-src %b\n" % INTERNAL
    page = b"<style>@import '%b/x'</style>" % INTERNAL
    _, translator = bodies().answer(b"GET", 200, HTML + said, False)
    assert translator is not None and translator.feed(page) + translator.finish() == page.replace(INTERNAL, PUBLIC)
    _, translator = bodies().answer(b"GET", 200, HTML + b"content-security-policy: style-src 'sha256-x'\n", False)
    assert translator is not None and translator.feed(page) + translator.finish() == page


def test_an_announced_length_must_come_true() -> None:
    """More or less than that does not look complete."""
    for size in (4, 6):
        _, translator = bodies().answer(b"GET", 200, HTML + b"content-length: 5\n", False)
        assert translator is not None
        with pytest.raises(RequestError) as caught:
            translator.feed(b"x" * size)
            translator.finish()
        assert caught.value.code is Code.ORIGIN_TRUNCATED


# Through the service.


def test_a_small_answer_is_translated() -> None:
    """Its length is right."""
    world = World((TRANSLATED,))
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    signal.answer(only_request(signal), 200, HTML + b"content-length: %d\n" % len(PAGE), PAGE)
    answer = user.wire.take()
    assert answer.endswith(b"\r\n\r\n" + PUBLIC_PAGE) and b"\r\ncontent-length: %d\r\n" % len(PUBLIC_PAGE) in answer


def test_applications_that_do_not_want_it_get_nothing_changed(world: World) -> None:
    """Not a byte."""
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    signal.answer(only_request(signal), 200, HTML + b"content-length: %d\n" % len(PAGE), PAGE)
    assert user.wire.take().endswith(b"\r\n\r\n" + PAGE)


def test_a_streamed_answer_is_translated_as_it_comes() -> None:
    """Piece by piece, without a length, which nobody knows yet; a tag that is cut waits for its end."""
    world = World((TRANSLATED,))
    signal = world.welcomed()
    user = world.user()
    user.send(GET.replace(b"\r\n\r\n", b"\r\nAccept-Encoding: x\r\n\r\n"))
    ((frame),) = signal.frames()
    assert b"accept-encoding: identity\n" in decode_request(frame[3]).block
    data = world.attach(frame[2])
    data.say(data.session.head(200, HTML + b"content-length: %d\n" % (len(PAGE) + 3)) + data.session.body(b"abc" + PAGE[:9]))
    first = user.wire.take()
    assert b"transfer-encoding: chunked" in first and first.endswith(b"\r\n\r\n3\r\nabc\r\n")
    data.say(data.session.body(PAGE[9:]) + data.session.end(b""))
    assert user.wire.take() == b"%x\r\n%b\r\n0\r\n\r\n" % (len(PUBLIC_PAGE), PUBLIC_PAGE)
    assert not user.wire.disconnecting


@pytest.mark.parametrize(("said", "piece"), [
    (b"text/event-stream", b'id: %b/\ndata: {"u": "%b/x"}\n\n'), (b"application/x-ndjson", b'{"id": 1, "u": "%b/x"}\n')])
@pytest.mark.parametrize("coding", [b"", b"content-encoding: gzip\n"])
def test_an_event_leaves_before_the_next_one_exists(said: bytes, piece: bytes, coding: bytes) -> None:
    """Nothing of it waits: not for more bytes, and not for another turn."""
    world = World((replace(WIKI, translate_body=frozenset({"events", "ndjson"})),))
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    data = world.attach(only_request(signal))
    data.say(data.session.head(200, b"content-type: %b\n" % said + coding))
    user.wire.take()
    packer, reader = zlib.compressobj(wbits=31), zlib.decompressobj(wbits=31)
    count = piece.count(b"%b")
    internal, public = piece % ((INTERNAL,) * count), piece % ((INTERNAL, PUBLIC)[-count:])
    for _ in range(3):
        data.say(data.session.body(packer.compress(internal) + packer.flush(zlib.Z_SYNC_FLUSH) if coding else internal))
        chunk = user.wire.take().partition(b"\r\n")[2].removesuffix(b"\r\n")
        assert (reader.decompress(chunk) if coding else chunk) == public


def test_a_compressed_answer_stays_compressed() -> None:
    """In the same coding."""
    world = World((TRANSLATED,))
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    signal.answer(only_request(signal), 200, HTML + b"content-encoding: gzip\n", gzip.compress(PAGE))
    head, _, body = user.wire.take().partition(b"\r\n\r\n")
    assert b"content-encoding: gzip" in head and gzip.decompress(body) == PUBLIC_PAGE


def test_a_compressed_answer_that_cannot_be_read_is_an_error_page() -> None:
    """The user learns that the application is at fault."""
    world = World((TRANSLATED,))
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    signal.answer(only_request(signal), 200, HTML + b"content-encoding: gzip\n", b"\xff" * 40)
    assert user.wire.take().startswith(b"HTTP/1.1 502 ")
    assert world.log[0].failure is Code.ORIGIN_MALFORMED


def test_a_bomb_breaks_the_answer() -> None:
    """It does not look complete, and the connector is told to stop."""
    world = World((TRANSLATED,))
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    id = only_request(signal)
    data = world.attach(id)
    packed = gzip.compress(b"\0" * 40_000_000)
    data.say(data.session.head(200, HTML + b"content-encoding: gzip\n") + data.session.body(packed))
    world.clock.pump([0] * 40)  # a share of it in each turn
    assert [frame[0] for frame in signal.frames()] == [Kind.CANCEL]
    assert user.wire.aborted and not user.wire.take().endswith(b"0\r\n\r\n")
    assert world.log[0].failure is Code.ORIGIN_MALFORMED


def test_a_cut_compressed_stream_is_passed_on_without_an_end() -> None:
    """The transfer is complete, what is compressed in it is not: browsers show what came, and so they can."""
    world = World((TRANSLATED,))
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    data = world.attach(only_request(signal))
    packed = gzip.compress(PAGE * 99)
    data.say(data.session.head(200, HTML + b"content-encoding: gzip\n") + data.session.body(packed[:-30]))
    data.say(data.session.end(b""))
    assert world.relay.roster.peers["c1"].in_flight == {}
    assert user.wire.take().endswith(b"0\r\n\r\n") and not user.wire.aborted
    assert world.log[0].failure is None


@pytest.mark.parametrize("way", ["whole", "pieces", "end"])
def test_a_fault_of_ours_breaks_one_answer_and_no_connection(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connector keeps what it has to do for others."""

    class Faulty(HtmlTranslator):
        def feed(self, data: bytes) -> bytes:
            if way != "end":
                raise ZeroDivisionError
            return data

        def finish(self) -> bytes:
            raise ZeroDivisionError

    monkeypatch.setattr("appproxy.service.relay.translated_bodies.HtmlTranslator", Faulty)
    world = World((TRANSLATED,))
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    id = only_request(signal)
    if way == "whole":
        signal.answer(id, 200, HTML, PAGE)
    else:
        data = world.attach(id)
        data.say(data.session.head(200, HTML) + data.session.body(PAGE) + data.session.end(b""))
    world.clock.pump([0] * 5)
    assert world.log[0].failure is Code.INTERNAL
    assert not signal.wire.aborted and not signal.wire.disconnecting
    said = user.wire.take()
    assert said.startswith(b"HTTP/1.1 500 ") if way == "whole" else not said.endswith(b"0\r\n\r\n")


def test_a_page_that_ends_within_a_tag_arrives_whole() -> None:
    """What was held back leaves with the end."""
    world = World((TRANSLATED,))
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    data = world.attach(only_request(signal))
    data.say(data.session.head(200, HTML) + data.session.body(b"x<a hre") + data.session.end(b""))
    assert user.wire.take().endswith(b"\r\n1\r\nx\r\n6\r\n<a hre\r\n0\r\n\r\n")


def test_paths_are_translated_where_they_differ() -> None:
    """Inside the wiki lives below a path."""
    made = bodies(internal=Url.parse("http://internal:8080/wiki/"))
    _, translator = made.answer(b"GET", 200, HTML, False)
    assert translator is not None and translator.feed(b"<a href='/wiki/x'>") == b"<a href='/x'>"
