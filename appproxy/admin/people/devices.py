"""Operations on device authorities, whose certificates prove a device, and on devices that the service's own has issued to."""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SHA256

from appproxy.admin.base.operation import Call, Change, Command, Operation, Query
from appproxy.admin.base.principal import Permission
from appproxy.errors import ConfigError
from appproxy.pki.client_path import subject_of
from appproxy.pki.pem import load_chain
from appproxy.store import names
from appproxy.store.applications import applications
from appproxy.store.devices import authorities, devices, list_fetches, statuses
from appproxy.store.devices.authorities import AuthorityRecord
from appproxy.store.devices.devices import DeviceRecord
from appproxy.store.people import users
from appproxy.store.snapshot import NO_SOURCES, RevocationSources
from appproxy.store.tables import core as schema
from appproxy.store.transaction import Reading, Transaction


def _list(reading: Reading, call: Call) -> object:
    return [_shown(reading, one, call) for one in authorities.list_all(reading)]


def _show(reading: Reading, call: Call) -> object:
    return _shown(reading, authorities.find(reading, call.path["authority"]), call)


def _add(tx: Transaction, call: Call) -> Change:
    _check_host(tx, call)
    body = call.body
    if body.flag("builtin", False):
        if surplus := next((key for key in ("name", "certificate", "crl", *_SOURCES) if key in body), None):
            raise ConfigError(f"{surplus}: the service's own authority has its own", hint="leave it out")
        return _change(tx, devices.make_authority(tx), call)
    lists = body.text("crl") if "crl" in body else None
    made = authorities.add(tx, body.text("name"), body.text("certificate"), lists, _sources(call, NO_SOURCES))
    return _change(tx, made, call)


def _sources(call: Call, before: RevocationSources) -> RevocationSources:
    """Where to ask from now on; what is not said stays as it is."""
    body = call.body
    return RevocationSources(
        body.texts("crl_urls", before.crl_urls), body.texts("ocsp", before.ocsp), body.flag("ocsp_soft", before.ocsp_soft))


def _set(tx: Transaction, call: Call) -> Change:
    found = authorities.find(tx, call.path["authority"])
    return _change(tx, authorities.set_sources(tx, found.id, _sources(call, found.authority.sources)), call)


def _check_host(tx: Transaction, call: Call) -> None:
    """Raises ConfigError where no browser could prove anything."""
    host = call.context.settings.device_host
    taken = next((one.name for one in applications.list_all(tx) for pair in one.pairs if pair.external.host == host), None)
    if taken is not None:
        raise ConfigError(f"{host} is where browsers prove devices, and {taken} is published there",
                          hint="publish it elsewhere first")


def _set_crl(tx: Transaction, call: Call) -> Change:
    lists, older = call.body.text("crl"), call.body.flag("older", False)
    return _change(tx, authorities.set_lists(tx, call.path["authority"], lists, older=older), call)


def _remove_crl(tx: Transaction, call: Call) -> Change:
    return _change(tx, authorities.set_lists(tx, call.path["authority"], None), call)


def _remove(tx: Transaction, call: Call) -> Change:
    return _change(tx, authorities.remove(tx, call.path["authority"]), call)


def _change(tx: Transaction, one: AuthorityRecord, call: Call) -> Change:
    shown = _shown(tx, one, call)
    return Change(shown, one.id, {key: shown[key] for key in ("name", "certificates", "crl_until", "revoked", *_SOURCES)})


def _shown(reading: Reading, one: AuthorityRecord, call: Call) -> dict[str, object]:
    """`crl_until` 0: no list is known. `crl_problem`, `ocsp_problem`: "" for none."""
    found = [certificate for pem in one.authority.certificates for certificate in load_chain(pem)]
    until, sources = min(one.authority.lists.values(), default=0.0), one.authority.sources
    fetch = list_fetches.all_of(reading).get(one.id)
    waiting, problem = statuses.failing(reading, one.id)
    return {
        "id": one.id, "name": one.name, "created": one.created, "changed": one.changed,
        "certificates": [
            {"subject": subject_of(each), "fingerprint": each.fingerprint(SHA256()).hex(),
             "not_after": each.not_valid_after_utc.timestamp()} for each in found],
        "not_after": max(each.not_valid_after_utc.timestamp() for each in found),
        "crl_until": until, "crl_ended": bool(until) and until <= call.context.now, "revoked": len(one.authority.revoked),
        "crl_urls": list(sources.crl_urls), "crl_fetched": fetch.fetched if fetch else 0.0,
        "crl_problem": fetch.problem if fetch else "", "ocsp": list(sources.ocsp), "ocsp_soft": sources.ocsp_soft,
        "ocsp_waiting": waiting, "ocsp_problem": problem,
    }  # fmt: skip


