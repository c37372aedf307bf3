"""Operations on connectors."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import ConfigError
from appproxy.pki.names import fingerprint
from appproxy.pki.tokens import decode_token, hash_secret
from appproxy.store.connectors import connectors, sightings
from appproxy.store.connectors.sightings import Sighting
from appproxy.store.names import AlreadyThere, NotFound
from appproxy.store.service import keys

NOW = 1782864000.0


def enrol(desk: Any, name: str = "host1", group: str = "default") -> str:
    """Enrol a connector; its id."""
    with desk.store.transaction(NOW) as tx:
        return connectors.enrol(tx, tx.new_id(), name, group, connectors.Shown("abc", 0.0, NOW + 100)).id


class TestToken:
    """Join tokens."""

    def test_it_says_all_that_a_connector_needs(self, desk: Any) -> None:
        """Address, name, anchor, and a secret that joins."""
        made = desk.record("POST", "/connector-tokens", {"uses": 3, "expires": "2h"})
        token = decode_token(made["token"])
        assert (token.address, token.name) == ("connect.example.com:8443", "connect.example.com")
        assert token.expires == made["expires"] == NOW + 7200
        with desk.store.transaction(NOW) as tx:
            assert token.anchor == fingerprint(keys.authority(tx).certificate)
            assert connectors.use_token(tx, token.id, hash_secret(token.secret)) == "default"
        listed = desk.rows("/connector-tokens")[0]
        assert (listed["uses"], listed["uses_left"], listed["expired"]) == (3, 2, False)

    def test_the_secret_is_shown_once(self, desk: Any) -> None:
        """Neither the listing nor the audit has it."""
        token = desk.record("POST", "/connector-tokens")["token"]
        secret = decode_token(token).secret
        shown = repr((desk.rows("/connector-tokens"), desk.audit()))
        assert token not in shown and secret.hex() not in shown and repr(secret) not in shown

    def test_by_default_it_is_for_one_machine_and_one_hour(self, desk: Any) -> None:
        """Nothing stays open by mistake."""
        made = desk.record("POST", "/connector-tokens", {})
        assert (made["uses"], made["expires"], made["group"]) == (1, NOW + 3600, "default")

    def test_it_can_be_taken_back(self, desk: Any) -> None:
        """It is not listed any more."""
        made = desk.record("POST", "/connector-tokens", {})
        desk.call("DELETE", f"/connector-tokens/{made['id']}")
        assert desk.rows("/connector-tokens") == []

    @pytest.mark.parametrize(
        ("body", "error"),
        [({"group": "lab"}, NotFound), ({"uses": 0}, ConfigError), ({"uses": "1"}, ConfigError),
         ({"expires": "1y"}, ConfigError), ({"expires": "365d"}, ConfigError), ({"ttl": 1}, ConfigError)],
    )  # fmt: skip
    def test_refusals(self, desk: Any, body: dict[str, object], error: type[Exception]) -> None:
        """No token is made."""
        with pytest.raises(error):
            desk.call("POST", "/connector-tokens", body)
        assert desk.rows("/connector-tokens") == []


class TestConnector:
    """Enrolled connectors."""

    def test_what_a_node_knows_comes_first(self, desk: Any) -> None:
        """Online, address and load are the node's, the rest is the database's."""
        here, away = enrol(desk, "here"), enrol(desk, "away")
        with desk.store.transaction(NOW + 5) as tx:
            sightings.left(tx, "n", Sighting(away, "0.9", "192.0.2.9"))
        desk.live[here] = {"online": True, "address": "192.0.2.1", "version": "1.0", "in_flight": 7}
        rows = {row["id"]: row for row in desk.rows("/connectors")}
        assert (rows[here]["status"], rows[here]["address"], rows[here]["in_flight"]) == ("active", "192.0.2.1", 7)
        assert (rows[away]["status"], rows[away]["address"], rows[away]["last_seen"]) == ("away", "192.0.2.9", NOW + 5)
        assert desk.record("GET", "/connectors/here") == rows[here]

    def test_approval(self, desk: Any) -> None:
        """A group asks for it; then an admin gives it."""
        desk.call("PATCH", "/connector-groups/default", {"needs_approval": True})
        enrol(desk)
        assert desk.record("GET", "/connectors/host1")["status"] == "pending approval"
        assert desk.record("POST", "/connectors/host1/approve")["status"] == "inactive"
        assert desk.audit()[0].action == "connector.approve"

    def test_only_a_running_service_can_ask_it(self, desk: Any) -> None:
        """What to do on its machine is said, and nothing is noted."""
        enrol(desk)
        with pytest.raises(ConfigError, match="only a running service can ask it"):
            desk.call("POST", "/connectors/host1/examine")
        with pytest.raises(NotFound):
            desk.call("POST", "/connectors/nobody/examine")
        assert [one for one in desk.audit() if one.action == "connector.examine"] == []

    def test_revocation(self, desk: Any) -> None:
        """Also of one that is online; approving it again is refused."""
        desk.live[enrol(desk)] = {"online": True}
        assert desk.record("POST", "/connectors/host1/revoke")["status"] == "revoked"
        with pytest.raises(AlreadyThere):
            desk.call("POST", "/connectors/host1/approve")

    def test_moving_and_removing(self, desk: Any) -> None:
        """By name of the group."""
        enrol(desk)
        desk.call("POST", "/connector-groups", {"name": "lab"})
        assert desk.record("POST", "/connectors/host1/move", {"group": "Lab"})["group"] == "lab"
        with pytest.raises(ConfigError, match="group: is needed"):
            desk.call("POST", "/connectors/host1/move")
        assert desk.record("DELETE", "/connectors/host1")["name"] == "host1"
        assert desk.rows("/connectors") == [] and desk.audit()[0].detail["group"] == "lab"


def test_groups(desk: Any) -> None:
    """Made, counted and removed."""
    made = desk.record("POST", "/connector-groups", {"name": "lab", "needs_approval": True})
    enrol(desk)
    assert desk.rows("/connector-groups") == [
        {"id": "default", "name": "default", "needs_approval": False, "connectors": 1},
        {"id": made["id"], "name": "lab", "needs_approval": True, "connectors": 0},
    ]
    desk.call("DELETE", "/connector-groups/lab")
    with pytest.raises(AlreadyThere):
        desk.call("DELETE", "/connector-groups/default")
