"""Cookies of ours and of applications."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.http.cookies import beginning, cut, find, ours
from tests.cost.machine import cost

OURS = b"__Host-appproxy"
START = b"__Host-appproxy-start"


class TestFind:
    @pytest.mark.parametrize(("cookie", "values"), [
        (b"__Host-appproxy=v", [b"v"]), (b"a=b; __Host-appproxy=v; c=d", [b"v"]), (b"a=b;__Host-appproxy=v", [b"v"]),
        (b'__Host-appproxy="v"', [b"v"]), (b"__Host-appproxy = v ", [b"v"]), (b"__Host-appproxy=v=w==", [b"v=w=="]),
        (b"__Host-appproxy=1; __Host-appproxy=2", [b"1", b"2"]), (b"__Host-appproxy=", [b""]), (b'__Host-appproxy="',
        [b'"']),
        (b"", []), (b";;;", []), (b"__Host-appproxy", []), (b"__Host-appproxy-start=v", []), (b"x__Host-appproxy=v",
        []),
        (b"__host-appproxy=v", []), (b"a=__Host-appproxy=v", []), (b"=__Host-appproxy=v", [])])
    def test_values(self, cookie: bytes, values: list[bytes]) -> None:
        """All values of exactly that name, without blanks and quotes; not those of names that contain it."""
        assert find(cookie, OURS) == values


    @given(st.lists(st.lists(st.sampled_from(
        [b"__Host-appproxy", b"__Host-appproxy-8443", b"appproxy", b"appproxy-0a1b", b"a", b"=", b";", b" ", b'"', b"v", b"\t"]
    ), max_size=20).map(b"".join), max_size=3))
    def test_all_at_once(self, cookies: list[bytes]) -> None:
        """In one pass the same is found as name by name."""
        found = ours(cookies)
        for name in (b"__Host-appproxy", b"__Host-appproxy-8443", b"appproxy", b"appproxy-0a1b"):
            assert found.get(name, []) == [value for cookie in cookies for value in find(cookie, name)]
        assert all(name.startswith((b"__Host-appproxy", b"appproxy")) for name in found)


class TestCut:
    @pytest.mark.parametrize(("cookie", "rest"), [
        (b"__Host-appproxy=v", b""), (b"__Host-appproxy=v; a=b", b"a=b"), (b"a=b; __Host-appproxy=v", b"a=b"),
        (b"a=b; __Host-appproxy=v; c=d", b"a=b; c=d"), (b"a=b;__Host-appproxy=v;c=d", b"a=b;c=d"),
        (b"__Host-appproxy=1; __Host-appproxy-start=2; __Host-appproxy=3", b""), (b"__HOST-AppProxy=v; a=b", b"a=b"),
        (b"a=b; __Host-appproxy", b"a=b"), (b"a=b; __Host-appproxy =v", b"a=b"), (b'a=b; "__Host-appproxy"=v', b"a=b"),
        (b"a=b; =__Host-appproxy=v", b"a=b"), (b"__Host-appproxy-mine=v", b""),
        (b"a=__Host-appproxy", b"a=__Host-appproxy"), (b"a=b", b"a=b"), (b"", b""), (b"; ;a", b"; ;a"), (b" a", b" a"),
        (b" a; __Host-appproxy=v", b" a"), (b"appproxy=v; a=b", b"a=b"), (b"a=b; AppProxy-8443-0a1b=v;c", b"a=b;c"),
        (b"__Host-appproxy-8443-0123abcd=v; __Host-appproxy-oidc-01234567=w; a=b", b"a=b"),
        (b"my-appproxy=v", b"my-appproxy=v"),
        (b"a=appproxy; __Secure-appproxy=v", b"a=appproxy; __Secure-appproxy=v"), (b";appproxy=v", b""),
        (b"appproxy-appproxy=appproxy; a=appproxy;appproxy", b"a=appproxy"), (b"x__Host-appproxy=v", b"x__Host-appproxy=v")])
    def test_examples(self, cookie: bytes, rest: bytes) -> None:
        """Ours go, in every case and spelling; the others stay as they are, blanks and all."""
        assert cut(cookie) == rest

    def test_a_quote_does_not_hide_ours(self) -> None:
        """Between two cookies with one quote each, a reader that honours quotes would take ours for a part of them."""
        assert cut(b'a="; __Host-appproxy=secret; b="') == b'a="; b="'

    @given(st.lists(st.one_of(st.sampled_from([OURS + b"=secret", START + b"=secret", b" " + OURS + b'="secret"', b""]),
                              st.text("ab=\" ,", max_size=6).map(str.encode)), max_size=12))
    @settings(max_examples=150)
    def test_others_are_byte_identical(self, fragments: list[bytes]) -> None:
        """Whatever surrounds ours, every other fragment is there as it was, in order, and no secret is."""
        rest = cut(b";".join(fragments))
        others = [fragment for fragment in fragments if b"secret" not in fragment]
        assert b"secret" not in rest
        assert rest.lstrip() == b";".join(others).lstrip()


@pytest.mark.parametrize("cookie", [
    b"; ".join(b"c%d=v" % number for number in range(1000)) + b"; __Host-appproxy=v",
    b"__Host-appproxy=" + b"v" * 65536,
    b"__Host-appproxy=v;" * 1000, b";" * 65536 + b"__Host-appproxy=v", b'"= ' * 21845 + b";__Host-appproxy=v",
    b"__Host-appproxy" * 4369 + b";__Host-appproxy=v", b" " * 65536 + b";__Host-appproxy=v",
    b"a=" + b"appproxy" * 8000 + b";__Host-appproxy=v", b"appproxy;" * 8000 + b";__Host-appproxy=v"])
def test_large_cookies_take_little_time(cookie: bytes) -> None:
    """A thousand fragments or 64 kB are found and cut in less than 20 ms, as long as one turn of the reactor may take."""
    assert find(cookie, OURS)
    assert cost(lambda: (find(cookie, OURS), cut(cookie)), 0.02) <= 0.02


def test_cookies_by_the_beginning_of_their_name() -> None:
    """All of a family, whatever stands around them, and nothing that only contains the name."""
    lines = [b"a=1; p-1=x=y ;  p-2=; xp-3=z", b"p-4; q=p-5", b"other=1"]
    assert beginning(lines, b"p-") == [(b"p-1", b"x=y"), (b"p-2", b""), (b"p-4", b"")]
