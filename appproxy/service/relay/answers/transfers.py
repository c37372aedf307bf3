"""Policies' rules for downloads and uploads, on heads as they are, and on bytes as they come."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Protocol

from appproxy.http.fields import values
from appproxy.http.h1.request import choose_upgrade
from appproxy.http.head import RequestHead
from appproxy.policy.conditional.parts.transfers import Refused, Transfers, refused_answer, refused_request


def refused_head(transfers: Transfers, head: RequestHead, upgrades: Container[str]) -> Refused | None:
    """Why a request may not pass, if so; `upgrades`: protocols that its application may change to."""
    upgrade = head.upgrade is not None and choose_upgrade(head.upgrade, upgrades) is not None
    types = [value for name, value in head.fields if name == b"content-type"]
    return refused_request(transfers, head.method, upgrade=upgrade, types=types, length=head.length)


def refused_block(transfers: Transfers, method: bytes, status: int, block: bytes, length: int | None = None) -> Refused | None:
    """Why an answer with these fields may not pass, if so; `length`: of its body, where all of it is here."""
    return refused_answer(
        transfers, method, status, values(block, b"content-type"), values(block, b"content-disposition"),
        _size(block) if length is None else length)


def _size(block: bytes) -> int | None:
    """Bytes of the whole representation, as far as the head tells."""
    sizes = [int(one) for one in values(block, b"content-length") if one.isdigit()]
    for one in values(block, b"content-range"):  # bytes 0-1/2000 (RFC 9110 section 14.4)
        whole = one.rpartition(b"/")[2]
        if whole.isdigit():
            sizes.append(int(whole))
    return max(sizes, default=None)


class Sink(Protocol):
    """Where an answer's pieces go."""

    def write(self, data: bytes) -> None:
        """A piece."""

    def finish(self, trailers: bytes) -> None:
        """It is complete."""


class Counted:
    """Passes an answer's pieces on, up to `most` bytes; then calls `over`, once."""

    __slots__ = ("_left", "_over", "_sink")

    def __init__(self, sink: Sink, most: float, over: Callable[[], object]) -> None:
        self._sink = sink
        self._left = most
        self._over = over

    def write(self, data: bytes) -> None:
        """A piece."""
        if self._left < 0:
            return
        self._left -= len(data)
        if self._left < 0:
            self._over()
        else:
            self._sink.write(data)

    def finish(self, trailers: bytes) -> None:
        """It is complete."""
        if self._left >= 0:
            self._sink.finish(trailers)
