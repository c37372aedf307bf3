"""WebSockets and event streams where a process goes: each ends in its own words, not all at once, and comes back elsewhere."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from wsproto.events import CloseConnection, TextMessage
from wsproto.frame_protocol import CloseReason, FrameProtocol, Opcode

from appproxy.demo.supervisor import Supervisor
from tests.end_to_end.behaviours import accept_websocket, pour
from tests.end_to_end.chromium import chromium
from tests.end_to_end.h2_user import H2User
from tests.end_to_end.origins import Call
from tests.end_to_end.system import System
from tests.end_to_end.visitor import Socket
from tests.end_to_end.wire import Wire
from tests.end_to_end.world import DOMAIN, environment, until

#: Half of it is over before anybody is to go; the window is 6.4 s then.
DRAIN_SECONDS = 16.0
FIRST, LAST = 8.0, 14.4
#: Of each kind.
COUNT = 50
#: Of all, in any one second. The window gives 16 %, and a busy machine is late with some.
MOST_A_SECOND = 0.3
#: Seconds in which a machine that has other things to do comes round.
LATE = 6.0
#: Between two messages of an application, and between the three writes that each of them takes.
PAUSE, SHORT_PAUSE = 0.6, 0.04


@dataclass
class Heard:
    """What an application has heard on one WebSocket."""

    texts: list[str] = field(default_factory=list)
    code: int = 0
    over: threading.Event = field(default_factory=threading.Event)


#: By the name of the request.
HEARD: dict[str, Heard] = {}


def chatter(call: Call) -> None:
    """A WebSocket on which an application counts: each number in two frames, and the second one in two writes."""
    accept_websocket(call)
    heard = HEARD[call.seen.case] = Heard()
    reader = FrameProtocol(client=False, extensions=[])
    number = 0
    while True:
        text = b"%06d" % number
        whole = b"\x01\x03" + text[:3] + b"\x80\x03" + text[3:]
        for piece, pause in ((whole[:5], SHORT_PAUSE), (whole[5:7], SHORT_PAUSE), (whole[7:], PAUSE)):
            call.send(piece)
            if not listen(call, reader, heard, pause):
                heard.over.set()
                return
        number += 1


def listen(call: Call, reader: FrameProtocol, heard: Heard, seconds: float) -> bool:
    """What comes in so many seconds; False at the end."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        call.connection.socket.settimeout(left)
        try:
            data = call.connection.socket.recv(65536)
        except TimeoutError:
            return True
        except OSError:
            return False
        if not data:
            return False
        reader.receive_bytes(data)
        for frame in reader.received_frames():
            if frame.opcode is Opcode.CLOSE:
                heard.code = int(frame.payload[0])
                call.send(bytes(reader.close(CloseReason.NORMAL_CLOSURE)))
                return False
            heard.texts.append(str(frame.payload))
    return True


def news(call: Call) -> None:
    """Events that are counted, on from the last one that the user has; each comes in two writes."""
    last = call.seen.values("last-event-id")
    number = int(last[0]) + 1 if last else 0
    call.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
    while True:
        call.send(b"id: %d\n" % number)
        time.sleep(SHORT_PAUSE)
        call.send(b"data: %d\n\n" % number)
        time.sleep(PAUSE)
        number += 1


PAGE = b"""<!doctype html><title>streams</title><script>
var closes = [], messages = [], ids = [], opened = 0;
function open() {
    opened++;
    var socket = new WebSocket("wss://" + location.host + "/socket?" + opened);
    socket.onmessage = event => { messages.push(event.data); socket.send(event.data); };
    socket.onclose = event => { closes.push([event.code, event.wasClean]); setTimeout(open, 300); };
}
open();
var source = new EventSource("/events");
source.onmessage = event => ids.push(Number(event.lastEventId));
</script>"""


def page(call: Call) -> bool:
    """One that opens both."""
    call.body()
    call.answer(PAGE, fields="Content-Type: text/html\r\n")
    return True


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """One of its own: processes go, and have longer for it."""
    directory = tmp_path_factory.mktemp("moves")
    (directory / "logs").mkdir()
    with pytest.MonkeyPatch.context() as patched, Supervisor(directory / "logs", environment()) as supervisor:
        patched.setattr("tests.end_to_end.system.DRAIN_SECONDS", DRAIN_SECONDS)
        system = System(directory, supervisor)
        system.build()
        for path, behaviour in (("/socket", chatter), ("/events", news), ("/page", page), ("/pour", pour)):
            system.origin.on(path, behaviour)
        yield system
        system.origin.stop()
    shutil.rmtree(directory, ignore_errors=True)


