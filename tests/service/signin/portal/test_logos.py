"""Logos in the list of applications, as browsers get them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from appproxy.branding.picture import check_picture
from appproxy.testing import Playground
from tests.branding.pictures import in_base64, png
from tests.service.signin.sessions.test_apps_page import APPS, PASSWORD, Text

RED = check_picture(png(grey=1))


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    """Ann may open the wiki, eve nothing; both wiki and crm have the same logo."""
    with Playground() as playground:
        playground.add_user("ann", PASSWORD)
        playground.add_user("eve", PASSWORD)
        playground.publish("wiki", Text(b"wiki"), users=["ann"])
        playground.publish("crm", Text(b"crm"))
        for name in ("wiki", "crm"):
            playground.admin("PUT", f"/applications/{name}/logo", {"picture": in_base64(RED.data)})
        playground.network.pass_time(1)
        yield playground


def address(playground: Playground, name: str) -> str:
    """Of an application's logo."""
    found = playground.admin("GET", f"/applications/{name}")
    return f"{APPS}logo/{found['id']}/{found['logo']}"


def test_who_sees_the_application_sees_its_logo(playground: Playground) -> None:
    """With its type and nothing that runs; a browser keeps it, and asks again with what it has."""
    browser = playground.browser()
    page = browser.sign_in(APPS, "ann", PASSWORD)
    where = address(playground, "wiki")
    assert f'<img src="{where.removeprefix(APPS.rstrip("/"))}" alt=""' in page.text
    logo = browser.get(where, navigate=False)
    fields = {name: (logo.headers.getRawHeaders(name) or [""])[0] for name in (
        "content-type", "etag", "x-content-type-options", "content-security-policy", "cache-control")}
    assert (logo.status, logo.body, fields["content-type"]) == (200, RED.data, "image/png")
    assert fields["etag"] == f'"{RED.digest}"' and fields["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in fields["content-security-policy"] and "sandbox" in fields["content-security-policy"]
    assert "private" in fields["cache-control"] and "immutable" in fields["cache-control"]
    again = browser.request("GET", where, headers={"if-none-match": f'"x", W/{fields["etag"]}'})
    assert (again.status, again.body, again.headers.getRawHeaders("etag")) == (304, b"", [fields["etag"]])


def test_nobody_else_learns_that_it_is_there(playground: Playground) -> None:
    """Neither by the picture, which anybody may have, nor by the id: the answer is that of what is not there at all."""
    browser = playground.browser()
    assert browser.get(address(playground, "wiki")).status == 404, "without a session"
    browser.sign_in(APPS, "eve", PASSWORD)
    wiki, crm = address(playground, "wiki"), address(playground, "crm")
    answers = {browser.request("GET", where, headers={"if-none-match": f'"{RED.digest}"'}).status for where in (
        wiki, crm, crm.replace(RED.digest, "0" * 16), f"{APPS}logo/0000/{RED.digest}", f"{APPS}logo/x", f"{APPS}logo/")}
    assert answers == {404}


def test_another_picture_has_another_address(playground: Playground) -> None:
    """Under the old one nothing is any more."""
    browser = playground.browser()
    browser.sign_in(APPS, "ann", PASSWORD)
    before = address(playground, "wiki")
    blue = png(grey=2)
    playground.admin("PUT", "/applications/wiki/logo", {"picture": in_base64(blue)})
    playground.network.pass_time(1)
    assert browser.get(before, navigate=False).status == 404
    assert browser.get(address(playground, "wiki"), navigate=False).body == blue
    playground.admin("PUT", "/applications/wiki/logo", {"picture": in_base64(RED.data)})
    playground.network.pass_time(1)
