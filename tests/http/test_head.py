"""What a request's head says."""

from __future__ import annotations

from appproxy.http.head import RequestHead


def test_get_gives_the_first_value() -> None:
    """A field is found by its lower-case name; of several the first one counts, and a missing one is None."""
    fields = [(b"host", b"a"), (b"x", b"1"), (b"x", b"2")]
    head = RequestHead(b"GET", b"/", 11, fields, b"a", "a", 0, True, None, False)
    assert head.get(b"x") == b"1"
    assert head.get(b"y") is None
