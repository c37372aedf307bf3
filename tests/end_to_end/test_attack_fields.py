"""What users may not say to an application, and what the application, other sites and log files may not learn of users."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from tests.end_to_end.clock import usual_seconds, usual_sleep
from tests.end_to_end.origins import Call, Seen
from tests.end_to_end.system import CONNECTORS, PROMPT, System, shared_system
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.wire import Wire
from tests.end_to_end.world import PASSWORD

FORGED = "forged-by-the-user"
#: What the application is told of a user, and of where a request comes from.
OURS = (
    "X-User-Name", "X-User-Mail", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port",
    "X-Forwarded-User", "X-Forwarded-Prefix", "Forwarded", "X-Real-IP", "X-Request-ID", "X-Appproxy-User",
    "X-Original-URL", "X-Rewrite-URL", "True-Client-IP", "Proxy",
)  # fmt: skip
UPGRADE = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "c2l4dGVlbiBieXRlcyEhCg==",
}  # fmt: skip


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    """The system that is attacked."""
    found = shared_system(request, tmp_path_factory)
    found.origin.on("/switch", switch)
    return found


@pytest.fixture(scope="module")
def alice(system: System) -> Visitor:
    """A user of `held`."""
    return system.alice()


def switch(call: Call) -> None:
    """Accept an upgrade, and give back what comes."""
    call.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    while True:
        call.send(call.connection.read())


def spellings(name: str) -> list[str]:
    """The ways in which CGI, WSGI, PHP, Node and old servers take a field for `name`."""
    parts = name.split("-")
    found = [sign.join(words) for sign in "-_." for words in (parts, [part.lower() for part in parts])]
    mixed = [name.upper(), name.swapcase(), name.replace("-", "_", 1)]
    return list(dict.fromkeys(found + mixed))


def only(system: System, case: str) -> Seen:
    """The one request of this name that the application saw."""
    (seen,) = system.origin.about(case)
    return seen


def test_nobody_can_be_impersonated_by_spelling(system: System, alice: Visitor) -> None:
    """Whatever spelling of our fields a user sends, the application never gets the user's value, only ours, once."""
    for name in OURS:
        for spelling in spellings(name):
            case = f"spelled-{spelling}"
            with Wire(system, "held") as wire:
                wire.request("GET", "/", case, fields={spelling: FORGED}, visitor=alice)
                assert wire.reply().status == 200, spelling
            seen = only(system, case)
            assert all(FORGED.encode() not in value for _, value in seen.fields), spelling
            assert seen.values("x-user-name") == [b"Alice"]
            assert seen.values("x-user-mail") == [b"alice@example.com"]
            assert seen.values("x-forwarded-for") == [b"127.0.0.1"]
            assert seen.values("x-forwarded-host") == seen.values("x-forwarded-proto") == []


@pytest.mark.parametrize("upgraded", [False, True])
def test_a_neighbour_at_the_same_origin_cannot_say_who_the_user_is(system: System, upgraded: bool) -> None:
    """`raw` is open to everybody and leads to the origin that learns users of `held` by X-User-Name."""
    for name in ("X-User-Name", "X-User-Mail", "Remote-User", "X-Forwarded-User", "X-WEBAUTH-USER", "X-Auth-Request-Email"):
        for spelling in spellings(name):
            case = f"neighbour-{upgraded}-{spelling}"
            with Wire(system, "raw") as wire:
                fields = {**(UPGRADE if upgraded else {}), spelling: FORGED}
                wire.request("GET", "/switch" if upgraded else "/", case, fields=fields)
                assert wire.reply().status == (101 if upgraded else 200), spelling
            assert all(FORGED.encode() not in value for _, value in only(system, case).fields), spelling
    forged = f"2\r\nhi\r\n0\r\nX_User_Name: {FORGED}\r\nRemote-User: {FORGED}\r\nX-Checksum: 1\r\n\r\n"
    with Wire(system, "raw") as wire:
        wire.request("POST", "/", f"neighbour-trailers-{upgraded}", fields={"Transfer-Encoding": "chunked"})
        wire.send(forged.encode())
        assert wire.reply().body == b"hi"
    assert only(system, f"neighbour-trailers-{upgraded}").trailers == [(b"x-checksum", b"1")]


def test_who_a_neighbour_learns_users_by_counts_within_a_second(system: System) -> None:
    """A rule that is new cuts its field in what was published before; `user_fields` lets only usual names through."""

    def passes(name: str, case: str) -> bool:
        with Wire(system, "raw") as wire:
            wire.request("GET", "/", case, fields={name: "said by a user"})
            assert wire.reply().status == 200
        return only(system, case).values(name) == [b"said by a user"]

    assert passes("X-Odd-Name", "before the rule") and not passes("X-Username", "not allowed")
    system.set("held", **{"header.x-odd-name": "name"})
    system.set("raw", user_fields="x-username,x-user-name")
    began, number = usual_seconds(), 0
    while passes("X_Odd_Name", f"after the rule {number}") or not passes("X-Username", f"allowed {number}"):
        assert usual_seconds() - began < PROMPT
        number += 1
    assert not passes("X-User-Name", "allowed, and what a neighbour learns users by")
    system.set("held", **{"header.x-odd-name": ""})
    system.set("raw", user_fields="")


