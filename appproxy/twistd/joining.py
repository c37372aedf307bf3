"""A further machine becomes a node: what the first one gives it, and the state directory that it makes of that."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from socket import gethostname
from typing import Any

import appproxy
from appproxy.admin.transport.direct import open_store
from appproxy.config import ServiceSettings, StatePaths, dump_service, load_service
from appproxy.config.values import Address
from appproxy.errors import ConfigError, StoreAway, StoreError
from appproxy.pki.node_token import NodeToken, decode_node_token, encode_node_token
from appproxy.store import migrate
from appproxy.store.database.store import Store, check_master
from appproxy.store.engine import make_engine
from appproxy.store.sealing import Sealer
from appproxy.store.service import audit, keys, node_tokens, nodes
from appproxy.store.service.actions import NODE_JOIN, NODE_TOKEN_ADD
from appproxy.store.service.master_key import create_master, read_master_key
from appproxy.store.transaction import Reading, Transaction
from appproxy.twistd.state import make_directory, read_settings, write_file

#: Files of a certificate that the admin has given, at the new node.
CERTIFICATE, KEY = "certificate.pem", "certificate.key"
_ADVERTISE = "connectors need an address that leads to this very node"
_REACH = "the database must answer this machine: look at its address, pg_hba.conf and firewalls; --database gives another URL"


@dataclass(frozen=True, slots=True)
class Local:
    """What a node has of its own. None: as the first one."""

    advertise: str | None = None
    name: str | None = None
    listen: Address | None = None
    tunnel_listen: Address | None = None
    database: str | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """What was made; `left_out` are settings of the first node that cannot be this one's."""

    directory: Path
    settings: ServiceSettings
    left_out: tuple[str, ...]


# At a node that is there.


def new_token(directory: Path, life: float, now: float, actor: str, environment: Mapping[str, str]) -> tuple[str, float]:
    """A token for one machine, and its end. Raises ConfigError or StoreError, with the fix."""
    settings, paths = read_settings(directory), StatePaths(directory.absolute())
    url = settings.database_url or ""
    if not url.startswith("postgresql"):
        raise ConfigError("database_url: nodes on several machines need PostgreSQL, and this service has its rows in a file",
                          hint="see \"Several nodes\" in the documentation")
    if settings.tunnel_advertise is None:
        raise ConfigError(f"tunnel_advertise: is needed, for with a second node {_ADVERTISE}",
                          hint=f"set it in {paths.settings}, then: appproxy reload")
    bundle = json.dumps({
        "settings": dump_service(settings), "master": read_master_key(settings.master_key, paths.directory, environment).hex(),
        "certificate": _text_of(paths, settings.certificate), "key": _text_of(paths, settings.key),
    })
    store = open_store(paths, settings, environment, lambda text: None)
    try:
        with store.transaction(now) as tx:
            _check_running(tx, paths.directory)
            id_, secret = node_tokens.new(tx, bundle.encode(), now + life)
            audit.record(tx, actor, NODE_TOKEN_ADD, id_, {"expires": now + life})
    finally:
        store.close()
    token = NodeToken(url, id_, secret, now + life, migrate.newest_version(), appproxy.__version__)
    return encode_node_token(token), now + life


def _check_running(reading: Reading, directory: Path) -> None:
    """The process that runs may have been started before the address was set."""
    for one in nodes.list_all(reading):
        if one.directory == str(directory) and not one.address:
            raise ConfigError("tunnel_advertise: the service that runs does not know it yet", hint="run: appproxy reload")


def _text_of(paths: StatePaths[Path], name: str | None) -> str | None:
    if name is None:
        return None
    path = paths.resolve(name)
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


# At a machine that becomes one.


