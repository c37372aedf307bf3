"""What the two ends tell of themselves: HELLO, WELCOME, ERROR, CONFIG, ATTACH and the load in PONG.

The longer ones are JSON objects. Keys that a reader does not know are ignored, so that a later version may add some;
keys that it needs must be there, with the right type and within bounds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from struct import Struct

from appproxy.errors import Code, LocalProtocolError, RemoteProtocolError
from appproxy.tunnel.ids import LARGEST
from appproxy.tunnel.json_heads.json_head import JsonHead, printable, write_json
from appproxy.tunnel.limits import DEFAULT_LIMITS

#: The tunnel version that this code speaks; ALPN names it too.
VERSION = 1

_load = Struct("!III")
_number = re.compile(rb"[0-9]{1,15}").fullmatch
_epoch = re.compile(rb"[0-9a-f]{16}").fullmatch
_KNOWN_CODES = {int(code): code for code in Code}
#: Keeps JSON numbers exact in every language.
_MOST = 2**53
#: A day: longer hints are mistakes.
_LONGEST_WAIT = 86400.0


@dataclass(frozen=True, slots=True)
class Hello:
    """HELLO: a connector says who it is. `instance`: 16 random bytes of the process start; `slot`: 0 or 1.

    `generation` rises with each connection of this instance and slot. `open` and `ended`: ids of this node's requests
    that are in flight, or ended in the last 60 s; each at most twice `most_in_flight`. `version` is the program's.
    """

    versions: tuple[int, ...]
    instance: bytes
    slot: int
    generation: int
    capabilities: tuple[str, ...]
    most_in_flight: int
    open: tuple[int, ...]
    ended: tuple[int, ...]
    version: str
    #: The node that is meant; "" for whichever answers.
    node: str = ""
    #: Of a process that is one of several workers: 16 random bytes of their parent's start, and the number that it has there.
    parent: bytes = b""
    worker: int = 0
    #: Seconds for which what is under way may go on once it says DRAIN; None: it does not tell.
    drain: float | None = None


@dataclass(frozen=True, slots=True)
class Welcome:
    """WELCOME: the node takes the connector.

    `node`: its id. `epoch`: 8 random bytes of its start. `host`, `port`: where to dial data connections of this very
    node; an empty host or port 0 means the one that the signal connection was dialled at. `heartbeat`: seconds of
    silence before PING. `configuration`: the present version. `renew_after`: the certificate's age in days at which to renew
    it. `limits`: what the service takes, by name (`data_pings`, `inline`).
    """

    node: str
    epoch: bytes
    host: str
    port: int
    heartbeat: float
    configuration: int
    renew_after: int
    limits: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Goodbye:
    """ERROR: the connection ends. `retry_after`: seconds, or None; `permanent`: dialling again cannot help."""

    code: Code
    retry_after: float | None = None
    permanent: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Load:
    """What a connector's PONG tells: requests in flight, idle data connections, lag of its loop in milliseconds."""

    in_flight: int
    idle: int
    lag_ms: int


@dataclass(frozen=True, slots=True)
class Attach:
    """ATTACH: which epoch the request id belongs to, and which directions are wanted."""

    epoch: bytes
    want_body: bool
    want_response: bool


def encode_hello(hello: Hello) -> bytes:
    """The head of HELLO. Raises LocalProtocolError when it is too large or has wrong values."""
    return write_json(
        {
            "versions": list(hello.versions),
            "instance": hello.instance.hex(),
            "slot": hello.slot,
            "generation": hello.generation,
            "capabilities": list(hello.capabilities),
            "most_in_flight": hello.most_in_flight,
            "open": list(hello.open),
            "ended": list(hello.ended),
            "version": hello.version,
            **({"node": hello.node} if hello.node else {}),
            **({"parent": hello.parent.hex(), "worker": hello.worker} if hello.parent else {}),
            **({} if hello.drain is None else {"drain": hello.drain}),
        },
        _hello_from,
        DEFAULT_LIMITS.hello,
    )


def decode_hello(head: bytes) -> Hello:
    """Read the head of HELLO. Raises RemoteProtocolError."""
    return _hello_from(JsonHead(head, DEFAULT_LIMITS.hello))


