"""The built-in OpenID Connect provider: users with passwords in the store, so that nothing else need be installed."""

from appproxy.provider.client import InProcessClient
from appproxy.provider.passwords.rules import check_new, hash_password, verify
from appproxy.provider.resource import BuiltInProvider

__all__ = ["BuiltInProvider", "InProcessClient", "check_new", "hash_password", "verify"]