def join(text: str, directory: Path, local: Local, now: float) -> Joined:
    """Use a token up, and make the state directory. Raises ConfigError or StoreError; then neither has happened."""
    token = decode_node_token(text)
    if token.expires <= now:
        raise ConfigError("node token: it has expired", hint="make a new one with `appproxy node token`")
    if token.schema != migrate.newest_version():
        raise ConfigError(f"node token: the other nodes run appproxy {token.program}, and this is {appproxy.__version__}",
                          hint=f"install appproxy {token.program} here; upgrade all nodes afterwards")
    if local.advertise is None:
        raise ConfigError(f"tunnel_advertise: is needed, for {_ADVERTISE}", hint="give --advertise HOST:PORT")
    directory = directory.absolute()
    url = local.database or token.database
    store = Store(make_engine(url), Sealer(token.secret, "the node token"))
    made = False
    try:
        _check_schema(store)
        with store.transaction(now) as tx:
            joined = _joined(tx, token, directory, local, url)
            made = True
    except BaseException as error:
        if made:
            shutil.rmtree(directory, ignore_errors=True)  # the token is as it was, too
        if isinstance(error, StoreAway):
            raise StoreError(error.message, hint=_REACH) from error
        raise
    finally:
        store.close()
    return joined


def _check_schema(store: Store) -> None:
    """Nothing is brought up to date here: the nodes that run would not know what came of it."""
    with store.reading() as reading:
        found = migrate.found_version(reading.connection)
    if found is None:
        raise StoreError("the database that the node token names has no tables of appproxy", hint="see --database")
    if found != migrate.newest_version():
        raise ConfigError("the database is of another version of appproxy", hint="install that of the other nodes here")


def _joined(tx: Transaction, token: NodeToken, directory: Path, local: Local, url: str) -> Joined:
    name = local.name or gethostname()
    bundle = json.loads(node_tokens.take(tx, token.id, token.secret, name))
    given = {CERTIFICATE: bundle["certificate"], KEY: bundle["key"]}
    settings, left_out = _settings(load_service(bundle["settings"], "node token"), local, url)
    master = bytes.fromhex(bundle["master"])
    tx.sealer = Sealer(master, "the master key in the node token")
    check_master(tx)
    anchor = keys.user_authority(tx) if settings.certificate is None else None

    def fill(building: Path) -> None:
        paths = StatePaths(building)
        create_master(building, lambda size: master)
        write_file(paths.settings, dump_service(settings))
        for file, text in given.items():
            if text is not None:
                write_file(building / file, text, private=True)
        if anchor is not None:
            write_file(paths.trust_anchor, anchor.certificate)

    make_directory(directory, fill)
    audit.record(tx, f"node:{name}", NODE_JOIN, name, {"address": settings.tunnel_advertise})
    return Joined(directory, settings, left_out)


def _settings(first: ServiceSettings, local: Local, url: str) -> tuple[ServiceSettings, tuple[str, ...]]:
    """The first node's, with what cannot be shared replaced or left out; what was left out."""
    changes: dict[str, Any] = {
        "listen": _own("listen", first.listen, local.listen),
        "tunnel_listen": _own("tunnel_listen", first.tunnel_listen, local.tunnel_listen),
        "tunnel_advertise": local.advertise, "node_name": local.name, "database_url": url, "master_key": "file",
    }
    if first.certificate is not None:
        changes |= {"certificate": CERTIFICATE, "key": KEY}
    left_out = []
    for key in ("metrics_listen", "acme_listen"):
        address: Address | None = getattr(first, key)
        if address is not None and not _is_anywhere(address):
            changes[key] = None
            left_out.append(f"{key} = {address}")
    if first.country_database is not None:
        changes["country_database"] = None
        left_out.append(f"country_database = {first.country_database}")
    return replace(first, **changes), tuple(left_out)


def _own(key: str, first: Address, given: Address | None) -> Address:
    if given is None and not _is_anywhere(first):
        raise ConfigError(f"{key}: that of the first node, {first}, is its own",
                          hint=f"give --{key.replace('_', '-')} HOST:PORT")
    return given or first


def _is_anywhere(address: Address) -> bool:
    """Does this mean something at every machine?"""
    return address.everywhere or address.host == "localhost" or ip_address(address.host).is_loopback
