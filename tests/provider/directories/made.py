"""A directory as an admin has set it up."""

from __future__ import annotations

from typing import Any

from appproxy.store.people.directories import Directory
from tests.provider.directories.fake import ACCOUNT, BASE, SECRET

_DEFAULTS = {
    "ad": {"sign_in": ("sAMAccountName", "userPrincipalName", "mail"), "subject_attribute": "objectGUID"},
    "openldap": {"sign_in": ("uid", "mail"), "subject_attribute": "entryUUID"},
}


def directory(kind: str = "openldap", **values: Any) -> Directory:
    """With what is needed."""
    plain: dict[str, Any] = {
        "id": "d", "name": "corp", "place": 1, "kind": kind, "servers": ("ldaps://one",), "bind_name": ACCOUNT,
        "bind_password": SECRET, "user_base": BASE, "group_base": BASE, **_DEFAULTS[kind],
    }
    return Directory(**{**plain, **values})
