"""The stages about hosts, each by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.errors import Code, RequestError
from appproxy.net.secure.tls import ServerName
from appproxy.publish.application import Url
from appproxy.service.dispatch.stages.hosts import Authority, FindRoute, OwnConnection, OwnHosts, code_for
from tests.service.dispatch.stage_fakes import WIKI, asked, exchange_of, ours, passes, routed

SHOP = ServerName("shop.example.org", {"shop.example.org": True})
STAR = ServerName("shop.example.com", {"*.example.com": True})


@pytest.mark.parametrize(("made_for", "is_own"), [(None, True), (STAR, True), (SHOP, False)])
def test_the_connection_is_for_the_host(made_for: ServerName | None, is_own: bool) -> None:
    """By name or by certificate; otherwise it proves nothing."""
    request = asked()
    exchange_of(request).server_name = made_for
    if is_own:
        assert passes(OwnConnection(), request)
    else:
        with pytest.raises(RequestError) as caught:
            OwnConnection().handle(request)
        assert caught.value.code is Code.MISDIRECTED


@pytest.mark.parametrize(("made_for", "host", "is_own"), [
    ("device.example.com", "device.example.com", True), ("device.example.com", "wiki.example.com", False),
    ("wiki.example.com", "device.example.com", False), ("shop.example.com", "wiki.example.com", True),
])
def test_where_certificates_are_asked_for_nobody_shares_a_connection(made_for: str, host: str, is_own: bool) -> None:
    """Though the server's certificate covers both: browsers then open one of its own."""
    stage, request = OwnConnection(["device.example.com"]), asked(f"https://{host}/")
    exchange_of(request).server_name = ServerName(made_for, {"*.example.com": True})
    if is_own:
        assert passes(stage, request)
    else:
        with pytest.raises(RequestError) as caught:
            stage.handle(request)
        assert caught.value.code is Code.MISDIRECTED


def test_an_unknown_host_on_the_connection_for_another_may_be_a_mistake_of_the_browser() -> None:
    """421 then, and 404 otherwise; other failures stay what they are."""
    request = asked("https://nobody.example.com/")
    for made_for, code in ((None, Code.UNKNOWN_HOST), (STAR, Code.MISDIRECTED)):
        exchange_of(request).server_name = made_for
        assert code_for(request.exchange, request.snapshot, Code.UNKNOWN_HOST) is code
        assert code_for(request.exchange, request.snapshot, Code.BODY_TOO_LARGE) is Code.BODY_TOO_LARGE


def test_own_hosts_are_answered_by_their_handlers() -> None:
    """At the ports where users come in, and only where no application is published there."""
    stage = OwnHosts({"signin.example.com": ours(b"sign-in"), "wiki.example.com": ours(b"nothing")}, {8443})
    for port in ("", ":443", ":8443"):
        request = asked(f"https://signin.example.com{port}/")
        assert not passes(stage, request) and exchange_of(request).content == b"sign-in"
    assert passes(stage, asked("https://wiki.example.com/")) and passes(stage, asked("https://other.example.com/"))
    with pytest.raises(RequestError):
        stage.handle(asked("https://signin.example.com:1/"))


def test_the_application_is_found_by_host_and_path() -> None:
    """The log has its name from here on; what nobody has published is unknown."""
    request = asked()
    assert passes(FindRoute(), request)
    assert request.route.application is WIKI and request.exchange.application == "wiki"
    with pytest.raises(RequestError):
        FindRoute().handle(asked("https://nobody.example.com/"))


def test_host_has_one_form_from_here_on() -> None:
    """That of the external URL, if its port is one of ours."""
    there = replace(WIKI, external=Url.parse("https://wiki.example.com:8443/"))
    request = routed("https://wiki.example.com:443/", there)
    assert passes(Authority({443}), request) and request.head.authority == b"wiki.example.com:8443"
    with pytest.raises(RequestError):
        Authority({443}).handle(routed("https://wiki.example.com:1/", there))


@pytest.mark.parametrize(("asked_for", "kept"), [(b"websocket", b"websocket"), (b"tls/1.0", None)])
def test_upgrades_that_are_not_allowed_are_ordinary_requests(asked_for: bytes, kept: bytes | None) -> None:
    """No stage behind sees them."""
    request = routed(upgrade=asked_for)
    assert passes(Authority({443}), request) and request.head.upgrade == kept
