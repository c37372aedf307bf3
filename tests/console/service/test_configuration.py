"""The whole configuration, on the page."""

from __future__ import annotations

import html
import re

import pytest

from appproxy.console.service import configuration
from tests.console.conftest import House, Seat


def test_what_is_exported_is_what_there_is(house: House, alice: Seat) -> None:
    """A file, which compared with the service differs in nothing; sent as a file or as a text."""
    got = alice.see("/configuration/export")
    assert got.headers.getRawHeaders(b"content-disposition") == [b'attachment; filename="appproxy.yaml"']
    assert b"applications:" in got.body
    page = alice.send("/configuration", {"document": got.text, "do": "compare"}, of="/configuration")
    assert page.status == 200 and "the service is what the file says" in page.text


def test_a_change_is_compared_then_applied(house: House, alice: Seat) -> None:
    """Only after a look at what differs, and not over what somebody has changed since; a mistake is shown with its line."""
    shown = house.call("GET", "/applications/wiki")
    text = (f"format: 1\napplications:\n- name: wiki\n  internal: {shown['internal']}\n  external: {shown['external']}\n"
            "  assignments: [{user: rita}]\n  settings:\n    session_hours: '3'\n")
    compared = alice.send("/configuration", {"document": text, "do": "compare"}, of="/configuration")
    assert compared.status == 200 and "session_hours" in compared.text and ">Apply<" in compared.text, compared.text
    tag = re.search(r'name="tag" value="([^"]+)"', compared.text)
    assert tag
    sent = {"document": text, "do": "apply", "tag": html.unescape(tag[1])}
    house.call("POST", "/groups", {"name": "meanwhile"})
    assert alice.send("/configuration", sent).status == 412
    assert "session_hours" not in house.call("GET", "/applications/wiki")["settings"]
    house.call("DELETE", "/groups/meanwhile")
    done = alice.send("/configuration", sent)
    assert done.status == 200 and "The configuration is applied." in done.text, done.text
    assert house.call("GET", "/applications/wiki")["settings"]["session_hours"] == "3"
    house.call("PATCH", "/applications/wiki", {"settings": {"session_hours": ""}})
    mistaken = {"document": "format: 1\napplications:\n- nome: x\n", "do": "compare"}
    wrong = alice.send("/configuration", mistaken, of="/configuration")
    assert wrong.status == 422 and "FILE:3" in wrong.text and "nome: x" in wrong.text


def test_who_may_not(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither see nor send it; nothing of what they send is read, which may take seconds."""
    hal = house.seat("hal")
    assert hal.see("/configuration").status == 403 and hal.see("/configuration/export").status == 403
    assert hal.send("/configuration", {"document": "groups: []", "do": "apply"}).status in (403, 412)
    read: list[object] = []
    monkeypatch.setattr(configuration, "read_text", lambda *given: read.append(given))
    assert hal.send("/configuration", {"document": "groups: []", "do": "compare"}).status == 403 and read == []
