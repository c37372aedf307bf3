"""Pages that name internal hosts, as users get them."""

from __future__ import annotations

import gzip
import re
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256

import pytest

from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.h2_user import H2User
from tests.end_to_end.origins import Call
from tests.end_to_end.system import PROMPT, System, shared_system
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import until

MIB = 1 << 20


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    """The system that others use too, with two applications on one internal host, one of them translated."""
    found = shared_system(request, tmp_path_factory)
    published = {one["name"] for one in found.call("GET", "/applications")}
    if "pages" not in published:
        found.call("POST", "/applications", name="pages", internal=f"{found.origin.url}pages/",
                   external=found.url("pages"), preauth="passthrough")
        found.call("POST", "/applications", name="neighbour", internal=f"{found.origin.url}neighbour/",
                   external=found.url("neighbour"), preauth="passthrough")
    return found


@pytest.fixture
def visitor(system: System) -> Iterator[Visitor]:
    """Somebody outside, while the URLs in pages are translated."""
    system.set("pages", translate_body="html,css,json")
    yield system.visitor()
    system.set("pages", translate_body="none")


def page(system: System) -> bytes:
    """What the application says of itself, its neighbour, and others."""
    inside = system.origin.url
    return (
        f'<!doctype html><title>{inside}pages/</title><link rel=stylesheet href="{inside}pages/a.css">'
        f'<a href="{inside}pages/next?a=b&amp;c">next</a><a href="/pages/here">here</a><a href="relative">there</a>'
        f"<img srcset='{inside}neighbour/1.png 1x, {inside}neighbour/2.png 2x'"
        f" src=//127.0.0.1:{system.origin.port}/neighbour/0.png>"
        f'<p style="background: url({inside}pages/b.png)">{inside}pages/ </p><!-- <a href="{inside}pages/"> -->'
        f'<a href="https://example.org/">\u00fcber</a>'
    ).encode()


def public(system: System, body: bytes) -> bytes:
    """The same as users are to see it."""
    inside, here, there = system.origin.url, system.url("pages"), system.url("neighbour")
    text = body.decode()
    head, title, rest = re.split(r"(?<=<title>)(.*?)(?=</title>)", text)
    rest, comment, end = re.split(r"((?<=\)\">)http.*?-->)", rest)
    for old, new in ((f"{inside}pages/", here), (f"{inside}neighbour/", there), ('"/pages/here', '"/here'),
                     (f"//127.0.0.1:{system.origin.port}/neighbour/", there.removeprefix("https:"))):
        head, rest, end = (part.replace(old, new) for part in (head, rest, end))
    return (head + title + rest + comment + end).encode()


def says(system: System, path: str, body: bytes, fields: str) -> None:
    """Let the application answer this path so."""
    def answer(call: Call) -> bool:
        call.answer(body, fields=fields)
        return True

    system.origin.on(path, answer)


def test_a_page_in_gzip_names_public_urls(system: System, visitor: Visitor) -> None:
    """Of the application and of its neighbour; what is no URL of theirs is what it was; and the links lead on."""
    body = page(system)
    says(system, "/pages/start", gzip.compress(body), "Content-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\n")
    answer = visitor.get(system.url("pages", "/start"), Accept_Encoding="gzip, compress", X_Case="page in gzip")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.body) == public(system, body)
    (seen,) = system.origin.about("page in gzip")
    assert seen.values("accept-encoding") == [b"gzip"]
    link = re.search(rb'<a href="([^"]*next)', gzip.decompress(answer.body))
    assert link is not None
    visitor.get(link[1].decode(), X_Case="followed")
    assert [one.target for one in system.origin.about("followed")] == [b"/pages/next"]


def test_the_setting_decides_within_a_second(system: System, visitor: Visitor) -> None:
    """Switched off, the page is what the application sent; switched on, it is public again."""
    body = page(system)
    says(system, "/pages/setting", body, "Content-Type: text/html\r\n")
    assert visitor.get(system.url("pages", "/setting")).body == public(system, body)
    system.set("pages", translate_body="none")
    until(lambda: visitor.get(system.url("pages", "/setting")).body == body, "as it is", PROMPT)
    system.set("pages", translate_body="yes")
    until(lambda: visitor.get(system.url("pages", "/setting")).body == public(system, body), "public", PROMPT)


def test_the_first_bytes_come_before_the_last_exist(system: System, visitor: Visitor) -> None:
    """A page that its application writes slowly is read as it is written, translated."""
    go_on = threading.Event()

    def answer(call: Call) -> None:
        call.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n"
                  b'<a href="%bpages/1">' % system.origin.url.encode())
        go_on.wait(30)
        call.send(b'<a href="%bpages/2">' % system.origin.url.encode())

    system.origin.on("/pages/slow", answer)
    first = b'<a href="%b1">' % system.url("pages").encode()
    with visitor.opened("GET", system.url("pages", "/slow")) as reading:
        assert reading.read(len(first)) == first
        go_on.set()
        assert reading.read() == first.replace(b"1\"", b"2\"")