def _hello_from(read: JsonHead) -> Hello:
    most = read.integer("most_in_flight", 1, 1_000_000)
    return Hello(
        versions=read.integers("versions", 1, 255, 16),
        instance=read.binary("instance", 16),
        slot=read.integer("slot", 0, DEFAULT_LIMITS.signal_connections - 1),
        generation=read.integer("generation", 0, _MOST),
        capabilities=read.texts("capabilities", 32, 64),
        most_in_flight=most,
        open=read.integers("open", 1, LARGEST, 2 * most),
        ended=read.integers("ended", 1, LARGEST, 2 * most),
        version=read.text("version", 64),
        node="" if read.get("node") is None else read.text("node", 64),
        parent=b"" if read.get("parent") is None else read.binary("parent", 16),
        worker=0 if read.get("worker") is None else read.integer("worker", 0, DEFAULT_LIMITS.worker_number),
        drain=None if read.get("drain") is None else read.number("drain", 0.0, _LONGEST_WAIT),
    )


def encode_welcome(welcome: Welcome) -> bytes:
    """The head of WELCOME. Raises LocalProtocolError."""
    return write_json(
        {
            "node": welcome.node,
            "epoch": welcome.epoch.hex(),
            "host": welcome.host,
            "port": welcome.port,
            "heartbeat": welcome.heartbeat,
            "configuration": welcome.configuration,
            "renew_after": welcome.renew_after,
            "limits": dict(welcome.limits),
        },
        _welcome_from,
        DEFAULT_LIMITS.control,
    )


def decode_welcome(head: bytes) -> Welcome:
    """Read the head of WELCOME. Raises RemoteProtocolError."""
    return _welcome_from(JsonHead(head, DEFAULT_LIMITS.control))


def _welcome_from(read: JsonHead) -> Welcome:
    return Welcome(
        node=read.text("node", 64),
        epoch=read.binary("epoch", 8),
        host=read.text("host", 255),
        port=read.integer("port", 0, 65535),
        heartbeat=read.number("heartbeat", 1.0, 300.0),
        configuration=read.integer("configuration", 0, _MOST),
        renew_after=read.integer("renew_after", 0, 36500),
        limits=read.table("limits", 32),
    )


def encode_error(goodbye: Goodbye) -> bytes:
    """The head of ERROR; 200 characters of the text are kept. Raises LocalProtocolError."""
    return write_json(
        {
            "code": int(goodbye.code),
            "retry_after": goodbye.retry_after,
            "permanent": goodbye.permanent,
            "text": printable(goodbye.text[:200]),
        },
        _goodbye_from,
        DEFAULT_LIMITS.control,
    )


def decode_error(head: bytes) -> Goodbye:
    """Read the head of ERROR; a code that is unknown here is INTERNAL. Raises RemoteProtocolError."""
    return _goodbye_from(JsonHead(head, DEFAULT_LIMITS.control))


def _goodbye_from(read: JsonHead) -> Goodbye:
    return Goodbye(
        code=_KNOWN_CODES.get(read.integer("code", 0, 65535), Code.INTERNAL),
        retry_after=None if read.get("retry_after") is None else read.number("retry_after", 0.0, _LONGEST_WAIT),
        permanent=read.truth("permanent"),
        text=read.text("text", 200),
    )


def encode_load(load: Load) -> bytes:
    """What follows the 8 bytes in a connector's PONG: three u32. Larger numbers are cut."""
    return _load.pack(*(min(max(int(value), 0), LARGEST) for value in (load.in_flight, load.idle, load.lag_ms)))


def decode_load(data: bytes) -> Load:
    """Read what `encode_load` wrote. Raises RemoteProtocolError."""
    if len(data) != _load.size:
        raise RemoteProtocolError(f"a load of {len(data)} bytes")
    return Load(*_load.unpack(data))


def encode_attach(epoch: bytes) -> bytes:
    """The head of ATTACH; what is wanted is in its flags. Raises LocalProtocolError."""
    if len(epoch) != 8:
        raise LocalProtocolError(f"an epoch of {len(epoch)} bytes")
    return epoch.hex().encode()


def decode_attach(head: bytes, flags: int) -> Attach:
    """Read an ATTACH from its head and flags. Raises RemoteProtocolError."""
    if _epoch(head) is None:
        raise RemoteProtocolError("the epoch of an ATTACH is malformed")
    if not flags & 3:
        raise RemoteProtocolError("an ATTACH that wants nothing")
    return Attach(bytes.fromhex(head.decode()), bool(flags & 1), bool(flags & 2))


def encode_configuration(version: int) -> bytes:
    """The head of CONFIG: the newest configuration version, in decimal digits."""
    return b"%d" % version


def decode_configuration(head: bytes) -> int:
    """Read the head of CONFIG. Raises RemoteProtocolError."""
    if _number(head) is None:
        raise RemoteProtocolError("a configuration version is malformed")
    return int(head)
