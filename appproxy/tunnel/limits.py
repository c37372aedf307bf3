"""Every number of the tunnel, with its reason. `docs/protocol.md` repeats them; a test compares the two."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TunnelLimits:
    """Sizes in bytes, times in seconds, the rest are counts.

    The defaults are part of the protocol where the peer must know them (`head`, `field_lines`, `chunk`, `hello`); what
    else differs between the ends travels in HELLO and WELCOME.
    """

    #: The field lines of one message: what most servers take, and what the parsers of HTTP here take as well.
    head: int = 32 * 1024
    #: Field lines in a head. Browsers send some 20, proxies add a dozen; more is a memory attack on maps of fields.
    field_lines: int = 100
    #: A whole REQ: own lines (target up to 8 KiB, the user) and the fields. The frame's head length is a u16.
    request_head: int = 65535
    #: An application's own reason phrase: the longest of the usual ones has 31.
    reason: int = 200
    #: The request target, as long as the users' parser takes it.
    target: int = 8 * 1024
    #: The user's JSON in a REQ; as large as the access cookie's payload can be, with room for escapes.
    user: int = 16 * 1024
    #: The trailers of one message; those in use (gRPC, checksums) have some 100 bytes.
    trailers: int = 8 * 1024
    #: Lines of trailers.
    trailer_lines: int = 32
    #: A complete answer for the signal connection, when WELCOME says so: with its head it fits into one read of 64 KiB.
    inline: int = 48 * 1024
    #: The same when WELCOME says nothing, or when the link is slow: longer ones would delay what is behind them.
    inline_slow: int = 16 * 1024
    #: Bytes of a signal connection that the service's machine has not acknowledged: with more the link is slow.
    unacknowledged: int = 64 * 1024
    #: A complete body that rides in its REQ: forms, calls of scripts and chunks of chats are smaller; for the same reason.
    inline_body: int = 16 * 1024
    #: In-line bytes not yet sent on one signal connection; beyond it, answers take a data connection.
    unsent_inline: int = 256 * 1024
    #: Payload of HELLO: ids of twice `in_flight` requests, open and ended, fit.
    hello: int = 65535
    #: Payload of the other JSON heads (WELCOME, ERROR) and of the codes.
    control: int = 4 * 1024
    #: Payload of NODES: 64 nodes with the longest names, and more keys than there are today.
    nodes: int = 32 * 1024
    #: Payload of FINDINGS: a hundred steps of the doctor with some words each.
    findings: int = 32 * 1024
    #: A payload of an unknown kind that may be ignored.
    ignored: int = 64 * 1024
    #: Payload of BODY, and the piece that bridges read at once: one read of Twisted.
    chunk: int = 64 * 1024

    #: Signal connections between a connector and a node: one may be lost or drained without a gap.
    signal_connections: int = 2
    #: Workers of one connector whose signal connections a node takes, those that drain after a reload among them.
    workers: int = 32
    #: The largest number of a worker: they rise while former ones drain, and are found again where one has ended.
    worker_number: int = 1000
    #: Requests in flight per connector (each of its workers), unless its HELLO says otherwise.
    in_flight: int = 1000
    #: Requests that wait for a connector of one group: as many as one connector takes.
    queue: int = 1000
    #: How long each of them waits: a connector that was restarted is back by then, and a user still there.
    queue_seconds: float = 10.0
    #: Idle data connections kept ready, so that a first upload or download needs no handshake.
    pool_least: int = 2
    #: Idle data connections at most.
    pool_most_idle: int = 64
    #: Data connections in use for bodies and answers at most, when the descriptor limit allows as many; more requests wait.
    pool_most: int = 4096
    #: Surplus idle connections closed per second, so that a burst that comes back finds most of them.
    pool_shrink: int = 1
    #: An idle data connection closes after at least this time: just before common idle limits of 60 s on the way.
    idle_close_least: float = 55.0
    #: And after at most this: the times are spread, so that they do not close all at once.
    idle_close_most: float = 65.0
    #: Those that are to be ready anyway are kept until they are so old: each one that is dialled again is a handshake, and so
    #: often the address, the certificate and the trust that they were dialled with are looked at again.
    kept_least: float = 840.0
    #: And at most this.
    kept_most: float = 960.0
    #: The kernel asks a silent data connection for life after so long: half of a common idle limit of NATs and firewalls.
    data_keep_alive: int = 30
    #: Upgraded streams and endless answers that one user may have at a connector, when the descriptor limit allows as many.
    streams_most: int = 10_000
    #: Handshakes under way at once per connector: a new node must not be stormed.
    handshakes: int = 8

    #: HELLO, then WELCOME or ERROR, must be there after this time.
    hello_seconds: float = 10.0
    #: Silence before PING: a quarter of 60 s, a common idle limit of load balancers on the way.
    ping_after: float = 15.0
    #: Silence after which the peer is dead: two PINGs were lost. Tighter heartbeats made other tunnels flap.
    dead_after: float = 40.0
    #: The same with something on its way that not even the kernel of the peer acknowledges: the path swallows packets.
    #: Four retransmissions were lost by then, or five. A process that is frozen is no such thing.
    unreachable_after: float = 10.0
    #: After so much silence a connector that has requests asks for life: else it would have nothing on its way.
    ask_after: float = 3.0
    #: Silence before PING on a data connection with a request attached: only half-open ones are to be found there.
    data_ping_after: float = 60.0
    #: Silence after which such a connection is dead: two PINGs were lost.
    data_dead_after: float = 140.0
    #: The oldest unsent byte of a signal connection may be this old.
    write_stall: float = 30.0
    #: PINGs that a peer may send at once on a signal connection.
    ping_burst: int = 10
    #: Seconds in which it earns one more.
    ping_every: float = 1.0
    #: PINGs at once on a data connection: an end that paused reading finds those of 5 hours, sent every 60 s.
    data_ping_burst: int = 400
    #: PINGs a second that it earns, when WELCOME says so (else one): each answer there is followed by one.
    data_pings: int = 1000
    #: Seldom control frames (CONFIG, NODES) that a peer may send at once.
    control_burst: int = 20
    #: Seconds in which it earns one more. A service that has more to tell waits for so long, and then tells the newest.
    control_every: float = 0.5
    #: Unsent answers to PING that one session keeps; an owner that never takes them is a fault.
    unsent_control: int = 16 * 1024
    #: Empty BODY frames in a row. They move nothing, so a few are sloppy and many are an attack.
    empty_bodies: int = 100
    #: Interim answers to one request.
    interims: int = 8

    #: The connector must ask for a body in this time after REQ, even if it has to dial a data connection first.
    attach_seconds: float = 20.0
    #: The same for an upgrade, which an application may take long to accept.
    attach_upgrade_seconds: float = 60.0
    #: ATTACH must be answered in this time, else it is sent again on a fresh connection.
    attach_answer: float = 5.0
    #: STOP must be answered by ABORT (or the end) in this time; what was under way before it arrives first.
    stop_answer: float = 30.0
    #: GO follows ATTACH after this time when the user has sent no body byte yet.
    go_after: float = 0.1
    #: How long a request waits for the HELLO that tells its fate.
    limbo_seconds: float = 5.0
    #: How long ended ids and cancelled ids are remembered.
    tombstone_seconds: float = 60.0
    #: Time-outs in a row after which a connector gets no more requests until one of its own answers comes, but for a try every
    #: 10 s and what no other of its group takes.
    timeouts_in_a_row: int = 5
    #: Times that one request may go back to the queue.
    retries: int = 2

    #: The longest wait before a connection is dialled again is at least this, and more the longer the node is away.
    reconnect_base: float = 0.5
    #: With a most of 60 s the last of 200 connectors came back after 56 s in a simulation.
    reconnect_most: float = 20.0
    #: A connection that was up this long had no short life.
    reconnect_reset: float = 30.0
    #: Short lives in a row that are made up for at once; each one more doubles the longest wait.
    reconnect_short: int = 5


#: What holds unless a program was told otherwise.
DEFAULT_LIMITS = TunnelLimits()
