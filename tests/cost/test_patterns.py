"""No regular expression takes more than linear time, whatever it is given: also one that is written tomorrow."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import pytest

from appproxy.publish.body.markup import grammar, raw_text
from appproxy.publish.fields.headers import AnswerUrls
from appproxy.publish.urls import Translation
from appproxy.service.relay import plan
from tests.cost.growth import MOST, growth, seconds
from tests.cost.patterns import Used, global_patterns, places_in_functions, texts
from tests.service.world import WIKI

#: The length of the shorter text. A linear expression takes some 20 ns a byte.
SIZE = 1024
SUSPECT = 150e-9


def _of_outward() -> list[re.Pattern[bytes]]:
    outward = AnswerUrls(Translation([WIKI]), WIKI.external, WIKI.internal, keeps_host=True)
    found = getattr(outward, "_own_view", None)
    return [found] if isinstance(found, re.Pattern) else []


#: Examples of what functions compile. None: it sees nothing from outside, or what it is given is bounded.
IN_FUNCTIONS: dict[str, Callable[[], list[re.Pattern[bytes]]] | None] = {
    "appproxy.publish.body.markup.grammar.tokenizer": lambda: [grammar.tokenizer(True), grammar.tokenizer(False)],
    "appproxy.publish.body.markup.raw_text._end_tag": lambda: [raw_text._end_tag(b"textarea")],
    "appproxy.publish.fields.headers.__init__": _of_outward,
    "appproxy.service.relay.plan._special": lambda: [plan._special(frozenset({b"set-cookie", b"location"}))],
    "appproxy.service.relay.plan._replaced": lambda: [plan._replaced(frozenset({b"server", b"x-powered-by"}))],
    "appproxy.regex.compiled": None,
    "appproxy.demo.streams.render_GET": None,
    # A setting, read once at the start; and the paths of our own table of operations.
    "appproxy.config.outbound_proxy.read_proxies": None,
    "appproxy.admin.openapi._operation": None,
    # The names of our own classes, once when they are defined.
    "appproxy.errors.__init_subclass__": None,
}
#: Expressions that look at our own texts only.
INSIDE = {"appproxy.regex._PART"}
#: How those are used that are handed on as arguments.
HANDED_ON = {
    "appproxy.pki.tokens._ADDRESS": ("fullmatch",), "appproxy.pki.tokens._NAME": ("fullmatch",),
    "appproxy.pki.tokens._ANCHOR": ("fullmatch",), "appproxy.pki.tokens._ID": ("fullmatch",),
    "appproxy.pki.tokens._SECRET": ("fullmatch",),
}


@pytest.fixture(scope="module")
def known() -> list[Used]:
    """All of them."""
    made = [
        Used(place, pattern, ("match",) if "tokenizer" in place else ("search",))
        for place, make in IN_FUNCTIONS.items() if make is not None for pattern in make()
    ]
    found = [one._replace(methods=HANDED_ON.get(one.place, one.methods)) for one in global_patterns()]
    return [one for one in found + made if one.place not in INSIDE]


def test_every_expression_is_known(known: list[Used]) -> None:
    """One that a function makes is in the table above, with an example; those of modules are found by themselves."""
    assert len(known) > 100
    assert places_in_functions() - set(IN_FUNCTIONS) == set()


def test_no_expression_goes_back_and_tries_again(known: list[Used]) -> None:
    """Four times the text costs about four times the time, for texts made of what each expression looks for."""
    faults = []
    for place, pattern, methods in known:
        chance = random.Random(place)
        for before, repeated, behind in texts(pattern, chance):
            for method in methods:
                ratio = _growth(pattern, method, before, repeated, behind)
                if ratio > MOST:
                    faults.append((place, method, before, repeated, behind, round(ratio, 1)))
                    break
    assert faults == []


def _growth(pattern: re.Pattern[Any], method: str, before: bytes, repeated: bytes, behind: bytes) -> float:
    use: Callable[[Any], object] = getattr(pattern, method)
    if method in ("sub", "finditer"):
        use = pattern.findall

    def work(size: int) -> Callable[[], object]:
        text: bytes | str = before + repeated * (size // len(repeated)) + behind
        if isinstance(pattern.pattern, str) and isinstance(text, bytes):
            text = text.decode("latin-1")
        return lambda: use(text)

    if seconds(work(SIZE), 1) < SIZE * SUSPECT or seconds(work(SIZE), 2) < SIZE * SUSPECT:
        return 0.0
    return growth(work, SIZE)
