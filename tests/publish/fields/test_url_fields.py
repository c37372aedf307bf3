"""Fields of answers that hold more than one URL."""

from __future__ import annotations

import pytest

from appproxy.publish.application import Application
from tests.publish.fields.test_headers import BOOKS, SHOP, TOP, WIKI, outward

#: What X and Y stand for below.
INTERNAL, PUBLIC = b"http://wiki.corp:8080", b"https://wiki.example.com:8443"


def check(one: Application, name: bytes, value: bytes, seen: bytes | None) -> None:
    """The field has this public value; None: it stays."""
    said = value.replace(b"X", INTERNAL)
    expected = said if seen is None else seen.replace(b"X", INTERNAL).replace(b"Y", PUBLIC)
    assert outward(one).field(name, said) == expected


@pytest.mark.parametrize(("value", "seen"), [
    (b'Basic realm="X/"', b'Basic realm="Y/"'), (b'Basic realm="X"', b'Basic realm="Y"'),
    (b'Bearer realm="X/token",service="wiki.corp:8080",scope="X/.default"',
     b'Bearer realm="Y/token",service="wiki.corp:8080",scope="X/.default"'),
    (b'Bearer resource_metadata="X/.well-known/oauth-protected-resource", error="x"',
     b'Bearer resource_metadata="Y/.well-known/oauth-protected-resource", error="x"'),
    (b'BEARER  Authorization_URI = "X/authorize" , error_uri="X/e"',
     b'BEARER  Authorization_URI = "Y/authorize" , error_uri="Y/e"'),
    (b"Bearer authorization_uri=X/a, realm=X", b"Bearer authorization_uri=Y/a, realm=Y"),
    (b'Digest realm="X", domain="X/a /b  https://elsewhere/", nonce="X/", opaque="X/", uri="X/c"',
     b'Digest realm="X", domain="Y/a /b  https://elsewhere/", nonce="X/", opaque="X/", uri="Y/c"'),
    (b'Negotiate, Basic realm="X", Digest realm="X", SCRAM-SHA-256 realm="X", Bearer realm="X"',
     b'Negotiate, Basic realm="Y", Digest realm="X", SCRAM-SHA-256 realm="X", Bearer realm="Y"'),
    (b'Basic realm="Wiki on X/"', None), (b'Basic realm="/wiki"', None),
    (b'Basic realm="\\"X"', None), (b'Basic realm="', None),
    (b'Basic x="realm=X/", realm="https://elsewhere"', None), (b"Negotiate YIIabc/realm+d==", None),
    (b"NTLM", None), (b"", None),
    (b'Bearer title="a, realm=X/"', None), (b"Basic realm=", None), (b'"X', None), (b'Basic realm="X', b'Basic realm="Y'),
])
def test_challenges(value: bytes, seen: bytes | None) -> None:
    """What leads a client somewhere; not names, texts, secrets, nor a realm that passwords are computed with."""
    check(WIKI, b"www-authenticate", value, seen)


def test_a_challenge_names_public_paths() -> None:
    """In what is a URL; a realm is a text unless it has a scheme."""
    check(BOOKS, b"www-authenticate", b'Digest realm="/books/", domain="/books/ /books/a"',
          b'Digest realm="/books/", domain="/library/ /library/a"')
    check(BOOKS, b"www-authenticate", b'Bearer resource_metadata="/books/m"', b'Bearer resource_metadata="/library/m"')


@pytest.mark.parametrize(("value", "seen"), [
    (b'default="X/r", csp="https://elsewhere/", main="/r"', b'default="Y/r", csp="https://elsewhere/", main="/r"'),
    (b'a="X/\\"', None), (b'a="X/', None), (b"a=X/", None), (b"", None),
])
def test_structured_strings(value: bytes, seen: bytes | None) -> None:
    """Each of them, when it ends and has no escapes, which URLs have not."""
    for name in (b"reporting-endpoints", b"speculation-rules"):
        check(WIKI, name, value, seen)
    check(BOOKS, b"speculation-rules", b'"/books/rules.json", "rules.json"', b'"/library/rules.json", "rules.json"')


