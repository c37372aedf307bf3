"""What a person at a terminal is told who has to let this machine in elsewhere (RFC 8628)."""

from __future__ import annotations

from appproxy.admin.transport.code_login import ShownCode
from appproxy.cli.base.output import note, printable


def code_shown(shown: ShownCode) -> None:
    """On standard error, so that what a command answers stays for programs."""
    note(f"Open {printable(shown.address)} on any device, sign in, and type the code  {printable(shown.code)}\n"
         f"or open this address there:  {printable(shown.complete)}\n"
         f"This waits for {shown.expires_in / 60:.0f} minutes.")
