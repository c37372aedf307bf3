"""appproxy certificate ..."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Typing
from tests.pki.chains import NOW, ROOT, Made, chain, leaf

WIKI = leaf("wiki.example.org")


def files(directory: Path, made: Made) -> list[str]:
    """The options that name the pair."""
    directory.joinpath("chain.pem").write_text(chain(made))
    directory.joinpath("key.pem").write_text(made.key)
    directory.joinpath("root.pem").write_text(ROOT.pem)
    return ["--certificate", f"{directory}/chain.pem", "--key", f"{directory}/key.pem", "--authority", f"{directory}/root.pem"]


def test_from_adding_to_removing(typed: Typing, tmp_path: Path) -> None:
    """A certificate is added, listed, shown, renewed, removed; each command says what it did."""
    pair = files(tmp_path, WIKI)
    added = typed("certificate", "add", *pair)
    assert added.code == 0 and added.out.startswith("wiki.example.org answers for wiki.example.org until 20")
    (row,) = typed("certificate", "list", "--json").json
    assert (row["name"], row["source"]) == ("wiki.example.org", "given")
    assert "wiki.example.org\twiki.example.org\tgiven\t20" in typed("certificate", "list").out
    shown = typed("certificate", "show", "wiki.example.org")
    assert "CN=Test Intermediate" in shown.out and "PRIVATE" not in shown.out
    later = leaf("wiki.example.org", ends=NOW + 300 * 86400)
    renewed = typed("certificate", "renew", "wiki.example.org", *files(tmp_path, later), "--json").json
    assert renewed["not_after"] > row["not_after"]
    removed = typed("certificate", "remove", "wiki.example.org")
    assert removed.code == 0 and removed.out == "wiki.example.org is removed\n"
    assert typed("certificate", "list", "--json").json == []
    assert "appproxy certificate add" in typed("certificate", "list").err


def test_what_is_wrong_is_said_in_one_line(typed: Typing, tmp_path: Path) -> None:
    """A wrong key, a file in another format, an unknown name: the exit code is 1."""
    pair = files(tmp_path, WIKI)
    (tmp_path / "key.pem").write_text(leaf().key)
    refused = typed("certificate", "add", *pair)
    assert refused.code == 1 and "does not belong to this key" in refused.err and refused.err.count("\n") <= 2
    (tmp_path / "key.pem").write_bytes(b"\x30\x82\xff\xff")
    assert "openssl" in typed("certificate", "add", *pair).err
    assert typed("certificate", "show", "blog").code == 1
    assert typed("certificate", "remove", "blog").code == 1


def test_ordering(typed: Typing, tmp_path: Path) -> None:
    """An authority is chosen, a certificate ordered, hurried, and removed before it was ever issued."""
    assert "appproxy certificate authority" in typed("certificate", "order", "wiki.example.com").err
    assert typed("certificate", "authority").code == 1
    (tmp_path / "root.pem").write_text(ROOT.pem)
    chosen = typed(
        "certificate", "authority", "https://ca.example.com/dir", "--contact", "ann@example.com", "--agree-terms",
        "--authority", f"{tmp_path}/root.pem", "--binding-id", "kid", "--binding-key-stdin", stdin="c2VjcmV0\n")
    assert chosen.code == 0 and "c2VjcmV0" not in chosen.out
    shown = typed("certificate", "authority", "--json").json
    assert (shown["directory"], shown["binding_id"], shown["own_authority"]) == ("https://ca.example.com/dir", "kid", True)
    ordered = typed("certificate", "order", "wiki.example.com", "--name", "wiki")
    assert "appproxy certificate show wiki" in ordered.out
    assert "wiki\twiki.example.com\tacme\tnever\t\tordered" in typed("certificate", "list").out
    assert typed("certificate", "renew", "wiki").code == 0
    assert typed("certificate", "renew", "wiki", "--key", f"{tmp_path}/root.pem").code == 2
    assert typed("certificate", "remove", "wiki").code == 0
    assert typed("certificate", "list", "--json").json == []
    assert typed("certificate", "order", "--uncovered").out == "apps.example.com is ordered\nsignin.example.com is ordered\n"
    assert typed("certificate", "order", "--uncovered").out == "every host has one\n"
    for wrong in ([], ["a.example.com", "--uncovered"], ["--uncovered", "--name", "x"]):
        assert typed("certificate", "order", *wrong).code == 2


def test_who_is_left_to_the_default_certificate_is_told(typed: Typing, tmp_path: Path) -> None:
    """When the last one that covers a host is removed."""
    typed("certificate", "add", *files(tmp_path, leaf("apps.example.com")))
    removed = typed("certificate", "remove", "apps.example.com")
    assert "the default certificate answers now for apps.example.com" in removed.out