@pytest.mark.parametrize(("said", "form"), [
    ("text/event-stream", b'id: 1\ndata: {"u": "%bnext"}\n\n'), ("application/x-ndjson", b'{"u": "%bnext"}\n')])
def test_each_event_comes_before_the_next_exists(system: System, visitor: Visitor, said: str, form: bytes) -> None:
    """An application that waits for its user between two events is heard each time."""
    system.set("pages", translate_body="events,ndjson")
    heard = threading.Semaphore(0)

    def answer(call: Call) -> None:
        call.send(b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nConnection: close\r\n\r\n" % said.encode())
        for _ in range(3):
            call.send(form % b"%bpages/" % system.origin.url.encode())
            heard.acquire(timeout=30)

    system.origin.on("/pages/events", answer)
    wanted = form % system.url("pages").encode()

    def reads() -> bool:
        with visitor.opened("GET", system.url("pages", "/events")) as reading:
            for _ in range(3):
                event = reading.read(len(wanted))
                heard.release()
                if event != wanted:
                    return False
            return True

    until(reads, "events as soon as they exist", 10)


def test_a_large_page_arrives_whole(system: System, visitor: Visitor) -> None:
    """24 MiB, every link public, every other byte as it was."""
    piece = page(system)
    body = piece * (24 * MIB // len(piece))
    says(system, "/pages/large", body, "Content-Type: text/html\r\n")
    assert visitor.get(system.url("pages", "/large")).body == public(system, piece) * (24 * MIB // len(piece))


def test_a_page_that_has_not_changed_is_not_sent_again(system: System, visitor: Visitor) -> None:
    """The application is asked with its own tag; the user has another one, which is never a strong one."""
    def answer(call: Call) -> bool:
        if call.seen.values("if-none-match") == [b'"v1"']:
            call.send(b'HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\n\r\n')
        else:
            call.answer(page(system), fields='Content-Type: text/html\r\nETag: "v1"\r\nAccept-Ranges: bytes\r\n')
        return True

    system.origin.on("/pages/tagged", answer)
    first = visitor.get(system.url("pages", "/tagged"), Range="bytes=0-9")
    assert first.status == 200 and first.headers["ETag"].startswith('W/"v1') and "Accept-Ranges" not in first.headers
    again = visitor.get(system.url("pages", "/tagged"), If_None_Match=first.headers["ETag"])
    assert (again.status, again.headers["ETag"], again.body) == (304, first.headers["ETag"], b"")


def test_json_with_escaped_slashes(system: System, visitor: Visitor) -> None:
    """As PHP writes them."""
    inside, outside = (url.encode().replace(b"/", b"\\/") for url in (system.origin.url + "pages/", system.url("pages")))
    says(system, "/pages/api", b'{"next": "%b2"}' % inside, "Content-Type: application/json\r\n")
    assert visitor.get(system.url("pages", "/api")).body == b'{"next": "%b2"}' % outside


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/2"])
def test_a_small_answer_that_is_a_large_page(system: System, visitor: Visitor, version: str) -> None:
    """It arrives whole, also at a user who pauses for a while, and others are answered at once meanwhile."""
    inside = system.origin.url.encode() + b"pages/"
    row = b"<p>" + b"a row of many words, like all the others, " * 8 + b'<a href="%b%b">next</a>\n'
    body = b"".join(row % (inside, sha256(b"%d" % n).digest().hex().encode()) for n in range(100_000))
    says(system, "/pages/rows", gzip.compress(body, 1), "Content-Type: text/html\r\nContent-Encoding: gzip\r\n")
    wanted = body.replace(inside, system.url("pages").encode())
    if version == "HTTP/2":
        with closing(H2User(system.port, system.anchor, system.host("pages").partition(":")[0])) as user:
            stream = user.ask("/rows", "GET", (b"accept-encoding", b"gzip"))
            time.sleep(0.5)  # nobody reads, so its window is full
            _prompt(visitor, system)
            status, found = user.answer(stream)
            assert status == 200
    else:
        url = system.url("pages", "/rows")
        with visitor.opened("GET", url, {"Accept-Encoding": "gzip"}) as answer:
            first = answer.read(1000)
            time.sleep(0.5)
            _prompt(visitor, system)
            found = first + answer.read()
    assert gzip.decompress(found) == wanted


def _prompt(visitor: Visitor, system: System) -> None:
    began = usual_seconds()
    assert visitor.get(system.url("raw")).status == 200
    assert usual_seconds() - began < 1
