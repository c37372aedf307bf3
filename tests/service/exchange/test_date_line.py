"""The date of answers."""

from __future__ import annotations

from appproxy.service.exchange.date_line import DateLine, dated


def test_it_follows_the_clock() -> None:
    """The form is that of RFC 9110 section 5.6.7; within a second it is the very same object."""
    now = [784_111_777.0]
    line = DateLine(lambda: now[0])
    first = line()
    assert first == b"date: Sun, 06 Nov 1994 08:49:37 GMT\n"
    now[0] += 0.9
    assert line() is first
    now[0] += 0.1
    assert line() == b"date: Sun, 06 Nov 1994 08:49:38 GMT\n"
    now[0] = 0.0
    assert line() == b"date: Thu, 01 Jan 1970 00:00:00 GMT\n"


def test_an_application_s_own_date_stays() -> None:
    """Ours is only for what has none, whatever else its fields are called."""
    for fields in (b"date: x\n", b"a: b\ndate: x\n"):
        assert dated(fields, lambda: b"date: y\n") == fields
    for fields in (b"", b"x-date: z\n", b"a: date: x\n", b"last-date: 1\nupdate: date: \n"):
        assert dated(fields, lambda: b"date: y\n") == fields + b"date: y\n"
