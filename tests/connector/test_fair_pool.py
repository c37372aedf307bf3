"""Who gets a data connection when they are short: nobody keeps others from one, whatever they read, send or open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.errors import Code
from appproxy.tunnel.frames import Kind, encode
from appproxy.tunnel.limits import DEFAULT_LIMITS
from appproxy.tunnel.messages import decode_code
from tests.connector.rig import DataPeer, Rig, SignalPeer, Wire, finals, request, send

LONG = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\nconnection: close\r\n\r\n" + b"x" * 1000
EVENTS = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n"


class BusyConnector:
    """A connector with so many places, and answers under way."""

    def __init__(self, most: int, **rig: int) -> None:
        self.rig = Rig(limits=replace(DEFAULT_LIMITS, pool_most=most, pool_least=0), **rig)  # type: ignore[arg-type]
        self.signal: SignalPeer = self.rig.online()
        self._last = 0
        #: Data connections that stand, and have nothing yet.
        self.spare: list[DataPeer] = []

    def ask(self, user: str, length: int = 0, answer: bytes = b"") -> int:
        """A request of this user; the application answers so, if it does."""
        self._last += 1
        send(self.signal, self._last, request(b"POST" if length else b"GET", length=length, user=user))
        if answer:
            self.rig.origin().deliver(answer)
        return self._last

    def stand(self) -> list[tuple[int, DataPeer]]:
        """Let all data connections stand that are dialled; id of the request that each has."""
        found = []
        while any(each.alpn == b"appproxy-data/1" for each in self.rig.dialled):
            peer = self.rig.data()
            frames = peer.read()
            if frames:
                peer.attached(frames[0][2])
                found.append((frames[0][2], peer))
            else:
                self.spare.append(peer)
        return found

    def attached(self, *peers: DataPeer) -> list[int]:
        """Requests that these, or spare ones, have been given once the service has read all that they had."""
        frames = [frame for peer in (*peers, *self.spare) for _ in range(2) for frame in peer.read()]
        return [frame[2] for frame in frames if frame[0] == Kind.ATTACH]

    def downloads(self, user: str, count: int, *, clogged: bool = True) -> list[tuple[int, DataPeer, Wire]]:
        """So many long answers under way, which the service does not read when its users do not."""
        found = []
        for _ in range(count):
            self._last += 1
            send(self.signal, self._last, request(user=user))
            origin = self.rig.origin()
            origin.deliver(LONG)
            for id, peer in self.stand():
                if clogged:
                    peer.wire.clog()
                found.append((id, peer, origin))
        return found

    def wait(self, seconds: int) -> list[tuple[Kind, int, object]]:
        """Let time pass; the final frames that came meanwhile."""
        came: list[tuple[Kind, int, object]] = []
        for _ in range(seconds):
            self.rig.clock.pump([0.25] * 4)
            self.signal.keep_alive()
            self.rig.second.keep_alive()
            came += finals(self.signal.read())
        return came


def test_one_user_leaves_the_reserve() -> None:
    """Seven eighths at most; another one's request finds a place at once."""
    busy = BusyConnector(16)
    assert len(busy.downloads("ann", 16)) == 14
    bob = busy.ask("bob", answer=LONG)
    assert [id for id, _ in busy.stand()] == [bob]


def test_whoever_exceeds_his_part_hears_so_early() -> None:
    """After three seconds, with the failure that names it; nobody else is refused."""
    busy = BusyConnector(16)
    busy.downloads("ann", 15, clogged=False)
    assert busy.wait(2) == []
    assert busy.wait(2) == [(Kind.FAIL, 15, Code.SHARE_EXCEEDED)]


