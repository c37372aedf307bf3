"""The network in memory."""

from __future__ import annotations

from threading import Thread

from appproxy.testing.network import MemoryNetwork


def test_one_thread_turns_it() -> None:
    """Another one is told so, and nothing has happened."""
    network, called, errors = MemoryNetwork(), list[int](), list[str]()
    network.callLater(0, called.append, 1)

    def turn() -> None:
        try:
            network.pass_time(1)
        except RuntimeError as error:
            errors.append(f"{error}")

    thread = Thread(target=turn)
    thread.start()
    thread.join()
    assert not called and "another thread" in errors[0]
    network.pass_time(1)
    assert called == [1]
