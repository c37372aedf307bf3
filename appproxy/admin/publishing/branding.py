"""Operations on what our pages look like."""

from __future__ import annotations

from appproxy.admin.base.operation import Call, Change, Command, Operation, Query
from appproxy.admin.base.principal import Permission
from appproxy.branding import BRAND_KEYS, brand_key, read_logo
from appproxy.errors import ConfigError
from appproxy.store.service import branding
from appproxy.store.transaction import Reading, Transaction


def _show(reading: Reading, call: Call) -> object:
    return _record(branding.get(reading))


def _set(tx: Transaction, call: Call) -> Change:
    texts = call.body.mapping("settings")
    if not texts:
        raise ConfigError("settings: give at least one KEY=VALUE")
    return Change(_record(branding.put(tx, texts)), "", {brand_key(key): _shown(key, text) for key, text in texts.items()})


def _reset(tx: Transaction, call: Call) -> Change:
    keys = call.body.texts("keys", tuple(BRAND_KEYS)) or tuple(BRAND_KEYS)
    return Change(_record(branding.reset(tx, keys)), "", {"keys": list(keys)})


def _keys(reading: Reading, call: Call) -> object:
    return [{"key": key, "explanation": one.explanation} for key, one in BRAND_KEYS.items()]


def _record(texts: dict[str, str]) -> dict[str, object]:
    """Every key; empty is the default."""
    return {key: _shown(key, texts.get(key, "")) for key in BRAND_KEYS}


def _shown(key: str, text: str) -> str:
    """Of a picture only what it is."""
    return str(read_logo(text)) if text and BRAND_KEYS[brand_key(key)].is_picture else text


OPERATIONS: tuple[Operation, ...] = (
    Query("/branding", "What the service's own pages say and look like.", _show,
          live=(), permission=Permission.READ_BRANDING),
    Command("PATCH", "/branding", "branding.set", "Change it; an empty text puts the default back. Pictures in base64.", _set,
            ("settings",),
            permission=Permission.CHANGE_BRANDING),
    Command("DELETE", "/branding", "branding.reset", "Put some keys back to their defaults, or all.", _reset, ("keys",),
            permission=Permission.CHANGE_BRANDING),
    Query("/branding-settings", "The keys that the pages can be set by.", _keys,
          permission=Permission.READ_BRANDING),
)
