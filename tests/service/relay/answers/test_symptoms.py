"""What answers show of how an application sees itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.publish.application import Application, Url
from appproxy.service.relay.answers.symptoms import STATUSES, Symptom, Symptoms, symptom_of
from appproxy.service.relay.plan import Plan
from tests.service.exchanges import FakeExchange, head_for

BELOW = Application("a", "a", Url.parse("https://a.example.com/wiki/"), Url.parse("http://internal/"))
DEEP = replace(BELOW, internal=Url.parse("http://internal/int/"))


def seen_by_user(plan: Plan, url: str, status: int, block: bytes, fields: bytes, method: bytes = b"GET") -> bytes:
    """The fields that the user gets."""
    return Symptoms().examine(plan, FakeExchange(head_for(url, method=method)), status, block, fields)


@pytest.mark.parametrize(("location", "bare"), [
    (b"/wiki?q", True), (b"https://a.example.com/wiki?q#x", True), (b"/wiki", False), (b"/wiki?a=1", False),
    (b"/wiki/?q", False), (b"/", False), (b"https://a.example.com?q", False),
    (b"https://a.example.com.evil.example/wiki?q", False), (b"//a.example.com/wiki?q", False), (b"wiki?q", False),
    (b"", False)])
def test_an_application_that_wants_no_last_slash(location: bytes, bare: bool) -> None:
    """It redirects from its path to the same without the slash, on its own host and with the same query."""
    plan = Plan.of(DEEP)
    fields = b"location: %b\n" % location
    assert seen_by_user(plan, "https://a.example.com/wiki/?q", 302, fields, fields) == fields
    assert plan.learned.bare is bare


@pytest.mark.parametrize(("url", "location", "fields"), [
    ("https://a.example.com/wiki/?next=/wiki", b"/wiki", []),
    ("https://a.example.com/wiki/?next=%2Fwiki%3Fnext%3D%252Fwiki", b"/wiki?next=%2Fwiki", []),
    ("https://a.example.com/wiki/", b"/wiki", [(b"referer", b"https://a.example.com/wiki")]),
    ("https://a.example.com/wiki/", b"/wiki", [(b"referer", b"https://a.example.com/wiki?x#y")]),
    ("https://a.example.com/wiki/", b"/wiki?x", [(b"referer", b"https://a.example.com/wiki?x")])])
def test_where_somebody_sends_it_shows_nothing(url: str, location: bytes, fields: list[tuple[bytes, bytes]]) -> None:
    """An application that leads wherever it is asked to: nobody changes with that what all others get."""
    plan = Plan.of(DEEP)
    line = b"location: %b\n" % location
    Symptoms().examine(plan, FakeExchange(head_for(url, fields=fields)), 302, line, line)
    assert not plan.learned.bare


def test_at_the_root_there_is_nothing_to_tell() -> None:
    """An application whose internal path is `/` is asked for the same with and without the slash."""
    plan = Plan.of(BELOW)
    seen_by_user(plan, "https://a.example.com/wiki/", 302, b"location: /wiki\n", b"location: /wiki\n")
    assert not plan.learned.bare


def test_what_was_shown_wrongly_is_forgotten() -> None:
    """Whatever it was: who leads from the bare path to the slash wants the slash, for good."""
    plan = Plan.of(DEEP)
    there, back = b"location: /wiki\n", b"location: /wiki/\n"
    seen_by_user(plan, "https://a.example.com/wiki/", 302, there, there)
    assert plan.learned.bare
    seen_by_user(plan, "https://a.example.com/wiki?next=/wiki/", 302, back, back)
    assert plan.learned.bare, "somebody has sent it there"
    seen_by_user(plan, "https://a.example.com/wiki", 301, back, back)
    assert not plan.learned.bare
    seen_by_user(plan, "https://a.example.com/wiki/", 302, there, there)
    assert not plan.learned.bare
    file = Plan.of(replace(DEEP, external=Url.parse("https://a.example.com/m.json/")))
    seen_by_user(file, "https://a.example.com/m.json", 301, b"location: /m.json/\n", b"location: /m.json/\n")
    assert file.learned.bare


@pytest.mark.parametrize(("url", "method", "status"), [
    ("https://a.example.com/wiki/x", b"GET", 302), ("https://a.example.com/wiki", b"GET", 302),
    ("https://a.example.com/wiki/", b"POST", 303)])
def test_other_requests_show_nothing(url: str, method: bytes, status: int) -> None:
    """A page below, the bare path itself, and a form that leads somewhere."""
    plan = Plan.of(DEEP)
    line = b"location: /wiki\n"
    assert seen_by_user(plan, url, status, line, line, method) == line
    assert not plan.learned.bare


@pytest.mark.parametrize(("raw", "public", "seen", "bare"), [
    (b"/int", b"/wiki/", b"/wiki", True), (b"/int?a=/", b"/wiki/?a=/", b"/wiki?a=/", False),
    (b"http://internal/int#/wiki/", b"https://a.example.com/wiki/#/wiki/", b"https://a.example.com/wiki#/wiki/", True),
    (b"/int/", b"/wiki/", b"/wiki/", False), (b"/int/?a", b"/wiki/?a", b"/wiki/?a", False)])
def test_what_translation_would_send_in_a_circle(raw: bytes, public: bytes, seen: bytes, bare: bool) -> None:
    """An internal path comes back with its last slash, but not as the way from that very path."""
    plan = Plan.of(DEEP)
    block, fields = b"a: 1\nlocation: %b\n" % raw, b"a: 1\nlocation: %b\n" % public
    assert seen_by_user(plan, "https://a.example.com/wiki/", 308, block, fields) == b"a: 1\nlocation: %b\n" % seen
    assert plan.learned.bare is bare


HERE = replace(BELOW, external=Url.parse("https://a.example.com/"))
OWN, FOREIGN = (b"origin", b"https://a.example.com"), (b"origin", b"https://evil.example")
PAGE, PREFIXED = (b"referer", b"https://a.example.com/x"), (b"referer", b"https://a.example.com.evil.example/x")


@pytest.mark.parametrize(("method", "status", "fields", "symptom"), [
    (b"POST", 403, [OWN], Symptom.ORIGIN), (b"POST", 422, [OWN], Symptom.ORIGIN), (b"PUT", 400, [PAGE], Symptom.ORIGIN),
    (b"POST", 500, [OWN, (b"next-action", b"1")], Symptom.ORIGIN), (b"POST", 500, [OWN], None),
    (b"POST", 403, [FOREIGN, PAGE], None), (b"POST", 403, [PREFIXED], None),
    (b"POST", 403, [], None), (b"POST", 403, [(b"origin", b"null")], None), (b"GET", 403, [OWN], None),
    (b"GET", 422, [PAGE], None), (b"GET", 500, [], None), (b"GET", 400, [], Symptom.HOST), (b"HEAD", 421, [], Symptom.HOST)])
def test_refusals(
    method: bytes, status: int, fields: list[tuple[bytes, bytes]], symptom: Symptom | None,
) -> None:
    """Of what an application's own page sends; a foreign page's is refused rightly. A bad request without a query is odd."""
    head = head_for("https://a.example.com/page", method=method, fields=fields)
    assert symptom_of(Plan.of(HERE), head, status, b"", b"") is symptom


@pytest.mark.parametrize(("body", "symptom"), [
    (b"<h1>Blocked Host: a.example.com</h1>", Symptom.HOST), (b"Invalid HOST header", Symptom.HOST), (b"you may not", None),
    (b"x" * 4096 + b"host", None)])
def test_a_page_that_complains_of_the_host(body: bytes, symptom: Symptom | None) -> None:
    """With 403, as Jupyter and Rails have it."""
    head = head_for("https://a.example.com/page?q", method=b"GET")
    assert symptom_of(Plan.of(HERE), head, 403, b"", body) is symptom


@pytest.mark.parametrize(("location", "method", "symptom"), [
    (b"https://a.example.com/page?q", b"GET", Symptom.CIRCLE), (b"/page?q#x", b"GET", Symptom.CIRCLE),
    (b"/page?q", b"POST", None), (b"/page", b"GET", None), (b"https://a.example.com/page?q2", b"GET", None),
    (b"http://a.example.com/page?q", b"GET", None)])
def test_a_circle(location: bytes, method: bytes, symptom: Symptom | None) -> None:
    """Whoever posted may be sent back to the page with the form."""
    head = head_for("https://a.example.com/page?q", method=method)
    assert symptom_of(Plan.of(HERE), head, 301, b"location: %b\n" % location, b"") is symptom


def test_mistakes_in_forms_are_no_symptom() -> None:
    """Data for a script, and what an application says that has taken a form of its own page before."""
    head = head_for("https://a.example.com/page", method=b"POST", fields=[OWN])
    plan = Plan.of(HERE)
    assert symptom_of(plan, head, 422, b"content-type: application/problem+json\n", b"") is None
    assert symptom_of(plan, head, 422, b"content-type: text/html\n", b"") is Symptom.ORIGIN
    symptoms = Symptoms()
    for fields in ([FOREIGN], [OWN]):
        assert symptom_of(plan, head, 422, b"", b"") is Symptom.ORIGIN
        said = FakeExchange(head_for("https://a.example.com/page", method=b"POST", fields=fields))
        symptoms.examine(plan, said, 303, b"location: /\n", b"location: /\n")
    assert symptom_of(plan, head, 422, b"", b"") is None and symptoms.counts() == []


def test_what_was_seen_is_counted_and_named() -> None:
    """For the access log, and for the doctor; of each application's view the other is what to try."""
    symptoms = Symptoms()
    for view, other in (("internal", "public"), ("public", "internal")):
        plan = Plan.of(replace(HERE, name=f"wiki-{view}", view=view))
        for _ in range(2):
            exchange = FakeExchange(head_for("https://a.example.com/x", method=b"POST", fields=[OWN]))
            assert symptoms.examine(plan, exchange, 403, b"a: 1\n", b"a: 1\n") == b"a: 1\n"
            assert exchange.failure is None
            assert exchange.detail.startswith("the application refuses requests from its own pages: if ")
            assert f"appproxy app set wiki-{view} view={other}" in exchange.detail
    assert [(name, count) for name, _, count in symptoms.counts()] == [("wiki-internal", 2), ("wiki-public", 2)]
    symptoms.forget()
    assert symptoms.counts() == []


