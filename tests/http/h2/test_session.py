"""What a user's program is told at the beginning, and what may be asked of streams that are gone."""

from __future__ import annotations

from contextlib import suppress

from ngh2 import Connection, NGH2Error, Role, Setting

from appproxy.http.h1.request import HeadLimits
from appproxy.http.h2.session import CONNECTION_WINDOW, FIRST_WINDOW, STREAMS, new_session


def test_the_settings() -> None:
    """How many requests, how much of a body, how large a head, and that WebSockets are welcome."""
    service, user = new_session(HeadLimits(head=4096)), Connection(Role.CLIENT)
    user.initiate_connection()
    service.receive_data(user.data_to_send())
    user.receive_data(service.data_to_send())
    told = user.remote_settings
    assert told[Setting.MAX_CONCURRENT_STREAMS] == STREAMS
    assert told[Setting.INITIAL_WINDOW_SIZE] == FIRST_WINDOW
    # Counted as RFC 9113 section 6.5.2 does, with 32 bytes a field, what HTTP/1.1 may send is no more than this.
    assert told[Setting.MAX_HEADER_LIST_SIZE] == 4096 + 32 * HeadLimits().fields
    assert told[Setting.ENABLE_CONNECT_PROTOCOL] == told[Setting.NO_RFC7540_PRIORITIES] == 1
    assert user.remote_window_size == CONNECTION_WINDOW


def test_what_is_asked_of_a_stream_that_is_gone() -> None:
    """Nothing is done, and that is said; the session lives on."""
    session = new_session(HeadLimits())
    session.data_to_send()
    assert not session.send(1, b"x") and not session.open_window(1)
    assert not session.finish(1) and not session.finish(1, [(b"a", b"b")])
    assert session.waiting(1) == 0 and session.want_read


def test_what_is_asked_of_a_session_that_has_ended() -> None:
    """The same."""
    session = new_session(HeadLimits())
    with suppress(NGH2Error):
        session.receive_data(b"GET / HTTP/1.1\r\n\r\n" * 2)
    assert not session.acknowledge(1, 5) and not session.reset(1, 8) and session.waiting(1) == 0
