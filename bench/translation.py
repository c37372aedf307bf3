"""How fast URLs in bodies are translated, in CPU time of one process, beside parsers that only parse.

    python -m bench.translation [--check] [--json FILE]

Every case is fed in pieces of 64 KiB, as they come from a connection. Of parsers other than Python's own only those that
are installed are measured: `pip install selectolax lxml`.
"""

from __future__ import annotations

import argparse
import gzip
import html.parser
import importlib
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path

from appproxy.publish.application import Application, Url
from appproxy.publish.body.coding import Coded
from appproxy.publish.body.css import css_translator
from appproxy.publish.body.links import Links
from appproxy.publish.body.markup.html import HtmlTranslator
from appproxy.publish.body.markup.tag import WantedAttributes
from appproxy.publish.body.markup.xml import xml_translator
from appproxy.publish.body.script import script_translator
from appproxy.publish.body.translator import Translator
from appproxy.publish.fields.headers import AnswerUrls
from appproxy.publish.urls import Translation

_PIECE = 64 * 1024
#: MB/s of CPU that HTML with a link every 200 bytes must reach.
BAR = 60.0
_ITEM = (
    b'<li class="item"><a class="ref external" href="%b" title="More of it">Some words here</a> <span>and more text that '
    b'fills, %05d, </span><p id="x">the line</p></li>\n'
)
_INTERNAL = b"http://wiki.internal:8080/pages/%d?x=1"


def _page(link: bytes, size: int) -> bytes:
    """A page with a link, and eight tags, every 200 bytes."""
    return b"".join(_ITEM % (link.replace(b"%d", b"%d" % number), number) for number in range(size // 200))


def _links() -> Links:
    """The table of a wiki and a thousand other applications."""
    applications = [
        Application(str(n), str(n), Url("https", f"a{n}.example.com", 443), Url("http", f"a{n}.internal", 8080))
        for n in range(1000)
    ]
    outer, inner = Url("https", "wiki.example.com", 443), Url("http", "wiki.internal", 8080)
    table = Translation([*applications, Application("wiki", "wiki", outer, inner)])
    return Links(AnswerUrls(table, outer, inner, keeps_host=False).url, table.facts.leaves)


def _cases(size: int) -> list[tuple[str, bytes, Callable[[Links], Translator]]]:
    def page(links: Links) -> Translator:
        return HtmlTranslator(links, WantedAttributes())

    linked = _page(_INTERNAL, size)
    sheet = b".item-%d > a { background: #fff url(http://wiki.internal:8080/i/%d.png) no-repeat; color: #333; margin: 0 1 }\n"
    data = b'{"id": %d, "self": "http:\\/\\/wiki.internal:8080\\/api\\/pages\\/%d", "title": "Some words and more", "a": 1},\n'
    entry = b"<item><title>Some words</title><link>http://wiki.internal:8080/p/%d</link><guid>%d</guid><d>more</d></item>\n"
    return [
        ("HTML, every link translated", linked, page),
        ("HTML, links that are paths", _page(b"/pages/%d?x=1&amp;y=abcdefghijkl", size), page),
        ("HTML, links to elsewhere", _page(b"https://cdn.example.net/pages/%d", size), page),
        ("HTML in gzip", gzip.compress(linked), lambda links: Coded(page(links), b"gzip")),
        ("CSS", b"".join(sheet % (n, n) for n in range(size // 110)), css_translator),
        ("JSON", b"".join(data % (n, n) for n in range(size // 115)), script_translator),
        ("XML", b"".join(entry % (n, n) for n in range(size // 115)), xml_translator),
    ]


def _seconds(work: Callable[[], object], rounds: int) -> float:
    """The best of some rounds, which is the one that others disturbed least."""
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def _run(translator: Translator, body: bytes) -> None:
    for start in range(0, len(body), _PIECE):
        translator.feed(body[start : start + _PIECE])
    translator.finish()


def _parsers(page: bytes) -> dict[str, Callable[[], object]]:
    """Parsers that are installed."""
    found: dict[str, Callable[[], object]] = {"html.parser": lambda: html.parser.HTMLParser().feed(page.decode())}
    for module, name in (("selectolax.lexbor", "LexborHTMLParser"), ("lxml.html", "fromstring")):
        try:
            parse = getattr(importlib.import_module(module), name)
        except ImportError:
            continue
        found[module] = lambda parse=parse: parse(page)  # type: ignore[misc]
    return found


def _growth(links: Links, mebibytes: int) -> float:
    """MiB by which the process grows while it translates so many."""
    page = _page(_INTERNAL, 1 << 20)
    translator = HtmlTranslator(links, WantedAttributes())
    _run(HtmlTranslator(links, WantedAttributes()), page)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(mebibytes):
        for start in range(0, len(page), _PIECE):
            translator.feed(page[start : start + _PIECE])
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def measure(size: int, rounds: int, mebibytes: int) -> dict[str, float]:
    """MB/s of each case and parser, and the growth of memory."""
    links = _links()
    result: dict[str, float] = {}
    growth = _growth(links, mebibytes)
    for name, body, make in _cases(size):
        plain = len(gzip.decompress(body)) if "gzip" in name else len(body)
        result[name] = plain / 1e6 / _seconds(lambda make=make, body=body: _run(make(links), body), rounds)  # type: ignore[misc]
    page = _page(_INTERNAL, size)
    for name, parse in _parsers(page).items():
        result[f"parsing alone: {name}"] = len(page) / 1e6 / _seconds(parse, max(1, rounds // 3))
    result[f"memory, growth in {mebibytes} MiB (MiB)"] = growth
    return result


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only see that everything runs; the figures mean nothing")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    result = measure(20_000, 1, 1) if options.check else measure(1 << 20, 15, 256)
    for name, value in result.items():
        print(f"{name:45s} {value:8.1f}" + ("" if "memory" in name else " MB/s"))
    reached = result["HTML, every link translated"]
    if not options.check:
        print(f"bar: {BAR:g} MB/s of HTML with a link every 200 bytes: {'reached' if reached >= BAR else 'MISSED'}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
