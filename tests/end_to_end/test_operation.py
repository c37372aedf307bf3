"""What admins do to a running system: look, restart, revoke, break."""

from __future__ import annotations

import json
import signal
import threading
import time

import pytest

from tests.end_to_end.visitor import Answer, Socket, Visitor
from tests.end_to_end.world import World, appproxy, until


@pytest.fixture
def guest(own_world: World) -> Visitor:
    """A visitor of this file's own world."""
    return Visitor(own_world.port, own_world.anchor)


def healthy(world: World, guest: Visitor) -> bool:
    """Does the passthrough application answer?"""
    try:
        return guest.get(world.url("open", "/healthy")).status == 200
    except OSError:
        return False


def online(world: World) -> dict[str, bool]:
    """The connectors by name."""
    return {one["name"]: one["online"] for one in world.admin_json("connector", "list")}


def test_the_connector_is_seen(own_world: World, guest: Visitor) -> None:
    """`connector list` shows it online, with version and address; `status` counts it."""
    assert healthy(own_world, guest)
    (one,) = own_world.admin_json("connector", "list")
    assert (one["online"], one["status"], one["address"]) == (True, "active", "127.0.0.1")
    assert one["version"]
    status = own_world.admin_json("status")
    assert (status["running"], status["connectors_online"], status["applications"]) == (True, 1, 2)


def test_the_doctor_finds_nothing(own_world: World) -> None:
    """At both ends every step of a sound system is good."""
    for directory in (own_world.state, own_world.directory / "connector"):
        walked = appproxy("doctor", "--state", str(directory), "--json")
        assert walked.code == 0, walked.out
        assert {one["health"] for one in json.loads(walked.out)} == {"good"}, walked.out


def test_the_access_log_names_user_and_connector(own_world: World, guest: Visitor) -> None:
    """Both ends log a request under the id that the user got."""
    guest.sign_in(own_world.url("sample"), "alice")
    id_ = guest.get(own_world.url("sample", "/headers?secret=1")).headers["X-Request-ID"]

    def lines(name: str) -> list[dict[str, object]]:
        log = own_world.directory / name / "access.log"
        return [entry for entry in map(json.loads, log.read_text().splitlines()) if entry["request_id"] == id_]

    (here,) = until(lambda: lines("service"), "no line of the service", 5)
    assert (here["path"], here["status"], here["application"]) == ("/headers", 200, "sample")
    assert here["user"]
    assert "secret" not in json.dumps(here)
    (there,) = until(lambda: lines("connector"), "no line of the connector", 5)
    assert there["status"] == 200


def test_a_second_service_on_one_directory_is_refused(own_world: World) -> None:
    """It says who is there already, and exits with a code."""
    from appproxy.demo.supervisor import ProgramFailed, twistd

    with pytest.raises(ProgramFailed, match="(?s)code 1.*another service .*runs on this state directory"):
        own_world.supervisor.start("second", twistd("appproxy-service", "--state", str(own_world.state)), "ready", 60)
    own_world.supervisor.end("second")


def test_a_taken_port_is_one_line(own_world: World) -> None:
    """A service whose port is taken says which, and exits with a code."""
    from appproxy.demo.supervisor import ProgramFailed, twistd

    other = own_world.directory / "other"
    options = ("--listen", f"127.0.0.1:{own_world.port}", "--tunnel-listen", "127.0.0.1:1")
    made = appproxy("init", "--state", str(other), "--domain", "example.com", *options)
    assert made.code == 0, made.err
    with pytest.raises(ProgramFailed, match=f"(?s)code 1.*port {own_world.port}: Address already in use; "):
        own_world.supervisor.start("other", twistd("appproxy-service", "--state", str(other)), "service ready", 60)
    assert "Traceback" not in own_world.supervisor.find("other").output()
    own_world.supervisor.end("other")


