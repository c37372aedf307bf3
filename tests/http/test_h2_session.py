"""What a user's program is told at the beginning."""

from __future__ import annotations

from ngh2 import Connection, Role, Setting

from appproxy.http.h2_session import CONNECTION_WINDOW, FIRST_WINDOW, STREAMS, new_session
from appproxy.http.request import HeadLimits


def test_the_settings() -> None:
    """How many requests, how much of a body, how large a head, and that WebSockets are welcome."""
    service, user = new_session(HeadLimits(head=4096)), Connection(Role.CLIENT)
    user.initiate_connection()
    service.receive_data(user.data_to_send())
    user.receive_data(service.data_to_send())
    told = user.remote_settings
    assert told[Setting.MAX_CONCURRENT_STREAMS] == STREAMS
    assert told[Setting.INITIAL_WINDOW_SIZE] == FIRST_WINDOW
    assert told[Setting.MAX_HEADER_LIST_SIZE] == 4096
    assert told[Setting.ENABLE_CONNECT_PROTOCOL] == told[Setting.NO_RFC7540_PRIORITIES] == 1
    assert user.remote_window_size == CONNECTION_WINDOW
