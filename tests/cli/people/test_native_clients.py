"""appproxy native-client ..."""

from __future__ import annotations

from tests.cli.conftest import Typing


def test_the_life_of_a_client(typed: Typing) -> None:
    """Standard output has the client id alone."""
    assert typed("app", "publish", "wiki", "--internal", "http://w/", "--external", "https://wiki.example.com").code == 0
    made = typed("native-client", "add", "Tool", "--app", "wiki", "--redirect-uri", "http://127.0.0.1/cb")
    assert made.code == 0 and len(made.out) == 17
    assert "Tool" in typed("native-client", "list").out
    assert typed("native-client", "list", "--json").json[0]["id"] == made.out.strip()
    assert typed("native-client", "set", "Tool", "--device-codes").out == "Tool may have device codes\n"
    assert typed("native-client", "list", "--json").json[0]["device_codes"] is True
    assert typed("native-client", "set", "Tool", "--no-device-codes").out == "Tool may not have device codes\n"
    none = typed("native-client", "add", "Box", "--app", "wiki")
    assert none.code == 1 and "--redirect-uri" not in none.err and "without device codes" in none.err
    assert typed("native-client", "add", "Box", "--app", "wiki", "--device-codes").code == 0
    assert typed("native-client", "remove", "Tool").out == "Tool is removed\n"
    assert typed("native-client", "add", "Tool", "--app", "wiki", "--redirect-uri", "http://evil.example/").code == 1
