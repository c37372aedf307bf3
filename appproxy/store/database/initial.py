"""What a new database begins with: domain, default group, built-in provider, authorities and keys."""

from __future__ import annotations

import re
from dataclasses import dataclass

import sqlalchemy as sa

from appproxy.errors import ConfigError, StoreError
from appproxy.pki.issuing.authority import create_authority, issue_server
from appproxy.pki.issuing.request import new_key
from appproxy.pki.names import not_after
from appproxy.publish.application import Url
from appproxy.store.connectors import groups
from appproxy.store.people import providers
from appproxy.store.service import keys
from appproxy.store.service import settings as service_settings
from appproxy.store.service.place import PublicAddress
from appproxy.store.tables.core import settings
from appproxy.store.transaction import Transaction

_DOMAIN = re.compile(r"(?=.{1,200}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+")
#: Bytes of a certificate's serial number (RFC 5280 section 4.1.2.2 allows 20).
SERIAL_BYTES = 16
#: A leaf that we issue lasts a year: browsers refuse more than 398 days.
LEAF_DAYS = 365
#: A new leaf is made when the old one has this many days left.
LEAF_RENEW_DAYS = 60
#: What the built-in provider calls itself a client by; its tokens' audience is the application's id all the same.
BUILTIN_CLIENT = "appproxy"


@dataclass(frozen=True, slots=True)
class Initial:
    """What `initialise` made: the anchors as PEM; `user_anchor` is what browsers must import, None if not needed."""

    instance: str
    connector_anchor: str
    user_anchor: str | None


def initialise(tx: Transaction, domain: str, public_origin: str, *, own_certificate: bool = False) -> Initial:
    """Fill an empty database. `public_origin` tells the port that users type: `https://signin.DOMAIN[:PORT]`.

    `own_certificate`: the admin gave one, so that no authority for users' browsers is needed.
    Raises ConfigError (not a domain, not an origin) or StoreError (not empty).
    """
    domain = domain.lower().rstrip(".")
    if not _DOMAIN.fullmatch(domain):
        raise ConfigError(f"domain: {domain!r} must be a host name with a dot, such as apps.example.com")
    place = PublicAddress(domain, Url.parse(public_origin, "public_origin").port)
    if tx.row(sa.select(settings)) is not None:
        raise StoreError("the database is not empty", hint="give another state directory")
    instance = tx.new_id()
    service_settings.put(tx, service_settings.INSTANCE, instance)
    service_settings.put(tx, service_settings.DOMAIN, domain)
    service_settings.put(tx, service_settings.PUBLIC_PORT, str(place.public_port))
    groups.add(tx, groups.DEFAULT, id_=groups.DEFAULT)
    _add_builtin(tx, place)
    keys.rotate_sealing_keys(tx)
    keys.add_signing_key(tx, new_key())
    connector_anchor = _add_authority(tx, keys.CONNECTOR, f"appproxy connectors {instance}", [f"connect.{domain}"])
    user_anchor = None
    if not own_certificate:
        user_anchor = _add_authority(tx, keys.USER, f"appproxy {domain} {instance}", [domain, f"*.{domain}"])
    return Initial(instance, connector_anchor, user_anchor)


def _add_builtin(tx: Transaction, place: PublicAddress) -> None:
    providers.add(
        tx, providers.BUILTIN, place.origin("signin"), BUILTIN_CLIENT, tx.random_bytes(32).hex(),
        algorithms=("ES256",), kind=providers.BUILTIN, id_=providers.BUILTIN,
    )  # fmt: skip


def _add_authority(tx: Transaction, kind: str, common_name: str, names: list[str]) -> str:
    """Make an authority and its server certificate; gives the anchor's PEM."""
    # Browsers' users are asked to import theirs: it can vouch for nothing outside the domain.
    limits = [names[0]] if kind == keys.USER else []
    anchor = create_authority(common_name, tx.now, serial=tx.random_bytes(SERIAL_BYTES), names=limits)
    anchor_id = keys.add_authority(tx, kind, anchor, not_after(anchor.certificate))
    leaf = issue_server(anchor, names, tx.now, LEAF_DAYS, tx.random_bytes(SERIAL_BYTES))
    keys.add_leaf(tx, kind, anchor_id, leaf, not_after(leaf.certificate))
    return anchor.certificate


def renew_leaves(tx: Transaction) -> list[str]:
    """Issue a new server certificate where the old one ends within 60 days; gives the kinds that were renewed."""
    domain = service_settings.place(tx).domain
    renewed = []
    for kind, names in ((keys.CONNECTOR, [f"connect.{domain}"]), (keys.USER, [domain, f"*.{domain}"])):
        expires, anchor_id = keys.leaf_expires(tx, kind), keys.authority_id(tx, kind)
        if expires is None or anchor_id is None or expires - tx.now > LEAF_RENEW_DAYS * 86400:
            continue
        leaf = issue_server(keys.authority(tx, kind), names, tx.now, LEAF_DAYS, tx.random_bytes(SERIAL_BYTES))
        keys.add_leaf(tx, kind, anchor_id, leaf, not_after(leaf.certificate))
        renewed.append(kind)
    return renewed
