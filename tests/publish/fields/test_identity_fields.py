"""Which fields are cut because some origin learns from them who the user is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.publish.application import Application, HeaderRule, RequestField, Segment, Url
from appproxy.publish.fields.identity_fields import IdentityFields
from appproxy.publish.routing import Router


def published(name: str, internal: str, *rules: str, external: str = "", **how: object) -> Application:
    """An application with header rules of these names."""
    url = external or f"https://{name}.example.com/"
    headers = tuple(HeaderRule(rule, "name") for rule in rules)
    return Application(name, name, Url.parse(url), Url.parse(internal), headers=headers, **how)  # type: ignore[arg-type]


def cut(here: Application, *others: Application, host: str = "") -> set[str]:
    """What is cut of requests to the first, on this host of it."""
    route = Router([here]).routes_of(host or here.external.host)[0]
    return set(IdentityFields([here, *others]).of(here, route.segment))


@pytest.mark.parametrize(
    ("theirs", "mine", "same"),
    [
        ("http://flows.corp:1880/", "http://flows.corp:1880/hooks/", True),
        ("http://flows.corp:1880/", "http://FLOWS.corp.:1880/", True),
        ("http://flows.corp:1880/red/", "https://flows.corp:1880/", True),
        ("http://flows.corp/", "https://flows.corp/", True),
        ("http://127.0.0.1:1880/", "http://localhost:1880/", True),
        ("http://127.0.0.1:1880/", "http://[::1]:1880/", True),
        ("http://10.0.0.5:1880/", "http://[::ffff:10.0.0.5]:1880/", True),
        ("http://10.0.0.5:1880/", "http://10.5:1880/", True),
        ("http://10.0.0.5:1880/", "http://167772165:1880/", True),
        ("http://10.0.0.5:1880/", "http://0x0a.0.0.05:1880/", True),
        ("http://127.0.0.1:1880/", "http://127.1:1880/", True),
        ("http://127.0.0.1:1880/", "http://0.0.0.0:1880/", True),
        ("http://127.0.0.1:1880/", "http://[::]:1880/", True),
        ("http://10.0.0.5:1880/", "http://10.0.0.5.corp:1880/", False),
        ("http://[2001:db8::5]:1880/", "http://[2001:db8:0:0::5]:1880/", True),
        ("http://*.corp:1880/", "http://flows.corp:1880/", True),
        ("http://*.corp:1880/", "http://a.b.corp:1880/", True),
        ("http://*.corp:1880/", "http://flows.corp:1881/", False),
        ("http://*.corp:1880/", "http://flowscorp:1880/", False),
        ("http://flows.corp:1880/", "http://flows.corp:1881/", False),
        ("http://flows.corp:1880/", "http://other.corp:1880/", False),
    ],
)
def test_it_is_the_origin_that_counts(theirs: str, mine: str, same: bool) -> None:
    """Not the path, nor how its host is spelled, nor whether it is called by http or by https."""
    external = "https://*.flows.example.com/" if "*" in theirs else ""
    neighbour = published("flows", theirs, "x-user-name", external=external)
    assert cut(published("hooks", mine), neighbour) == ({"x-user-name"} if same else set())


def test_a_wildcard_is_each_of_its_hosts() -> None:
    """Its request is cut only on the host that leads there."""
    team = published("team", "http://*.corp:1880/", external="https://*.example.com/")
    flows = published("flows", "http://flows.corp:1880/", "x-user-name", external="https://red.example.org/")
    assert cut(team, flows, host="flows.example.com") == {"x-user-name"}
    assert cut(team, flows, host="other.example.com") == set()


def test_segments_and_further_addresses_count_on_both_sides() -> None:
    """An application's rules hold for each of its origins; a segment alone leads to its own."""
    images = Segment(Url.parse("https://shop.example.com/img/"), Url.parse("http://images.corp/"), "s1")
    shop = published("shop", "http://shop.corp/", "x-user", segments=(images,), origins=(Url.parse("http://shop2.corp/"),))
    for internal in ("http://shop.corp/a/", "http://images.corp/", "http://shop2.corp/"):
        assert cut(published("other", internal), shop) == {"x-user"}
    twice = published("twice", "http://elsewhere.corp/", origins=(Url.parse("http://shop2.corp/"),))
    assert cut(twice, shop) == {"x-user"}
    plain = replace(shop, headers=(), id="plain")
    fields = IdentityFields([plain, published("pictures", "http://images.corp/", "x-who")])
    assert [fields.of(plain, pair) for pair in plain.pairs] == [frozenset(), frozenset({"x-who"})]


def test_a_constant_is_believed_as_much() -> None:
    """So a neighbour's users cannot send it either."""
    proxy = replace(published("proxy", "http://a.corp/"), request_fields=(RequestField("x-role", "reader"),))
    assert cut(published("other", "http://a.corp/b/"), proxy) == cut(proxy) == {"x-role"}


def test_what_proves_itself_is_not_cut_elsewhere() -> None:
    """One password of everybody at one application says nothing of programs that have their own at another."""
    proxy = replace(published("proxy", "http://a.corp/"), request_fields=(RequestField("authorization", "Basic YTpi"),))
    assert cut(proxy) == {"authorization"}
    assert cut(published("other", "http://a.corp/api/"), proxy) == set()


def test_rules_of_several_add_up() -> None:
    """Its own are always among them, also when nobody has listed it."""
    one, two = published("one", "http://a.corp/", "x-one"), published("two", "http://a.corp/b/", "x-two")
    assert cut(one, two) == cut(two, one) == {"x-one", "x-two"}
    assert IdentityFields().of(one, one.pairs[0]) == {"x-one"}
