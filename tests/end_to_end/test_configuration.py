"""The whole configuration as one file: of a running service, at its machine and from elsewhere."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import DOMAIN, World, appproxy, in_process, until


@pytest.fixture(scope="module", autouse=True)
def wiki(world: World) -> None:
    """An application that alice may use."""
    world.publish("asfile", world.internal)
    world.admin("assign", "asfile", "--user", "alice")


def exported(world: World, file: Path) -> str:
    """What `export` writes."""
    world.admin("export", "--output", str(file))
    return file.read_text()


def test_a_file_becomes_what_users_meet(world: World, tmp_path: Path) -> None:
    """An application that was added in a file is there within a second, and one that is renamed keeps who may use it."""
    file = tmp_path / "c.yaml"
    text = exported(world, file)
    new = (f"- name: asfile two\n  external: {world.url('asfile-two')}\n  internal: {world.internal}\n"
           "  assignments: [{user: alice}]\n")
    text = text.replace("name: asfile\n", "name: asfile one\n")
    file.write_text(text.replace("\napplications:\n", f"\napplications:\n{new}"))
    told = appproxy("--state", str(world.state), "diff", str(file))
    assert told.code == 1 and "> application asfile is now asfile one" in told.out and "+ application asfile two" in told.out
    assert "2 changes are made" in world.admin("apply", "--yes", str(file))
    alice = Visitor(world.port, world.anchor)
    two, one = world.url("asfile-two"), world.url("asfile")
    until(lambda: alice.sign_in(two, "alice").status == 200, "the application is published")
    assert alice.navigate(one).status == 200
    assert appproxy("--state", str(world.state), "diff", str(file)).code == 0


def test_from_elsewhere(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same over HTTPS, by somebody's token; an auditor compares, and may not apply."""
    found = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: found("127.0.0.1", *rest, **more))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    file = tmp_path / "c.yaml"
    for role in ("administrator", "auditor"):
        token = world.admin_json("token", "add", f"file-{role}", "--role", role)["token"]
        made = in_process("login", f"https://admin.{DOMAIN}:{world.port}", "--name", role, "--ca", str(world.anchor),
                        "--token-stdin", stdin=token)
        assert made.code == 0, made.err
    file.write_text(exported(world, file) + "groups:\n- name: from elsewhere\n")
    told = in_process("--context", "auditor", "diff", str(file))
    assert told.code == 1 and told.out == "+ group from elsewhere\n", told
    refused = in_process("--context", "auditor", "apply", "--yes", str(file))
    assert refused.code == 1 and "configuration.change" in refused.err
    tried = in_process("--context", "administrator", "apply", "--dry-run", str(file))
    assert tried.code == 0 and "one change would be made" in tried.out, tried
    assert in_process("--context", "administrator", "apply", "--yes", str(file)).code == 0
    assert "from elsewhere" in world.admin("group", "list")
    assert in_process("--context", "administrator", "diff", str(file)).code == 0
