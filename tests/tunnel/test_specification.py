"""docs/protocol.md says what the code does."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import get_type_hints

import pytest

from appproxy.errors import FAILURES, Code
from appproxy.tunnel.connections.stream_directions import ANSWER_WAY, BODY_WAY, StreamDirection
from appproxy.tunnel.exchanges import CONNECTOR_TRANSITIONS, SERVICE_TRANSITIONS, State, Step
from appproxy.tunnel.frames import DATA_LIMITS, SIGNAL_LIMITS, Flag, FrameReader, Kind, encode
from appproxy.tunnel.json_heads.findings import decode_findings, encode_findings
from appproxy.tunnel.json_heads.node_list import decode_nodes, encode_nodes
from appproxy.tunnel.limits import DEFAULT_LIMITS, TunnelLimits
from appproxy.tunnel.messages import (
    check_trailers,
    decode_attach,
    decode_code,
    decode_configuration,
    decode_error,
    decode_hello,
    decode_load,
    decode_request,
    decode_response,
    decode_welcome,
    encode_attach,
    encode_code,
    encode_configuration,
    encode_error,
    encode_hello,
    encode_load,
    encode_request,
    encode_response,
    encode_welcome,
    request_flags,
)

SPECIFICATION = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text()


def section(title: str) -> str:
    """The text from this heading to the next one of its rank or above."""
    match = re.search(rf"^(#+) [\d.]* ?{re.escape(title)}$", SPECIFICATION, re.M)
    assert match is not None, title
    rest = SPECIFICATION[match.end() :]
    after = re.search(rf"^#{{2,{len(match[1])}}} ", rest, re.M)
    return rest[: after.start()] if after else rest


def rows(text: str) -> list[list[str]]:
    """The cells of the tables in this text, headings left out."""
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line] for line in lines if not set(line[0]) <= set("- ")][1:]


def test_every_kind_is_specified() -> None:
    """The table lists the frame kinds of the code, with the same numbers and limits, on the same connections."""
    written = {row[0]: (int(row[1]), row[3], row[7]) for row in rows(section("Kinds"))}
    expected = {}
    for kind in Kind:
        limits = [(name, table[kind]) for name, table in (("signal", SIGNAL_LIMITS), ("data", DATA_LIMITS)) if kind in table]
        most = dict.fromkeys(str(limit) for _, limit in limits)
        expected[kind.name] = (kind.value, " and ".join(name for name, _ in limits), " / ".join(most))
    assert written == expected


@pytest.mark.parametrize(("kind", "read"), [("HELLO, at most", decode_hello), ("WELCOME:", decode_welcome)])
def test_every_key_of_a_greeting_is_specified(kind: str, read: Callable[[bytes], object]) -> None:
    """The tables have the keys that are needed, and no other: of each, the code takes a value."""
    table = SPECIFICATION.split(f"\n{kind}", 1)[1].split("\n\n", 2)[1]
    written = {key.strip() for row in rows(table) for key in row[0].split(",")}
    assert written == {field.name for field in dataclasses.fields(_returned(read))}


def _returned(read: Callable[[bytes], object]) -> type:
    found = get_type_hints(read)["return"]
    assert isinstance(found, type)
    return found


def test_every_flag_is_specified() -> None:
    """The flags have the numbers that the page names."""
    written = {name: int(number) for name, number in re.findall(r"([A-Z_]+) = (\d+)", section("Kinds"))}
    assert written == {name: flag.value for name, flag in Flag.__members__.items()}


def test_every_code_is_specified() -> None:
    """The table lists the codes with number, status and retry rule."""
    written = {row[0]: (int(row[1]), int(row[2]), row[3], row[4]) for row in rows(section("Codes"))}
    assert written == {
        code.name: (code.value, FAILURES[code].status, FAILURES[code].retry.name, FAILURES[code].title) for code in Code
    }


def test_every_limit_is_specified() -> None:
    """The table lists the limits and timers with their defaults."""
    written = {row[0]: float(row[1]) for row in rows(section("Limits and timers"))}
    assert written == {field.name: field.default for field in dataclasses.fields(TunnelLimits)}


@pytest.mark.parametrize(
    ("title", "table"),
    [("A request at the service", SERVICE_TRANSITIONS), ("A request at the connector", CONNECTOR_TRANSITIONS)],
)
def test_the_life_of_a_request_is_specified(title: str, table: dict[int, dict[int, State]]) -> None:
    """The state tables of the page are those of the code."""
    written = transitions(rows(section(title)))
    assert written == {
        State(state).name: {Step(step).name: after.name for step, after in steps.items()} for state, steps in table.items()
    }


def test_the_directions_of_a_data_connection_are_specified() -> None:
    """So are those of the two directions."""
    text = section("Data connections").split("### ")[0]
    body, answer = text.split("The answer's direction:")
    for part, table in ((body.split("The body's direction:")[1], BODY_WAY), (answer, ANSWER_WAY)):
        assert transitions(rows(part)) == {
            StreamDirection(state).name: {Kind(kind).name: after.name for kind, after in steps.items()}
            for state, steps in table.items()
        }


def transitions(cells: list[list[str]]) -> dict[str, dict[str, str]]:
    """State tables as the page writes them."""
    table: dict[str, dict[str, str]] = {}
    for state, text in cells:
        table[state] = {}
        for part in [] if text == "(none)" else text.split("; "):
            steps, after = part.split(" -> ")
            table[state].update(dict.fromkeys(steps.split(", "), after))
    return table


@dataclasses.dataclass(frozen=True)
class Vector:
    """One test vector of the page."""

    kind: Kind
    flags: int
    id: int
    head: bytes
    tail: bytes
    data: bytes


def vectors() -> list[Vector]:
    """All test vectors."""
    found = []
    for text in re.findall(r"^```vector\n(.*?)^```", section("Test vectors"), re.M | re.S):
        first, head, tail, *data = text.splitlines()
        name, _, flags, _, request_id = first.split()
        found.append(
            Vector(
                Kind[name], int(flags), int(request_id),
                json.loads(head.removeprefix("head ")).encode("latin-1"),
                json.loads(tail.removeprefix("tail ")).encode("latin-1"),
                bytes.fromhex("".join(data)),
            )
        )
    return found


def again_response(head: bytes) -> bytes:
    return encode_response(*decode_response(head))


def again_code(head: bytes) -> bytes:
    return encode_code(*decode_code(head))


#: Reads a head and writes it again.
AGAIN: dict[Kind, Callable[[bytes], bytes]] = {
    Kind.HELLO: lambda head: encode_hello(decode_hello(head)),
    Kind.WELCOME: lambda head: encode_welcome(decode_welcome(head)),
    Kind.ERROR: lambda head: encode_error(decode_error(head)),
    Kind.REQ: lambda head: encode_request(decode_request(head)),
    Kind.NODES: lambda head: encode_nodes(decode_nodes(head)),
    Kind.FINDINGS: lambda head: encode_findings(decode_findings(head)),
    Kind.CONFIG: lambda head: encode_configuration(decode_configuration(head)),
    Kind.ATTACH: lambda head: encode_attach(decode_attach(head, 3).epoch),
    **dict.fromkeys((Kind.RSP, Kind.INFO, Kind.HEAD), again_response),
    **dict.fromkeys((Kind.CANCEL, Kind.REJECT, Kind.FAIL, Kind.DETACH, Kind.ABORT, Kind.STOP), again_code),
}


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector.kind.name)
class TestVectors:
    """Another program that agrees with the vectors agrees with us."""

    def test_it_is_read_as_the_page_says(self, vector: Vector) -> None:
        """The bytes give the kind, flags, id, head and tail beside them."""
        limits = SIGNAL_LIMITS if vector.kind in SIGNAL_LIMITS else DATA_LIMITS
        frames = FrameReader(limits, pass_through=Kind.BODY).receive(vector.data)
        assert frames == [(vector.kind, vector.flags, vector.id, vector.head, vector.tail)]

    def test_it_is_written_as_the_page_says(self, vector: Vector) -> None:
        """What is read from the head, written again, gives exactly the bytes."""
        head = AGAIN[vector.kind](vector.head) if vector.kind in AGAIN else vector.head
        assert encode(vector.kind, vector.id, head, vector.tail, vector.flags) == vector.data
        assert vector.kind in AGAIN or not vector.head

    def test_what_goes_with_the_head(self, vector: Vector) -> None:
        """The flags of REQ follow from its head; tails are what their kind allows."""
        if vector.kind is Kind.REQ:
            assert request_flags(decode_request(vector.head)) == vector.flags
        elif vector.kind is Kind.PONG and len(vector.tail) > 8:
            assert encode_load(decode_load(vector.tail[8:])) == vector.tail[8:]
        elif vector.kind is Kind.END:
            check_trailers(vector.tail)
        elif vector.kind not in (Kind.PING, Kind.PONG, Kind.BODY, Kind.RSP):
            assert vector.tail == b""


def test_every_kind_has_a_vector() -> None:
    """No kind is left to guessing."""
    assert {vector.kind for vector in vectors()} == set(Kind)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"At most (\d+) lines and \d+ bytes", DEFAULT_LIMITS.field_lines),
        (r"At most \d+ lines and (\d+) bytes", DEFAULT_LIMITS.head),
        (r"1 to (\d+) bytes 0x21 to 0x7e, 0x80 to 0xff", DEFAULT_LIMITS.target),
        (r"4 to (\d+) bytes 0x20", DEFAULT_LIMITS.user),
        (r"at most (\d+) lines and \d+ bytes", DEFAULT_LIMITS.trailer_lines),
        (r"at most \d+ lines and (\d+) bytes", DEFAULT_LIMITS.trailers),
        (r"HELLO, at most (\d+) bytes", DEFAULT_LIMITS.hello),
        (r"with bit 0x80 and at most (\d+) bytes", DEFAULT_LIMITS.ignored),
        (r"At most (\d+) INFO per request", DEFAULT_LIMITS.interims),
        (r"after (\d+) s without a byte", DEFAULT_LIMITS.ping_after),
        (r"heard nothing for (\d+) s", DEFAULT_LIMITS.dead_after),
        (r"PING after (\d+) s of silence", DEFAULT_LIMITS.data_ping_after),
        (r"closes after (\d+) to \d+ s, unless", DEFAULT_LIMITS.idle_close_least),
        (r"closes after \d+ to (\d+) s, unless", DEFAULT_LIMITS.idle_close_most),
        (r"when they are (\d+) to \d+ minutes old", DEFAULT_LIMITS.kept_least / 60),
        (r"when they are \d+ to (\d+) minutes old", DEFAULT_LIMITS.kept_most / 60),
        (r"has had no request for (\d+) minutes", 2 * DEFAULT_LIMITS.kept_most / 60),
        (r"; (\d+) s of silence is death", DEFAULT_LIMITS.data_dead_after),
        (r"ATTACHED or DETACH within (\d+) s", DEFAULT_LIMITS.attach_answer),
        (r"come after (\d+) s\.", DEFAULT_LIMITS.stop_answer),
        (r"requests wait (\d+) s for the next HELLO", DEFAULT_LIMITS.limbo_seconds),
        (r"min\((\d+), 0\.5 \* 2\^n\)", DEFAULT_LIMITS.reconnect_most),
        (r"min\((\d+), max\(\*t\* / 2, 0\.5 \* 2\^k\)\)", DEFAULT_LIMITS.reconnect_most),
        (r"within (\d+) s of their WELCOME beyond five", DEFAULT_LIMITS.reconnect_reset),
    ],
)
def test_numbers_in_the_prose(text: str, value: float) -> None:
    """Numbers that the prose repeats are those of the table."""
    match = re.search(text, " ".join(SPECIFICATION.split()))
    assert match is not None, text
    assert float(match[1]) == value
