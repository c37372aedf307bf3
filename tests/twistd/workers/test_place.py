"""What a worker is told when it starts."""

from __future__ import annotations

import os
from dataclasses import replace

from appproxy.config import ServiceSettings
from appproxy.twistd.workers.place import WORKER, WorkerPlace, place_from, worker_settings

SETTINGS = ServiceSettings(domain="example.com", workers=4)


def test_a_worker_finds_its_place_once() -> None:
    """No child of it takes itself for a worker, nor gets the pipe."""
    read, write = os.pipe()
    os.set_inheritable(read, True)
    place = WorkerPlace(2, 77, 3, read)
    environment = {"PATH": "/bin", **place.as_variable()}
    assert place_from(environment) == place and environment == {"PATH": "/bin"} and WORKER not in environment
    assert not os.get_inheritable(read)
    assert place_from(environment) is None
    os.close(read)
    os.close(write)


def test_each_worker_is_a_node_of_its_own() -> None:
    """With a name of its own, and the address of all of them."""
    found = worker_settings(SETTINGS, 2, "web")
    assert found.node_name == "web:2" and found.tunnel_advertise == "connect.example.com:8443"
    named = replace(SETTINGS, node_name="n" * 64, tunnel_advertise="a.example.com:9")
    found = worker_settings(named, 12, "web")
    assert found.node_name == "n" * 56 + ":12" and found.tunnel_advertise == "a.example.com:9"
    assert worker_settings(SETTINGS, 1, "").node_name == "node:1"
