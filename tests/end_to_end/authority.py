"""A certificate authority that speaks ACME (Debian's `pebble`), with a DNS of its own in which every name is this machine."""

from __future__ import annotations

import json
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end.ports import free_port
from tests.end_to_end.world import environment, until
from tests.pki.chains import NOW, Made, make

#: A domain that it issues nothing for.
REFUSED = "refused.example"
BINDING = ("kid-1", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W")


@dataclass(slots=True)
class Authority:
    """Where it is, and what its HTTPS is checked by."""

    port: int
    management: int
    root: Path
    dns: int

    @property
    def directory(self) -> str:
        """What the account is told."""
        return f"https://localhost:{self.port}/dir"

    def issuing_root(self) -> str:
        """The root (PEM) below which it issues; another at each start."""
        context = ssl.create_default_context(cafile=str(self.root))
        with urllib.request.urlopen(f"https://localhost:{self.management}/roots/0", context=context, timeout=10) as answer:
            return str(answer.read(), "ascii")

    def move(self, host: str, address: str) -> None:
        """Let its DNS say that this host is elsewhere."""
        body = json.dumps({"host": f"{host}.", "addresses": [address]}).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.dns}/add-a", body, timeout=10) as answer:
            assert answer.status == 200


@contextmanager
def authority(
    directory: Path, http_port: int, tls_port: int, *, life: int = 90 * 86400, binding: bool = False
) -> Iterator[Authority]:
    """Start one that looks at these ports and issues for `life` seconds; it ends with the context."""
    own = make("Pebble HTTPS", authority=True, ends=NOW + 30 * 86400)
    server: Made = make("localhost", own, names=("localhost",), ends=NOW + 30 * 86400)
    for name, text in (("root", own.pem), ("cert", server.pem), ("key", server.key)):
        (directory / f"pebble-{name}.pem").write_text(text)
    made = Authority(free_port(), free_port(), directory / "pebble-root.pem", free_port())
    dns = free_port()
    settings = {
        "listenAddress": f"127.0.0.1:{made.port}", "managementListenAddress": f"127.0.0.1:{made.management}",
        "certificate": str(directory / "pebble-cert.pem"), "privateKey": str(directory / "pebble-key.pem"),
        "httpPort": http_port, "tlsPort": tls_port, "certificateValidityPeriod": life,
        "externalAccountBindingRequired": binding, "externalAccountMACKeys": dict([BINDING]),
        "domainBlocklist": [REFUSED],
    }
    (directory / "pebble.json").write_text(json.dumps({"pebble": settings}))
    commands = (
        ["pebble-challtestsrv", "-dns01", f"127.0.0.1:{dns}", "-management", f"127.0.0.1:{made.dns}",
         "-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""],
        ["pebble", "-config", str(directory / "pebble.json"), "-dnsserver", f"127.0.0.1:{dns}", "-strict"],
    )  # fmt: skip
    started = []
    # It rejects some good nonces, as real ones do now and then.
    variables = environment() | {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "20"}
    try:
        for command in commands:
            with (directory / f"{command[0]}.log").open("w") as log:
                started.append(subprocess.Popen(command, env=variables, stdout=log, stderr=subprocess.STDOUT))
        until(lambda: _answers(made), "pebble")
        yield made
    finally:
        for process in started:
            process.terminate()
            process.wait(10)


def _answers(made: Authority) -> bool:
    try:
        return bool(made.issuing_root())
    except OSError:
        return False
