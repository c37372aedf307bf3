"""The identity providers of a snapshot, each made by its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from twisted.internet.interfaces import IReactorTCP

from appproxy.errors import Code, ConfigError, RequestError
from appproxy.plugins import Plugins
from appproxy.service.signin.openid.identity_provider import IdentityProvider, ProviderKind
from appproxy.store.people.providers import PROVIDER_KINDS
from appproxy.store.snapshot import ProviderRecord, Snapshot


class Providers(Mapping[str, IdentityProvider]):
    """By id, made when first needed and again when a record changes.

    `kinds` are those that are part of the service: OpenID Connect and the built-in one. Looking one up raises KeyError when
    there is none, and RequestError(PROVIDER_UNREACHABLE) when its kind is not installed or does not take it: then nobody
    signs in.
    """

    def __init__(
        self, snapshot: Callable[[], Snapshot], kinds: Mapping[str, Callable[[ProviderRecord], IdentityProvider]],
        reactor: IReactorTCP, plugins: Plugins = PROVIDER_KINDS,
    ) -> None:
        self._snapshot = snapshot
        self._kinds = kinds
        self._reactor = reactor
        self._plugins = plugins
        self._made: dict[str, tuple[ProviderRecord, IdentityProvider]] = {}

    def __getitem__(self, id: str) -> IdentityProvider:
        record = self._snapshot().providers[id]
        kept = self._made.get(id)
        if kept is None or kept[0] != record:
            kept = self._made[id] = (record, self._make(record))
        return kept[1]

    def _make(self, record: ProviderRecord) -> IdentityProvider:
        own = self._kinds.get(record.kind)
        if own is not None:
            return own(record)
        try:
            kind = self._plugins.make(record.kind, f"identity provider {record.name}")
            if not isinstance(kind, ProviderKind):
                raise ConfigError(f"identity provider {record.name}: {record.kind} is no kind of them: derive it from "
                                  "appproxy.api.signin.ProviderKind")
            return kind.provider(record, self._reactor)
        except ConfigError as error:
            raise RequestError(Code.PROVIDER_UNREACHABLE, str(error)) from error

    def __iter__(self) -> Iterator[str]:
        return iter(self._snapshot().providers)

    def __len__(self) -> int:
        return len(self._snapshot().providers)
