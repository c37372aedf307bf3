"""Values of records in the words of people."""

from __future__ import annotations

from appproxy.console.records.values import ShownField, is_time, label_of, shown, shown_fields


def test_what_is_empty_is_left_out() -> None:
    """And what is not is said: a moment, a list, a mapping, a long text, a secret."""
    record = {"name": "x", "note": "", "gone": None, "created": 7.0, "ends": 0, "keys": [{"id": "k", "given": False}],
              "claims": {"team": "red"}, "token": "t", "ca_bundle": "x" * 300, "public": False}
    assert shown_fields(record) == [
        ShownField("name", "Name", "text", "x"), ShownField("created", "Created", "time", 7.0),
        ShownField("ends", "Ends", "text", "0"), ShownField("keys", "Keys", "list", ["id k, given no"]),
        ShownField("claims", "Claims", "list", ["team: red"]), ShownField("token", "Token", "text", "t", True),
        ShownField("ca_bundle", "CA bundle", "long", "x" * 300), ShownField("public", "Public", "text", "no")]
    assert [one.value for one in shown_fields([{"a": 1}, {"a": 2}])] == [["a: 1"], ["a: 2"]]


def test_in_one_line() -> None:
    """For lists."""
    assert shown("names", list("abcdef")) == "a, b, c, d and 2 more" and shown("x", True) == "yes"
    assert is_time("expires") and not is_time("name") and label_of("redirect_uri") == "Redirect URI"
