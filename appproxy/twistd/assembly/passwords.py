"""New passwords, on their way from an admin to the store."""

from __future__ import annotations


def admit_password(name: str, password: str) -> str:
    """The hash of a user's new password. Raises ConfigError when it is too weak."""
    # Here, because it costs half a second: most commands never see a password.
    from appproxy.provider import check_new, hash_password

    check_new(password, name)
    return hash_password(password)
