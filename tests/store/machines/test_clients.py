"""Relying parties in the store."""

from __future__ import annotations

import pytest

from appproxy.errors import AlreadyThere, ConfigError
from appproxy.store.database.store import Store
from appproxy.store.machines import clients
from appproxy.store.machines.clients import ClientChanges
from appproxy.store.names import NotFound

GOOD = ("https://app.example.com/callback", "http://127.0.0.1:8080/cb", "http://[::1]/cb", "http://localhost/cb?x=y")


def test_the_life_of_a_client(store: Store, now: float) -> None:
    """Registered, changed, in the snapshot by the hash of its secret, and gone."""
    with store.transaction(now) as tx:
        made, secret = clients.add(tx, "Wiki", ClientChanges(GOOD, GOOD[:1]))
        with pytest.raises(AlreadyThere):
            clients.add(tx, "wiki", ClientChanges(GOOD))
    snapshot = store.build_snapshot()
    (party,) = snapshot.relying_parties.values()
    assert (party.id, party.name, party.redirect_uris, party.post_logout_redirect_uris) == (made.id, "Wiki", GOOD, GOOD[:1])
    assert list(party.secrets) == [clients.secret_hash(secret)] and secret not in repr(party)
    with store.transaction(now) as tx:
        changed = clients.change(tx, "WIKI", ClientChanges(post_logout_redirect_uris=()))
        assert changed.redirect_uris == GOOD and changed.post_logout_redirect_uris == ()
        clients.remove(tx, made.id)
        with pytest.raises(NotFound):
            clients.find(tx, "wiki")
    assert store.build_snapshot(snapshot).relying_parties == {}


def test_another_secret(store: Store, now: float) -> None:
    """The one before counts for a while, or not at all; older ones never."""
    with store.transaction(now) as tx:
        made, first = clients.add(tx, "Wiki", ClientChanges(GOOD))
        _, second = clients.rotate(tx, made.id, 60.0)
    ends = store.build_snapshot().relying_parties[made.id].secrets
    assert ends[clients.secret_hash(first)] == now + 60.0 and ends[clients.secret_hash(second)] > now + 1e9
    with store.transaction(now) as tx:
        record, third = clients.rotate(tx, "wiki", 0.0)
        assert record.former_until == 0.0
        with pytest.raises(ConfigError, match="overlap"):
            clients.rotate(tx, "wiki", 31 * 86400.0)
    assert list(store.build_snapshot().relying_parties[made.id].secrets) == [clients.secret_hash(third)]


@pytest.mark.parametrize("uri", [
    "", "x", "http://app.example.com/cb", "http://127.0.0.1.evil.example/", "javascript:alert(1)", "com.example.app:/callback",
    "https://", "https:///cb", "https://u@app.example.com/", "https://app.example.com/#x", "https://app.example.com/ x",
    "http://127.0.0.1:99999/", "https://app.example.com/\"", "http://10.0.0.1/", "https://a.example/\nb",
    "https://a.example;frame-src/", "https://'a'/", "https://a,b/",
])
def test_uris_that_cannot_be_used(store: Store, now: float, uri: str) -> None:
    """Neither in the clear to other machines, nor to what a browser would run, nor with what could leave its place."""
    with store.transaction(now) as tx:
        with pytest.raises(ConfigError, match="^redirect_uris"):
            clients.add(tx, "Wiki", ClientChanges([uri]))
        with pytest.raises(ConfigError, match="^post_logout_redirect_uris"):
            clients.add(tx, "Wiki", ClientChanges(GOOD, [uri]))


def test_where_a_frame_leads(store: Store, now: float) -> None:
    """To the place of a redirect URI, also after a change (Front-Channel Logout 1.0 section 2)."""
    with store.transaction(now) as tx:
        clients.add(tx, "Wiki", ClientChanges(GOOD, frontchannel_logout_uri="https://APP.example.com/bye?x=y"))
        for uri in ("https://app.example.com:444/bye", "https://example.com/bye", "http://127.0.0.1/bye"):
            with pytest.raises(ConfigError, match="frontchannel_logout_uri"):
                clients.change(tx, "wiki", ClientChanges(frontchannel_logout_uri=uri))
        with pytest.raises(ConfigError, match="frontchannel_logout_uri"):
            clients.change(tx, "wiki", ClientChanges(["https://other.example/callback"]))
        assert clients.change(tx, "wiki", ClientChanges(frontchannel_logout_uri="")).frontchannel_logout_uri == ""


def test_what_a_client_needs(store: Store, now: float) -> None:
    """A redirect URI at least, also after a change, and not any number of them."""
    with pytest.raises(ConfigError, match="redirect_uris: name one"), store.transaction(now) as tx:
        clients.add(tx, "Wiki", ClientChanges())
    with store.transaction(now) as tx:
        made, _ = clients.add(tx, "Wiki", ClientChanges(GOOD))
        with pytest.raises(ConfigError, match="redirect_uris: name one"):
            clients.change(tx, made.id, ClientChanges([]))
        with pytest.raises(ConfigError, match="at most"):
            clients.change(tx, made.id, ClientChanges([f"https://a.example/{number}" for number in range(21)]))
