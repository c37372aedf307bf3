"""appproxy node ...; what a token does is tested where a PostgreSQL server is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Typing


def test_no_node_runs(typed: Typing) -> None:
    """Without a service."""
    assert "No node runs." in typed("node", "list").err
    assert typed("node", "list", "--json").json == []
    gone = typed("node", "remove", "one")
    assert (gone.code, "no node 'one'" in gone.err) == (1, True)


def test_a_token_of_a_service_with_a_file(typed: Typing) -> None:
    """Is of no use to another machine."""
    refused = typed("node", "token")
    assert (refused.code, refused.out) == (1, "")
    assert "need PostgreSQL" in refused.err
    assert "a time such as" in typed("node", "token", "--expires", "soon").err


@pytest.mark.parametrize(("words", "told"), [
    (("hello",), "must start with appproxy-node1."),
    (("hello", "--advertise", "nowhere"), "--advertise: HOST:PORT is needed"),
    (("hello", "--listen", "example.com:1"), "--listen: 'example.com' must be an IP address"),
])  # fmt: skip
def test_a_wrong_join(bare: Typing, tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    """Says what is wrong, and makes nothing."""
    refused = bare("node", "join", *words, "--state", str(tmp_path / "new"))
    assert refused.code in (1, 2) and told in refused.err
    assert not (tmp_path / "new").exists()
