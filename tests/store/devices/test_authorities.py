"""Device authorities in the store, and in what nodes work from."""

from __future__ import annotations

from math import inf

import pytest

from appproxy.errors import AlreadyThere, ConfigError, NotFound
from appproxy.pki.revocation.crl import certificate_id
from appproxy.policy.conditional.parts.devices import TrustedAuthority
from appproxy.store.database.snapshot_builder import Builder
from appproxy.store.database.store import Store
from appproxy.store.devices import authorities
from appproxy.store.policies import documents, policies
from appproxy.store.policies.documents import DocumentKind
from appproxy.store.policies.references import Names
from tests.pki.chains import CLIENT, DAY, Made, crl, make

#: The store's clock stands long before that of the tests' certificates.
BEGINS = 1782864000.0 - DAY
ENDS = BEGINS + 900 * DAY


def authority(name: str = "Company Devices") -> Made:
    """One that is valid at the store's time."""
    return make(name, authority=True, begins=BEGINS, ends=ENDS)


ROOT = authority()
LAPTOP = make("laptop-7", ROOT, extensions=(CLIENT,), begins=BEGINS, ends=ENDS)
REVOKED = certificate_id(LAPTOP.certificate, ROOT.certificate)


def test_the_life_of_one(store: Store, now: float) -> None:
    """Added, found by its name in any writing, given lists, taken away."""
    with store.transaction(now) as tx:
        made = authorities.add(tx, "Company", ROOT.pem)
        assert authorities.find(tx, "COMPANY") == authorities.find(tx, made.id) == made
        assert authorities.trusted(tx).authorities == {made.id: TrustedAuthority("Company", inf, frozenset())}
        authorities.set_lists(tx, "company", crl(ROOT, LAPTOP, ends=ENDS, begins=BEGINS))
        trusted = authorities.trusted(tx).authorities[made.id]
        assert trusted.revoked == {REVOKED} and trusted.until == pytest.approx(ENDS, abs=1.0)
        authorities.set_lists(tx, "company", None)
        assert authorities.trusted(tx).authorities[made.id].until == inf
        authorities.remove(tx, "company")
        assert authorities.list_all(tx) == []
        with pytest.raises(NotFound):
            authorities.remove(tx, "company")


def test_what_is_refused(store: Store, now: float) -> None:
    """Names with a meaning, names and certificates that are taken, what is no authority's, somebody else's lists, too many."""
    with store.transaction(now) as tx:
        authorities.add(tx, "Company", ROOT.pem, crl(ROOT, ends=ENDS, begins=BEGINS))
        for name in ("proved", "All"):
            with pytest.raises(ConfigError, match="meaning of its own"):
                authorities.add(tx, name, authority().pem)
        with pytest.raises(AlreadyThere, match="CN=Company Devices is one of Company already"):
            authorities.add(tx, "Twin", authority("First").pem + ROOT.pem)
        with pytest.raises(AlreadyThere):
            authorities.add(tx, "company", authority().pem)
        with pytest.raises(ConfigError, match="no authority's"):
            authorities.add(tx, "Laptop", LAPTOP.pem)
        with pytest.raises(ConfigError, match="^crl: none of the authority's certificates has signed"):
            authorities.set_lists(tx, "Company", crl(authority(), ends=ENDS, begins=BEGINS))
        for empty in ("", " \n"):
            with pytest.raises(ConfigError, match="^crl: no PEM list"):
                authorities.set_lists(tx, "Company", empty)
            with pytest.raises(ConfigError, match="^crl: no PEM list"):
                authorities.add(tx, "Empty", authority().pem, empty)
        assert authorities.find(tx, "Company").authority.lists
        for number in range(authorities.MOST - 1):
            authorities.add(tx, f"a{number}", authority(f"Root {number}").pem)
        with pytest.raises(ConfigError, match="there are 20"):
            authorities.add(tx, "one more", authority("One More").pem)


def policy(**fields: object) -> dict[str, object]:
    """For everybody."""
    return {"name": "p", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]}, **fields}


def test_policies_name_them(store: Store, now: float) -> None:
    """By name in documents and by id in what is kept, so that a later one of the same name inherits nothing."""
    with store.transaction(now) as tx:
        made = authorities.add(tx, "Company", ROOT.pem)
        policies.put(tx, "p", policy(
            conditions={"devices": {"include": ["proved"], "exclude": ["company"]}}, grant={"require": ["device"]}))
        policies.put_strength(tx, "s", {"name": "s", "any_of": [{"device": "company", "subject": {"CN": "LT-*"}}]})
        kept = documents.find(tx, DocumentKind.POLICY, "p").document
        assert kept["conditions"] == {"devices": {"include": ["proved"], "exclude": [made.id]}}
        strength = documents.find(tx, DocumentKind.STRENGTH, "s").document
        assert strength["any_of"] == [{"device": made.id, "subject": {"CN": "LT-*"}}]
        called = Names.now(tx)
        assert called.shown(kept)["conditions"] == {"devices": {"include": ["proved"], "exclude": ["Company"]}}
        assert called.shown_strength(strength)["any_of"] == [{"device": "Company", "subject": {"CN": "LT-*"}}]
        for document in (policy(conditions={"devices": {"include": ["nobody"]}}, grant={"block": True}),):
            with pytest.raises(NotFound, match=r"conditions\.devices\.include\[0\]"):
                policies.put(tx, "p", document)
        with pytest.raises(NotFound, match=r"any_of\[0\]\.device"):
            policies.put_strength(tx, "s", {"name": "s", "any_of": [{"device": "nobody"}]})
        authorities.remove(tx, "Company")
        assert [one["problem"] for one in policies.faults(tx)] == [
            "conditions.devices.exclude[0]: what it names is not there any more"]


def test_what_nodes_work_from(store: Store, now: float) -> None:
    """An authority and its lists are part of the policies: what is under way is judged again when they change."""
    builder = Builder()
    with store.transaction(now) as tx:
        policies.put(tx, "p", policy(grant={"require": ["device"]}))
    with store.reading() as reading:
        before = builder.build(reading, None)
    with store.transaction(now) as tx:
        id_ = authorities.add(tx, "Company", ROOT.pem).id
    with store.reading() as reading:
        added = builder.build(reading, before)
    assert added.policies is not before.policies and list(added.device_authorities) == [id_]
    assert added.applications is before.applications
    with store.transaction(now) as tx:
        authorities.set_lists(tx, "Company", crl(ROOT, LAPTOP, ends=ENDS, begins=BEGINS))
    with store.reading() as reading:
        revoked = builder.build(reading, added)
    assert revoked.policies.devices.authorities[id_].revoked == {REVOKED} == revoked.device_authorities[id_].revoked
