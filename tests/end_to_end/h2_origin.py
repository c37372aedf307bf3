"""An internal application that speaks HTTP/2 without TLS, with a hand on each frame.

`/answer` answers with the size of the body, once that is here; `/refuse` with 413 and the end of the stream before any of it;
`/goaway` and `/close` answer, and give the connection up `CLOSE_AFTER` seconds later, with GOAWAY or without a word.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

from ngh2 import Configuration, Connection, NGH2Error, Role
from ngh2 import events as h2

CLOSE_AFTER = 0.3
_READ = 65_536


@dataclass
class Stream:
    """One request. `late`: bytes of its body that came behind the answer."""

    path: str
    case: str
    expect: bool
    size: int = 0
    late: int = 0
    answered: bool = False
    ended: threading.Event = field(default_factory=threading.Event)


class H2Origin:
    """Listens on a port of this machine; each connection has a thread. `seen` has all requests, in their order."""

    def __init__(self) -> None:
        self.seen: list[Stream] = []
        self.connections = 0
        #: How many of them it has given up, with the end on the way.
        self.given_up = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def about(self, case: str) -> list[Stream]:
        """The requests that bore this X-Case."""
        return [stream for stream in self.seen if stream.case == case]

    def stop(self) -> None:
        """Accept nobody more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                plain, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        session = Connection(Role.SERVER, Configuration(auto_window_update=False))
        session.initiate_connection()
        streams: dict[int, Stream] = {}
        with suppress(OSError, NGH2Error):
            with plain:
                if not self._converse(plain, session, streams):
                    return
            self.given_up += 1

    def _converse(self, plain: socket.socket, session: Connection, streams: dict[int, Stream]) -> bool:
        """Until one side is at its end; True where that is this one."""
        while True:
            while output := session.data_to_send():
                plain.sendall(output)
            if any(stream.answered and stream.path in ("/goaway", "/close") for stream in streams.values()):
                self._give_up(plain, session, next(stream.path for stream in streams.values()))
                return True
            data = plain.recv(_READ)
            if not data:
                return False
            session.receive_data(data)
            for event in session.events():
                self._hear(session, streams, event)

    def _give_up(self, plain: socket.socket, session: Connection, path: str) -> None:
        time.sleep(CLOSE_AFTER)
        if path == "/goaway":
            session.terminate_connection()
            plain.sendall(session.data_to_send())

    def _hear(self, session: Connection, streams: dict[int, Stream], event: h2.Event) -> None:
        if isinstance(event, h2.RequestReceived):
            head = dict(event.headers)
            stream = streams[event.stream_id] = Stream(
                head[b":path"].decode(), head.get(b"x-case", b"").decode(), b"expect" in head)
            self.seen.append(stream)
            if stream.path == "/refuse":
                self._answer(session, event.stream_id, stream, b"413")
            elif event.end_stream:
                self._answer(session, event.stream_id, stream, b"200")
        elif isinstance(event, h2.DataReceived):
            stream = streams[event.stream_id]
            if stream.answered:
                stream.late += len(event.data)
                return  # not acknowledged: the windows stay closed
            stream.size += len(event.data)
            session.acknowledge_received_data(len(event.data), event.stream_id)
            if event.end_stream:
                self._answer(session, event.stream_id, stream, b"200")
        elif isinstance(event, h2.StreamClosed):
            streams[event.stream_id].ended.set()

    def _answer(self, session: Connection, number: int, stream: Stream, status: bytes) -> None:
        stream.answered = True
        body = b"%d" % stream.size
        session.send_response(number, [(b":status", status), (b"x-answers", stream.case.encode())])
        session.send_data(number, body, end_stream=True)