class Client:
    """One of many: opens its stream, reads it to its end, comes back, reads something again. `faults`: what was not right."""

    def __init__(self, system: System, name: str, work: Callable[[Client], None]) -> None:
        self.system = system
        self.name = name
        self.open = threading.Event()
        self.ended_at = 0.0
        self.is_back = False
        self.faults: list[str] = []
        self._work = work
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self._work(self)
        except Exception as error:
            self.faults.append(f"{self.name}: {error!r}")
        finally:
            self.open.set()


def of_socket(client: Client) -> None:
    """A WebSocket, every message of which is answered; both ends compare what they got."""
    socket = open_socket(client, client.name)
    number = 0
    while (text := message(socket)) is not None:
        assert text == f"{number:06d}", f"{text} in place of {number}"
        client.open.set()
        socket.send(text)
        number += 1
    client.ended_at = time.monotonic()
    close = CLOSES.pop(id(socket))
    assert close.code == 1012, close
    socket._send(close.response())  # wsproto as a client does it
    assert socket.at_the_end(), "something came behind Close"
    heard = HEARD[client.name]
    assert heard.over.wait(60) and heard.code == 1012, f"the application has heard {heard.code}"
    assert heard.texts == [f"{one:06d}" for one in range(number)], "of the user's messages some are lost"
    again = open_socket(client, f"{client.name} again")
    assert message(again) == "000000"
    client.is_back = True
    again.close()


#: What ended a socket, until it is looked at.
CLOSES: dict[int, CloseConnection] = {}


def open_socket(client: Client, name: str) -> Socket:
    """To the application that counts."""
    return Socket(client.system.visitor(), client.system.url("raw", "/socket"), {"X-Case": name})


def message(socket: Socket) -> str | None:
    """The next message, whole; None at Close."""
    parts = ""
    while True:
        event = socket._next()
        if isinstance(event, CloseConnection):
            assert not parts, f"Close in a message, behind {parts}"
            CLOSES[id(socket)] = event
            return None
        assert isinstance(event, TextMessage), event
        parts += event.data
        if event.message_finished:
            return parts


def of_events(client: Client) -> None:
    """An event stream, whole in the eyes of HTTP, of whole events; it goes on where it ended."""
    with Wire(client.system, "raw") as wire:
        wire.request("GET", "/events", client.name)
        client.open.set()
        body = wire.reply().body
        client.ended_at = time.monotonic()
    events = body.split(b"\n\n")
    assert events.pop() == b"", f"half an event: {body[-40:]!r}"
    assert events == [b"id: %d\ndata: %d" % (one, one) for one in range(len(events))], "events are lost"
    with Wire(client.system, "raw") as again:
        again.request("GET", "/events", f"{client.name} again", fields={"Last-Event-ID": f"{len(events) - 1}"})
        assert again.head().status == 200
        came = b""
        while b"\n\n" not in came:
            came += again.read()
        assert b"id: %d\n" % len(events) in came
    client.is_back = True


def judge(clients: list[Client], begun: float) -> None:
    """All have ended in the window, spread over it, and have come back."""
    for client in clients:
        client.thread.join(DRAIN_SECONDS + 60)
    assert [fault for client in clients for fault in client.faults] == []
    assert all(client.is_back for client in clients)
    after = sorted(client.ended_at - begun for client in clients)
    assert after[0] >= FIRST - LATE and after[-1] <= LAST + LATE, (after[0], after[-1])
    most = max(sum(at <= one < at + 1 for one in after) for at in after)
    assert most <= MOST_A_SECOND * len(after), [round(one, 1) for one in after]


def opened(clients: list[Client]) -> None:
    """Wait until all have a stream."""
    for client in clients:
        assert client.open.wait(60), client.name
    assert [fault for client in clients for fault in client.faults] == []


def test_fifty_of_each_through_a_reload(system: System) -> None:
    """Nothing is torn, nothing of the users' lost, and a download is cut where everybody sees it."""
    clients = [Client(system, f"socket {number}", of_socket) for number in range(COUNT)]
    clients += [Client(system, f"events {number}", of_events) for number in range(COUNT)]
    with Wire(system, "raw") as download:
        download.request("GET", "/pour", "download")
        assert download.head().status == 200
        opened(clients)
        system.admin("reload")
        begun = time.monotonic()  # the drain has begun, a moment ago
        download.broken()
        assert time.monotonic() - begun >= DRAIN_SECONDS - LATE
    judge(clients, begun)
    log = system.supervisor.find("service")
    for kind in ("websocket", "event-stream"):
        assert f"{COUNT} streams ({kind}) were closed so that their users come back, 0 were cut" in log.output()


