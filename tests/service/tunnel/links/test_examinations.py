"""Asking a connector to run its half of the doctor."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.task import Clock

from appproxy.errors import ConfigError
from appproxy.service.tunnel.links.examinations import PATIENCE, Examinations
from appproxy.tunnel.frames import Kind
from appproxy.tunnel.json_heads.findings import EXAMINES, ExaminedStep, Findings, encode_findings
from appproxy.tunnel.messages import INLINE_BODY
from tests.service.world import Signal, World

FOUND = Findings((ExaminedStep("disk", "good", "free", "", 1.0),))
ABLE = (INLINE_BODY, EXAMINES)


def asked(world: World) -> list[Any]:
    """What comes of a question, once it has."""
    heard: list[Any] = []
    world.end_point.examinations.ask("c1").addBoth(heard.append)
    return heard


def questions(signal: Signal) -> int:
    """How often it was asked."""
    return [frame[0] for frame in signal.frames()].count(Kind.EXAMINE)


def test_what_it_has_found(world: World) -> None:
    """Comes to everybody who has asked meanwhile; it is asked once, and nothing is said with the question."""
    signal = world.welcomed("c1", capabilities=ABLE)
    first, second = asked(world), asked(world)
    assert questions(signal) == 1 and first == []
    signal.say(Kind.FINDINGS, 0, encode_findings(FOUND))
    assert first == second == [FOUND]
    third = asked(world)
    assert questions(signal) == 1 and third == []


def test_one_of_an_earlier_release(world: World) -> None:
    """Is not asked: it would pass the question over."""
    signal = world.welcomed("c1")
    with pytest.raises(ConfigError, match=r"version 0\.1\.0, which cannot be asked: not supported"):
        asked(world)
    assert questions(signal) == 0


def test_one_that_is_not_here(world: World) -> None:
    """The reason is on its machine."""
    with pytest.raises(ConfigError, match="not connected to this node"):
        asked(world)


def test_one_that_does_not_answer(world: World) -> None:
    """Is waited for longer than its doctor may take, and can be asked again."""
    signal = world.welcomed("c1", capabilities=ABLE)
    clock = Clock()
    heard: list[Any] = []
    examinations = Examinations(clock, world.relay.roster)
    examinations.ask("c1").addErrback(heard.append)
    examinations.ask("c1").addErrback(heard.append)
    clock.advance(PATIENCE)
    assert ["did not answer" in str(one.value) for one in heard] == [True, True] and questions(signal) == 1
    examinations.answered("c1", FOUND)  # too late: nobody has asked
    again: list[Any] = []
    examinations.ask("c1").addCallback(again.append)
    assert again == []
    examinations.answered("c1", FOUND)
    assert again == [FOUND]


def test_one_that_leaves(world: World) -> None:
    """Is waited for no longer: all who have asked hear of it at once, and it can be asked again when it is back."""
    signal = world.welcomed("c1", capabilities=ABLE)
    heard = [asked(world), asked(world)]
    signal.lose()
    assert ["c1 has left before it answered" in str(one.value) for (one,) in heard] == [True, True]
    signal = world.welcomed("c1", capabilities=ABLE)
    again = asked(world)
    assert again == [] and questions(signal) == 1


def test_one_connection_of_two_is_lost(world: World) -> None:
    """It is asked on the other one: what it has found would have gone where nothing is any more."""
    first = world.welcomed("c1", capabilities=ABLE)
    heard = asked(world)
    second = world.welcomed("c1", slot=1, capabilities=ABLE)
    second.frames()
    second.lose()
    assert heard == [] and questions(first) == 1
    second = world.welcomed("c1", slot=1, capabilities=ABLE)
    first.lose()
    assert heard == [] and questions(second) == 1
    second.say(Kind.FINDINGS, 0, encode_findings(FOUND))
    assert heard == [FOUND]


def test_who_has_left_meanwhile(world: World) -> None:
    """Is told nothing; the others are."""
    signal = world.welcomed("c1", capabilities=ABLE)
    left = world.end_point.examinations.ask("c1")
    left.addErrback(lambda _: None)
    heard = asked(world)
    left.cancel()
    signal.say(Kind.FINDINGS, 0, encode_findings(FOUND))
    assert heard == [FOUND]


def test_one_that_says_nonsense(world: World) -> None:
    """Breaks the protocol, like any other."""
    signal = world.welcomed("c1", capabilities=ABLE)
    signal.say(Kind.FINDINGS, 0, b"[]")
    assert world.end_point.protocol_errors == 1
