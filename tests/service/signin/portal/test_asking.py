"""Asking for an application at `apps.DOMAIN`, from the form to the end of what was given."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from appproxy.service.signin.portal.asking import shown_requests
from appproxy.store.applications.asked import AccessRequest
from appproxy.testing import Playground
from appproxy.testing.browser import Browser
from tests.service.signin.sessions.test_apps_page import APPS, PASSWORD, Text, links, one

OWN = {"origin": APPS.rstrip("/"), "sec-fetch-site": "same-origin"}


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    """Ann may open the wiki alone; she may ask for the crm and the erp, and not for the vault."""
    with Playground() as playground:
        playground.add_user("ann", PASSWORD)
        playground.publish("wiki", Text(b"wiki"), users=["ann"], requestable="yes")
        for name in ("crm", "erp"):
            playground.publish(name, Text(name.encode()), requestable="yes", description=f"The {name}")
        playground.publish("vault", Text(b"vault"))
        yield playground


def id_of(playground: Playground, name: str) -> str:
    """Of an application."""
    found: str = playground.admin("GET", f"/applications/{name}")["id"]
    return found


def send(browser: Browser, id: str, reason: str = "For the audit", **changes: str) -> tuple[int, str]:
    """Fill in the form of an application; `changes`: of what is sent."""
    found = re.search(r'name="csrf" value="([^"]+)"', browser.get(f"{APPS}ask?application={id}").text)
    data = {"csrf": found[1] if found else "", "application": id, "reason": reason} | changes
    answer = browser.request("POST", APPS + "ask", data=data, headers=OWN)
    return answer.status, answer.text


def test_from_the_form_to_the_end(playground: Playground) -> None:
    """What is given opens the application until its end, and not a second longer; the answer is on the list."""
    browser = playground.browser()
    page = browser.sign_in(APPS, "ann", PASSWORD).text
    assert {"wiki", "Ask for crm", "Ask for erp"} <= set(links(page)) and "vault" not in page
    assert browser.get("https://crm.example.org/").status == 403
    crm = id_of(playground, "crm")
    status, text = send(browser, crm, reason=" ")
    assert status == 422 and "printable characters are needed" in text and 'role="alert"' in text
    status, text = send(browser, crm, "<b>audit")
    assert status == 200 and "waits since" in text
    assert send(browser, crm)[0] == 409
    (asked,) = playground.admin("GET", "/access-requests", {"state": "pending"})
    assert (asked["application"], asked["user"], asked["reason"]) == ("crm", "ann", "<b>audit")
    playground.admin("POST", f"/access-requests/{asked['id']}/approve", {"expires": "10m", "reason": "Just <i>once"})
    playground.network.pass_time(1)
    page = browser.get(APPS).text
    assert "yours until" in page and "Just &lt;i&gt;once" in page and "crm" in links(page)
    assert browser.get("https://crm.example.org/").body == b"crm"
    (given,) = playground.admin("GET", "/applications/crm/assignments")
    assert given["user"] == "ann" and given["expires"] > 0
    playground.network.pass_time(590)
    assert browser.get("https://crm.example.org/").body == b"crm"
    playground.network.pass_time(10)
    assert browser.get("https://crm.example.org/").status == 403, "to the second"
    assert "ended on" in browser.get(APPS).text
    actions = [row["action"] for row in playground.admin("GET", "/audit") if row["action"].startswith("access.")]
    assert actions == ["access.ended", "access.approve", "access.request"]


def test_a_no_has_its_reason(playground: Playground) -> None:
    """Which the user reads."""
    browser = playground.browser()
    browser.sign_in(APPS, "ann", PASSWORD)
    send(browser, id_of(playground, "erp"))
    (asked,) = playground.admin("GET", "/access-requests", {"state": "pending"})
    playground.admin("POST", f"/access-requests/{asked['id']}/deny", {"reason": "Ask sales"})
    assert "denied: Ask sales" in browser.get(APPS).text
    status, text = send(browser, id_of(playground, "erp"))
    assert status == 409 and "less than a day ago" in text


@pytest.mark.parametrize("what", ["vault", "wiki", "0123456789abcdef", ""])
def test_nobody_learns_what_cannot_be_asked_for(playground: Playground, what: str) -> None:
    """An application that is there, one that is open, and one that is not there: the same answer."""
    browser = playground.browser()
    browser.sign_in(APPS, "ann", PASSWORD)
    crm = re.search(r'name="csrf" value="([^"]+)"', browser.get(f"{APPS}ask?application={id_of(playground, 'erp')}").text)
    id = id_of(playground, what) if what in ("vault", "wiki") else what
    looked = browser.get(f"{APPS}ask?application={id}")
    assert crm is not None and looked.status == 404 and "vault" not in looked.text
    assert send(browser, id, csrf=crm[1])[0] == 404
    assert playground.browser().get(f"{APPS}ask?application={id_of(playground, 'crm')}").status == 404, "without a session"


@pytest.mark.parametrize("changes", [{"csrf": ""}, {"csrf": "x"}])
def test_another_site_asks_for_nothing(playground: Playground, changes: dict[str, str]) -> None:
    """Without the hidden field."""
    browser = playground.browser()
    browser.sign_in(APPS, "ann", PASSWORD)
    assert send(browser, id_of(playground, "crm"), **changes)[0] == 403


def test_what_is_told_of_requests() -> None:
    """The last one of each application; of one that nobody may ask for any more nothing."""
    def request(id: str, application: str, state: str, ends: float) -> AccessRequest:
        return AccessRequest(id, application, "builtin", "ann", "Ann", "x", state, "", "", 0.0, 0.0, ends)

    found = shown_requests(
        [request("3", "a", "approved", 86400.0), request("2", "a", "denied", 5.0), request("1", "b", "pending", 9.0)],
        {"a": one("a", requestable=True), "b": one("b")}, 10.0)
    assert [(each["name"], each["text"]) for each in found] == [("A", "yours until 1970-01-02")]
