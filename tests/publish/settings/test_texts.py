"""KEY=VALUE settings of an application."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.errors import ConfigError
from appproxy.pki.issuing.authority import create_authority
from appproxy.publish.application import Application, HeaderRule, RequestField, Url
from appproxy.publish.response_policy import ResponseField
from appproxy.publish.settings.table import SETTINGS
from appproxy.publish.settings.texts import check_texts, parse_settings

PEM = create_authority("test", 1.7e9, serial=bytes(16)).certificate


@pytest.mark.parametrize(
    ("key", "text", "field", "value"),
    [
        ("backend_timeout", "default", "backend_timeout", 85.0),
        ("backend_timeout", "Long", "backend_timeout", 180.0),
        ("backend_timeout", "12.5", "backend_timeout", 12.5),
        ("alternate_hosts", "A.example.com, b.example.com.", "alternate_hosts", ("a.example.com", "b.example.com")),
        ("alternate_hosts", "none", "alternate_hosts", ()),
        ("excluded_hosts", "a.example.com", "excluded_hosts", frozenset({"a.example.com"})),
        ("connect_timeout", "3", "connect_timeout", 3.0),
        ("upgrade_idle_timeout", "600", "upgrade_idle_timeout", 600.0),
        ("session_hours", "0.5", "session_hours", 0.5),
        ("assignment_required", "no", "assignment_required", False),
        ("verify_tls", "FALSE", "verify_tls", False),
        ("strict", "on", "strict", True),
        ("maintenance", "yes", "maintenance", True),
        ("maintenance_text", "Zurück um <acht>", "maintenance_text", "Zurück um <acht>"),
        ("maintenance_until", "2026-12-01T18:00+01:00", "maintenance_until", 1796144400.0),
        ("maintenance_until", "2026-12-01T17:00Z", "maintenance_until", 1796144400.0),
        ("robots_disallow", "off", "robots_disallow", False),
        ("view", "Public", "view", "public"),
        ("view", "internal", "view", "internal"),
        ("host_header", "original", "view", "public"),
        ("host-header", "internal", "view", "internal"),
        ("server_name", "Wiki.Internal", "server_name", "wiki.internal"),
        ("client_certificate", "wiki-1", "client_certificate", "wiki-1"),
        ("protocol", "H2", "protocol", "h2"),
        ("connection_authentication", "Always", "connection_authentication", "always"),
        ("max_connections", "20", "max_connections", 20),
        ("origins", "http://b:81, http://c", "origins", (Url("http", "b", 81), Url("http", "c", 80))),
        ("origins", "none", "origins", ()),
        ("health_path", "/health?x=1", "health_path", "/health?x=1"),
        ("health_interval", "5", "health_interval", 5.0),
        ("max_connections", "none", "max_connections", 0),
        ("ca_bundle", PEM, "ca_bundle", PEM),
        ("upgrades", "none", "upgrades", frozenset()),
        ("upgrades", "websocket, Foo", "upgrades", frozenset({"websocket", "foo"})),
        ("upgrades", "SPDY/3.1,tcp", "upgrades", frozenset({"spdy/3.1", "tcp"})),
        ("methods", "none", "methods", frozenset()),
        ("methods", "GET, HEAD,VERSION-CONTROL", "methods", frozenset({b"GET", b"HEAD", b"VERSION-CONTROL"})),
        ("max_body", "none", "max_body", None),
        ("max_body", "10", "max_body", 10),
        ("max_body", "20M", "max_body", 20 << 20),
        ("max_body", "2 GiB", "max_body", 2 << 30),
        ("cookie_secure", "no", "cookie_secure", False),
        ("cookie_http_only", "no", "cookie_http_only", False),
        ("cookie_persistent", "yes", "cookie_persistent", True),
        ("cookie_same_site", "None", "cookie_same_site", "none"),
        ("forwarded_prefix", "yes", "forwarded_prefix", True),
        ("request.X-Region", "north east", "request_fields", (RequestField("x-region", "north east"),)),
        ("wildcard_cookies", "yes", "wildcard_cookies", True),
        ("via", "no", "via", False),
        ("translate_headers", "no", "translate_headers", False),
        ("hsts_max_age", "31536000", "hsts_max_age", 31536000),
        ("translate_body", "HTML, json", "translate_body", frozenset({"html", "json"})),
        ("translate_body", "events, NDJSON", "translate_body", frozenset({"events", "ndjson"})),
        ("translate_body", "yes", "translate_body", frozenset({"html", "css"})),
        ("translate_body", "none", "translate_body", frozenset()),
        ("translate_body", "no", "translate_body", frozenset()),
        ("hsts_max_age", "0", "hsts_max_age", 0),
        ("hsts_max_age", "None", "hsts_max_age", None),
        ("hsts_subdomains", "yes", "hsts_subdomains", True),
        ("removed_fields", "Server, X-Powered-By", "removed_fields", frozenset({"server", "x-powered-by"})),
        ("removed_fields", "none", "removed_fields", frozenset()),
        ("user_fields", "X-User, x_webauth_user", "user_fields", frozenset({"x-user", "x_webauth_user"})),
        ("user_fields", "none", "user_fields", frozenset()),
        ("response.X-Frame-Options", "DENY", "response_fields", (ResponseField("x-frame-options", "DENY"),)),
        ("header.X-User", "email", "headers", (HeaderRule("x-user", "email"),)),
        ("header.SM_USER", "sub", "headers", (HeaderRule("sm_user", "sub"),)),
    ],
)
def test_values(key: str, text: str, field: str, value: object) -> None:
    """Each key reads what its explanation says."""
    assert parse_settings(check_texts({key: text})) == {field: value}


@pytest.mark.parametrize(
    ("key", "text", "hint"),
    [
        ("backend_timeout", "soon", "seconds"),
        ("backend_timeout", "0", "seconds"),
        ("backend_timeout", "nan", "seconds"),
        ("backend_timeout", "inf", "seconds"),
        ("backend_timeout", "1e300", "seconds"),
        ("session_hours", "721", "hours"),
        ("session_hours", "-1", "hours"),
        ("strict", "maybe", "yes or no"),
        ("view", "original", "internal .* or public"),
        ("server_name", "a b", "host name"),
        ("server_name", "http://a", "host name"),
        ("client_certificate", "../key", "NAME"),
        ("client_certificate", "a.pem", "NAME"),
        ("protocol", "h3", "http1 or h2"),
        ("connection_authentication", "yes", "auto, always or never"),
        ("max_connections", "0", "1 to 10000"),
        ("origins", "http://b/path", "without path"),
        ("origins", "ftp://b", "http"),
        ("origins", "http://*.b/", "without"),
        ("origins", ",".join(f"http://h{n}" for n in range(17)), "up to 16"),
        ("health_path", "health", "such as /health"),
        ("health_path", "/a b", "such as /health"),
        ("max_connections", "-1", "1 to 10000"),
        ("ca_bundle", "nonsense", "ca_bundle=@FILE"),
        ("upgrades", "h2c", "h2c is not possible"),
        ("upgrades", "tcp,h2c/1", "h2c is not possible"),
        ("upgrades", "spdy/", "commas"),
        ("upgrades", "spdy/3/1", "commas"),
        ("methods", "GET POST", "commas"),
        ("methods", "GET,", "commas"),
        ("methods", "M" * 33, "commas"),
        ("methods", "GET,trace", "never pass"),
        ("methods", "get", "case-sensitive"),
        ("upgrades", "a b", "commas"),
        ("maintenance_text", "two\nlines", "one line"),
        ("maintenance_text", "x" * 301, "one line"),
        ("maintenance_text", "\ue000", "one line"),
        ("maintenance_until", "2026-12-01T18:00", "distance to UTC"),
        ("maintenance_until", "tomorrow", "distance to UTC"),
        ("maintenance_until", "0001-01-01T00:00+14:00", "from 1971"),
        ("maintenance_until", "9999-12-31T23:59-14:00", "to 2199"),
        ("max_body", "big", "20M"),
        ("max_body", "-1", "20M"),
        ("max_body", "9999999999999", "20M"),
        ("cookie_same_site", "strict", "lax or none"),
        ("translate_body", "html,pdf", "html,css,javascript,json,xml"),
        ("hsts_max_age", "1y", "31536000"),
        ("hsts_max_age", "-1", "31536000"),
        ("hsts_max_age", "315360001", "315360000"),
        ("removed_fields", "a b", "commas"),
        ("removed_fields", "server,content-length", "content-length"),
        ("removed_fields", ",".join(f"x{n}" for n in range(31)), "more than 30"),
        ("user_fields", "a b", "names of fields"),
        ("user_fields", "x-user,accept", "'accept', which is none .* leave it out"),
        ("user_fields", "x-forwarded-for", "none of the fields"),
        ("request.", "x", "name of a request field"),
        ("request.x", "a\r\nhost: b", "printable ASCII"),
        ("request.x-forwarded-prefix", "/a", "forwarded_prefix=yes"),
        ("request.x-forwarded-host", "a", "belongs to HTTP"),
        ("request.host", "a", "belongs to HTTP"),
        ("request.cookie", "a=b", "belongs to HTTP"),
        ("response.", "x", "name of a field"),
        ("response.a b", "x", "name of a field"),
        ("response.x", "a\r\nset-cookie: b", "printable ASCII"),
        ("response.x", "ü", "printable ASCII"),
        ("response.x", " a", "blanks"),
        ("response.x", "a" * 1025, "1024"),
        ("response.strict-transport-security", "max-age=1", "hsts_max_age"),
        ("response.access-control-allow-origin", "*", "CORS"),
        ("response.set-cookie", "a=b", "belongs to HTTP"),
        ("response.transfer-encoding", "x", "belongs to HTTP"),
        ("response.x-request-id", "x", "belongs to HTTP"),
        ("header.x-user", "two words", "claim"),
        ("header.x-user", "a\nb", "claim"),
        ("header.", "email", "name of a request field"),
        ("header.x user", "email", "name of a request field"),
        ("backend_timout", "1", "did you mean backend_timeout"),
        ("zzz", "1", "`appproxy app keys` lists them"),
    ],
)
def test_errors_name_the_key_and_the_mend(key: str, text: str, hint: str) -> None:
    """One line tells which key is wrong and what it takes."""
    with pytest.raises(ConfigError, match=f"(?s)^{key.lower()}: .*{hint}"):
        parse_settings(check_texts({key: text}))


def test_an_empty_text_is_kept_for_the_default() -> None:
    """`KEY=` puts a setting back; it is checked as a key and not as a value."""
    assert check_texts({"Backend-Timeout": ""}) == {"backend_timeout": ""}


@settings(max_examples=80)
@given(st.sampled_from([*SETTINGS, "header.x-user"]), st.text(max_size=20) | st.from_regex(r"[0-9a-z.,]{1,8}"))
def test_any_text_is_a_value_or_an_error(key: str, text: str) -> None:
    """Whatever is typed: a value that an Application takes, or ConfigError."""
    try:
        found = parse_settings({key: text})
    except ConfigError as error:
        assert str(error).startswith(f"{key}: ")
        return
    assert set(found) <= {field.name for field in fields(Application)}


def test_a_cookie_that_browsers_refuse() -> None:
    """SameSite=None without Secure would send users in a circle."""
    with pytest.raises(ConfigError, match="cookie_same_site: none needs cookie_secure=yes"):
        parse_settings({"cookie_same_site": "none", "cookie_secure": "no"})
    assert parse_settings({"cookie_same_site": "none", "cookie_secure": "yes"})["cookie_same_site"] == "none"


def test_connections_of_http2_are_nobodys_own() -> None:
    """Forced authentication of connections needs HTTP/1.1 to the application."""
    with pytest.raises(ConfigError, match="needs protocol=http1"):
        parse_settings({"connection_authentication": "always", "protocol": "h2"})
