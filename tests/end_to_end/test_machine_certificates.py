"""Machines that show a certificate with curl: at their host alone, until they are revoked."""

from __future__ import annotations

import os
import select
import subprocess
import time
from pathlib import Path

import pytest

from tests.end_to_end.test_machines import bearer, curl
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import World, until
from tests.pki.chains import CLIENT, DAY, NOW, Made, crl, make, usage

PLANT = make("Plant Authority", authority=True, ends=NOW + 900 * DAY)
BETWEEN = make("Plant Issuer", PLANT, authority=True, ends=NOW + 900 * DAY)
USES = (CLIENT, usage(True, False))


def show(place: Path, *chain: Made) -> tuple[str, ...]:
    """For curl: a certificate with its key, and those above it."""
    file = place / f"{chain[0].certificate.serial_number}.pem"
    file.write_text(chain[0].key + "".join(one.pem for one in chain))
    return "--cert", str(file)


@pytest.fixture
def plant(world: World, tmp_path: Path) -> str:
    """An application that lets in what the plant's authority vouches for; its name."""
    name, file = "plant", tmp_path / "authority.pem"
    file.write_text(PLANT.pem)
    if not any(row["name"] == name for row in world.admin_json("app", "list")):
        world.publish(name, world.internal)
    world.admin("app", "set", name, f"machine_authority=@{file}", "machine_subjects=CN=press-*", "machine_crl=none",
                "bearer=off", "header.x-machine=name")
    return name


def test_curl_with_a_certificate(world: World, plant: str, tmp_path: Path) -> None:
    """It is let in as itself; who shows none, or another one, is not, and at other hosts it counts for nothing."""
    press = show(tmp_path, make("press-7", BETWEEN, extensions=USES), BETWEEN)
    until(lambda: curl(world, world.url(plant), *press)[0] == 200, "it is not let in", 20)
    for version in ("--tls-max", "1.2"), ("--tls-max", "1.3"):
        status, body = curl(world, world.url(plant, "/headers"), *press, *version, "-H", "X-Machine: admin")
        assert status == 200 and "press-7" in body and "admin" not in body
    for option, spoken in ("--http1.1", "\n1.1"), ("--http2", "\n2"):
        _, body = curl(world, world.url(plant), *press, option, "-w", "\n%{http_version}\n%{http_code}")
        assert body.endswith(spoken)
    assert curl(world, world.url(plant))[0] == 401
    wrong = [(make("lathe-1", BETWEEN, extensions=USES), BETWEEN), (make("press-7", extensions=USES),),
             (make("press-7", BETWEEN, extensions=USES, ends=NOW - 60), BETWEEN), (make("press-7", BETWEEN), BETWEEN)]
    for chain in wrong:
        status, body = curl(world, world.url(plant), *show(tmp_path, *chain))
        assert status == 401 and "CREDENTIAL_REFUSED" in body
    assert curl(world, world.url("sample"), *press)[0] == 401

    def noted() -> bool:
        rows = world.admin_json("audit", "--limit", "50")
        return {"program.sign_in", "program.refused"} <= {
            row["action"] for row in rows if row["detail"].get("application") == plant} and any(
            row["actor"] == "machine:CN=press-7" for row in rows)

    until(noted, "not in the audit", 20)


def test_a_revoked_machine(world: World, plant: str, tmp_path: Path) -> None:
    """What it has open ends, and it is refused; another one of the same authority comes back."""
    lost, kept = (make(name, BETWEEN, extensions=USES) for name in ("press-1", "press-2"))
    shown = show(tmp_path, lost, BETWEEN)
    until(lambda: curl(world, world.url(plant), *shown)[0] == 200, "it is not let in", 20)
    command = ["curl", "-sSN", "--cacert", str(world.anchor), *shown, world.url(plant, "/events")]
    stream = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert stream.stdout is not None
    try:
        said = b""
        while b"data: " not in said:
            said += (piece := os.read(stream.stdout.fileno(), 65536))
            assert piece, said
        file = tmp_path / "revoked.crl"
        file.write_text(crl(BETWEEN, lost) + crl(PLANT))
        authority = tmp_path / "both.pem"
        authority.write_text(PLANT.pem + BETWEEN.pem)
        world.admin("app", "set", plant, f"machine_crl=@{file}", f"machine_authority=@{authority}")
        deadline = time.monotonic() + 20
        while select.select([stream.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
            if not os.read(stream.stdout.fileno(), 65536):
                break
        else:
            raise AssertionError("the stream goes on")
    finally:
        stream.kill()
        stream.wait()
    assert curl(world, world.url(plant), *shown)[0] == 401
    assert curl(world, world.url(plant), *show(tmp_path, kept, BETWEEN))[0] == 200


def test_people_and_tokens_at_the_same_host(world: World, plant: str, tmp_path: Path) -> None:
    """A browser signs in there as ever, and a token counts before a certificate."""
    world.admin("assign", plant, "--user", "alice")
    assert Visitor(world.port, world.anchor).sign_in(world.url(plant), "alice").status == 200
    world.admin("app", "set", plant, "bearer=service-token")
    token = world.admin("token", "add", "plant-robot", "--app", plant).strip()
    press = show(tmp_path, make("press-9", BETWEEN, extensions=USES), BETWEEN)
    until(lambda: curl(world, world.url(plant), *bearer(token))[0] == 200, "the token is not taken", 20)
    assert "plant-robot" in curl(world, world.url(plant, "/headers"), *press, *bearer(token))[1]
    assert "press-9" in curl(world, world.url(plant, "/headers"), *press)[1]
    assert curl(world, world.url(plant), *press, *bearer(token[:-1]))[0] == 401
