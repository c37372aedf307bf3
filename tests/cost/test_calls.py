"""A small request takes no more Python calls of ours than it does now: a figure that no other load on the machine moves.

A step that is added for every request shows here before it shows in a benchmark. Whoever adds one that is worth its cost
raises the number, and says so. `python -m bench.run --calls` counts the whole of both programs.
"""

from __future__ import annotations

import cProfile
import pstats
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from appproxy.tunnel.frames import Kind
from tests.connector.rig import Rig, send
from tests.service.world import GET, World, only_request
from tests.source import ROOT

#: What it takes now, and three more. With an index of each request under way, the first would be 70.
MOST_OF_SERVICE, MOST_OF_CONNECTOR = 69, 76
_BROWSER = (
    b"GET /page?item=%d HTTP/1.1\r\nHost: wiki.example.com\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\n"
    b"Accept-Language: en\r\nAccept-Encoding: gzip\r\n"
    b"Referer: https://wiki.example.com/%d\r\nCookie: a=%d\r\nIf-None-Match: \"%d\"\r\n\r\n")
MOST_OF_SERVICE_WITH_OTHER_FIELDS = 86
_OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nDate: Mon, 02 Jan 2034 00:00:00 GMT\r\nContent-Length: 2\r\n\r\nok"
_REQUESTS = 50


def ours(work: Callable[[int], None]) -> Counter[str]:
    """Calls of functions of appproxy, a request; `work` makes the one with this number."""
    for number in range(3):
        work(number)  # what is made only once
    profile = cProfile.Profile()
    profile.enable()
    for number in range(3, 3 + _REQUESTS):
        work(number)
    profile.disable()
    found: Counter[str] = Counter()
    for (file, _, name), row in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        if Path(file).is_relative_to(ROOT):
            found[f"{Path(file).relative_to(ROOT)}: {name}"] += row[0]
    return Counter({name: round(count / _REQUESTS) for name, count in found.items()})


def check(found: Counter[str], most: int) -> None:
    """Not more than so many."""
    total = sum(found.values())
    assert total <= most, f"{total} calls a request: {sorted(found.items(), key=lambda item: -item[1])}"
    assert total > most // 2, "a bound so far away notices nothing: lower it"


def service(request: Callable[[int], bytes]) -> Counter[str]:
    """A user on one connection, and a connector that answers at once."""
    world = World(connectors=("c1",))
    signal, user = world.welcomed(), world.user()

    def one(number: int) -> None:
        user.connection.dataReceived(request(number))
        signal.answer(only_request(signal), 200, b"content-type: text/html\ndate: x\ncontent-length: 2\n", b"ok")
        assert user.wire.take().endswith(b"\r\n\r\nok")

    return ours(one)


def test_the_same_request_again_at_the_service() -> None:
    """From the user's bytes to the REQ, and from the RSP to the answer."""
    check(service(lambda number: GET), MOST_OF_SERVICE)


def test_a_request_with_other_fields_at_the_service() -> None:
    """As browsers send them: the head is read as a whole."""
    check(service(lambda number: _BROWSER % ((number,) * 4)), MOST_OF_SERVICE_WITH_OTHER_FIELDS)


def test_a_request_at_the_connector() -> None:
    """From the REQ to the application, and from its answer to the RSP, on a kept connection."""
    rig = Rig()
    signal = rig.online()
    send(signal, 1)
    origin = rig.origin()

    def answer() -> None:
        origin.take()
        origin.deliver(_OK)
        assert [frame[0] for frame in signal.read()] == [Kind.RSP]
        rig.settle()

    answer()

    def one(number: int) -> None:
        send(signal, number + 2)
        answer()

    check(ours(one), MOST_OF_CONNECTOR)
