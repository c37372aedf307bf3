"""The last word about each request: whose it is, what it may say, and that nobody else can say it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.errors import Code, ConfigError, RequestError
from appproxy.http.fields import values
from appproxy.identity.session import Session
from appproxy.publish.application import Application, RequestField
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.relay.request_signer import RequestSigner, load_signer
from tests.service.relay.test_relay import ANN, WIKI, RelayRig


class Signer(RequestSigner):
    """Says what a test wants; `seen`: what it was shown."""

    names = frozenset({"x-proof", "x-proof-2"})

    def __init__(self, lines: bytes = b"x-proof: 1\n") -> None:
        self.lines = lines
        self.seen: list[tuple[str, str, bytes]] = []

    def sign(self, exchange: Exchange, application: Application, session: Session | None, block: bytes) -> bytes:
        self.seen.append((application.id, "" if session is None else session.subject, block))
        if b"refuse" in exchange.head.target:
            raise RequestError(Code.NOT_ASSIGNED, "not signed")
        return self.lines


def test_its_lines_are_the_last() -> None:
    """Behind all that the request says otherwise, which the signer is shown."""
    signer = Signer()
    rig = RelayRig(signer=signer)
    rig.start(replace(WIKI, request_fields=(RequestField("x-region", "north"),)), ANN)
    block = rig.link.asked().block
    assert block.endswith(b"\nx-proof: 1\n")
    assert signer.seen == [("wiki", "ann", block.removesuffix(b"x-proof: 1\n"))] and b"x-region: north" in block


@pytest.mark.parametrize("lines", [b"x-proof: 1\n", b""])
@given(st.sampled_from([b"x-proof", b"x_proof", b"x-proof-2"]), st.sampled_from(["x-region", "x-proof"]))
def test_nobody_else_says_it(lines: bytes, name: bytes, other: str) -> None:
    """No user, in no spelling, and no other setting; also where the signer says nothing."""
    rig = RelayRig(signer=Signer(lines))
    rig.start(replace(WIKI, request_fields=(RequestField(other, "forged"),)), fields=[(name, b"forged")])
    block = rig.link.asked().block
    assert values(block, b"x-proof") == [b"1"] * bool(lines)
    assert not values(block, b"x_proof") and not values(block, b"x-proof-2")


@pytest.mark.parametrize("lines", [
    b"x-proof: 1", b"x-proof: 1\r\nhost: evil\n", b"X-Proof: 1\n", b"x-other: 1\n", b"x-proof: 1\nauthorization: x\n",
    b"x-proof: 1\n" * 11])
def test_what_is_no_line_of_its_own_goes_nowhere(lines: bytes) -> None:
    """The request fails; no connector gets it."""
    rig = RelayRig(signer=Signer(lines))
    with pytest.raises(RequestError, match="the signer gave") as caught:
        rig.start(session=ANN)
    assert caught.value.code is Code.INTERNAL and rig.link.frames == []


def test_it_can_refuse() -> None:
    """With a failure of its choice."""
    rig = RelayRig(signer=Signer())
    with pytest.raises(RequestError, match="not signed"):
        rig.start(url="https://wiki.example.com/in/refuse")
    assert rig.link.frames == []


def test_without_one_nothing_is_called() -> None:
    """None is None."""
    assert load_signer(None) is None
    rig = RelayRig()
    rig.start(session=ANN)
    assert b"x-proof" not in rig.link.asked().block


def test_a_signer_that_is_not_installed_stops_the_start() -> None:
    """A service that was to sign does not run without."""
    with pytest.raises(ConfigError, match="^signer: no installed distribution has 'missing' as an entry point"):
        load_signer("missing")
