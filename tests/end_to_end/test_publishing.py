"""Wildcards, segments, alternate hosts and paths, from the command line to the application, through real processes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.conftest import make_world
from tests.end_to_end.h2_user import H2User
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import DOMAIN, World


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world with an application that is everywhere: `*.localhost` is this machine for every connector."""
    for world in make_world(tmp_path_factory.mktemp("town")):
        port = world.internal.rpartition(":")[2]
        world.admin("app", "publish", "town", "--internal", f"http://*.localhost:{port}",
                    "--external", world.url("*"), "--set", f"excluded_hosts=no.{DOMAIN}")
        world.admin("assign", "town", "--user", "alice")
        yield world


def status_within_a_second(visitor: Visitor, url: str, status: int) -> float:
    """Ask until the answer has this status; gives how long that took."""
    began = usual_seconds()
    while visitor.get(url).status != status:
        assert usual_seconds() - began < 5, f"{url} does not answer with {status}"
        time.sleep(0.05)
    return usual_seconds() - began


@pytest.fixture
def visitor(town: World) -> Visitor:
    """A browser's stand-in, signed in nowhere."""
    return Visitor(town.port, town.anchor)


def test_a_wildcard(town: World, visitor: Visitor) -> None:
    """Each host asks for a sign-in of its own; the connector looks the host up that it has worked out."""
    answers = [visitor.sign_in(town.url("one", "/headers"), "alice"), visitor.navigate(town.url("two", "/headers"))]
    # Not every machine knows the names below localhost.
    assert all(answer.status == 200 or "ORIGIN_DNS" in answer.headers["Proxy-Status"] for answer in answers)
    assert all(visitor.get(town.url(name)).status != 401 for name in ("one", "two"))
    assert visitor.get(town.url("three", "/headers")).status == 401


def test_a_path_without_its_last_slash(town: World, visitor: Visitor) -> None:
    """Whoever types it so signs in and ends at the path with the slash; programs that write reach the application."""
    town.admin("app", "publish", "slashed", "--internal", town.internal, "--external", town.url("slashed", "/deep/"))
    town.admin("assign", "slashed", "--user", "alice")
    assert visitor.get(town.url("slashed", "/deep")).status == 401
    page = visitor.sign_in(town.url("slashed", "/deep?a=1"), "alice")
    assert (page.status, page.url) == (200, town.url("slashed", "/deep/?a=1"))
    assert visitor.request("POST", town.url("slashed", "/deep"), {}, b"x").status != 308


@pytest.mark.parametrize("length", [True, False])
def test_the_largest_upload(town: World, visitor: Visitor, length: bool) -> None:
    """At the limit it arrives, above it there is 413, over both versions of HTTP, whether the length is told or not."""
    town.publish("small", town.internal, "--preauth", "passthrough", "--set", "max_body=100k")
    url = town.url("small", "/upload")
    for size, status in ((100 << 10, 200), ((100 << 10) + 1, 413)):
        body = b"x" * size
        assert visitor.request("POST", url, {}, body if length else [body]).status == status
        with closing(H2User(town.port, town.anchor, f"small.{DOMAIN}")) as user:
            told = [(b"content-length", b"%d" % size)] if length else []
            assert user.answer(user.ask("/upload", "POST", *told, body=body))[0] == status
    town.admin("app", "remove", "small")


def test_what_a_wildcard_does_not_stand_for(town: World, visitor: Visitor) -> None:
    """Excluded hosts and the connectors' own get the one page of unknown hosts, whatever is asked there."""
    pages = {visitor.get(town.url(name, path)).text for name in ("no", "connect") for path in ("/", "/headers?x=<script>")}
    assert visitor.get(town.url("no")).status == 404
    assert all("script>" not in page for page in pages)


def test_a_segment_and_an_alternate_host(town: World, visitor: Visitor) -> None:
    """Both are there within a second and no more than a second after they were taken away; the policy is one."""
    town.admin("app", "segment", "add", "sample", "--external", town.url("api", "/v1/"), "--internal", town.internal)
    town.admin("app", "set", "sample", f"alternate_hosts=alias.{DOMAIN}")
    visitor.sign_in(town.url("api", "/v1/headers"), "alice")
    for url in (town.url("api", "/v1/headers"), town.url("alias", "/headers")):
        assert visitor.navigate(url).status == visitor.get(url).status == 200
    bob = Visitor(town.port, town.anchor)
    assert bob.sign_in(town.url("api", "/v1/headers"), "bob").status == 403
    assert visitor.get(town.url("api", "/v1/..%2fheaders")).status == 400
    assert visitor.get(town.url("api", "/%76%31/headers")).status == 400
    town.admin("app", "segment", "remove", "sample", town.url("api", "/v1/"))
    town.admin("app", "set", "sample", "alternate_hosts=")
    # What the wildcard gives instead asks for a sign-in of its own.
    assert status_within_a_second(visitor, town.url("api", "/v1/headers"), 401) < 2
    assert status_within_a_second(visitor, town.url("alias", "/headers"), 401) < 2


def test_refusals_name_the_mend(town: World) -> None:
    """A URL is one application's, and a wildcard stands on both sides or on none."""
    with pytest.raises(AssertionError, match="belongs to the application 'town'"):
        town.admin(
            "app", "publish", "other", "--internal", "http://*.x/", "--external", town.url("*"))
    with pytest.raises(AssertionError, match="must be one, too"):
        town.admin("app", "segment", "add", "sample", "--external", f"https://*.{DOMAIN}/sub/", "--internal", "http://x/")