@pytest.mark.parametrize(("value", "seen"), [
    (b'{"group":"X/","max_age":9,"endpoints":[{"url":"X/r"},{"url": "/r"}]}, {"endpoints":[{"priority":1,"url" : "X/s"}]}',
     b'{"group":"X/","max_age":9,"endpoints":[{"url":"Y/r"},{"url": "/r"}]}, {"endpoints":[{"priority":1,"url" : "Y/s"}]}'),
    (b'{"url":"http:\\/\\/wiki.corp:8080\\/r"}', b'{"url":"https:\\/\\/wiki.example.com:8443\\/r"}'),
    (b'{"url":"X\\u002fr"}', None), (b'{"group":"url","x":"X/"}', None), (b'{"a":"\\"url\\":\\"X/"}', None),
    (b'{"url":"X/', None), (b'{"url":', None), (b'{"url":{"url":"X/"}}', b'{"url":{"url":"Y/"}}'), (b"", None),
])
def test_the_older_reporting(value: bytes, seen: bytes | None) -> None:
    """Members named `url`, also with slashes as PHP writes them."""
    check(WIKI, b"report-to", value, seen)


@pytest.mark.parametrize(("value", "seen"), [
    (b'camera=(self "X" "https://elsewhere"), geolocation="X", fullscreen=*, usb=()',
     b'camera=(self "Y" "https://elsewhere"), geolocation="Y", fullscreen=*, usb=()'),
    (b'camera=("http://wiki.corp:*");report-to="wiki.corp:8080"', b'camera=("Y");report-to="wiki.corp:8080"'),
    (b'camera=(self "http://*.corp:8080")', b'camera=(self "http://*.corp:8080" "Y")'),
    (b'camera=(X "', None), (b'"', None), (b"", None),
])
def test_permissions(value: bytes, seen: bytes | None) -> None:
    """Origins in allowlists, wildcards too."""
    check(WIKI, b"permissions-policy", value, seen)
    check(WIKI, b"permissions-policy-report-only", value, seen)


def test_a_list_may_get_longer_and_an_item_may_not() -> None:
    """A wildcard stays, with one's own origin beside it; a single item of a dictionary cannot be two."""
    check(WIKI, b"permissions-policy", b'midi="http://*.corp:8080"', None)
    check(WIKI, b"timing-allow-origin", b"http://*.corp:8080,null", b"http://*.corp:8080, Y,null")
    check(SHOP, b"feature-policy", b"usb 'self' http://intra", b"usb 'self' https://shop.example.com:8443")


@pytest.mark.parametrize(("name", "value", "seen"), [
    (b"timing-allow-origin", b"X, https://elsewhere,X", b"Y, https://elsewhere,Y"), (b"timing-allow-origin", b"*", None),
    (b"timing-allow-origin", b"wiki.corp:8080", None),
    (b"feature-policy", b"camera 'self' X; usb X", b"camera 'self' Y; usb Y"),
    (b"sourcemap", b"X/app.js.map", b"Y/app.js.map"), (b"x-sourcemap", b"/app.js.map", None),
    (b"sourcemap", b"app.js.map", None),
])
def test_lists_and_single_urls(name: bytes, value: bytes, seen: bytes | None) -> None:
    """Each origin of a list; of one URL what Location has."""
    check(WIKI, name, value, seen)


def test_paths_of_source_maps_and_service_workers() -> None:
    """A path is the public one, where it is another."""
    for name in (b"sourcemap", b"x-sourcemap", b"service-worker-allowed"):
        check(BOOKS, name, b"/books/js/a", b"/library/js/a")
        check(TOP, name, b"/app/a", b"/a")
        check(BOOKS, name, b"/", None)
