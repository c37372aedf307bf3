"""What responders have said, and what of it makes nodes judge again."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from appproxy.pki.revocation.ocsp import OcspAnswer
from appproxy.store.database.snapshot_builder import Builder
from appproxy.store.database.store import Store
from appproxy.store.devices import authorities, statuses
from appproxy.store.devices.statuses import DeviceStatus
from appproxy.store.snapshot import RevocationSources
from tests.store.devices.test_authorities import ROOT

ASKS = RevocationSources(ocsp=("http://ocsp.corp/",))
DAY = 86_400.0


def one(authority: str, now: float, id: str = "a" * 32) -> DeviceStatus:
    """Of a certificate that was just proved."""
    return DeviceStatus(id, authority, "i" * 32, 0xFFEE, "http://ocsp.corp/", now)


def test_what_an_answer_changes(store: Store, now: float) -> None:
    """Asked again after half of its time, in bounds; a failure leaves what is known, and comes later each time; an older
    answer is a failure."""
    first = one("x", now).answered(OcspAnswer(False, now - 60.0, now + 3600.0), now)
    assert (first.is_revoked, first.until, first.due, first.failures) == (False, now + 3600.0, now + 1800.0, 0)
    assert one("x", now).answered(OcspAnswer(False, now, now + 10.0), now).due == now + 60.0
    assert one("x", now).answered(OcspAnswer(False, now, now + 30 * DAY), now).due == now + 6 * 3600.0
    failed = first.unanswered("gone" * 200, now)
    assert (failed.until, failed.due, failed.failures, len(failed.problem)) == (first.until, now + 60.0, 1, 300)
    assert failed.unanswered("gone", now).due == now + 120.0
    older = first.answered(OcspAnswer(False, now - 61.0, now + 7200.0), now)
    assert older.until == first.until and older.problem == "the responder gives an older answer than before"
    assert first.answered(OcspAnswer(True, now - 60.0, now + 7200.0), now).is_revoked


def test_what_nodes_hear(store: Store, now: float) -> None:
    """A proof tells them nothing, since its session has the answer; a later answer does, and that one is revoked at once."""
    builder = Builder()
    with store.transaction(now) as tx:
        id_ = authorities.add(tx, "Company", ROOT.pem, sources=ASKS).id
    with store.reading() as reading:
        before = builder.build(reading, None)
    good = one(id_, now).answered(OcspAnswer(False, now, now + 600.0), now)
    with store.transaction(now) as tx:
        statuses.keep(tx, [good])
        assert statuses.find(tx, good.id) == good
    with store.reading() as reading:
        assert builder.build(reading, before) is before
    with store.transaction(now + 300.0) as tx:
        statuses.keep(tx, [good.answered(OcspAnswer(False, now + 300.0, now + 900.0), now + 300.0)], again=True)
    with store.reading() as reading:
        later = builder.build(reading, before)
    assert later.device_authorities[id_].trusted.answers == {good.id: now + 900.0}
    with store.transaction(now + 310.0) as tx:
        statuses.keep(tx, [good.answered(OcspAnswer(True, now + 310.0, now + 900.0), now + 310.0)])
    with store.reading() as reading:
        revoked = builder.build(reading, later)
    assert revoked.device_authorities[id_].trusted.revoked == {good.id}
    with store.transaction(now + 320.0) as tx:
        statuses.keep(tx, [good.answered(OcspAnswer(False, now + 320.0, now + 900.0), now + 320.0)], again=True)
        assert authorities.find(tx, id_).authority.revoked == frozenset()


def test_what_counts_without(store: Store, now: float) -> None:
    """With a responder, strict: only what was answered; soft or without one: all. With lists to come: nothing before."""
    with store.transaction(now) as tx:
        for sources, answers, until in (
            (ASKS, {}, inf), (replace(ASKS, ocsp_soft=True), None, inf), (RevocationSources(), None, inf),
            (RevocationSources(crl_urls=("http://pki.corp/a.crl",)), None, 0.0),
        ):
            authorities.add(tx, "Company", ROOT.pem, sources=sources)
            [found] = authorities.trusted(tx).authorities.values()
            assert (found.answers, found.until) == (answers, until)
            authorities.remove(tx, "Company")


def test_what_is_asked_again(store: Store, now: float) -> None:
    """What is due, by one node; not what nobody has proved for a month; and nothing of an authority that was removed."""
    with store.transaction(now) as tx:
        id_ = authorities.add(tx, "Company", ROOT.pem, sources=ASKS).id
        made = [replace(one(id_, now - age, letter * 32), due=due) for letter, age, due in (
            ("a", 0.0, now - 1.0), ("b", 0.0, now + 1.0), ("c", 31 * DAY, now - 1.0))]
        statuses.keep(tx, [*made, replace(made[0], id="d" * 32, authority="gone")])
        assert statuses.is_due(tx, now) and not statuses.is_due(tx, now - 2.0)
        assert [one.id[0] for one in statuses.claim(tx, 10)] == ["a"]
        assert statuses.claim(tx, 10) == []
        statuses.keep(tx, [made[0].unanswered("nobody is there", now)], again=True)
        assert statuses.failing(tx, id_) == (1, "nobody is there")
        statuses.purge(tx)
        assert [statuses.find(tx, letter * 32) is not None for letter in "abcd"] == [True, True, False, False]
        authorities.remove(tx, "Company")
        assert statuses.find(tx, "a" * 32) is None and statuses.failing(tx, id_) == (0, "")


def test_that_one_is_revoked_is_remembered(store: Store, now: float) -> None:
    """For more than a year after the last proof: longer than any session."""
    with store.transaction(now) as tx:
        id_ = authorities.add(tx, "Company", ROOT.pem, sources=ASKS).id
        statuses.keep(tx, [one(id_, now).answered(OcspAnswer(True, now, now + 60.0), now)])
    for days, is_there in ((399.0, True), (401.0, False)):
        with store.transaction(now + days * DAY) as tx:
            statuses.purge(tx)
            assert bool(authorities.find(tx, id_).authority.revoked) is is_there
