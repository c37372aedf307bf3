"""Operations on identity providers."""

from __future__ import annotations

from appproxy.admin.base.operation import Ask, Call, Change, Command, Operation, Query
from appproxy.admin.base.principal import Permission
from appproxy.errors import ConfigError
from appproxy.identity.openid.client_keys import ClientKey
from appproxy.identity.openid.encrypted_token import EncryptionKey
from appproxy.identity.openid.oidc_settings import MEANINGS, texts_of
from appproxy.pki.issuing.authority import Credential
from appproxy.pki.pem import split_chain
from appproxy.store.people import providers
from appproxy.store.snapshot import OIDC, ProviderRecord
from appproxy.store.transaction import Reading, Transaction


def _settings(reading: Reading, call: Call) -> object:
    return [{"key": key, "meaning": meaning} for key, meaning in MEANINGS.items()]


def _list(reading: Reading, call: Call) -> object:
    return [_provider(one, call) for one in providers.list_all(reading)]


def _show(reading: Reading, call: Call) -> object:
    return _provider(providers.find(reading, call.path["provider"]), call)


def _report(reading: Reading, call: Call) -> object:
    providers.find(reading, call.path["provider"])
    if call.context.service_answer is None:
        raise ConfigError("no service runs on this state directory, so no provider can be asked",
                          hint="start it, or see: appproxy doctor")
    return call.context.service_answer


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
        session_hours=body.number("session_hours", 12.0),
        idle_minutes=body.number("idle_minutes", 240.0),
        fetch_groups=body.flag("fetch_groups", False),
        kind=body.text("kind", OIDC),
        settings=body.mapping("settings"),
        tls=_tls(call),
    )
    return Change(_provider(made, call), made.id, _noted(made))


def _set(tx: Transaction, call: Call) -> Change:
    body = call.body
    changes: dict[str, object] = {key: body.text(key) for key in _TEXTS if key in body}
    changes |= {key: body.texts(key) for key in _LISTS if key in body}
    changes |= {key: body.number(key) for key in _NUMBERS if key in body}
    changes |= {key: body.flag(key) for key in _FLAGS if key in body}
    settings = body.mapping("settings")
    tls = _tls(call)
    if not changes and not settings and tls is None:
        raise ConfigError("nothing to change", hint=f"give some of {', '.join(_CHANGED)}")
    made = providers.change(tx, call.path["provider"], settings, tls, **changes)
    changed = sorted({*changes, *settings, *(() if tls is None else ("tls_certificate",))})
    return Change(_provider(made, call), made.id, {**_noted(made), "changed": ", ".join(changed)})


def _tls(call: Call) -> Credential | None:
    """The certificate that is to be shown to the provider, with its key. Raises ConfigError for one without the other."""
    if not any(name in call.body for name in _TLS):
        return None
    return Credential(*(call.body.text(name) for name in _TLS))


def _new_key(tx: Transaction, call: Call) -> Change:
    made = providers.new_key(tx, call.path["provider"])
    new = ", ".join([key.id for key in made.keys if key.created == tx.now]
                    + [key.id for key in made.encryption_keys if key.created == tx.now])
    return Change(_provider(made, call), made.id, {"name": made.name, "key": new})


def _remove(tx: Transaction, call: Call) -> Change:
    gone = providers.remove(tx, call.path["provider"])
    return Change(_provider(gone, call), gone.id, {"name": gone.name})


def _noted(one: ProviderRecord) -> dict[str, object]:
    """For the audit: which authorities is told by their number."""
    keys = ", ".join([*(key.id for key in one.keys), *(key.id for key in one.encryption_keys)])
    return {**provider_record(one), "ca_bundle": len(split_chain(one.ca_bundle)), "keys": keys}


def _provider(one: ProviderRecord, call: Call) -> dict[str, object]:
    """All but the secret, and what is to be registered there."""
    origin = call.context.settings.signin_origin
    return {
        **provider_record(one),
        "redirect_uri": f"{origin}{one.callback_path}", "post_logout_redirect_uri": f"{origin}/signed-out",
        "backchannel_logout_uri": f"{origin}/backchannel-logout", "frontchannel_logout_uri": f"{origin}/frontchannel-logout",
        "jwks_uri": f"{origin}/client-keys/{one.id}",
    }


def provider_record(one: ProviderRecord) -> dict[str, object]:
    """All but its secret, and what is to be registered there."""
    return {
        "id": one.id,
        "name": one.name,
        "kind": one.kind,
        "issuer": one.issuer,
        "client_id": one.client_id,
        "public": not one.client_secret,
        "scopes": list(one.scopes),
        "groups_claim": one.groups_claim,
        "algorithms": list(one.algorithms),
        "ca_bundle": one.ca_bundle,
        "pushed_requests": one.pushed_requests,
        "session_hours": one.session_hours,
        "idle_minutes": one.idle_minutes,
        "fetch_groups": one.fetch_groups,
        "settings": texts_of(one.settings),
        "secret_changed": one.secret_changed,
        "keys": [*(_key(key) for key in one.keys), *(_encryption_key(key) for key in one.encryption_keys)],
    }


def _key(key: ClientKey) -> dict[str, object]:
    """What an admin may have to register at the provider; never the private half."""
    return {"id": key.id, "type": key.type, "use": "sig", "created": key.created, "given": key.given,
            "certificate": key.certificate}


def _encryption_key(key: EncryptionKey) -> dict[str, object]:
    """The same of one that ID tokens are encrypted to, which has no certificate."""
    return {"id": key.id, "type": key.type, "use": "enc", "created": key.created, "given": False, "certificate": ""}


_TEXTS = ("client_id", "client_secret", "groups_claim", "ca_bundle", "pushed_requests")
_LISTS = ("scopes", "algorithms")
_NUMBERS = ("session_hours", "idle_minutes")
_FLAGS = ("fetch_groups",)
_TLS = ("tls_certificate", "tls_key")
_CHANGED = (*_TEXTS, *_LISTS, *_NUMBERS, *_FLAGS, "settings", *_TLS)
_ONE = "/providers/{provider}"
OPERATIONS: tuple[Operation, ...] = (
    Query("/provider-settings", "All settings of identity providers, and what they mean.", _settings,
          permission=Permission.READ_PROVIDERS),
    Query("/providers", "All identity providers.", _list,
          page="name", permission=Permission.READ_PROVIDERS),
    Command("POST", "/providers", "provider.add",
            "Add an identity provider, of OpenID Connect or another installed kind.", _add,
            ("name", "kind", "issuer", *_CHANGED),
            permission=Permission.CHANGE_PROVIDERS),
    Query(_ONE, "One identity provider.", _show,
          live=(), permission=Permission.READ_PROVIDERS),
    Query(_ONE + "/report", "Ask an identity provider for its metadata and keys, and with a made-up code whether it takes our "
          "client.", _report, asks=Ask.PROVIDER, permission=Permission.READ_PROVIDERS),
    Command("PATCH", _ONE, "provider.set", "Change an identity provider; its kind and issuer stay.", _set,
            _CHANGED,
            permission=Permission.CHANGE_PROVIDERS),
    Command("POST", f"{_ONE}/keys", "provider.new_key",
            "Make the next key of our client there; it signs once it was published for a day.", _new_key,
            permission=Permission.CHANGE_PROVIDERS),
    Command("DELETE", _ONE, "provider.remove", "Remove an identity provider that is not used.", _remove,
            permission=Permission.CHANGE_PROVIDERS),
)
