"""Policies before real users: a second factor from outside, step-up and back, and a change that ends what is under way."""

from __future__ import annotations

import html
import json
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urljoin

import pyotp
import pytest

from tests.end_to_end.open_streams import ended, open_stream
from tests.end_to_end.visitor import Answer, Socket, Visitor
from tests.end_to_end.world import PASSWORD, World, until

#: One who sets up a second factor, and others who have none.
USERS = ("paula", "petra", "pete", "perry", "pearl")
OUTSIDE_ADDRESS = "127.0.0.77"
OFFICE = 'name = "office"\nnetworks = ["127.0.0.1/32"]\n'
OUTSIDE = """
name = "outside"
state = "on"
message = "From outside you need a second factor."
[users]
include = ["all"]
[applications]
include = ["policies"]
[conditions.locations]
exclude = ["office"]
[grant]
require = ["mfa"]
"""


@pytest.fixture
def place(world: World, tmp_path: Path) -> Iterator[Path]:
    """An application of its own, and a directory for files; no policy is left behind."""
    if not any(row["name"] == "policies" for row in world.admin_json("app", "list")):
        world.publish("policies", world.internal)
        for user in USERS:
            world.admin("user", "add", user, "--password-stdin", stdin=PASSWORD + "\n")
            world.admin("assign", "policies", "--user", user)
    yield tmp_path
    for row in world.admin_json("policy", "list"):
        world.admin("policy", "remove", row["name"])


def set_(world: World, place: Path, kind: str, text: str) -> None:
    """Keep a document."""
    file = place / "document.toml"
    file.write_text(text)
    world.admin(kind, "set", str(file))


