"""Which applications may ask for a sign-in, and what they are told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.provider.oauth.clients import Client, find_client
from appproxy.publish.application import Preauthentication
from tests.provider.house import CALLBACK, House


class TestFindClient:
    def test_only_applications_of_this_provider(self, house: House) -> None:
        """An application of another provider, one without sign-in, and one that does not exist are no clients."""
        wiki = house.application("wiki")
        snapshot = house.live.snapshot
        assert find_client(snapshot, wiki.id, CALLBACK) == Client(wiki.id, CALLBACK)
        for other in (replace(wiki, provider="other"), replace(wiki, preauthentication=Preauthentication.PASSTHROUGH)):
            assert find_client(replace(snapshot, applications={wiki.id: other}), wiki.id, CALLBACK) is None
        assert find_client(snapshot, "wiki", CALLBACK) is None


class TestClient:
    @pytest.mark.parametrize(
        ("asked", "granted"),
        [
            ("openid", "openid"),
            ("email openid", "openid email"),
            ("openid offline_access admin", "openid"),
            ("profile", None),
            ("openidx", None),
            ("", None),
            (None, None),
        ],
    )
    def test_scopes(self, asked: str | None, granted: str | None) -> None:
        """Only scopes that exist are granted, and nothing without openid."""
        assert Client("wiki", CALLBACK).get_allowed_scope(asked) == granted