def test_ordinary_answers_are_not_looked_at() -> None:
    """What nearly every request gets costs one look into a set."""
    assert not STATUSES & {200, 204, 206, 304, 401, 404}


@pytest.mark.parametrize(("location", "found"), [
    (b"https://internal/int/page?q", True), (b"HTTPS://INTERNAL:8443/int/page?q#x", True),
    (b"https://internal/int/other", False),
    (b"https://internal.example/int/page?q", False), (b"http://internal:8080/int/page?q", False), (b"https://internal", False),
    (b"https://", False), (b"", False), (b"https://other@internal/int/page?q", False)])
@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST"])
def test_who_wants_https_inside(location: bytes, found: bool, method: bytes) -> None:
    """It leads to the same page by https, at a name that users do not have."""
    plan = Plan.of(DEEP)
    head = head_for("https://a.example.com/wiki/page?q", method=method)
    symptom = symptom_of(plan, head, 302, b"location: %b\n" % location, b"")
    assert symptom is (Symptom.HTTPS if found and method != b"POST" else None)


def test_https_inside_of_applications_without_a_name_of_their_own() -> None:
    """An address of IPv6 is in brackets; an application that is called by https is where it wants to be."""
    for internal, location, found in (
        ("http://[fd00::1]:8080/", b"https://[fd00::1]/page", Symptom.HTTPS),
        ("https://internal:8443/", b"https://internal/wiki/page", None),
    ):
        plan = Plan.of(replace(BELOW, internal=Url.parse(internal)))
        head = head_for("https://a.example.com/wiki/page")
        assert symptom_of(plan, head, 302, b"location: %b\n" % location, b"") is found
