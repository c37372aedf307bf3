"""Operations on the certificates that users' browsers are shown."""

from __future__ import annotations

from collections.abc import Mapping

from appproxy.admin.operation import Call, Change, Command, Operation, Query
from appproxy.errors import ConfigError
from appproxy.net.system_roots import system_roots
from appproxy.pki import Credential, certificate_facts, check_server_certificate, load_chain
from appproxy.pki.selection import by_name, names_of
from appproxy.store import applications, certificates
from appproxy.store.certificates import StoredCertificate
from appproxy.store.transaction import Reading, Transaction

_DAY = 86_400.0


def _list(reading: Reading, call: Call) -> object:
    hosts = _hosts(reading, call)
    return [_certificate(one, hosts, call) for one in certificates.list_all(reading)]


def _show(reading: Reading, call: Call) -> object:
    return _answer(reading, certificates.find(reading, call.path["certificate"]), call)


def _add(tx: Transaction, call: Call) -> Change:
    return _changed(tx, certificates.add(tx, call.body.optional("name"), _checked(call)), call)


def _renew(tx: Transaction, call: Call) -> Change:
    return _changed(tx, certificates.replace(tx, call.path["certificate"], _checked(call)), call)


def _remove(tx: Transaction, call: Call) -> Change:
    change = _changed(tx, certificates.find(tx, call.path["certificate"]), call)
    certificates.remove(tx, call.path["certificate"])
    return change


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
    settings = call.context.settings
    hosts = {pair.external.host for one in applications.list_all(reading) for pair in one.pairs}
    hosts |= {settings.signin_host, settings.apps_host}
    found: dict[str, list[str]] = {}
    for host in sorted(hosts):
        id_ = by_name(names, host)
        if id_ is not None:
            found.setdefault(id_, []).append(host)
    return found


def _certificate(one: StoredCertificate, hosts: Mapping[str, list[str]], call: Call) -> dict[str, object]:
    facts = certificate_facts(one.certificate)
    return {
        "id": one.id,
        "name": one.name,
        "source": one.source,
        "names": list(one.names),
        "issuer": facts.issuer,
        "serial": facts.serial,
        "fingerprint": facts.fingerprint,
        "key": facts.key,
        "not_before": one.not_before,
        "not_after": one.not_after,
        "days_left": round((one.not_after - call.context.now) / _DAY, 1),
        "created": one.created,
        "changed": one.changed,
        "hosts": hosts.get(one.id, []),
    }


def _answer(reading: Reading, one: StoredCertificate, call: Call) -> dict[str, object]:
    return _certificate(one, _hosts(reading, call), call)


def _changed(tx: Transaction, one: StoredCertificate, call: Call) -> Change:
    answer = _answer(tx, one, call)
    return Change(answer, one.id, {key: answer[key] for key in ("name", "names", "issuer", "fingerprint", "not_after")})


_ONE = "/certificates/{certificate}"
_PAIR = ("certificate", "key", "authority")
OPERATIONS: tuple[Operation, ...] = (
    Query("/certificates", "All certificates for users, beside the default one.", _list),
    Command("POST", "/certificates", "certificate.add", "Add a certificate and its key (PEM).", _add, ("name", *_PAIR)),
    Query(_ONE, "One certificate, and the hosts that it answers for.", _show),
    Command("PUT", _ONE, "certificate.renew", "Put a new certificate in the place of one.", _renew, _PAIR),
    Command("DELETE", _ONE, "certificate.remove", "Serve a certificate no longer.", _remove),
)