def code(secret: str) -> str:
    """What an app shows now."""
    return pyotp.TOTP(secret).generate_otp(int(datetime.now(UTC).timestamp()) // 30)


def to_enrolment(visitor: Visitor, page: Answer) -> Answer:
    """From the choice of factors to that of an app."""
    assert "Set up a second factor" in page.text, page.text
    return visitor.submit(page, app="1")


def set_up(visitor: Visitor, page: Answer) -> tuple[Answer, str]:
    """Set up an authenticator app; gives the page behind it, and the secret."""
    page = to_enrolment(visitor, page)
    found = re.search(r'class="secret">([A-Z2-7 ]+)<', page.text)
    assert found is not None, page.text
    secret = found[1].replace(" ", "")
    page = visitor.submit(page, code=code(secret))
    onward = re.search(r'href="([^"]+)"[^>]*>I have kept them', page.text)
    assert onward is not None, page.text
    return visitor.navigate(urljoin(page.url, html.unescape(onward[1]))), secret


def test_a_second_factor_from_outside(world: World, place: Path) -> None:
    """In the office the password is enough; the same session outside steps up, comes back to its URL, and is good in both."""
    url = world.url("policies", "/headers?a=1")
    inside = Visitor(world.port, world.anchor)
    assert inside.sign_in(url, "paula").status == 200
    set_(world, place, "location", OFFICE)
    set_(world, place, "policy", OUTSIDE)
    assert inside.get(url).status == 200
    outside = Visitor(world.port, world.anchor, OUTSIDE_ADDRESS)
    outside.cookies = inside.cookies
    assert outside.get(url).status == 401
    page, _ = set_up(outside, outside.navigate(url))
    assert (page.status, page.url) == (200, url)
    assert inside.get(url).status == outside.get(url).status == 200
    told = world.admin("policy", "explain", "--app", "policies", "--user", "paula", "--address", "127.0.0.1")
    assert told.splitlines()[-1] == "pass: all that policies ask for is proved"


def test_who_goes_on_without_hears_what_is_missing(world: World, place: Path) -> None:
    """In the admin's words, and nobody is sent round."""
    url = world.url("policies")
    set_(world, place, "location", OFFICE)
    set_(world, place, "policy", OUTSIDE)
    outside = Visitor(world.port, world.anchor, OUTSIDE_ADDRESS)
    page = outside.sign_in(url, "pete")
    assert "Set up a second factor" in page.text, page.text
    page = outside.submit(page, leave="1")
    assert page.status == 403
    assert "From outside you need a second factor." in page.text
    assert "mfa" in page.text


    def noted() -> bool:
        rows = world.admin_json("audit", "--limit", "20")
        return any(row["action"] == "sign-in.refused" and row["detail"]["code"] == "PROOF_MISSING" for row in rows)

    until(noted, "not in the audit", 20)


def test_a_new_policy_ends_what_is_under_way(world: World, place: Path) -> None:
    """Streams and WebSockets of whoever may no longer end within a second; those of others go on."""
    url = world.url("policies")
    petra, pete = Visitor(world.port, world.anchor), Visitor(world.port, world.anchor)
    assert petra.sign_in(url, "petra").url == pete.sign_in(url, "pete").url == url
    stream, other = open_stream(world, petra, url), open_stream(world, pete, url)
    socket = Socket(petra, world.url("policies", "/echo"))
    text = OUTSIDE.replace('include = ["all"]\n[app', 'include = ["user:petra"]\n[app')
    text = text.replace('[conditions.locations]\nexclude = ["office"]\n', "").replace('require = ["mfa"]', "block = true")
    set_(world, place, "policy", text)
    assert ended([stream], 2.0) == 1
    assert socket.ends(2.0)
    assert ended([other], 1.0) == 0
    page = petra.navigate(url)
    assert page.status == 403 and "From outside you need a second factor." in page.text
    assert pete.get(url).status == 200
    for one in (stream, other):
        one.close()


def test_a_new_policy_ends_an_upload(world: World, place: Path) -> None:
    """That is under way, within a second; the access log says by which policy."""
    url = world.url("policies")
    petra = Visitor(world.port, world.anchor)
    assert petra.sign_in(url, "petra").status == 200
    host = url.split("/")[2].partition(":")[0]
    stream = petra.connect(host)
    cookies = petra.cookie_field(host)["Cookie"]
    stream.sendall(f"PUT /upload HTTP/1.1\r\nHost: {host}:{world.port}\r\nCookie: {cookies}\r\n"
                   f"Content-Length: {64 << 20}\r\n\r\n".encode() + bytes(1 << 20))
    time.sleep(1.0)  # the first bytes are at the application, and more could follow
    text = OUTSIDE.replace('include = ["all"]\n[app', 'include = ["user:petra"]\n[app')
    text = text.replace('name = "outside"', 'name = "shut"').replace('require = ["mfa"]', "block = true")
    set_(world, place, "policy", text.replace('[conditions.locations]\nexclude = ["office"]\n', ""))
    began = time.monotonic()
    stream.settimeout(10.0)
    with suppress(ConnectionError):
        while stream.recv(65536):
            pass
    assert time.monotonic() - began < 2.0

    def noted() -> bool:
        rows = [json.loads(line) for line in (world.state / "access.log").read_text().splitlines()]
        return any(row["path"] == "/upload" and "'shut'" in row.get("detail", "") for row in rows[-50:])

    until(noted, "the access log does not say why", 10)


def test_a_window_ends_on_time(world: World, place: Path) -> None:
    """Within a second or two of the minute, with no request after it."""
    url = world.url("policies")
    visitor = Visitor(world.port, world.anchor)
    assert visitor.sign_in(url, "pete").status == 200
    now = datetime.now(UTC)
    if now.second > 45:  # the stream has to begin before the window ends
        time.sleep(61 - now.second)
        now = datetime.now(UTC)
    ends = (now + timedelta(minutes=1)).replace(second=0, microsecond=0)
    set_(world, place, "policy", OUTSIDE.replace('[conditions.locations]\nexclude = ["office"]', (
        f'[[conditions.times.exclude]]\nfrom = "{now - timedelta(minutes=5):%H:%M}"\nto = "{ends:%H:%M}"\nzone = "UTC"'
    )).replace('require = ["mfa"]', "block = true"))
    stream = open_stream(world, visitor, url)
    assert ended([stream], (ends - datetime.now(UTC)).total_seconds() - 1.0) == 0
    assert ended([stream], 4.0) == 1
    assert visitor.navigate(url).status == 403
    stream.close()


def test_a_path_asks_for_more(world: World, place: Path) -> None:
    """The application by password, one path of it by a second factor, however it is written; and back to its URL."""
    world.admin("app", "set", "policies", "tags=hr")
    set_(world, place, "context", 'name = "pay"\npaths = ["/headers/*"]\napplications = {include = ["tag:hr"]}\n')
    text = OUTSIDE.replace('[conditions.locations]\nexclude = ["office"]', '[conditions.contexts]\ninclude = ["pay"]')
    set_(world, place, "policy", text.replace('include = ["policies"]', 'include = ["tag:hr"]'))
    visitor = Visitor(world.port, world.anchor)
    assert visitor.sign_in(world.url("policies"), "petra").status == 200
    url = world.url("policies", "/headers?a=1")
    for path in ("/headers", "/Headers", "/%68eaders", "/x/..%2fheaders", "//headers", "/headers;a=1"):
        assert visitor.get(world.url("policies", path)).status == 401, path
    page, _ = set_up(visitor, visitor.navigate(url))
    assert (page.status, page.url) == (200, url)
    assert visitor.get(world.url("policies")).status == 200


def _drained(stream: ssl.SSLSocket) -> None:
    """Read until it breaks off, which is to be soon, and long before its 4,000 MiB."""
    stream.settimeout(5.0)
    until_then = time.monotonic() + 5.0
    with stream, suppress(OSError):
        while stream.recv(1 << 20):
            assert time.monotonic() < until_then


def test_only_reading(world: World, place: Path) -> None:
    """No form, no file, no WebSocket; the page says so, the access log whose rule it is; and a download under way ends."""
    url = world.url("policies", "/download/1")
    visitor = Visitor(world.port, world.anchor)
    assert visitor.sign_in(world.url("policies"), "pete").status == 200
    assert len(visitor.get(url).body) == 1 << 20
    host = world.url("policies").split("/")[2].partition(":")[0]
    stream = visitor.connect(host)
    cookies = visitor.cookie_field(host)["Cookie"]
    stream.sendall(f"GET /download/4000 HTTP/1.1\r\nHost: {host}:{world.port}\r\nCookie: {cookies}\r\n\r\n".encode())
    assert stream.recv(65536).startswith(b"HTTP/1.1 200 ")
    limited = OUTSIDE.replace('[conditions.locations]\nexclude = ["office"]\n', "").replace(
        '[grant]\nrequire = ["mfa"]', "[session]\nread_only = true\nno_download = true")
    set_(world, place, "policy", limited.replace("you need a second factor", "you can only read"))
    _drained(stream)
    assert visitor.get(world.url("policies", "/headers")).status == 200
    refused = visitor.get(url)
    assert refused.status == 403 and "you can only read" in refused.text
    assert visitor.navigate(world.url("policies", "/headers"), "POST", {"a": "1"}).status == 403


def test_a_policy_is_tried_on_what_was_decided(world: World, place: Path) -> None:
    """The log of a running service, through a policy that is not set: who would have been asked for more."""
    visitor = Visitor(world.port, world.anchor, OUTSIDE_ADDRESS)
    assert visitor.sign_in(world.url("policies"), "pete").status == 200
    set_(world, place, "location", OFFICE)
    file = place / "tried.toml"
    file.write_text(OUTSIDE)

    def found() -> bool:
        shown = world.admin_json("policy", "replay", str(file), "--since", "10m")
        return any(
            (one["before"], one["after"]) == ("pass", "asked for more") and "pete at policies (outside)" in one["examples"]
            for one in shown["changes"])

    until(found, "nobody would be asked for more", 10)
    assert visitor.get(world.url("policies")).status == 200


def test_what_a_policy_would_have_done(world: World, place: Path) -> None:
    """Only reported: nobody gets another answer, and it is told who would have; switched on, they do."""
    set_(world, place, "location", OFFICE)
    reported = OUTSIDE.replace('state = "on"', 'state = "report-only"')
    set_(world, place, "policy", reported)
    inside, outside = Visitor(world.port, world.anchor), Visitor(world.port, world.anchor, OUTSIDE_ADDRESS)
    assert inside.sign_in(world.url("policies"), "perry").status == 200
    assert outside.sign_in(world.url("policies"), "pearl").status == 200

    def told() -> bool:
        found = world.admin_json("policy", "results", "outside")
        users = [(row["user"], row["decisions"]) for row in found["by_user"]]
        return users == [("pearl", 1)] and found["passed"] >= 1 and found["examples"][0]["address"] == OUTSIDE_ADDRESS

    until(told, "not counted", 20)
    assert "pearl" in world.admin("policy", "results", "outside")
    set_(world, place, "policy", OUTSIDE)
    assert outside.get(world.url("policies")).status == 401 and inside.get(world.url("policies")).status == 200
    assert told()
