"""Operations on certificates for users."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import ConfigError
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


def test_renewed_and_removed(desk: Any) -> None:
    """The name stays; removed, it is gone."""
    desk.call("POST", "/certificates", body(WIKI, name="wiki"))
    later = server("wiki.example.org", "wiki2.example.org", ends=NOW + 200 * DAY)
    made = desk.record("PUT", "/certificates/wiki", body(later))
    assert made["names"] == ["wiki.example.org", "wiki2.example.org"] and made["days_left"] == 200.0
    desk.call("DELETE", "/certificates/wiki")
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
    assert (renewed.action, added.action) == ("certificate.renew", "certificate.add")
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
    monkeypatch.setattr("appproxy.admin.certificates.system_roots", list)
    with pytest.raises(ConfigError, match="ca-certificates"):
        desk.call("POST", "/certificates", {"certificate": chain(WIKI), "key": WIKI.key})