def test_a_connector_that_goes(system: System) -> None:
    """Its streams are ended by the service in the same way, and come back through the other one."""
    clients = [Client(system, f"of connector {number}", of_socket) for number in range(20)]
    opened(clients)
    begun = time.monotonic()
    ending = threading.Thread(target=system.supervisor.end, args=("first", DRAIN_SECONDS + 20))
    ending.start()
    until(lambda: sum(bool(one.ended_at) for one in clients) >= 1, "none is ended", DRAIN_SECONDS + LATE)
    ending.join(DRAIN_SECONDS + 60)
    try:
        gone = [one for one in clients if one.ended_at]
        assert gone and time.monotonic() - begun < DRAIN_SECONDS + LATE
        assert len({round(one.ended_at) for one in gone}) > 1 or len(gone) < 3, "all in one second"
        for one in gone:
            one.thread.join(60)
        assert [fault for one in gone for fault in one.faults] == []
        assert all(one.is_back for one in gone)
    finally:
        system.start_connector("first")
        until(lambda: system.online() == 2, "the connector does not come back")
    system.admin("reload")
    for one in clients:
        one.thread.join(DRAIN_SECONDS + 60)
    assert [fault for one in clients for fault in one.faults] == []


def test_streams_of_one_http2_connection(system: System) -> None:
    """GOAWAY asks for no more; its WebSockets hear Close, its event streams end, and then the connection does."""
    user = H2User(system.port, system.anchor, f"raw.{DOMAIN}")
    more = ((b"sec-websocket-version", b"13"), (b"x-case", b"http2"))
    sockets = [user.ask("/socket", "CONNECT", *more, body=None, protocol=b"websocket") for _ in range(3)]
    events = [user.ask("/events") for _ in range(3)]
    user.until(lambda: all(len(user.bodies[one]) > 20 for one in (*sockets, *events)))
    system.admin("reload")
    told: set[int] = set()

    def all_over() -> bool:
        for one in sockets:
            if one not in told and (b"\x88\x02\x03\xf4") in bytes(user.bodies[one][-4:]):
                told.add(one)
                user.send(one, b"\x88\x82\0\0\0\0\x03\xf4", end=True)
        return user.closed or {*sockets, *events} <= user.ended

    user.until(all_over, DRAIN_SECONDS + 30)
    assert user.goaways and told == set(sockets) and {*sockets, *events} <= user.ended
    assert set(user.resets.values()) <= {0}, user.resets
    for one in sockets:
        reader = FrameProtocol(client=True, extensions=[])
        reader.receive_bytes(bytes(user.bodies[one]))
        frames = list(reader.received_frames())
        assert frames[-1].payload[0] == 1012 and all(frame.opcode is not Opcode.CLOSE for frame in frames[:-1])
    assert all(user.bodies[one].endswith(b"\n\n") for one in events)
    with suppress(AssertionError):
        user.until(lambda: user.closed, 30)
    assert user.closed
    user.socket.close()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    """A real one."""
    with chromium(tmp_path / "profile") as driver:
        yield driver


def test_a_browser(system: System, browser: Chrome) -> None:
    """Its WebSocket sees a clean close with 1012, its EventSource asks again: no event is missed, none comes twice."""
    browser.get(system.url("raw", "/page"))

    def has(what: str) -> bool:
        return bool(browser.execute_script(f"return {what}"))

    until(lambda: has("messages.length > 3 && ids.length > 3"), "nothing comes")
    system.admin("reload")
    until(lambda: has("closes.length > 0 && opened == 2"), "the WebSocket is not closed", DRAIN_SECONDS + 60)
    until(lambda: has("messages.filter(one => one == '000003').length == 2"), "it does not come back")
    assert browser.execute_script("return closes") == [[1012, True]]
    before = browser.execute_script("return ids.length")
    until(lambda: has(f"ids.length > {before} + 60"), "the events do not come back", DRAIN_SECONDS + 60)
    ids = browser.execute_script("return ids")
    assert ids == list(range(len(ids)))
