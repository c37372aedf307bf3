"""What shows that a form came from a page of ours: bound to the session, to the key and to its use."""

from __future__ import annotations

from appproxy.console.proofs import cookie_name, cookie_value, field_value, is_proved, set_cookie
from appproxy.store.snapshot import SealingKey

OLD, NEW = SealingKey(1, b"a" * 32, 0.0), SealingKey(2, b"b" * 32, 0.0)


def test_both_are_needed_and_of_one_session() -> None:
    """Neither stands for the other; those of a key that was changed since still count."""
    cookie, field = cookie_value(OLD, "s"), field_value(OLD, "s")
    assert cookie != field
    assert is_proved([NEW, OLD], "s", cookie, field)
    for keys, session, one, other in (
        ([NEW], "s", cookie, field), ([OLD], "t", cookie, field), ([OLD], "s", field, cookie), ([OLD], "s", cookie, cookie),
        ([OLD], "s", field, field), ([OLD], "s", "", field), ([OLD], "s", cookie, ""), ([], "s", cookie, field),
        ([OLD, NEW], "s", cookie, field_value(NEW, "s")),
    ):
        assert not is_proved(keys, session, one, other)


def test_the_cookie() -> None:
    """Browsers send it to this host alone, and with no request of another site."""
    assert cookie_name(443) == "__Host-appproxy-form" and cookie_name(8443) == "__Host-appproxy-form-8443"
    assert set_cookie("a", "b") == b"set-cookie: a=b; Path=/; Secure; HttpOnly; SameSite=Strict\n"
