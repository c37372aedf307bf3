"""appproxy blocklist: addresses that have met limits of rate again and again, for a firewall."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

import click

from appproxy.cli.base.calling import CallSettings, pass_setting
from appproxy.cli.base.output import json_option, show_json
from appproxy.cli.base.wrong_use import WrongUse
from appproxy.errors import ConfigError

#: The limits of which an address, and not a user or everybody, has had too much. Nor a whole site of IPv6 (`limit site`): who
#: shares it with the sender has done nothing.
_OF_ADDRESSES = "limit address"
_TABLE = re.compile(r"(inet|ip|ip6) [A-Za-z_][A-Za-z0-9_]{0,63}")
_TIMEOUT = re.compile(r"[1-9][0-9]{0,5}[smhd]")
#: An office behind one address must not be shut out for a busy minute.
_LEAST = 100


@click.command()
@click.option("--least", type=click.IntRange(1), default=_LEAST, show_default=True,
              help="Only who was refused so often, without a pause of 15 minutes.")
@click.option("--timeout", default="1h", show_default=True, metavar="TIME",
              help="For how long the firewall keeps each: 30m, 1h.")
@click.option("--table", default="inet appproxy", show_default=True, help="Family and name of the table for nftables.")
@json_option
@pass_setting
def blocklist(setting: CallSettings, least: int, timeout: str, table: str, as_json: bool) -> None:
    """Print the addresses that met a limit of rate in the last 15 minutes, as commands for `nft -f -`.

    They are put into the sets blocked4 and blocked6 of a table, for rules of yours; by itself this blocks nobody.
    """
    if not _TABLE.fullmatch(table):
        raise WrongUse(f"--table: {table!r} is no family and name, such as 'inet appproxy'")
    if not _TIMEOUT.fullmatch(timeout):
        raise WrongUse(f"--timeout: {timeout!r} is no time, such as 30m or 1h")
    found = refused(setting.call("GET", "status")["limits_met"], least)
    if as_json:
        show_json([{"network": str(network), "refused": count} for network, count in found.items()])
        return
    click.echo(commands(found, table, timeout), nl=False)


def refused(met: Sequence[Mapping[str, Any]], least: int) -> dict[IPv4Network | IPv6Network, int]:
    """Who was refused so often for a limit of addresses, the most often first. Raises ConfigError where that is not shown."""
    counts = Counter[IPv4Network | IPv6Network]()
    for one in met:
        if str(one["limit"]).startswith(_OF_ADDRESSES):
            if not one["who"]:
                raise ConfigError("who met a limit is shown only to those who may read users",
                                  hint="use a role with the permission users.read")
            counts[ip_network(str(one["who"]))] += int(one["count"])
    return {network: count for network, count in counts.most_common() if count >= least}


def commands(found: Mapping[IPv4Network | IPv6Network, int], table: str, timeout: str) -> str:
    """For `nft -f -`: the table and the sets, if they are not there yet, and each address."""
    lines = [f"add table {table}"]
    for version, kind in ((4, "ipv4_addr"), (6, "ipv6_addr")):
        lines.append(f"add set {table} blocked{version} {{ type {kind}; flags interval, timeout; auto-merge; }}")
    lines += [f"add element {table} blocked{one.version} {{ {one} timeout {timeout} }}" for one in found]
    return "\n".join(lines) + "\n"


COMMANDS = (blocklist,)