def test_slow_readers_give_way_as_far_as_the_reserve_is_used() -> None:
    """FAIL tells the service, which does not read the data connection; the data connection is then whole again."""
    busy = BusyConnector(16)
    slow = busy.downloads("ann", 14)
    busy.ask("bob", answer=LONG)
    (_, bobs), = busy.stand()
    gone = busy.wait(5)
    (_, id, code), = gone
    assert code is Code.GAVE_WAY
    (peer, origin), = [(peer, origin) for each, peer, origin in slow if each == id]
    assert origin.end == "aborted"
    assert [(Kind(kind), decode_code(head)[0]) for kind, _, _, head, _ in peer.read() if kind == Kind.ABORT] == [
        (Kind.ABORT, Code.GAVE_WAY)]
    assert bobs.wire.end == ""


def test_without_pressure_a_slow_reader_goes_on() -> None:
    """As long as the reserve is free."""
    busy = BusyConnector(16)
    busy.downloads("ann", 14)
    assert busy.wait(30) == []


def test_a_trickle_does_not_hold_a_place() -> None:
    """2 KiB every two seconds are next to nothing; who takes some kB a second keeps the place."""
    busy = BusyConnector(16)
    trickle = busy.downloads("ann", 13)
    good = busy.downloads("ann", 1)[0]
    busy.downloads("bob", 2, clogged=False)
    gone = []
    for second in range(20):
        for each in (trickle if second % 2 == 0 else []) + [good]:
            _, peer, origin = each
            if not origin.end and not peer.wire.end:
                peer.wire.unclog()
                origin.deliver(b"x" * (2048 if each is not good else 20_000))
                peer.read()
                peer.wire.clog()
        gone += busy.wait(1)
    assert {what for _, _, what in gone} == {Code.GAVE_WAY}
    assert good[0] not in {id for _, id, _ in gone}


def test_many_addresses_leave_places_for_users_and_lose_theirs_soon() -> None:
    """Six unread downloads of each: a user finds a place at once, and within a second an address that is new does, too."""
    busy = BusyConnector(32)
    for number in range(12):
        for _ in range(6):
            busy.ask(f"@{number}", answer=LONG)
    held = busy.stand()
    for _, peer in held:
        peer.wire.clog()
    assert len(held) == 30
    ann = busy.ask("ann", answer=LONG)
    assert [id for id, _ in busy.stand()] + busy.attached() == [ann]
    new = busy.ask("@new", answer=LONG)
    assert busy.stand() == [] and busy.attached() == []
    gone = [code for _, _, code in busy.wait(1)]
    for _, peer in held:
        peer.wire.unclog()
    attached = busy.attached(*(peer for _, peer in held)) + [id for id, _ in busy.stand()]
    assert new in attached
    assert set(gone) == {Code.GAVE_WAY} and len(gone) <= 4  # no more than are needed for those who have nothing


def test_a_new_address_breaks_no_last_download_and_none_that_moves() -> None:
    """Addresses with one each, whose lines stand still, and one with several that moves: it waits as all do."""
    busy = BusyConnector(16)
    busy.downloads("@moves", 6, clogged=False)
    for number in range(8):
        busy.downloads(f"@{number}", 1)
    busy.ask("@new", answer=LONG)
    assert busy.wait(2) == []


def test_of_those_who_wait_users_and_who_has_read_before_come_first() -> None:
    """Whatever came earlier: a place that becomes free is not for the row of addresses that nothing is known of."""
    busy = BusyConnector(8)
    (_, peer, origin), = busy.downloads("@known", 1, clogged=False)
    origin.deliver(b"x" * 999_000)
    peer.read()
    held = busy.downloads("bob", 8, clogged=False)
    busy.ask("cyd", answer=LONG)
    busy.stand()
    waiting = [busy.ask(user, answer=LONG) for user in ("@new", "@known", "ann")]
    assert busy.stand() == []
    order: list[int] = []
    for _, peer, origin in held[:3]:
        origin.deliver(b"x" * 999_000)
        order += busy.attached(peer)
    assert order == [waiting[1], waiting[2], waiting[0]]


