"""Programs sign in without a browser: service tokens with curl and git, by the recipes of docs/machines.md."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import PATIENCE, World, environment, until


def curl(world: World, url: str, *options: str) -> tuple[int, str]:
    """Status and body of what curl gets."""
    command = ["curl", "-sS", "--max-time", "60", "--cacert", str(world.anchor), "-w", "\n%{http_code}", *options, url]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=90)
    assert ended.returncode == 0, ended.stderr
    body, _, status = ended.stdout.rpartition("\n")
    return int(status), body


def bearer(token: str) -> tuple[str, str]:
    """For curl."""
    return "-H", f"Authorization: Bearer {token}"


@pytest.fixture(scope="module")
def api(world: World) -> str:
    """An application that takes service tokens; its name."""
    world.publish("api", world.internal, "--set", "bearer=service-token", "--set", "header.x-user-email=email",
                  "--set", "header.x-user-name=name")
    return "api"


def test_curl_with_a_service_token(world: World, api: str) -> None:
    """It is let in as itself, and the application never sees what it was let in by."""
    token = world.admin("token", "add", "backup", "--app", api, "--claim", "email=backup@example.com").strip()
    status, body = curl(world, world.url(api, "/headers"), *bearer(token))
    assert status == 200, body
    assert token[5:] not in body and "backup@example.com" in body and "authorization" not in body.lower()
    assert curl(world, world.url(api), *bearer(token[:-1]))[0] == 401
    assert curl(world, world.url(api))[0] == 401
    assert curl(world, world.url("sample"), *bearer(token))[0] == 401
    used = until(lambda: world.admin_json("token", "show", "backup")["used"], "its use is not noted", 30)
    assert used > world.admin_json("token", "show", "backup")["created"] - 1


def test_a_field_of_its_own(world: World, api: str) -> None:
    """The application keeps Authorization."""
    token = world.admin("token", "add", "cron", "--app", api).strip()
    world.admin("app", "set", api, "bearer_header=x-service-token")
    try:
        status, body = curl(world, world.url(api, "/headers"), "-H", f"X-Service-Token: {token}", *bearer("own"))
    finally:
        world.admin("app", "set", api, "bearer_header=")
    assert status == 200 and "Bearer own" in body and token[5:] not in body


def test_rotation_and_revocation(world: World, api: str) -> None:
    """Both secrets count for a while; a rotation without overlap ends the streams of those before, as revoking does."""
    first = world.admin("token", "add", "stream", "--app", api).strip()
    second = world.admin("token", "rotate", "stream").strip()
    for token in (first, second):
        assert curl(world, world.url(api), *bearer(token))[0] == 200
    streams = [_events(world, api, token) for token in (first, second)]
    third = world.admin("token", "rotate", "stream", "--overlap", "0s").strip()
    for stream in streams:
        _ends(stream)
    stream = _events(world, api, third)
    world.admin("token", "revoke", "stream")
    _ends(stream)
    for token in (first, second, third):
        assert curl(world, world.url(api), *bearer(token))[0] == 401


def _events(world: World, name: str, token: str) -> subprocess.Popen[bytes]:
    """An event stream that has begun."""
    command = ["curl", "-sSN", "--cacert", str(world.anchor), *bearer(token), world.url(name, "/events")]
    stream = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert stream.stdout is not None
    said = b""
    while b"data: " not in said:
        said += (piece := os.read(stream.stdout.fileno(), 65536))
        assert piece, said
    return stream


def _ends(stream: subprocess.Popen[bytes]) -> None:
    """Within a second of the node's own, and what a busy machine adds."""
    assert stream.stdout is not None
    deadline = time.monotonic() + 10
    while select.select([stream.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
        if not os.read(stream.stdout.fileno(), 65536):
            stream.wait()
            return
    stream.kill()
    raise AssertionError("the stream goes on")


def test_people_sign_in_as_before(world: World, api: str) -> None:
    """With a browser."""
    world.admin("assign", api, "--user", "alice")
    visitor = Visitor(world.port, world.anchor)
    assert visitor.sign_in(world.url(api), "alice").status == 200


class Git:
    """The program, without settings of this machine."""

    def __init__(self, world: World) -> None:
        self._environment = {
            **environment(), "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_SSL_CAINFO": str(world.anchor),
        }  # fmt: skip

    def __call__(self, *arguments: str, fails: bool = False) -> str:
        """Run it; gives what it says."""
        ended = subprocess.run(["git", *arguments], capture_output=True, text=True, timeout=120, env=self._environment)
        assert (ended.returncode != 0) is fails, ended.stderr
        return ended.stdout + ended.stderr


def test_git_over_https(world: World, tmp_path: Path) -> None:
    """Clone and push, with the token as the password that git sends when it is asked for one."""
    repositories, work = tmp_path / "repositories", tmp_path / "work"
    bare = repositories / "project.git"
    git = Git(world)
    git("init", "--bare", "-b", "main", str(bare))
    git("-C", str(bare), "config", "http.receivepack", "true")
    command = [sys.executable, "-m", "tests.end_to_end.git_origin", str(repositories)]
    internal = world.supervisor.start("git", command, "ready on", PATIENCE).rpartition("ready on ")[2]
    world.publish("git", internal, "--set", "bearer=service-token", "--set", "bearer_basic=yes")
    token = world.admin("token", "add", "laptop", "--app", "git").strip()
    url = world.url("git", "/project.git").replace("://", f"://anything:{token}@")
    git("clone", url, str(work))
    (work / "big.bin").write_bytes(os.urandom(3_000_000))
    git("-C", str(work), "add", ".")
    git("-C", str(work), "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-m", "one")
    git("-C", str(work), "push", "origin", "HEAD:main")
    header = f"http.extraHeader=Authorization: Bearer {token}"
    git("-c", header, "clone", world.url("git", "/project.git"), str(tmp_path / "again"))
    assert (tmp_path / "again" / "big.bin").read_bytes() == (work / "big.bin").read_bytes()
    wrong = url.replace(token, token[:-1] + ("A" if token[-1] != "A" else "B"))
    assert "Authentication failed" in git("ls-remote", wrong, fails=True)


def test_what_a_wrong_token_is_told(world: World, api: str) -> None:
    """A problem in JSON with a status, and a field, that programs know."""
    answer = Visitor(world.port, world.anchor).get(world.url(api), Authorization="Bearer wrong")
    assert answer.status == 401 and json.loads(answer.body)["code"] == "CREDENTIAL_REFUSED"
    challenges = answer.headers.get_all("WWW-Authenticate") or []
    assert challenges[0] == f'Bearer realm="{urlsplit(world.url(api)).hostname}", error="invalid_token"'
