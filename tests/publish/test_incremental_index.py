"""Tables that share with those of before what did not change."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.errors import RequestError
from appproxy.publish.application import Application, Segment, Url
from appproxy.publish.incremental_index import difference
from appproxy.publish.routing import Router
from appproxy.publish.urls import Translation


def application(name: str, place: int, segments: tuple[int, ...] = ()) -> Application:
    """An application at one of a few places, and more of them as segments."""
    pair, *more = [
        Segment(Url.parse(PLACES[number][0]), Url.parse(PLACES[number][1]), str(number)) for number in (place, *segments)
    ]
    return Application(name, name, pair.external, pair.internal, segments=tuple(more))


PLACES = [
    ("https://a.example.com/", "http://one/"), ("https://a.example.com/x/", "http://one/"),
    ("https://b.example.com/", "http://two/"), ("https://*.example.com/", "http://*.corp/"),
    ("https://*.example.com/y/", "http://*.corp/y/"), ("https://c.example.com/", "http://one/"),
]  # fmt: skip
HOSTS = ["a.example.com", "b.example.com", "c.example.com", "d.example.com"]
URLS = [b"http://one/x", b"http://two/", b"http://d.corp/y/z", b"http://a.corp/"]


@st.composite
def published(draw: st.DrawFn) -> dict[str, Application]:
    """Applications, no two of which have the same place."""
    places = draw(st.permutations(range(len(PLACES))))
    found = {}
    for name in draw(st.sets(st.sampled_from("abcd"), max_size=4)):
        count = draw(st.integers(1, 2))
        if len(places) >= count:
            found[name] = application(name, places[0], tuple(places[1:count]))
            places = places[count:]
    return found


def seen(router: Router, urls: Translation) -> list[object]:
    """What they say of everything that could be asked."""
    said: list[object] = [len(router)]
    for host in HOSTS:
        for target in (b"/", b"/x/1", b"/y/2"):
            try:
                route = router.find(host, target)
                said.append((route.target, route.host, route.prefix, route.cookie_path))
            except RequestError as error:
                said.append(error.code)
            said.append(urls.to_internal(f"https://{host}".encode() + target))
    return said + [urls.to_public(url) for url in URLS]


@settings(deadline=None)
@given(st.lists(published(), min_size=1, max_size=5))
def test_it_comes_to_the_same_as_building_anew(history: list[dict[str, Application]]) -> None:
    """Whatever was published before, and in whatever order it came and went."""
    router, urls = Router(), Translation()
    for applications in history:
        router = Router(applications.values(), (), router)
        urls = Translation(applications.values(), (), urls)
        fresh = list(applications.values())[::-1]
        assert seen(router, urls) == seen(Router(fresh), Translation(fresh))


def test_what_did_not_change_is_shared() -> None:
    """The very routes, and with them all that is kept beside them; the one before is left as it was."""
    first, second = application("a", 0), application("b", 2)
    before = Router([first, second])
    changed = replace(second, strict=True)
    after = Router([first, changed], (), before)
    assert after.find("a.example.com", b"/") is before.find("a.example.com", b"/")
    assert after.find("b.example.com", b"/").application is changed
    assert before.find("b.example.com", b"/").application is second


def test_difference() -> None:
    """A changed application is gone and new."""
    one, two, other = application("1", 0), application("2", 2), application("2", 3)
    assert difference({"1": one, "2": two}, {"1": one, "2": other}) == ([two], [other])
