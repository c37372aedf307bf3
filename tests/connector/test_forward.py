"""One request's life: from its REQ to its one final frame."""

from __future__ import annotations

from appproxy.errors import Code
from appproxy.tunnel.frames import Kind
from tests.connector.rig import Rig, code, finals, request, send

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-type: text/plain\r\n\r\nhello"


class TestSmallAnswers:
    """What needs no data connection."""

    def test_a_small_answer_goes_in_line(self) -> None:
        """A GET and its small answer: one request head out, one RSP back."""
        rig = Rig()
        signal = rig.online()
        send(signal, 1)
        origin = rig.origin()
        assert origin.take() == b"GET /page HTTP/1.1\r\nhost: wiki.corp\r\naccept: */*\r\n\r\n"
        origin.deliver(OK)
        assert list(finals(signal.read())) == [(Kind.RSP, 1, (200, b"hello"))]
        assert len(rig.uplink.requests) == 0

    def test_the_connection_to_the_application_is_used_again(self) -> None:
        """The second request does not dial."""
        rig = Rig()
        signal = rig.online()
        send(signal, 1)
        origin = rig.origin()
        origin.take()
        origin.deliver(OK)
        send(signal, 2)
        assert rig.origins_dialled == []
        origin.deliver(OK)
        assert [id for _, id, _ in finals(signal.read())] == [1, 2]

    def test_cancel(self) -> None:
        """CANCEL resets the connection to the application at once and is answered, so that the slot becomes free."""
        rig = Rig()
        signal = rig.online()
        send(signal, 1)
        origin = rig.origin()
        signal.send(Kind.CANCEL, 1, code())
        assert origin.end == "aborted"
        assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.CANCELLED)]


class TestGate:
    """Requests with a body."""

    def test_nothing_is_written_before_the_body_begins(self) -> None:
        """Neither head nor body reaches the application before the first BODY."""
        rig = Rig()
        signal, data = rig.with_data()
        send(signal, 1, request(b"POST", length=4))
        origin = rig.origin()
        assert data.kinds() == [Kind.ATTACH]
        data.attached(1)
        assert origin.take() == b""
        data.wire.deliver(data.session.body(b"ab"))
        assert origin.take() == (
            b"POST /page HTTP/1.1\r\nhost: wiki.corp\r\naccept: */*\r\ncontent-length: 4\r\n\r\nab"
        )
        data.wire.deliver(data.session.body(b"cd") + data.session.end())
        assert origin.take() == b"cd"
        origin.deliver(OK)
        assert data.kinds() == [Kind.HEAD, Kind.BODY, Kind.END]
        assert data.session.idle
        assert len(rig.uplink.requests) == 0
