"""Set-Cookie lines of an application on their way to a browser outside."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from appproxy.http.set_cookie import CookieRules, parent_domain, public_set_cookie
from tests.cost.machine import cost

RESERVED = (b"__host-appproxy", b"appproxy")
#: An application that speaks https and is published under its own name: nothing but the guards.
PLAIN = CookieRules(RESERVED, b"wiki.example", b"wiki.example")
OFF = CookieRules(RESERVED, b"wiki.example")
#: http://wiki.corp.local/app/ published as https://wiki.example/wiki/.
BELOW = CookieRules(RESERVED, b"wiki.example", b"wiki.corp.local", b"/wiki/", b"/app/", secure=True)
#: The same, with all of the internal host published below a path, and the other way round.
DEEPER = CookieRules(RESERVED, b"wiki.example", b"wiki.corp.local", b"/wiki/", b"/")
HIGHER = CookieRules(RESERVED, b"wiki.example", b"wiki.corp.local", b"/", b"/app/")

HARMLESS = [
    b"", b";", b"=", b"a", b"a=b", b"=a", b"a=b; Path=/; HttpOnly; Secure; SameSite=Lax", b"a=b; Domain=",
    b"a=b; Domain", b"a=b; Domain=wiki.example", b"a=b; domain = .Wiki.Example ", b"a=b; Domain=sub.wiki.example",
    b"a=__Host-appproxy", b"\xff\xfe=\x80", b"__Host-other=b; Path=/; Secure", b"a=b; x=domain=evil", b"a=b;;;=",
    b"a=Domain=example", b"a=b; path = /x ;  EXPIRES=Thu, 01 Jan 1970 00:00:00 GMT;max-age = -1 ; sAMEsITE=\"odd\"",
    b"a=\"b;c\"; Partitioned;Priority=High", b"a = b ;; ; Secure=; SameSite=None",
]


class TestUntouched:
    @pytest.mark.parametrize("value", HARMLESS)
    @pytest.mark.parametrize("rules", [PLAIN, OFF])
    def test_harmless(self, value: bytes, rules: CookieRules) -> None:
        """An application's own cookies pass to the letter, also odd ones, and those with its own host as Domain."""
        assert public_set_cookie(value, rules) == value

    @given(st.lists(st.one_of(
        st.sampled_from([b"a=b", b" Path=/x", b"PATH = /x/y ", b"Domain=wiki.example", b" Secure", b"samesite=lax",
                         b"Max-Age=1", b"domain", b"path", b"", b" =", b"domain=;path=", b"HttpOnly=no", b'a="x']),
        st.text("ab=\" ,\t.", max_size=8).map(str.encode)), max_size=8))
    @settings(max_examples=300)
    def test_unaffected_cookies_are_byte_identical(self, parts: list[bytes]) -> None:
        """Where nothing of the application's own names or paths is in it, a cookie arrives as it was sent."""
        value = b";".join(parts)
        for rules in (PLAIN, OFF, CookieRules(RESERVED, b"wiki.example", b"wiki.corp.local", b"/w/", b"/app/")):
            assert public_set_cookie(value, rules) == value