@pytest.mark.parametrize("upgraded", [False, True])
def test_connection_cannot_take_our_fields_away(system: System, alice: Visitor, upgraded: bool) -> None:
    """A user who lists our fields in Connection, on a WebSocket too, still comes with name and address."""
    for number, names in enumerate((("X-User-Name",), ("x_user_name", "X-Forwarded-For"), OURS)):
        case = f"stripped-{upgraded}-{number}"
        fields = {**UPGRADE, "Origin": f"https://{system.host('held')}"} if upgraded else {}
        fields["Connection"] = ", ".join((*names, "Upgrade" if upgraded else "keep-alive"))
        with Wire(system, "held") as wire:
            wire.request("GET", "/switch" if upgraded else "/", case, fields=fields, visitor=alice)
            assert wire.reply().status == (101 if upgraded else 200)
        seen = only(system, case)
        assert seen.values("x-user-name") == [b"Alice"]
        assert seen.values("x-forwarded-for") == [b"127.0.0.1"]
        assert seen.values("forwarded") == [b"for=127.0.0.1"]


def test_trailers_cannot_forge_either(system: System, alice: Visitor) -> None:
    """What may not stand in a request's head may not stand behind its body."""
    fields = {"Transfer-Encoding": "chunked", "Trailer": "X-User-Name"}
    forged = "".join(f"{name}: {FORGED}\r\n" for name in ("X-User-Name", "x_user_name", "X-Forwarded-For"))
    with Wire(system, "held") as wire:
        wire.request("POST", "/", "trailers", fields=fields, visitor=alice)
        wire.send(f"2\r\nhi\r\n0\r\n{forged}X-Checksum: 1\r\n\r\n".encode())
        assert wire.reply().body == b"hi"
    assert only(system, "trailers").trailers == [(b"x-checksum", b"1")]


def relayed(system: System) -> int:
    """Requests that connectors have seen the end of, by their logs, which are written once a second."""
    usual_sleep(1.2)
    return sum(len((system.directory / name / "access.log").read_text().splitlines()) for name in CONNECTORS)


def test_without_a_cookie_nothing_reaches_the_application(system: System, alice: Visitor) -> None:
    """Whatever method, upgrade, query, user agent or made-up cookie: who has not signed in gets nowhere."""
    before = len(system.origin.seen), relayed(system)
    methods = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "QUERY", "SEARCH")
    targets = (
        "/", "/healthz", "/favicon.ico", "/.well-known/acme-challenge/x", "/x?auth=skip", "/.appproxy", "/.appproxyx/",
        "/%2eappproxy/finish", "//.appproxy/", "/x/..%2f.appproxy/", "/./x", "/robots.txt/x", "/signed-in;/.appproxy/x",
    )  # fmt: skip
    ((name, value),) = alice.cookies[system.host("held").partition(":")[0]].items()
    cookies: list[dict[str, str]] = [{"Cookie": text} for text in (
        f"{name}=", f"{name}=x", f"{name}={value[:-4]}", f"{name}={value[:-1]}", f"{name.lower()}={value}", f"x{name}={value}",
        f"{name}={value}; {name}={value}", f'{name}="{value[1:]}"', f"{name} ={value[1:]}", f"a={name}={value}",
        f"{name}={value}x", "; " * 500, "=" * 8000,
    )]  # fmt: skip
    others: list[dict[str, str]] = [
        {}, UPGRADE, {**UPGRADE, "Origin": f"https://{system.host('held')}"}, {"User-Agent": "kube-probe/1.30"},
        {"Authorization": "Bearer x"}, {"X-User-Name": "Alice"}, {"X-Forwarded-For": "127.0.0.1"},
        {"Origin": "https://x", "Access-Control-Request-Method": "GET"}, {"X-HTTP-Method-Override": "OPTIONS"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, {"X-Original-URL": "/.appproxy/finish"},
    ]  # fmt: skip
    requests = [*itertools.product(methods, targets, [{}]), *itertools.product(("GET", "OPTIONS"), ("/",), cookies + others)]
    for number, (method, target, fields) in enumerate(requests):
        with Wire(system, "held") as wire:
            wire.request(method, target, f"gate-{number}", fields={"Connection": "close", **fields})
            reply = wire.reply(method)
        assert reply.answers is None, (method, target, fields)
        assert reply.status in (302, 303, 400, 401, 403, 404, 405, 421), (reply.status, method, target, fields)
    assert (len(system.origin.seen), relayed(system)) == before


def test_a_cookie_is_for_its_host_alone(system: System, alice: Visitor) -> None:
    """The access cookie of one application opens no other, nor our own pages' data."""
    system.application("other", system.origin.url, settings={"assignment_required": "no"})
    fields = alice.cookie_field(system.host("held").partition(":")[0])
    with Wire(system, "other") as wire:
        wire.request("GET", "/", "elsewhere", fields=fields)
        assert wire.reply().status == 401
    with Wire(system, "other") as wire:  # connected to one host, asking for another
        wire.host = system.host("held")
        wire.request("GET", "/", "asked-elsewhere", fields=fields)
        assert wire.reply().status in (200, 421)
    assert system.origin.about("elsewhere") == []


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example", "null", "", "http://HOST", "https://held.appproxy.localhost", "https://HOST.evil.example",
        "https://HOST/", "https://sub.HOST", "https://raw.appproxy.localhost:PORT", "https://HOST, https://HOST", None,
    ],
)  # fmt: skip
def test_other_sites_open_no_websocket(system: System, alice: Visitor, origin: str | None) -> None:
    """A page of another site cannot use the signed-in user's cookie to open a WebSocket."""
    host = system.host("held")
    case = f"cross-site-{origin}"
    fields = dict(UPGRADE)
    if origin is not None:
        fields["Origin"] = origin.replace("HOST", host).replace("PORT", str(system.port))
    with Wire(system, "held") as wire:
        wire.request("GET", "/switch", case, fields=fields, visitor=alice)
        reply = wire.head()
    if origin is None:  # no browser leaves it out: a program with the user's own cookie
        assert reply.status in (101, 403)
    else:
        assert (reply.status, system.origin.about(case)) == (403, [])