def test_uploads_that_send_next_to_nothing_give_way() -> None:
    """They are told with 503, for nothing was answered yet."""
    busy = BusyConnector(16)
    ids = [busy.ask("ann", length=100_000) for _ in range(14)]
    peers = dict(busy.stand())
    for id in ids:
        peers[id].wire.deliver(peers[id].session.body(b"u"))
        busy.rig.origin()
    bob = busy.ask("bob", length=4)
    assert [id for id, _ in busy.stand()] == [bob]
    (_, gone, code), = busy.wait(5)
    assert gone in ids and code is Code.GAVE_WAY
    busy.signal.send(Kind.CANCEL, bob, b"12")
    assert busy.wait(20) == [(Kind.FAIL, bob, Code.CANCELLED)]


def test_an_application_that_is_slow_costs_no_upload_its_place() -> None:
    """While the application does not read, the user is not slow."""
    busy = BusyConnector(16)
    ids = [busy.ask("ann", length=100_000) for _ in range(14)]
    peers = dict(busy.stand())
    for id in ids:
        peers[id].wire.deliver(peers[id].session.body(b"u"))
    while busy.rig.origins_dialled:
        busy.rig.origin().clog()
    busy.ask("bob", length=4)
    busy.rig.origin()
    busy.stand()
    assert busy.wait(12) == []


def test_who_waits_gets_the_place_of_whoever_has_more_than_his_part() -> None:
    """Also where all answers move well: the newcomer waits no longer than a look or two."""
    busy = BusyConnector(8)
    held = busy.downloads("ann", 7, clogged=False)
    busy.downloads("bob", 1, clogged=False)
    waiting = busy.ask("cyd", answer=LONG)
    assert busy.stand() == []
    for _, peer, _ in held:
        peer.read()
    (_, gone, code), = busy.wait(2)
    assert gone in {id for id, _, _ in held} and code is Code.GAVE_WAY
    assert busy.attached(*(peer for _, peer, _ in held)) == [waiting]


@pytest.mark.parametrize("most", range(4, 9))
def test_of_few_places_one_user_leaves_one(most: int) -> None:
    """However few: from four on another one's request finds a place at once."""
    busy = BusyConnector(most)
    assert len(busy.downloads("ann", most)) == most - 1
    bob = busy.ask("bob", answer=LONG)
    assert [id for id, _ in busy.stand()] == [bob]


def dialled(busy: BusyConnector) -> int:
    """Data connections that are being dialled."""
    return sum(each.alpn == b"appproxy-data/1" for each in busy.rig.dialled)


def test_handshakes_for_one_who_has_several_are_made_one_by_one() -> None:
    """With a pause of three times as long after each; for one who has few, at once."""
    busy = BusyConnector(64)
    busy.downloads("ann", 8)
    for _ in range(5):
        busy.ask("ann", answer=LONG)
    assert dialled(busy) == 1
    busy.rig.clock.advance(0.1)
    assert len(busy.stand()) == 1
    busy.rig.clock.advance(0.2)
    assert dialled(busy) == 0
    bob = busy.ask("bob", answer=LONG)
    assert [id for id, _ in busy.stand()] == [bob]
    busy.rig.clock.advance(0.2)
    assert dialled(busy) == 1


def test_a_connection_is_not_used_again_before_the_service_has_read_it() -> None:
    """An answer that is written is not yet read: behind it the next request would wait for a slow reader."""
    busy = BusyConnector(16)
    (id, peer, origin), = busy.downloads("ann", 1, clogged=False)
    origin.deliver(b"x" * 999_000)
    assert len(busy.rig.ended) == 1 and busy.rig.uplink.pool.idle == 0
    other = busy.ask("bob", answer=LONG)
    assert [each for each, _ in busy.stand()] == [other]
    frames = peer.read()  # the service has come to the end, and its PONG says so
    assert [frame[0] for frame in frames][-1] == Kind.END and frames[-1][2] == id
    assert busy.rig.uplink.pool.idle == 1


def test_an_unread_end_gives_way_too() -> None:
    """What the application has given already is kept for a reader who does not read, and who loses the rest of it."""
    busy = BusyConnector(16)
    for _, _, origin in busy.downloads("ann", 14, clogged=False):
        origin.deliver(b"x" * 999_000)
    assert len(busy.rig.ended) == 14
    busy.downloads("bob", 2, clogged=False)
    gone = busy.wait(4)
    assert len(gone) == 2 and {what for _, _, what in gone} == {Code.GAVE_WAY}
    assert {id for _, id, _ in gone} <= set(range(1, 15))


