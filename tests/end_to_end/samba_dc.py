"""An Active Directory domain controller of Debian's Samba, on an address of the loopback network of its own.

Samba's LDAP server knows no ports but its own, so that root is needed.
"""

from __future__ import annotations

import random
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509

from tests.end_to_end.world import until
from tests.pki.chains import NOW, make

SUFFIX = "DC=corp,DC=example"
#: Samba wants signs of three kinds.
PASSWORD = "Of the directory 1"
READER = "reader@corp.example"
#: Users, and how they are made.
PEOPLE = {
    "reader": (), "anna": ("--mail-address=Anna.Other@mail.example", "--given-name=Anna"), "bert": (), "leaver": (),
    "disabled": (), "gone": (), "fresh": ("--must-change-at-next-login",), "locked": (), "Jos\u00e9": (),
}  # fmt: skip
#: Anna is in Engineers, those are in Everybody, which is in a circle with Friends.
GROUPS = {"Engineers": "anna,bert", "Everybody": "Engineers,Friends", "Friends": "Everybody", "Others": "bert"}
#: Wrong passwords after which an account is locked.
THRESHOLD = 4


@dataclass(slots=True)
class Samba:
    """A running domain controller. `anchor`: what its certificate is checked by."""

    home: Path
    address: str
    anchor: Path

    def tool(self, *arguments: str) -> str:
        """Its own administration, on its database."""
        command = ["samba-tool", *arguments, f"--configfile={self.home}/etc/smb.conf"]
        if arguments[0] in ("user", "group", "domain") and arguments[1] != "provision":
            command.append(f"--URL={self.home}/private/sam.ldb")
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout


@contextmanager
def samba(home: Path) -> Iterator[Samba]:
    """Provision one, and start it; it ends with the context."""
    address = f"127.{random.randint(16, 250)}.{random.randint(1, 250)}.{random.randint(1, 250)}"
    made = Samba(home, address, home / "ca.pem")
    provision = [
        "samba-tool", "domain", "provision", "--realm=CORP.EXAMPLE", "--domain=CORP", f"--adminpass={PASSWORD}",
        "--server-role=dc", "--dns-backend=NONE", f"--targetdir={home}", f"--host-ip={address}", "--host-name=dc1",
    ]  # fmt: skip
    done = subprocess.run(provision, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    _configure(made)
    made.tool("domain", "passwordsettings", "set", f"--account-lockout-threshold={THRESHOLD}")
    for name, options in PEOPLE.items():
        made.tool("user", "create", name, PASSWORD, *options)
    made.tool("user", "disable", "disabled")
    made.tool("user", "setexpiry", "gone", "--days=0")
    for group in GROUPS:
        made.tool("group", "add", group)
    for group, members in GROUPS.items():
        made.tool("group", "addmembers", group, members)
    with (home / "output").open("w") as output:
        process = subprocess.Popen(
            ["/usr/sbin/samba", f"--configfile={home}/etc/smb.conf", "--foreground", "--model=single", "--no-process-group"],
            stdout=output, stderr=output)
        try:
            until(lambda: _listens(made), "Samba does not listen", 120)
            yield made
        finally:
            process.terminate()
            process.wait(30)


def _configure(made: Samba) -> None:
    """LDAP alone, at that address, with a certificate for it."""
    home = made.home
    own = make("Corp", authority=True, ends=NOW + 30 * 86400)
    name = x509.SubjectAlternativeName([x509.IPAddress(ip_address(made.address))])
    server = make("dc1.corp.example", own, extensions=(name,), ends=NOW + 30 * 86400)
    for file, text in (("ca", own.pem), ("cert", server.pem), ("key", server.key)):
        (home / f"{file}.pem").write_text(text)
        (home / f"{file}.pem").chmod(0o600)
    path = home / "etc" / "smb.conf"
    text = re.sub(r"(?m)^\s*(interfaces|bind interfaces only|server services|log file) = .*\n", "", path.read_text())
    path.write_text(text.replace("[global]\n", f"""[global]
\tinterfaces = {made.address}/8
\tbind interfaces only = Yes
\tserver services = ldap
\tpid directory = {home}
\tlog file = {home}/log.%m
\ttls cafile = {home}/ca.pem
\ttls certfile = {home}/cert.pem
\ttls keyfile = {home}/key.pem
"""))


def _listens(made: Samba) -> bool:
    try:
        socket.create_connection((made.address, 636), 1.0).close()
    except OSError:
        return False
    return True