class TestRefused:
    @pytest.mark.parametrize("value", [
        b"__Host-appproxy=x", b"__host-APPPROXY=x", b"__Host-appproxy-start=x; Path=/", b" __Host-appproxy =x",
        b"__Host-appproxy", b"=__Host-appproxy=x", b"==__Host-appproxy=x", b'"__Host-appproxy"=x',
        b"\t__Host-appproxy=x", b"__Host-appproxy-8443=x", b"appproxy=x", b"AppProxy-8443=x; Path=/"])
    @pytest.mark.parametrize("rules", [PLAIN, OFF, BELOW])
    def test_ours(self, value: bytes, rules: CookieRules) -> None:
        """Names that begin like ours are refused in every case, and without a name, because it comes back as ours."""
        assert public_set_cookie(value, rules) is None

    @pytest.mark.parametrize("domain", [
        b"com", b"other.example", b"xwiki.example", b"wiki.example.evil", b"..wiki.example",
        b'"wiki.example"', b"wiki.example:443", b"example.", b"*", b"sub.other.example", b"w\xc3\xaeki.example",
        b"ki.example", b"other.corp.local", b"sub.wiki.corp.local"])
    @pytest.mark.parametrize("rules", [OFF, BELOW])
    def test_domains_of_siblings(self, domain: bytes, rules: CookieRules) -> None:
        """A Domain that the host is not in: no browser would take it either."""
        for value in (b"a=b; Domain=" + domain, b"a=b; DOMAIN=wiki.example; domain =" + domain,
                      b"a=b; Domain=" + domain + b"; Domain=wiki.example", b"a=b;Domain=" + domain + b";Path=/"):
            assert public_set_cookie(value, rules) is None

    @pytest.mark.parametrize("domain", [b"example", b".example", b"EXAMPLE", b" .Example "])
    @pytest.mark.parametrize("rules", [PLAIN, OFF, BELOW])
    def test_a_domain_above_the_host_is_left_out(self, domain: bytes, rules: CookieRules) -> None:
        """The application keeps its cookie, and nobody else gets it; however often it says so."""
        for value, left in ((b"a=b; Domain=%b; Secure", b"a=b; Secure"),
                            (b"a=b; Domain=%b; Secure; domain =%b", b"a=b; Secure"),
                            (b"a=b;DOMAIN=wiki.example; domain =%b; Secure", b"a=b;DOMAIN=wiki.example; Secure")):
            assert public_set_cookie(value.replace(b"%b", domain), rules) == left
            assert parent_domain(value.replace(b"%b", domain), rules) == b"example"

    def test_names_of_ours_stay_refused_with_it(self) -> None:
        """No Domain makes them an application's."""
        assert public_set_cookie(b"__Host-appproxy=x; Domain=example", PLAIN) is None

    @given(st.binary(max_size=60))
    @settings(max_examples=200)
    @example(b"a;domain=example")
    def test_whatever_passes_reaches_nobody_else(self, value: bytes) -> None:
        """Any bytes are survived, and no Domain is left that is neither the public host nor below it."""
        for tail in (b"", b"; Domain=corp.local", b"; Path=/app", b"; Domain=example"):
            public = public_set_cookie(value + tail, BELOW)
            if public is None:
                continue
            assert public.count(b"\n") == (value + tail).count(b"\n")
            for part in public.split(b";")[1:]:
                name, mark, domain = part.partition(b"=")
                if name.strip(b" \t").lower() == b"domain" and mark:
                    bare = domain.strip(b" \t").lower().removeprefix(b".")
                    assert not bare or bare == b"wiki.example" or bare.endswith(b".wiki.example")
        assert public_set_cookie(b"__Host-AppProxy" + value, BELOW) is None


class TestDomain:
    @pytest.mark.parametrize("domain", [
        b"wiki.corp.local", b".Wiki.CORP.local", b" wiki.corp.local ", b"corp.local", b".corp.local", b"local"])
    def test_an_internal_one_makes_the_cookie_one_of_the_public_host(self, domain: bytes) -> None:
        """Also one that all internal siblings would share: outside they share nothing."""
        for value in (b"a=1; Domain=" + domain + b"; Secure", b"a=1;domain =" + domain + b"; Secure"):
            assert public_set_cookie(value, BELOW) == b"a=1; Secure"

    def test_the_same_name_inside_and_outside(self) -> None:
        """Its own Domain stays; its parent's is left out, and the cookie still works for the application."""
        assert public_set_cookie(b"a=1; Domain=wiki.example", PLAIN) == b"a=1; Domain=wiki.example"
        assert public_set_cookie(b"a=1; Domain=example; Path=/", PLAIN) == b"a=1; Path=/"

    def test_not_where_translation_is_switched_off(self) -> None:
        """Then it is a foreign one, which no browser would take either."""
        assert public_set_cookie(b"a=1; Domain=wiki.corp.local", OFF) is None


class TestShared:
    """Cookies of an application that has all hosts of a wildcard: https://*.lab.example.com for http://*.lab.corp."""

    RULES = CookieRules(RESERVED, b"a.b.lab.example.com", b"a.b.lab.corp", shared=b"lab.example.com",
                        internal_shared=b"lab.corp")

    @pytest.mark.parametrize(("domain", "public"), [
        (b"lab.example.com", b"; Domain=lab.example.com"), (b".lab.example.com", b"; Domain=.lab.example.com"),
        (b"b.lab.example.com", b"; Domain=b.lab.example.com"), (b"lab.corp", b"; Domain=lab.example.com"),
        (b".Lab.Corp", b"; Domain=lab.example.com"), (b"example.com", b""), (b"com", b""), (b"corp", b""),
        (b"b.lab.corp", b"")])
    def test_a_domain_within_the_wildcard(self, domain: bytes, public: bytes) -> None:
        """It stays, by its public name; above it nothing is the application's."""
        assert public_set_cookie(b"a=1; Domain=" + domain, self.RULES) == b"a=1" + public

    def test_siblings_within_it(self) -> None:
        """A host may not set cookies for another one alone: no browser would take them."""
        assert public_set_cookie(b"a=1; Domain=c.lab.example.com", self.RULES) is None

    def test_ours_stay_refused(self) -> None:
        """In any domain."""
        assert public_set_cookie(b"appproxy=1; Domain=lab.example.com", self.RULES) is None
        assert parent_domain(b"a=1; Domain=lab.example.com", self.RULES) is None


