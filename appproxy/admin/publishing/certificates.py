"""Operations on the certificates that users' browsers are shown."""

from __future__ import annotations

import re
from collections.abc import Mapping

from appproxy.admin.base.operation import Call, Change, Command, Operation, Query
from appproxy.admin.base.principal import Permission
from appproxy.config.values import domain
from appproxy.errors import ConfigError
from appproxy.net.secure.system_roots import system_roots
from appproxy.pki import Credential, certificate_facts, check_server_certificate, load_chain
from appproxy.pki.expiry import days_left, ends_soon
from appproxy.pki.selection import by_name, names_of
from appproxy.store.applications import external_urls
from appproxy.store.certificates import acme, certificates
from appproxy.store.certificates.acme import AcmeAccount, CertificateOrder
from appproxy.store.certificates.certificates import StoredCertificate
from appproxy.store.devices import authorities
from appproxy.store.names import NotFound
from appproxy.store.transaction import Reading, Transaction

#: Authorities take a hundred names in one certificate.
_MOST_HOSTS = 100
#: The limit of the largest public authority, for one registered domain and week.
_MOST_ORDERS = 50
_NO_AUTHORITY = "no authority is chosen; run: appproxy certificate authority URL --contact MAIL --agree-terms"
#: What the audit keeps.
_NOTED = ("name", "names", "issuer", "fingerprint", "not_after")
_MAIL = re.compile(r"[!-?A-~]+@[A-Za-z0-9.-]+")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*=*")


def _list(reading: Reading, call: Call) -> object:
    hosts = _hosts(reading, call)
    orders = {one.id: one for one in acme.list_orders(reading)}
    found = [_certificate(one, orders.pop(one.id, None), hosts, call) for one in certificates.list_all(reading)]
    return found + [_certificate(None, one, hosts, call) for one in orders.values()]


def _show(reading: Reading, call: Call) -> object:
    return _answer(reading, *_find(reading, call), call)


def _add(tx: Transaction, call: Call) -> Change:
    return _changed(tx, certificates.add(tx, call.body.optional("name"), _checked(call)), None, call)


def _replace(tx: Transaction, call: Call) -> Change:
    _, order = _find(tx, call)
    if order is not None:
        raise ConfigError(f"{order.name}: is issued by ACME", hint="renew it without files, or remove it and add your own")
    return _changed(tx, certificates.replace(tx, call.path["certificate"], _checked(call)), None, call)


def _remove(tx: Transaction, call: Call) -> Change:
    stored, order = _find(tx, call)
    answer = _answer(tx, stored, order, call)
    before = _hosts(tx, call).get(str(answer["id"]), [])
    if stored is not None:
        certificates.remove(tx, stored.id)
    if order is not None:
        acme.remove_order(tx, order.id)
    still = {host for hosts in _hosts(tx, call).values() for host in hosts}
    answer["left_to_default"] = [host for host in before if host not in still]
    return _change(answer)


def _order(tx: Transaction, call: Call) -> Change:
    hosts = _ordered_hosts(call.body.texts("hosts"))
    return _changed(tx, None, acme.order(tx, call.body.optional("name"), hosts, _challenge(tx, call)), call)


def _challenge(reading: Reading, call: Call) -> str:
    """How the authority is to look. Raises ConfigError, also when there is no authority."""
    challenge = call.body.text("challenge", acme.TLS_ALPN_01)
    if challenge not in (acme.HTTP_01, acme.TLS_ALPN_01):
        raise ConfigError(f"challenge: {acme.HTTP_01} or {acme.TLS_ALPN_01} is needed")
    if challenge == acme.HTTP_01 and call.context.settings.acme_listen is None:
        raise ConfigError("challenge: http-01 needs `acme_listen` in service.toml",
                          hint="set it and restart, or use tls-alpn-01")
    if acme.account(reading) is None:
        raise ConfigError(_NO_AUTHORITY)
    return challenge


def _order_uncovered(tx: Transaction, call: Call) -> Change:
    """One order for each host, so that one which the authority does not reach holds up no other."""
    settings = call.context.settings
    covered = {name: True for one in certificates.list_all(tx) for name in one.names}
    covered |= {host: True for one in acme.list_orders(tx) for host in one.hosts}
    if settings.certificate is not None:
        # By what `certificate` means, see docs/settings.md.
        covered |= {settings.domain: True, f"*.{settings.domain}": True}
    hosts = [host for host in _our_hosts(tx, call) if not host.startswith("*.") and by_name(covered, host) is None]
    if len(hosts) > _MOST_ORDERS:
        raise ConfigError(f"{len(hosts)} hosts are not covered, and authorities issue some {_MOST_ORDERS} a week; "
                          "add a certificate with a wildcard instead")
    challenge = _challenge(tx, call)
    made = [_answer(tx, None, acme.order(tx, None, [host], challenge), call) for host in hosts]
    return Change(made, "", {"hosts": hosts})


