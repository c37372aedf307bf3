"""The table `session` becomes controls, or an error that begins with the path to the wrong field."""

from __future__ import annotations

from math import inf

import pytest

from appproxy.errors import ConfigError
from appproxy.policy.conditional.documents.controls import read_controls
from appproxy.policy.conditional.parts.demands import UNLIMITED
from appproxy.policy.conditional.parts.transfers import Rule, Transfers


def test_nothing_said_is_nothing_limited() -> None:
    """The very value that costs nothing to look at."""
    assert read_controls(None, "p", "") is UNLIMITED
    assert read_controls({"persistent": True, "read_only": False}, "p", "") is UNLIMITED


def test_the_three_rules() -> None:
    """With the policy's name and words, and sizes that pages and forms keep to."""
    table = {"read_only": True, "no_download": True, "no_upload": True, "largest_upload": "1M", "upgrades": True}
    assert read_controls(table, "p", "No.").transfers == Transfers(
        Rule("p", "No.", inf, True), Rule("p", "No.", 10 * 2.0**20, True), Rule("p", "No.", 2.0**20, True))
    assert read_controls({"no_download": True, "largest_download": "16k"}, "p", "").transfers == Transfers(
        download=Rule("p", "", 16384.0))


@pytest.mark.parametrize(("table", "message", "hint"), [
    ({"readonly": True}, "session.readonly: there is no such field", "did you mean read_only?"),
    ({"read_only": "yes"}, "session.read_only: true or false", ""),
    ({"largest_download": "1M"}, "session.largest_download: says nothing by itself", "no_download = true"),
    ({"no_download": True, "largest_upload": "1M"}, "session.largest_upload: says nothing", "no_upload = true"),
    ({"upgrades": True}, "session.upgrades: says nothing by itself", "read_only, no_download or no_upload"),
    ({"no_upload": True, "largest_upload": "1k"}, "session.largest_upload: a size of at least 16k", "20M"),
    ({"no_upload": True, "largest_upload": 20}, "session.largest_upload: a size", ""),
    ({"no_upload": True, "largest_upload": "20 mb"}, "session.largest_upload: a size", ""),
])
def test_wrong_controls(table: dict[str, object], message: str, hint: str) -> None:
    """Where, what, and what to do."""
    with pytest.raises(ConfigError) as caught:
        read_controls(table, "p", "")
    assert caught.value.message.startswith(message)
    assert hint in caught.value.hint