class TestPath:
    @pytest.mark.parametrize(("rules", "path", "public"), [
        (BELOW, b"/app/", b"/wiki/"), (BELOW, b"/app", b"/wiki"), (BELOW, b"/app/sub", b"/wiki/sub"),
        (BELOW, b"/", b"/wiki"), (BELOW, b"/other", b"/other"), (BELOW, b"/apple", b"/apple"), (BELOW, b"", b""),
        (BELOW, b"app/", b"app/"), (BELOW, b"/app/ ", b"/wiki/ "), (BELOW, b'"/app/"', b'"/app/"'),
        (DEEPER, b"/", b"/wiki"), (DEEPER, b"/sub", b"/wiki/sub"), (HIGHER, b"/app/sub", b"/sub"),
        (HIGHER, b"/app", b"/"), (HIGHER, b"/app/", b"/"), (HIGHER, b"/", b"/"), (PLAIN, b"/app", b"/app"),
        (OFF, b"/app", b"/app"),
    ])
    def test_follows_the_published_one(self, rules: CookieRules, path: bytes, public: bytes) -> None:
        """The internal prefix becomes the external one; what is not below it stays."""
        for key in (b"; Path=", b";path =  ", b"; x=1;\tPATH\t="):
            value = b"a=1" + key + path + b"; Secure"
            assert public_set_cookie(value, rules) == b"a=1" + key + public + b"; Secure"

    def test_of_a_cookie_that_is_bound_to_its_host(self) -> None:
        """Browsers refuse `__Host-` with any Path but `/`."""
        for name in (b"__Host-sid", b"__host-sid", b" __Host-sid"):
            value = name + b"=1; Path=/; Secure"
            assert public_set_cookie(value, BELOW) == value


class TestSecure:
    @pytest.mark.parametrize(("value", "public"), [
        (b"a=1", b"a=1; Secure"), (b"a=1; Path=/x", b"a=1; Path=/x; Secure"), (b"a=1; secure", b"a=1; secure"),
        (b"a=1;SECURE ;HttpOnly", b"a=1;SECURE ;HttpOnly"), (b"a=1; Secure=no", b"a=1; Secure=no"),
        (b"a=Secure", b"a=Secure; Secure"), (b"a=1; Secured", b"a=1; Secured; Secure"), (b"", b""),
    ])
    def test_an_application_without_tls(self, value: bytes, public: bytes) -> None:
        """It could not say so; outside there is nothing but https."""
        assert public_set_cookie(value, BELOW) == public

    def test_none_needs_it(self) -> None:
        """Browsers refuse SameSite=None without Secure; other values are the application's own choice."""
        assert public_set_cookie(b"a=1; samesite = NONE", PLAIN) == b"a=1; samesite = NONE; Secure"
        assert public_set_cookie(b"a=1; SameSite=None; Secure", PLAIN) == b"a=1; SameSite=None; Secure"
        assert public_set_cookie(b"a=1; SameSite=Strict", PLAIN) == b"a=1; SameSite=Strict"


@pytest.mark.parametrize("value", [
    b"a=b" + b"; Domain=wiki.example" * 1000, b"a" * 65536, b"a=b;" + b" " * 65536, b"a=b" + b"; ;" * 20000,
    b"a=b; path=" + b" " * 65536, b"a=b; secure" + b" " * 65536, b"a=b; Domain=" + b"." * 65536 + b"; Path=/",
    (b"; " + b" " * 100) * 600])
def test_large_ones_take_little_time(value: bytes) -> None:
    """64 kB are judged in less than 20 ms."""
    assert cost(lambda: public_set_cookie(value, BELOW), 0.02) <= 0.02
