"""The rules of answers, whichever version of HTTP carries them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from appproxy.errors import Code
from appproxy.service.exchange.answering import AnsweringExchange
from appproxy.service.exchange.hooks import Hooks
from tests.service.exchanges import head_for

DATE = b"date: now\n"


class Front:
    """What connections share."""

    def __init__(self) -> None:
        self.hooks = Hooks()
        self.date: Callable[[], bytes] = lambda: DATE


class Carried(AnsweringExchange):
    """A version of HTTP that writes down what it is to send."""

    def __init__(self, method: bytes = b"GET", tunnel: bool = False) -> None:
        super().__init__(replace(head_for("https://a.example/"), method=method), "0" * 32, "192.0.2.1", "https", 0.0)
        self.front = Front()
        self.tunnel = tunnel
        self.out: list[tuple[object, ...]] = []

    def _no_tunnel(self) -> tuple[int, bytes, bytes]:
        return 502, b"x: no tunnel\n", b"none"

    def _send_whole(self, status: int, fields: bytes, body: bytes | None) -> None:
        self.out.append(("whole", status, fields, body))
        self._over = True

    def _send_head(self, status: int, fields: bytes, length: int | None) -> None:
        self.out.append(("head", status, fields, length))

    def _send(self, data: bytes) -> None:
        self.out.append(("data", data))

    def _send_end(self, trailers: bytes) -> None:
        self.out.append(("end", trailers))
        self._over = True

    def abort(self) -> None:
        self.out.append(("abort",))
        self._over = True


class Told:
    """Whoever answers."""

    def __init__(self) -> None:
        self.codes: list[Code] = []

    def user_left(self, code: Code) -> None:
        self.codes.append(code)


@pytest.mark.parametrize(("method", "status", "body", "sent"), [
    (b"GET", 200, b"hello", 5), (b"POST", 404, b"", 0), (b"HEAD", 200, None, 0), (b"GET", 204, None, 0), (b"GET", 304, None,
    0),
    (b"GET", 205, b"hello", 5)])
def test_a_complete_answer(method: bytes, status: int, body: bytes | None, sent: int) -> None:
    """Has a date; where there can be no body none is sent, nor counted."""
    made = Carried(method)
    made.answer(status, b"a: b\n", b"hello" if body is None else body)
    assert made.out == [("whole", status, b"a: b\n" + DATE, body)] and (made.status, made.sent, made.begun) == (status, sent,
        True)


def test_an_answer_is_given_once() -> None:
    """Whatever comes after the first is not sent: not behind one that has begun, and not when the user is gone."""
    made = Carried()
    made.start(200, b"", None)
    made.answer(500, b"", b"late")
    made.start(500, b"", None)
    made.finish()
    made.write(b"late")
    made.finish()
    assert made.out == [("head", 200, DATE, None), ("end", b"")] and made.status == 200
    gone = Carried()
    gone.abort()
    gone.answer(200, b"", b"x")
    gone.start(200, b"", 1)
    assert gone.out == [("abort",)] and not gone.begun


@pytest.mark.parametrize("streamed", [False, True])
def test_it_is_told_of_each_answer(streamed: bool) -> None:
    """When its head goes, with its status."""
    made, seen = Carried(), list[int]()
    made.front.hooks.add("answered", lambda exchange: seen.append(exchange.status))
    if streamed:
        made.start(201, b"", None)
    else:
        made.answer(201, b"", b"")
    assert seen == [201]


def test_its_own_date_stays() -> None:
    """Of an application that says when its answer was made."""
    made = Carried()
    made.start(200, b"date: then\n", None)
    assert made.out == [("head", 200, b"date: then\n", None)]


def test_a_streamed_answer_of_known_length() -> None:
    """Ends when all of it has come, and is counted."""
    made = Carried()
    made.start(200, b"", 5)
    for piece in (b"he", b"", b"llo"):
        made.write(piece)
    made.finish(b"t: x\n")
    assert made.out == [("head", 200, DATE, 5), ("data", b"he"), ("data", b"llo"), ("end", b"t: x\n")]
    assert made.sent == 5 and made.failure is None


def test_one_that_ends_too_soon_does_not_look_complete() -> None:
    """It is broken off, and the log knows why."""
    made = Carried()
    made.start(200, b"", 5)
    made.write(b"hell")
    made.finish()
    assert made.out[-1] == ("abort",) and made.failure is Code.ORIGIN_TRUNCATED


def test_one_that_is_longer_than_it_said() -> None:
    """Nothing of what is too much is sent, and whoever gives it hears so."""
    made, told = Carried(), Told()
    made.responder = told
    made.start(200, b"", 5)
    made.write(b"hello")
    made.write(b"!")
    assert made.out == [("head", 200, DATE, 5), ("data", b"hello"), ("abort",)]
    assert told.codes == [Code.ORIGIN_TRUNCATED] and made.failure is Code.ORIGIN_TRUNCATED


@pytest.mark.parametrize(("method", "status"), [(b"HEAD", 200), (b"GET", 304), (b"GET", 204)])
def test_what_has_no_body_has_none_in_pieces_either(method: bytes, status: int) -> None:
    """Though its length is told, it is complete without."""
    made = Carried(method)
    made.start(status, b"", 5)
    made.write(b"hello")
    made.finish()
    assert made.out == [("head", status, DATE, 5), ("end", b"")] and (made.sent, made.failure) == (0, None)


@pytest.mark.parametrize(("status", "opens"), [(199, False), (200, True), (299, True), (300, False)])
def test_a_2xx_opens_no_tunnel_to_nobody(status: int, opens: bool) -> None:
    """A complete answer to an extended CONNECT (RFC 8441) would: something else is said."""
    made = Carried(b"CONNECT", tunnel=True)
    made.answer(status, b"", b"page")
    assert made.out == [("whole", 502, b"x: no tunnel\n" + DATE, b"none") if opens else ("whole", status, DATE, b"page")]


def test_nor_does_one_in_pieces() -> None:
    """Whoever gives it is told to stop; another status goes on."""
    made, told = Carried(b"CONNECT", tunnel=True), Told()
    made.responder = told
    made.start(200, b"", 5)
    made.write(b"hello")
    assert made.out == [("whole", 502, b"x: no tunnel\n" + DATE, b"none")] and told.codes == [Code.UPGRADE_REFUSED]
    other = Carried(b"CONNECT", tunnel=True)
    other.start(403, b"", None)
    assert other.out == [("head", 403, DATE, None)]


def test_it_is_an_exchange() -> None:
    """With what a hook may look at."""
    made = Carried()
    kept: list[object] = []
    made.front.hooks.add("answered", kept.append)
    made.answer(200, b"", b"")
    assert kept == [made]
