"""Values that only one setting has: what each takes, up to its bounds, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.policy.rates import Rate
from appproxy.publish.settings import own_kinds
from appproxy.publish.settings.setting import ValueKind
from tests.pki.chains import make

CRL = "-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n"
PEM = make("Root", authority=True).pem
TWENTY = [f"n{number}" for number in range(20)]
GOOD: list[tuple[ValueKind[Any], str, object]] = [
    (own_kinds.RATE, "none", None), (own_kinds.RATE, "10", Rate(10.0, 100)), (own_kinds.RATE, "0.5/5", Rate(0.5, 5)),
    (own_kinds.RATE, "0.001", Rate(0.001, 1)), (own_kinds.RATE, "0.15", Rate(0.15, 2)), (own_kinds.RATE, "1/1", Rate(1.0, 1)),
    (own_kinds.RATE, "1000000/1000000", Rate(1e6, 1000000)), (own_kinds.RATE, "100000", Rate(1e5, 1000000)),
    (own_kinds.CA_BUNDLE, PEM, PEM),
    (own_kinds.MACHINE_CRL, "None", ""), (own_kinds.MACHINE_CRL, CRL, CRL),
    (own_kinds.MACHINE_SUBJECTS, "none", frozenset()), (own_kinds.MACHINE_SUBJECTS, "*", frozenset({"*"})),
    (own_kinds.MACHINE_SUBJECTS, "CN=a , O.1=b c", frozenset({"CN=a", "O.1=b c"})),
    (own_kinds.SERVER_NAME, "Wiki.Corp", "wiki.corp"),
    (own_kinds.CLIENT_CERTIFICATE, "a" * 64, "a" * 64), (own_kinds.CLIENT_CERTIFICATE, "9-_", "9-_"),
    (own_kinds.ORIGINS, "none", ()),
    (own_kinds.HEALTH_PATH, "/", "/"), (own_kinds.HEALTH_PATH, "/" + "a" * 1023, "/" + "a" * 1023),
    (own_kinds.HEALTH_PATH, "/a?b=%20~", "/a?b=%20~"),
    (own_kinds.UPGRADES, "NONE", frozenset()), (own_kinds.UPGRADES, "WebSocket, a/1", frozenset({"websocket", "a/1"})),
    (own_kinds.ALTERNATE_HOSTS, "B.example., a.example,b.example", ("b.example", "a.example")),
    (own_kinds.EXCLUDED_HOSTS, "none", frozenset()), (own_kinds.EXCLUDED_HOSTS, "b.example,a.example",
    frozenset({"a.example", "b.example"})),
    (own_kinds.BODIES, "none", frozenset()), (own_kinds.BODIES, "no", frozenset()), (own_kinds.BODIES, "YES",
    frozenset({"html", "css"})),
    (own_kinds.BODIES, "on", frozenset({"html", "css"})), (own_kinds.BODIES, "json, XML", frozenset({"json", "xml"})),
    (own_kinds.NOTICE, "x" * 300, "x" * 300), (own_kinds.NOTICE, "Bald zurück.", "Bald zurück."),
    (own_kinds.MOMENT, "1971-01-01T00:00Z", 31536000.0), (own_kinds.MOMENT, "2026-12-01T18:00+01:00", 1796144400.0),
    (own_kinds.MOMENT, "2199-12-31T23:59:59Z", 7258118399.0),
    (own_kinds.TAGS, "none", frozenset()), (own_kinds.TAGS, "a, b_2-c", frozenset({"a", "b_2-c"})),
    (own_kinds.TAGS, ",".join(TWENTY), frozenset(TWENTY)), (own_kinds.WORDS, ",".join(TWENTY), frozenset(TWENTY)),
    (own_kinds.WORDS, "x" * 255, frozenset({"x" * 255})), (own_kinds.WORDS, "none", frozenset()),
    (own_kinds.BEARER_HEADER, "Authorization", "authorization"), (own_kinds.BEARER_HEADER, "X-Token", "x-token"),
    (own_kinds.METHODS, "none", frozenset()), (own_kinds.METHODS, "GET, PROPFIND,purge",
    frozenset({b"GET", b"PROPFIND", b"purge"})),
]
BAD: list[tuple[ValueKind[Any], str, str]] = [
    *((own_kinds.RATE, text, "must be none, requests a second") for text in (
        "0", "0.0009", "1000001", "100000.1", "1/0", "1/1000001", "-1", "1/", "1.00001", "a", "1/1/1", "10 /5")),
    *((own_kinds.CA_BUNDLE, text, "must be certificates in PEM form") for text in ("x", PEM[:100], "")),
    (own_kinds.MACHINE_CRL, PEM, "must be lists of revoked certificates"), (own_kinds.MACHINE_CRL, "", "must be lists of"),
    *((own_kinds.MACHINE_SUBJECTS, text, r"must be \*, or up to 20 parts") for text in (
        "", "CN", "CN=", "=a", "1CN=a", "CN=a,,CN=b", "CN=a=b", ",".join(f"CN={one}" for one in (*TWENTY, "x")))),
    *((own_kinds.SERVER_NAME, text, "must be a host name") for text in ("", "https://a", "a:1", "*.a")),
    *((own_kinds.CLIENT_CERTIFICATE, text, "must be the NAME of") for text in ("", "A", "../a", "a.pem", "_a", "a" * 65)),
    (own_kinds.ORIGINS, "http://a,wiki", "has a wrong one: 'wiki' must start with"),
    *((own_kinds.ORIGINS, text, "must be up to 16 URLs") for text in (
        "http://a/x", "http://*.a", ",".join(f"http://a:{port}" for port in range(1, 18)))),
    *((own_kinds.HEALTH_PATH, text, "must be a path") for text in ("", "a", "/a b", "/a#b", "/ä", "/" + "a" * 1024)),
    *((own_kinds.UPGRADES, text, "must be none, or protocols") for text in ("", "h2c", "H2C/1", "a b", "websocket,", "a/b/c")),
    *((own_kinds.ALTERNATE_HOSTS, text, "must be none, or host names") for text in ("", "*.a", "https://a", "a,,b")),
    *((own_kinds.BODIES, text, r"must be yes \(html and css\)") for text in ("", "html,pdf", "yes,css", "html,")),
    *((own_kinds.NOTICE, text, "must be one line of at most 300") for text in ("x" * 301, "a\nb")),
    *((own_kinds.MOMENT, text, "must be a date, a time") for text in ("", "2026-12-01", "2026-12-01T18:00", "soon")),
    *((own_kinds.MOMENT, text, "must be a time from 1971 to 2199") for text in ("1970-12-31T23:59:59Z", "2200-01-01T00:00Z")),
    *((own_kinds.TAGS, text, "must be none, or up to 20 tags") for text in ("", "A b", "a,,b", ",".join((*TWENTY, "x")))),
    *((own_kinds.WORDS, text, "must be none, or up to 20 names") for text in (
        "", "a b", 'a"', "a,,b", "x" * 256, "a\\", ",".join((*TWENTY, "x")))),
    *((own_kinds.BEARER_HEADER, text, "must be the name of a request field") for text in (
        "", "a b", "Cookie", "connection", "Transfer-Encoding", "ä")),
    *((own_kinds.METHODS, text, "must be none, or methods") for text in ("", "G T", "GET,", "A" * 65)),
    *((own_kinds.METHODS, text, "names CONNECT or TRACE") for text in ("CONNECT", "trace", "GET,Trace")),
    *((own_kinds.METHODS, text, "has a method in lower case") for text in ("get", "POST,Head")),
]


def shown_id(value: object) -> str:
    """Of PEM, whose keys are new in each process, its first line alone."""
    return repr(value.partition("\n")[0])[:40] if isinstance(value, str) else ""


@pytest.mark.parametrize(("kind", "text", "value"), GOOD, ids=shown_id)
def test_what_is_taken(kind: ValueKind[Any], text: str, value: object) -> None:
    """Up to its bounds; and it is shown so that it is read as the same."""
    assert kind.parse(text) == value
    shown = kind.text(kind.parse(text))
    assert shown == "" or kind.parse(shown) == value


@pytest.mark.parametrize(("kind", "text", "said"), BAD, ids=shown_id)
def test_what_is_refused(kind: ValueKind[Any], text: str, said: str) -> None:
    """With the mend, as a sentence that goes on after the value."""
    with pytest.raises(ValueError, match=f"^{said}"):
        kind.parse(text)


@pytest.mark.parametrize(("value", "text"), [
    (Rate(10.0, 50), "10/50"), (Rate(0.5, 5), "0.5/5"), (Rate(10.25, 1), "10.25/1"), (None, "none")])
def test_a_rate_is_shown_with_its_burst(value: Rate | None, text: str) -> None:
    """Also where it was not said."""
    assert own_kinds.RATE.text(value) == text


def test_a_moment_is_shown_in_utc() -> None:
    """One that nobody has set is shown as nothing."""
    kind: ValueKind[Any] = own_kinds.MOMENT
    assert kind.text(None) == "" and kind.text(1796144400.0) == "2026-12-01T17:00:00+00:00"


def test_addresses_at_the_connector() -> None:
    """They are URLs there, too, and an error says what is wrong with one."""
    urls = own_kinds.ORIGINS.parse("http://a:81, https://b")
    assert [str(one) for one in urls] == ["http://a:81/", "https://b/"]
    assert own_kinds.ORIGINS.from_json(own_kinds.ORIGINS.to_json(urls)) == urls
    with pytest.raises(ValueError, match="^'x' must start with"):
        own_kinds.ORIGINS.from_json(["x"])
    with pytest.raises(ValueError, match="^a list of URLs is needed"):
        own_kinds.ORIGINS.from_json("http://a")


def test_a_connector_opens_no_other_file() -> None:
    """Whatever a service says: a plain name, or none."""
    assert own_kinds.CLIENT_CERTIFICATE.from_json("") == "" and own_kinds.CLIENT_CERTIFICATE.from_json("wiki") == "wiki"
    for name in ("../wiki", "a/b", "A", ".", "a.pem"):
        with pytest.raises(ValueError, match="is not a plain name"):
            own_kinds.CLIENT_CERTIFICATE.from_json(name)
