"""Operations on certificates for users."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.config.service import ServiceSettings
from appproxy.config.values import Address
from appproxy.errors import ConfigError
from appproxy.pki import Credential
from appproxy.store.certificates import acme
from appproxy.store.names import AlreadyThere, NotFound
from tests.admin.conftest import NOW
from tests.pki.chains import DAY, ROOT, Made, chain, leaf, make

#: The desk's clock stands still.
WHEN = {"begins": NOW - DAY, "ends": NOW + 90 * DAY}
AUTHORITY = make("Own Root", authority=True, begins=NOW - DAY, ends=NOW + 900 * DAY)


def server(*names: str, **when: float) -> Made:
    """A certificate of the own authority."""
    return leaf(*names, issuer=AUTHORITY, **(WHEN | when))


WIKI = server("wiki.example.org")
AUTHORITY_BODY = {"directory": "https://ca.example.com/dir", "contacts": ["ann@example.com"], "agree_terms": True}


def body(made: Made, **other: str) -> dict[str, str]:
    """What a command sends."""
    return {"certificate": made.pem, "key": made.key, "authority": AUTHORITY.pem, **other}


def test_it_says_for_whom_it_answers(desk: Any) -> None:
    """Its names, and those hosts of ours for which no other answers."""
    for name in ("wiki", "blog"):
        desk.call("POST", "/applications", {
            "name": name, "internal": "http://a:1/", "external": f"https://{name}.example.com/"})
    desk.call("POST", "/certificates", body(server("*.example.com"), name="star"))
    made = desk.record("POST", "/certificates", body(server("wiki.example.com", ends=NOW + 5 * DAY)))
    assert made["name"] == "wiki.example.com" and made["days_left"] == 5.0 and made["source"] == "given"
    assert made["hosts"] == ["wiki.example.com"]
    star = desk.record("GET", "/certificates/star")
    assert star["hosts"] == ["apps.example.com", "blog.example.com", "signin.example.com"]
    assert [one["name"] for one in desk.rows("/certificates")] == ["star", "wiki.example.com"]
    # Removed, its host goes to the next that covers it; with the last one the default certificate takes over.
    assert desk.record("DELETE", "/certificates/wiki.example.com")["left_to_default"] == []
    gone = desk.record("DELETE", "/certificates/star")
    assert gone["left_to_default"] == ["apps.example.com", "blog.example.com", "signin.example.com", "wiki.example.com"]


def test_renewed_and_removed(desk: Any) -> None:
    """The name stays; removed, it is gone."""
    desk.call("POST", "/certificates", body(WIKI, name="wiki"))
    later = server("wiki.example.org", "wiki2.example.org", ends=NOW + 200 * DAY)
    made = desk.record("PUT", "/certificates/wiki", body(later))
    assert made["names"] == ["wiki.example.org", "wiki2.example.org"] and made["days_left"] == 200.0
    assert desk.record("DELETE", "/certificates/wiki")["left_to_default"] == []
    assert desk.rows("/certificates") == []
    for method in ("GET", "PUT", "DELETE"):
        with pytest.raises(NotFound):
            desk.call(method, "/certificates/wiki", body(later) if method == "PUT" else None)


def test_the_key_is_shown_nowhere(desk: Any) -> None:
    """Not in the answers, not in the audit, which says what was done."""
    made = desk.record("POST", "/certificates", body(WIKI))
    desk.call("PUT", "/certificates/wiki.example.org", body(WIKI))
    shown = repr((made, desk.rows("/certificates"), desk.audit()))
    assert "PRIVATE" not in shown and WIKI.key.splitlines()[1] not in shown
    renewed, added = desk.audit()[:2]
    assert (renewed.action, added.action) == ("certificate.replace", "certificate.add")
    assert added.target == made["id"] and added.detail["fingerprint"] == made["fingerprint"]


def test_what_browsers_would_refuse_is_refused(desk: Any) -> None:
    """By the machine's own authorities, unless another is named; the old one stays."""
    with pytest.raises(ConfigError, match="none that browsers trust"):
        desk.call("POST", "/certificates", {"certificate": WIKI.pem + AUTHORITY.pem, "key": WIKI.key})
    with pytest.raises(ConfigError, match="is missing"):
        desk.call("POST", "/certificates", body(WIKI) | {"authority": ROOT.pem})
    with pytest.raises(ConfigError, match="authority: no PEM"):
        desk.call("POST", "/certificates", body(WIKI) | {"authority": "x"})
    desk.call("POST", "/certificates", body(WIKI))
    with pytest.raises(ConfigError, match="ended"):
        desk.call("PUT", "/certificates/wiki.example.org", body(server("wiki.example.org", ends=NOW - 1)))
    with pytest.raises(AlreadyThere):
        desk.call("POST", "/certificates", body(WIKI))
    (kept,) = desk.rows("/certificates")
    assert kept["days_left"] == 90.0