def test_a_service_that_does_not_listen_loses_the_connection() -> None:
    """Told once, and still not read some seconds later."""
    busy = BusyConnector(16)
    held = busy.downloads("ann", 14, clogged=False)
    for _, _, origin in held:
        origin.deliver(b"x" * 999_000)
    busy.downloads("bob", 2, clogged=False)
    busy.wait(10)
    assert [peer.wire.end for _, peer, _ in held].count("aborted") >= 1


def test_unread_ends_are_asked_about_no_more_often_than_the_service_allows() -> None:
    """A burst, then one a second where WELCOME says nothing else; the connection rests meanwhile."""
    busy = BusyConnector(16)
    asked = 0
    peer: DataPeer | None = None
    for _ in range(310):
        busy.ask("ann", answer=b"HTTP/1.1 200 OK\r\ncontent-length: 20000\r\nconnection: close\r\n\r\n" + b"x" * 20_000)
        peer = peer or busy.rig.data()
        frames = peer.read()
        if not frames:
            break
        peer.attached(frames[0][2])
        peer.read()
        asked += 1
    assert asked == 301
    assert busy.rig.uplink.pool.idle == 0
    busy.rig.clock.pump([0.25] * 8)
    assert peer is not None
    peer.read()
    assert [(frame[0], frame[2]) for frame in peer.read()][:1] == [(Kind.ATTACH, 302)]


@pytest.mark.parametrize("kind", ["events", "websocket"])
def test_streams_have_places_of_their_own(kind: str) -> None:
    """Event streams like upgraded ones: they take none from answers, one user leaves some, and beyond is told at once."""
    busy = BusyConnector(8, most_streams=16)
    codes = []
    for number in range(1, 18):
        upgrade = b"websocket" if kind == "websocket" else None
        user = "ann" if number <= 15 else "bob"
        busy._last = number
        send(busy.signal, number, request(upgrade=upgrade, user=user))
        busy.rig.origin().deliver(
            EVENTS if upgrade is None else b"HTTP/1.1 101 S\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
        busy.stand()
        codes += [(id, what) for _, id, what in finals(busy.signal.read())]
    assert codes == [(15, Code.SHARE_EXCEEDED)]
    assert busy.rig.uplink.requests.in_flight == 0
    assert len(busy.downloads("ann", 7)) == 7
    busy.signal.send(Kind.CANCEL, 1, b"12")
    assert busy.rig.uplink.requests.begin_stream(next(iter(busy.rig.uplink.requests.under_way.values()))) is not None


def test_who_waits_in_vain_hears_so_before_the_application_is_blamed() -> None:
    """Many users, each with a few answers that move: there is simply not enough."""
    busy = BusyConnector(8)
    for user in "abcdefgh":
        busy.downloads(user, 1, clogged=False)
    waiting = busy.ask("z", answer=LONG)
    assert busy.stand() == []
    assert busy.wait(17) == []
    assert busy.wait(3) == [(Kind.FAIL, waiting, Code.CONNECTOR_BUSY)]


def test_an_old_service_names_nobody() -> None:
    """Then each request is a share of its own: nobody is refused for what others have."""
    busy = BusyConnector(16)
    assert len(busy.downloads("", 16)) == 16


def test_the_service_closes_an_idle_connection_with_a_word() -> None:
    """ERROR counts without a request, too."""
    busy = BusyConnector(16)
    busy.ask("ann", length=4)
    peer = busy.rig.data()
    busy.signal.send(Kind.CANCEL, 1, b"12")
    peer.read()
    peer.wire.deliver(encode(Kind.ERROR, 0, b'{"code": 8, "retry_after": null, "permanent": false, "text": ""}'))
    assert peer.wire.end == "aborted"
