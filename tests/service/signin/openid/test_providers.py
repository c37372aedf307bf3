"""The identity providers of a snapshot, each made by its kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from importlib.metadata import EntryPoint

import pytest
from twisted.internet.testing import MemoryReactorClock

from appproxy.errors import Code, RequestError
from appproxy.plugins import Plugins
from appproxy.service.signin.openid.identity_provider import IdentityProvider, OidcProvider, ProviderKind
from appproxy.service.signin.openid.providers import Providers
from appproxy.store.snapshot import ProviderRecord
from tests.service.sign_in_world import RECORD, FakeProvider, snapshot_of


class InHouse(ProviderKind):
    """A kind as another distribution may bring it."""

    def provider(self, record: ProviderRecord, reactor: object) -> IdentityProvider:
        return OidcProvider(record, FakeProvider())


class World:
    """Providers of the records that `records` names; `made`: those of OpenID Connect."""

    def __init__(self, *records: ProviderRecord) -> None:
        self.records = records
        self.made: list[ProviderRecord] = []
        plugins = Plugins("group", self._installed)
        self.providers = Providers(
            lambda: snapshot_of(records=self.records), {"oidc": self._oidc}, MemoryReactorClock(), plugins)

    def _oidc(self, record: ProviderRecord) -> IdentityProvider:
        self.made.append(record)
        return OidcProvider(record, FakeProvider())

    def _installed(self) -> Iterable[EntryPoint]:
        here = "tests.service.signin.openid.test_providers"
        return (EntryPoint("house", f"{here}:InHouse", "group"), EntryPoint("oidc", f"{here}:World", "group"),
                EntryPoint("no-kind", "builtins:dict", "group"))


def test_made_when_needed_and_anew_when_changed() -> None:
    """A changed secret or issuer takes effect at the next sign-in; unchanged providers keep what they know."""
    world = World(RECORD)
    providers = world.providers
    assert list(providers) == ["idp"] and len(providers) == 1 and world.made == []
    before = providers["idp"]
    assert providers["idp"] is before and world.made == [RECORD]
    world.records = (replace(RECORD, client_secret="new"),)
    assert providers["idp"] is not before
    assert len(world.made) == 2
    with pytest.raises(KeyError):
        providers["other"]


def test_a_kind_of_another_distribution() -> None:
    """Makes its providers; what is part of the service cannot be replaced so."""
    world = World(RECORD, replace(RECORD, id="house", kind="house"))
    assert isinstance(world.providers["house"], OidcProvider) and world.made == []
    assert world.providers["idp"] is not None and world.made == [RECORD]


@pytest.mark.parametrize(("kind", "said"), [
    ("saml", "identity provider Example: no installed distribution has 'saml' as an entry point of .*; installed: house"),
    ("no-kind", "no-kind is no kind of them"), ("builtin", "no installed distribution"), ("", "no installed distribution")])
def test_an_unknown_kind_signs_nobody_in(kind: str, said: str) -> None:
    """Nor is it taken for OpenID Connect; the log says what is missing, also the next time."""
    world = World(replace(RECORD, kind=kind))
    for _ in range(2):
        with pytest.raises(RequestError, match=said) as caught:
            world.providers["idp"]
        assert caught.value.code is Code.PROVIDER_UNREACHABLE
    assert world.made == []
