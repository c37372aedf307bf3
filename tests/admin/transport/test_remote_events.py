"""The stream of events, as commands read it from a service elsewhere."""

from __future__ import annotations

import pytest

from appproxy.admin.transport.remote import events_of


def test_events_of_a_stream() -> None:
    """Each with its number; an id alone says from where to go on, and what is no event nothing."""
    stream = (b'retry: 2000\n\nid: 4\n\nid: 5\r\ndata: {"number": 5}\r\n\r\n: \n\nid: 7\n\n'
              b"event: end\ndata: \n\n")
    assert list(events_of(stream.splitlines(keepends=True))) == [
        (4, None), (5, {"number": 5}), (5, None), (7, None), (7, None)]
    with pytest.raises(ValueError, match="invalid literal"):
        list(events_of([b"id: x\n"]))
