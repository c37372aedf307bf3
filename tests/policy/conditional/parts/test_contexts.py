"""Which authentication contexts a request is in: by any reading of its path, and by every one."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from appproxy.policy.conditional.documents.contexts import read_context
from appproxy.policy.conditional.parts.contexts import Context, Contexts, Found, contexts_of
from tests.cost.growth import MOST, growth


def context(name: str = "c", **fields: object) -> Context:
    """One for the application a1."""
    return read_context({"name": name, "applications": {"include": ["a1"]}, **fields})


PAYROLL = context(paths=["/payroll/*"])
EMPTY: frozenset[str] = frozenset()
BOTH, ONE, NEITHER = (frozenset("c"), frozenset("c")), (frozenset("c"), EMPTY), (EMPTY, EMPTY)


@pytest.mark.parametrize(("path", "expected"), [
    (b"/payroll", BOTH), (b"/payroll/", BOTH), (b"/payroll/may/1", BOTH), (b"/payroll/%20x", BOTH),
    (b"/", NEITHER), (b"/payrolls", NEITHER), (b"/x/payroll/", NEITHER), (b"/%2Bpayroll", NEITHER),
    (b"/PayRoll/may", ONE), (b"/%70ayroll/may", ONE), (b"/payroll./may", ONE), ("/ｐayroll/may".encode(), ONE),
    (b"/payroll.json", ONE), (b"/payroll.xml/may", ONE), (b"/payroll::$DATA", ONE), (b"/payroll%3a:$INDEX_ALLOCATION/x", ONE),
    (b"/payrolls.json", NEITHER), (b"/.payroll", NEITHER),
    (b"//payroll/may", ONE), (b"/x/../payroll/may", ONE), (b"/x/..;/payroll", ONE), (b"/x%2f..%2fpayroll", ONE),
    (b"/%252e%252e/payroll", ONE), (b"\\payroll", ONE), (b"/payroll/../", ONE), (b"/a;b", ONE), (b"", ONE), (b"/a%00", ONE),
])
def test_a_path(path: bytes, expected: tuple[frozenset[str], frozenset[str]]) -> None:
    """However it is written, what an application may take for payroll is in it; only what all take for it can be left out."""
    found = contexts_of([PAYROLL], b"GET", path, False)
    assert (found.any_reading, found.every_reading) == expected


@pytest.mark.parametrize(("methods", "method", "upgrade", "expected"), [
    (["writes"], b"POST", False, BOTH), (["writes"], b"PROPFIND", False, BOTH), (["writes"], b"GET", False, NEITHER),
    (["writes"], b"HEAD", False, NEITHER), (["writes"], b"OPTIONS", False, NEITHER), (["writes"], b"GET", True, BOTH),
    (["writes"], b"get", False, BOTH), (["writes"], b"", False, ONE),
    (["GET"], b"HEAD", False, BOTH), (["GET"], b"CONNECT", True, BOTH), (["GET"], b"POST", False, NEITHER),
    (["DELETE", "writes"], b"PUT", False, BOTH), (["DELETE"], b"PUT", False, NEITHER), (["DELETE"], b"", False, ONE),
])
def test_a_method(methods: list[str], method: bytes, upgrade: bool, expected: tuple[frozenset[str], frozenset[str]]) -> None:
    """All that is not known to be safe writes, and anything can go through an upgrade."""
    found = contexts_of([context(methods=methods)], method, b"/", upgrade)
    assert (found.any_reading, found.every_reading) == expected


def test_a_path_in_other_letters() -> None:
    """As people write it in the document; browsers send it encoded."""
    found = contexts_of([context(paths=["/löhne/*"])], b"GET", b"/l%C3%B6hne/mai", False)
    assert found == Found(frozenset("c"), frozenset("c"))


def test_applications_have_their_own() -> None:
    """And those that are for all."""
    made = Contexts([context("one", paths=["/x"]), read_context(
        {"name": "rest", "methods": ["writes"], "applications": {"include": ["all"], "exclude": ["a2"]}})])
    assert made.named == {"a1", "a2"}
    assert {id: [one.name for one in made.of(id)] for id in ("a1", "a2", "a3")} == {
        "a1": ["one", "rest"], "a2": [], "a3": ["rest"]}
    assert made
    assert not Contexts()


def test_a_long_path_costs_what_it_is_long() -> None:
    """Whoever has a session can send any."""
    many = [context(f"c{number}", paths=[f"/p{number}/*"]) for number in range(20)]

    def asked(size: int) -> Callable[[], object]:
        path = b"/p" + b"%70a/" * size
        return lambda: contexts_of(many, b"GET", path, False)

    assert growth(asked, 400) < MOST


def _escaped(path: str, random: Random) -> str:
    return "".join(
        f"%{ord(sign):02{random.choice('xX')}}" if sign.isalnum() and sign.isascii() and random.random() < 0.3 else sign
        for sign in path)


#: What attackers do to a path, and some application or other undoes.
TRICKS: list[Callable[[str, Random], str]] = [
    lambda path, random: "".join(random.choice((sign.upper(), sign)) for sign in path), _escaped,
    lambda path, random: _escaped(path, random).replace("%", "%25"),
    lambda path, random: path.replace("/", random.choice(("//", "/./", "/x/../", "/%2e/", "%2f", "%5c", "\\", "/;/"))),
    lambda path, random: path.replace("payroll", "payroll" + random.choice((";a=1", ".", "%20", "%2e", "%09", ".."))),
    lambda path, random: path.replace("payroll", "payroll%c2%a0"),
    lambda path, random: path.replace("payroll", "payroll" + random.choice((".json", "::$DATA", "%00", ".;x", "%3f", "%23"))),
    lambda path, random: path.replace("a", random.choice(("%ef%bd%81", "%c1%a1", "%u0061", "\uff41", "%F0%9D%96%BA"))),
    lambda path, random: "/" + random.choice(("x/..;", ".", "%2e%2e", "..", "x/%2e%2e", "%2f")) + path,
]


@pytest.mark.parametrize("seed", range(400))
def test_no_way_of_writing_it_gets_around(seed: int) -> None:
    """One trick after the other: what asks for more at a path asks at all that any application may take for it."""
    random = Random(seed)
    path = random.choice(("/payroll", "/payroll/", "/payroll/may/1"))
    for trick in random.sample(TRICKS, random.randint(1, 3)):
        path = trick(path, random)
    found = contexts_of([PAYROLL], b"GET", path.encode(), False)
    assert found.any_reading == frozenset("c"), path