def test_a_machine_without_authorities(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot tell what browsers trust, and says what to install."""
    monkeypatch.setattr("appproxy.admin.publishing.certificates.system_roots", list)
    with pytest.raises(ConfigError, match="ca-certificates"):
        desk.call("POST", "/certificates", {"certificate": chain(WIKI), "key": WIKI.key})


class TestOrders:
    """By ACME."""

    @pytest.fixture
    def desk(self, desk: Any) -> Any:
        """One that has chosen an authority."""
        desk.record("PUT", "/certificate-authority", AUTHORITY_BODY)
        return desk

    def test_ordered_shown_hurried_and_removed(self, desk: Any) -> None:
        """Before anything is issued it is listed with what is planned; afterwards with both."""
        made = desk.record("POST", "/certificate-orders", {"hosts": ["Wiki.example.com", "wiki.example.com", "b.example.com"]})
        assert (made["name"], made["names"]) == ("wiki.example.com", ["wiki.example.com", "b.example.com"])
        assert (made["status"], made["challenge"], made["next_attempt"]) == ("ordered", "tls-alpn-01", NOW)
        assert desk.rows("/certificates") == [made]
        with desk.store.transaction(NOW) as tx:
            acme.claim(tx, "node")
            acme.failed(tx, str(made["id"]), "node", "caa: no", NOW + 900)
        failing = desk.record("GET", "/certificates/wiki.example.com")
        assert (failing["status"], failing["problem"], failing["next_attempt"]) == ("failing", "caa: no", NOW + 900)
        assert desk.record("POST", "/certificates/wiki.example.com/renew")["next_attempt"] == NOW
        with desk.store.transaction(NOW) as tx:
            acme.claim(tx, "node")
            acme.issued(tx, str(made["id"]), "node", Credential(WIKI.pem, WIKI.key), NOW + 60 * DAY)
        good = desk.record("GET", "/certificates/wiki.example.com")
        assert (good["status"], good["source"], good["not_after"]) == ("good", "acme", NOW + 90 * DAY)
        with pytest.raises(ConfigError, match="renew it without files"):
            desk.call("PUT", "/certificates/wiki.example.com", body(WIKI))
        desk.call("DELETE", "/certificates/wiki.example.com")
        assert desk.rows("/certificates") == []
        with desk.store.reading() as reading:
            assert acme.list_orders(reading) == []

    @pytest.mark.parametrize(("fields", "words"), [
        ({"hosts": []}, "1 to 100"), ({"hosts": [f"h{n}.example.com" for n in range(101)]}, "1 to 100"),
        ({"hosts": ["*.example.com"]}, "wildcard"), ({"hosts": ["192.0.2.1"]}, "not an IP address"),
        ({"hosts": ["a b"]}, "must be a DNS name"),
        ({"hosts": ["a.example.com"], "challenge": "dns-01"}, "tls-alpn-01 is needed"),
        ({"hosts": ["a.example.com"], "challenge": "http-01"}, "acme_listen"),
    ])
    def test_what_cannot_be_ordered(self, desk: Any, fields: dict[str, object], words: str) -> None:
        """Each with its reason."""
        with pytest.raises(ConfigError, match=words):
            desk.call("POST", "/certificate-orders", fields)

    def test_by_http_with_its_listener(self, desk: Any) -> None:
        """Once the settings have one."""
        desk.settings = ServiceSettings(domain="example.com", acme_listen=Address("0.0.0.0", 80))
        made = desk.record("POST", "/certificate-orders", {"hosts": ["a.example.com"], "challenge": "http-01"})
        assert made["challenge"] == "http-01"

    def test_one_for_each_host_that_has_none(self, desk: Any) -> None:
        """Those with a certificate or an order are left out; a second call orders nothing."""
        for name in ("wiki", "blog"):
            desk.call("POST", "/applications", {
                "name": name, "internal": "http://a:1/", "external": f"https://{name}.example.com/"})
        desk.call("POST", "/certificates", body(server("wiki.example.com")))
        desk.call("POST", "/certificate-orders", {"hosts": ["apps.example.com"]})
        made = desk.call("POST", "/certificate-orders/uncovered", {"challenge": "tls-alpn-01"})
        assert [one["names"] for one in made] == [["blog.example.com"], ["signin.example.com"]]
        assert desk.audit()[0].detail == {"hosts": ["blog.example.com", "signin.example.com"]}
        assert desk.call("POST", "/certificate-orders/uncovered") == []

    def test_what_the_files_cover_is_not_ordered(self, desk: Any) -> None:
        """`certificate` of service.toml is for the domain and one label below it."""
        desk.settings = ServiceSettings(domain="example.com", certificate="c.pem", key="k.pem")
        assert desk.call("POST", "/certificate-orders/uncovered") == []

    def test_more_than_authorities_issue_is_refused(self, desk: Any) -> None:
        """50 a week and domain is what the largest one allows."""
        for number in range(49):
            desk.call("POST", "/applications", {
                "name": f"a{number}", "internal": "http://a:1/", "external": f"https://a{number}.example.com/"})
        with pytest.raises(ConfigError, match="51 hosts"):
            desk.call("POST", "/certificate-orders/uncovered")

    def test_given_ones_are_not_ordered(self, desk: Any) -> None:
        """Their renewal takes files."""
        desk.call("POST", "/certificates", body(WIKI))
        with pytest.raises(ConfigError, match="--certificate and --key"):
            desk.call("POST", "/certificates/wiki.example.org/renew")


def test_an_authority_is_chosen_first(desk: Any) -> None:
    """The error says how; then it is shown, without its keys."""
    with pytest.raises(ConfigError, match="appproxy certificate authority"):
        desk.call("POST", "/certificate-orders", {"hosts": ["a.example.com"]})
    with pytest.raises(NotFound, match="appproxy certificate authority"):
        desk.call("GET", "/certificate-authority")
    desk.call("PUT", "/certificate-authority", AUTHORITY_BODY | {"binding_id": "kid", "binding_key": "c2VjcmV0"})
    shown = desk.record("GET", "/certificate-authority")
    assert shown == {"directory": "https://ca.example.com/dir", "contacts": ["mailto:ann@example.com"], "own_authority": False,
                     "binding_id": "kid", "account": ""}
    assert "c2VjcmV0" not in repr(desk.audit()) and "PRIVATE" not in repr(desk.audit())


@pytest.mark.parametrize(("fields", "words"), [
    ({"agree_terms": False}, "--agree-terms"), ({"directory": "http://ca.example.com/"}, "https://"),
    ({"directory": "https://ca.example.com/a b"}, "https://"), ({"contacts": ["ann"]}, "no mail address"),
    ({"authority": "x"}, "authority: no PEM"), ({"binding_id": "kid"}, "give both or none"),
    ({"binding_id": "kid", "binding_key": "a b"}, "base64url"),
])
def test_a_wrong_authority(desk: Any, fields: dict[str, object], words: str) -> None:
    """Each with what is wrong."""
    with pytest.raises(ConfigError, match=words):
        desk.call("PUT", "/certificate-authority", AUTHORITY_BODY | fields)