def _list_devices(reading: Reading, call: Call) -> object:
    called = names.by_id(reading, schema.users)
    return [_device(one, called, call.context.now) for one in devices.list_all(reading)]


def _add_device(tx: Transaction, call: Call) -> Change:
    body, user = call.body, users.find(tx, call.path["user"])
    name, days = body.text("name"), int(body.duration("expires", _LIFE) // 86400.0)
    if "request" in body:
        made, certificate = devices.issue(tx, user, name, days, body.text("request"))
        secret: dict[str, object] = {"certificate": certificate}
    else:
        made, link, password = devices.add(tx, user, name, days)
        secret = {"link": f"{call.context.settings.signin_origin}/device-key?t={link}", "password": password}
    return _device_change(tx, call, made, secret)


def _revoke_device(tx: Transaction, call: Call) -> Change:
    return _device_change(tx, call, devices.revoke(tx, call.path["device"]), {})


def _device_change(tx: Transaction, call: Call, one: DeviceRecord, secret: dict[str, object]) -> Change:
    shown = _device(one, names.by_id(tx, schema.users, {one.user}), call.context.now)
    return Change({**shown, **secret}, one.id, {key: shown[key] for key in ("name", "user", "fingerprint", "not_after")})


def _device(one: DeviceRecord, called: dict[str, str], now: float) -> dict[str, object]:
    """`not_after` 0: its key was not fetched yet."""
    if one.revoked:
        state = "revoked"
    elif one.not_after:
        state = "good" if one.not_after > now else "ended"
    else:
        state = "waits for its user" if one.link_until > now else "never fetched"
    return {
        "id": one.id, "name": one.name, "user": called.get(one.user, one.user), "state": state, "created": one.created,
        "fingerprint": one.fingerprint, "not_after": one.not_after, "revoked": one.revoked,
    }  # fmt: skip


_ONE = "/device-authorities/{authority}"
#: In seconds: how long a certificate lasts when nobody says otherwise.
_LIFE = 365 * 86400.0
_SOURCES = ("crl_urls", "ocsp", "ocsp_soft")
_READ, _CHANGE = Permission.READ_POLICIES, Permission.CHANGE_POLICIES
OPERATIONS: tuple[Operation, ...] = (
    Query("/device-authorities", "Whose certificates prove a device.", _list, page="name", permission=_READ),
    Query(_ONE, "One device authority, and until when its lists of revoked certificates count.", _show,
          live=("crl_ended", "crl_fetched", "crl_problem", "ocsp_waiting", "ocsp_problem"), permission=_READ),
    Command("POST", "/device-authorities", "device_authority.add",
            "Believe the certificates of devices that lead to this authority (PEM); `builtin` alone: to the service's own.",
            _add, ("name", "certificate", "crl", "builtin", *_SOURCES), permission=_CHANGE),
    Command("PATCH", _ONE, "device_authority.set",
            "Where the service fetches its lists, and asks responders (`ocsp`); `ocsp_soft`: silence ends nothing.",
            _set, _SOURCES, permission=_CHANGE),
    Command("PUT", _ONE + "/crl", "device_authority.set_crl",
            "Put these lists of revoked certificates (PEM) in the place of those that are there; `older`: of newer ones, too.",
            _set_crl, ("crl", "older"), permission=_CHANGE),
    Command("DELETE", _ONE + "/crl", "device_authority.remove_crl",
            "Forget its lists: nobody looks whether its certificates are revoked.", _remove_crl, permission=_CHANGE),
    Command("DELETE", _ONE, "device_authority.remove", "Believe it no longer; sessions that need its devices end.", _remove,
            permission=_CHANGE),
    Query("/devices", "Devices of users that the service's own authority has issued to.", _list_devices, page="id",
          permission=Permission.READ_USERS),
    Command("POST", "/users/{user}/devices", "device.add",
            "Add a device of a user: by a link and a password, which the answer alone has, or by a certificate request (PEM).",
            _add_device, ("name", "expires", "request"), permission=Permission.RESET_CREDENTIALS),
    Command("DELETE", "/devices/{device}", "device.revoke", "Believe its certificate no longer; what is under way ends.",
            _revoke_device, permission=Permission.RESET_CREDENTIALS),
)