def test_bad_settings_are_one_line(own_world: World) -> None:
    """twistd refuses them with the file and the key."""
    from appproxy.demo.supervisor import ProgramFailed, twistd

    broken = own_world.directory / "broken"
    broken.mkdir()
    (broken / "service.toml").write_text('domain = "example.com"\nlisten = "nowhere"\n')
    with pytest.raises(ProgramFailed, match="(?s)code 1.*service.toml: listen: "):
        own_world.supervisor.start("broken", twistd("appproxy-service", "--state", str(broken)), "ready", 60)
    assert "Traceback" not in own_world.supervisor.find("broken").output()
    own_world.supervisor.end("broken")


def test_a_used_token_is_refused(own_world: World) -> None:
    """A token for one use lets one connector in; the second is told so in one line."""
    token = own_world.admin("connector", "token").strip()
    first = appproxy("connector", "join", token, "--state", str(own_world.directory / "first"))
    assert first.code == 0, first.err
    again = appproxy("connector", "join", token, "--state", str(own_world.directory / "again"))
    assert (again.code, again.err.count("\n")) == (1, 1), again.err
    assert not (own_world.directory / "again" / "connector.toml").exists()
    garbage = appproxy("connector", "join", "appproxy1.nonsense", "--state", str(own_world.directory / "again"))
    assert (garbage.code, "token" in garbage.err) == (1, True)


def test_a_restarted_connector_drains(own_world: World, guest: Visitor) -> None:
    """SIGTERM lets the request under way finish; afterwards the connector comes back by one command."""
    answers: list[Answer] = []
    asking = threading.Thread(target=lambda: answers.append(guest.get(own_world.url("open", "/slow/3"))))
    asking.start()
    time.sleep(1)
    own_world.supervisor.end("connector", seconds=30)
    asking.join()
    assert answers[0].text == "This answer took 3 s.\n"
    # Two signal connections are down; with nobody online, requests wait for a moment and then are told.
    own_world.start_connector("connector")
    until(lambda: healthy(own_world, guest), "the application does not answer")


def test_requests_wait_for_a_connector_that_restarts(own_world: World, guest: Visitor) -> None:
    """A request that comes while no connector is online is parked, and answered once one is."""
    own_world.supervisor.end("connector", seconds=30)
    answers: list[Answer] = []
    asking = threading.Thread(target=lambda: answers.append(guest.get(own_world.url("open", "/healthy"))))
    asking.start()
    own_world.start_connector("connector")
    asking.join()
    # On a very busy machine a start takes longer than requests wait.
    assert answers[0].status in (200, 503)
    until(lambda: healthy(own_world, guest), "the application does not answer")


def test_a_killed_connector_is_replaced(own_world: World, guest: Visitor) -> None:
    """With two connectors, killing one costs at most the requests that it had."""
    own_world.join("spare")
    own_world.start_connector("spare")
    own_world.supervisor.end("connector", sign=signal.SIGKILL)
    until(lambda: healthy(own_world, guest), "the application does not answer", 10)
    assert all(healthy(own_world, guest) for _ in range(20))
    own_world.start_connector("connector")
    own_world.supervisor.end("spare", seconds=30)
    until(lambda: healthy(own_world, guest), "the application does not answer", 10)


def test_a_restarted_service_gets_its_connector_back(own_world: World, guest: Visitor) -> None:
    """With no human: the connector dials again, and sessions of users still count."""
    guest.sign_in(own_world.url("sample"), "alice")
    own_world.supervisor.end("service", seconds=40)
    own_world.start_service()
    until(lambda: healthy(own_world, guest), "the connector does not come back")
    assert guest.get(own_world.url("sample", "/headers")).status == 200


def test_a_revoked_connector_is_cut(own_world: World, guest: Visitor) -> None:
    """Revoking ends its WebSockets and its requests at once; it is not let in again."""
    (one,) = [one for one in own_world.admin_json("connector", "list") if one["online"]]
    talk = Socket(guest, own_world.url("open", "/echo"))
    talk.send("here")
    assert talk.receive() == "here"
    own_world.admin("connector", "revoke", one["id"])
    assert talk.ends(within=5)
    until(lambda: not any(online(own_world).values()), "the connector is still online", 10)
