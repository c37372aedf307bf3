"""What an organisation makes of our pages, kept among the settings of the service."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from appproxy.branding import Brand, brand_key, check_brand, make_brand
from appproxy.store.service import settings as service_settings
from appproxy.store.tables.core import settings
from appproxy.store.transaction import Reading, Transaction

#: What the keys begin with there.
_PREFIX = "brand."


def texts_of(found: Mapping[str, str]) -> dict[str, str]:
    """Of all settings of the service, those of the brand."""
    return {key.removeprefix(_PREFIX): text for key, text in found.items() if key.startswith(_PREFIX)}


def brand_of(found: Mapping[str, str]) -> Brand:
    """The brand that the settings of the service make. Raises ConfigError."""
    return make_brand(texts_of(found))


def get(reading: Reading) -> dict[str, str]:
    """What was set."""
    return texts_of(service_settings.get_all(reading))


def put(tx: Transaction, texts: Mapping[str, str]) -> dict[str, str]:
    """Set some; an empty text takes one back. Gives all that is set then. Raises ConfigError; nothing is changed then."""
    checked = check_brand({key: text for key, text in texts.items() if text})
    gone = [key for key, text in texts.items() if not text]
    reset(tx, gone)
    for key, text in checked.items():
        service_settings.put(tx, _PREFIX + key, text)
    return get(tx)


def reset(tx: Transaction, keys: Collection[str]) -> dict[str, str]:
    """Take some back. Gives all that is set then. Raises ConfigError for a key that there is not."""
    for key in [brand_key(key) for key in keys]:
        tx.change(sa.delete(settings).where(settings.c.key == _PREFIX + key))
    return get(tx)