def _renew(tx: Transaction, call: Call) -> Change:
    stored, order = _find(tx, call)
    if order is None:
        raise ConfigError(f"{call.path['certificate']}: was not ordered by ACME", hint="give --certificate and --key")
    acme.hurry(tx, order.id)
    return _changed(tx, stored, acme.find_order(tx, order.id), call)


def _show_authority(reading: Reading, call: Call) -> object:
    found = acme.account(reading)
    if found is None:
        raise NotFound(_NO_AUTHORITY)
    return _authority(found)


def _set_authority(tx: Transaction, call: Call) -> Change:
    body = call.body
    if not body.flag("agree_terms", False):
        raise ConfigError("agree_terms: an authority issues only to who agrees to its terms (--agree-terms)")
    directory, authority = body.text("directory"), body.text("authority", "")
    if not directory.isprintable() or " " in directory or not directory.startswith("https://"):
        raise ConfigError("directory: a URL that starts with https:// is needed")
    if authority:
        load_chain(authority, "authority")
    contacts = body.texts("contacts", ())
    for one in contacts:
        if not _MAIL.fullmatch(one):
            raise ConfigError(f"contacts: {one!r} is no mail address")
    binding_id, binding_key = body.text("binding_id", ""), body.text("binding_key", "")
    if bool(binding_id) != bool(binding_key) or not _BASE64URL.fullmatch(binding_key):
        raise ConfigError("binding_key: is needed with binding_id, as base64url text", hint="give both or none")
    urls = [f"mailto:{one}" for one in contacts]
    answer = _authority(acme.set_account(tx, directory, urls, authority, binding_id, binding_key))
    return Change(answer, directory, answer)


def _authority(one: AcmeAccount) -> dict[str, object]:
    """All but the keys."""
    return {
        "directory": one.directory, "contacts": list(one.contacts), "own_authority": bool(one.authority),
        "binding_id": one.binding_id, "account": one.url,
    }  # fmt: skip


def _ordered_hosts(texts: tuple[str, ...]) -> list[str]:
    """Host names, each once. Raises ConfigError."""
    hosts = []
    for one in texts:
        if one.startswith("*."):
            raise ConfigError(f"hosts: {one} is a wildcard, which authorities issue only by DNS (dns-01)",
                              hint="name each host")
        try:
            host = domain(one)
        except ValueError as error:
            raise ConfigError(f"hosts: {error}") from error
        if host not in hosts:
            hosts.append(host)
    if not 1 <= len(hosts) <= _MOST_HOSTS:
        raise ConfigError(f"hosts: 1 to {_MOST_HOSTS} are needed")
    return hosts


def _find(reading: Reading, call: Call) -> tuple[StoredCertificate | None, CertificateOrder | None]:
    """The certificate, its order, or both, by name or id. Raises NotFound."""
    name = call.path["certificate"]
    try:
        order = acme.find_order(reading, name)
    except NotFound:
        return certificates.find(reading, name), None
    try:
        return certificates.find(reading, order.id), order
    except NotFound:
        return None, order


def _checked(call: Call) -> Credential:
    """What was given, when it is fit to be served; else ConfigError with the reason."""
    authority = call.body.optional("authority")
    roots = load_chain(authority, "authority") if authority is not None else system_roots()
    if not roots:
        raise ConfigError("this machine has no list of authorities to check the chain by; install ca-certificates, or "
                          "give the authority's certificate (--authority)")
    return check_server_certificate(call.body.text("certificate"), call.body.text("key"), call.context.now, roots)


def _hosts(reading: Reading, call: Call) -> dict[str, list[str]]:
    """For each certificate, by id, the hosts of ours that it answers for."""
    offers = [(one.id, one.names, one.not_after) for one in certificates.list_all(reading)]
    names = names_of(offers, call.context.now)
    found: dict[str, list[str]] = {}
    for host in _our_hosts(reading, call):
        id_ = by_name(names, host)
        if id_ is not None:
            found.setdefault(id_, []).append(host)
    return found


