"""Operations on identity providers."""

from __future__ import annotations

from appproxy.admin.operation import Call, Change, Command, Operation, Query
from appproxy.errors import ConfigError
from appproxy.pki.pem import split_chain
from appproxy.store.people import providers
from appproxy.store.snapshot import ProviderRecord
from appproxy.store.transaction import Reading, Transaction


def _list(reading: Reading, call: Call) -> object:
    return [_provider(one, call) for one in providers.list_all(reading)]


def _show(reading: Reading, call: Call) -> object:
    return _provider(providers.find(reading, call.path["provider"]), call)


def _add(tx: Transaction, call: Call) -> Change:
    body = call.body
    made = providers.add(
        tx,
        body.text("name"),
        body.text("issuer"),
        body.text("client_id"),
        body.text("client_secret"),
        scopes=body.texts("scopes", providers.DEFAULT_SCOPES),
        groups_claim=body.text("groups_claim", "groups"),
        algorithms=body.texts("algorithms", providers.DEFAULT_ALGORITHMS),
        ca_bundle=body.text("ca_bundle", ""),
        pushed_requests=body.text("pushed_requests", "auto"),
    )
    return Change(_provider(made, call), made.id, _noted(made))


def _set(tx: Transaction, call: Call) -> Change:
    body = call.body
    changes: dict[str, object] = {key: body.text(key) for key in _TEXTS if key in body}
    changes |= {key: body.texts(key) for key in _LISTS if key in body}
    if not changes:
        raise ConfigError(f"nothing to change; give some of {', '.join((*_TEXTS, *_LISTS))}")
    made = providers.change(tx, call.path["provider"], **changes)
    return Change(_provider(made, call), made.id, {**_noted(made), "changed": ", ".join(sorted(changes))})


def _remove(tx: Transaction, call: Call) -> Change:
    gone = providers.remove(tx, call.path["provider"])
    return Change(_provider(gone, call), gone.id, {"name": gone.name})


def _noted(one: ProviderRecord) -> dict[str, object]:
    """For the audit: which authorities is told by their number."""
    return {**_facts(one), "ca_bundle": len(split_chain(one.ca_bundle))}


def _provider(one: ProviderRecord, call: Call) -> dict[str, object]:
    """All but the secret, and what is to be registered there."""
    origin = call.context.settings.signin_origin
    return {**_facts(one), "redirect_uri": f"{origin}/callback", "post_logout_redirect_uri": f"{origin}/signed-out"}


def _facts(one: ProviderRecord) -> dict[str, object]:
    return {
        "id": one.id,
        "name": one.name,
        "issuer": one.issuer,
        "client_id": one.client_id,
        "public": not one.client_secret,
        "scopes": list(one.scopes),
        "groups_claim": one.groups_claim,
        "algorithms": list(one.algorithms),
        "ca_bundle": one.ca_bundle,
        "pushed_requests": one.pushed_requests,
    }


_TEXTS = ("client_id", "client_secret", "groups_claim", "ca_bundle", "pushed_requests")
_LISTS = ("scopes", "algorithms")
_ONE = "/providers/{provider}"
OPERATIONS: tuple[Operation, ...] = (
    Query("/providers", "All identity providers.", _list),
    Command("POST", "/providers", "provider.add", "Add an OpenID Connect provider.", _add,
            ("name", "issuer", *_TEXTS, *_LISTS)),
    Query(_ONE, "One identity provider.", _show),
    Command("PATCH", _ONE, "provider.set", "Change an identity provider; its issuer stays.", _set, (*_TEXTS, *_LISTS)),
    Command("DELETE", _ONE, "provider.remove", "Remove an identity provider that is not used.", _remove),
)