def test_our_cookies_stay_ours(system: System, alice: Visitor) -> None:
    """Of a Cookie field the application gets all but our own, whatever stands around them, byte for byte."""
    ((name, value),) = alice.cookies[system.host("held").partition(":")[0]].items()
    ours = f"{name}={value}"
    table = {
        ours: [], f"a=1; {ours}": ["a=1"], f"{ours}; a=1": ["a=1"], f"a=1; {ours}; b=2": ["a=1; b=2"],
        f"a=1;{ours};b=2": ["a=1;b=2"], f'a="x; y"; {ours}': ['a="x; y"'], f"a=1; {ours}; __Host-appproxy-start=zzz": ["a=1"],
        f"A={name}; {ours}; =; ;b": [f"A={name}; =; ;b"], f"\xe4={ours.partition('=')[0]}x; {ours}": [f"\xe4={name}x"],
    }  # fmt: skip
    for number, (line, rest) in enumerate(table.items()):
        with Wire(system, "held") as wire:
            wire.request("GET", "/", f"cookies-{number}", fields={"Cookie": line})
            assert wire.reply().status == 200, line
        seen = [one.decode("latin-1") for one in only(system, f"cookies-{number}").values("cookie")]
        assert [re.sub(" ", "", one) for one in seen] == [re.sub(" ", "", one) for one in rest], line
        assert all(value not in one for one in seen)


def test_secrets_are_in_no_log_and_never_at_the_application(system: System, alice: Visitor) -> None:
    """After sign-in, errors, refused and broken requests: no cookie, password or token is in a log, or was sent inside."""
    secrets = [value for jar in alice.cookies.values() for value in jar.values()] + [PASSWORD, FORGED + "-query"]
    host = system.host("held").partition(":")[0]
    line = alice.cookie_field(host)["Cookie"]
    for number, template in enumerate((
        "GET /?secret={query} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n",
        "GET /.appproxy/finish?t={value} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\x00\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: {host}\r\nCookie : {cookie}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: {host}\r\nX-Cookie: {cookie}\r\nCookie: {cookie}; {cookie}\r\n\r\n",
        "{cookie} / HTTP/1.1\r\nHost: {host}\r\n\r\n",
    )):  # fmt: skip
        with Wire(system, "held") as wire:
            wire.send(template.format(query=secrets[-1], host=wire.host, cookie=line, value=secrets[0]).encode("latin-1"))
            assert wire.reply().status in (200, 303, 400, 401, 403, 501), number
    usual_sleep(1.5)  # logs are written once a second
    logs = [path for path in Path(system.directory).rglob("*.log") if path.is_file()]
    assert {path.name for path in logs} >= {"service.log", "access.log", "first.log", "second.log"}
    assert sum(path.stat().st_size for path in logs) > 10_000
    for path in logs:
        text = path.read_bytes()
        assert [secret for secret in secrets if secret.encode() in text] == [], path
    sent = b"\n".join(b"%b: %b" % pair for seen in system.origin.seen for pair in seen.fields if seen.values("x-user-name"))
    assert [secret for secret in secrets[:-1] if secret.encode() in sent] == []