def _our_hosts(reading: Reading, call: Call) -> list[str]:
    """All that users may open."""
    settings = call.context.settings
    hosts = external_urls.hosts(reading)
    own = {settings.signin_host, settings.apps_host} | ({settings.admin_host} if settings.admin_api else set())
    if authorities.list_all(reading):
        own.add(settings.device_host)
    return sorted(hosts | own)


def _certificate(
    stored: StoredCertificate | None, order: CertificateOrder | None, hosts: Mapping[str, list[str]], call: Call
) -> dict[str, object]:
    now = call.context.now
    found: dict[str, object] = {}
    if stored is not None:
        facts = certificate_facts(stored.certificate)
        found = {
            "id": stored.id, "name": stored.name, "source": stored.source, "names": list(stored.names),
            "issuer": facts.issuer, "serial": facts.serial, "fingerprint": facts.fingerprint, "key": facts.key,
            "not_before": stored.not_before, "not_after": stored.not_after,
            "days_left": round(days_left(stored.not_after, now), 1), "created": stored.created, "changed": stored.changed,
            "hosts": hosts.get(stored.id, []),
        }  # fmt: skip
    elif order is not None:
        found = {
            "id": order.id, "name": order.name, "source": certificates.ACME, "names": list(order.hosts),
            "not_after": None, "days_left": None, "created": order.created, "hosts": [],
        }  # fmt: skip
    if order is not None:
        found |= {"challenge": order.challenge, "next_attempt": order.due, "failures": order.failures}
        found["problem"] = order.problem
    return found | {"status": _status(stored, order, now)}


def _status(stored: StoredCertificate | None, order: CertificateOrder | None, now: float) -> str:
    if stored is None:
        return "failing" if order is not None and order.failures else "ordered"
    if stored.not_after <= now:
        return "ended"
    if ends_soon(stored.not_before, stored.not_after, now):
        return "ends soon"
    return "good" if order is None or not order.failures else "failing"


def _answer(
    reading: Reading, stored: StoredCertificate | None, order: CertificateOrder | None, call: Call
) -> dict[str, object]:
    return _certificate(stored, order, _hosts(reading, call), call)


def _changed(
    tx: Transaction, stored: StoredCertificate | None, order: CertificateOrder | None, call: Call
) -> Change:
    return _change(_answer(tx, stored, order, call))


def _change(answer: Mapping[str, object]) -> Change:
    return Change(answer, str(answer["id"]), {key: answer[key] for key in _NOTED if key in answer})


_ONE = "/certificates/{certificate}"
_PAIR = ("certificate", "key", "authority")
OPERATIONS: tuple[Operation, ...] = (
    Query("/certificates", "All certificates for users, beside the default one, and those that are ordered.", _list,
          page="id", permission=Permission.READ_CERTIFICATES),
    Command("POST", "/certificates", "certificate.add", "Add a certificate and its key (PEM).", _add, ("name", *_PAIR),
            permission=Permission.CHANGE_CERTIFICATES),
    Query(_ONE, "One certificate, and the hosts that it answers for.", _show,
          live=(), permission=Permission.READ_CERTIFICATES),
    Command("PUT", _ONE, "certificate.replace", "Put a new certificate in the place of one.", _replace, _PAIR,
            permission=Permission.CHANGE_CERTIFICATES),
    Command("DELETE", _ONE, "certificate.remove", "Serve a certificate no longer, and order it no more.", _remove,
            permission=Permission.CHANGE_CERTIFICATES),
    Command("POST", "/certificate-orders", "certificate.order", "Order a certificate by ACME, and its renewals.", _order,
            ("name", "hosts", "challenge"),
            permission=Permission.CHANGE_CERTIFICATES),
    Command("POST", "/certificate-orders/uncovered", "certificate.order_uncovered",
            "Order one for each host of ours that has none.", _order_uncovered, ("challenge",),
            permission=Permission.CHANGE_CERTIFICATES),
    Command("POST", _ONE + "/renew", "certificate.renew", "Renew a certificate by ACME now.", _renew,
            permission=Permission.CHANGE_CERTIFICATES),
    Query("/certificate-authority", "The authority that issues by ACME.", _show_authority,
          live=(), permission=Permission.READ_CERTIFICATES),
    Command("PUT", "/certificate-authority", "certificate.authority", "Choose the authority that issues by ACME.",
            _set_authority, ("directory", "contacts", "agree_terms", "authority", "binding_id", "binding_key"),
            permission=Permission.CHANGE_CERTIFICATES),
)  # fmt: skip
