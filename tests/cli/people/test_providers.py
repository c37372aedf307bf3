"""Identity providers on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from appproxy.cli.base.calling import CallSettings
from appproxy.pki.issuing.authority import create_authority
from appproxy.pki.issuing.client_certificate import new_client_credential
from tests.cli.conftest import Typing

ADD = ("provider", "add", "corp", "--issuer", "https://login.corp.example", "--client-id", "abc", "--client-secret-stdin")


def test_providers(typed: Typing) -> None:
    """The built-in one is there; others come with their secret on standard input, and it is never shown."""
    added = typed(
        "provider", "add", "corp", "--issuer", "https://login.corp.example", "--client-id", "abc", "--client-secret-stdin",
        stdin="s3cr3t-of-corp\n",
    )  # fmt: skip
    assert added.code == 0, added.err
    assert {one["name"] for one in typed("provider", "list", "--json").json} == {"builtin", "corp"}
    shown = typed("provider", "show", "corp")
    assert "https://login.corp.example" in shown.out
    assert "s3cr3t-of-corp" not in shown.out
    assert typed("provider", "remove", "corp").code == 0


def test_one_with_an_authority_of_the_company(typed: Typing, tmp_path: Path) -> None:
    """Its certificates come from a file, and can be taken away again; what is no certificate is refused."""
    pem = create_authority("Corp", 1_800_000_000.0, years=1, serial=b"\x01" * 16).certificate
    (tmp_path / "ca.pem").write_text(pem)
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    added = typed(*ADD, "--ca-bundle", str(tmp_path / "ca.pem"), stdin="s3cr3t\n")
    assert added.code == 0, added.err
    assert typed("provider", "show", "corp", "--json").json["ca_bundle"] == pem
    assert typed("provider", "set", "corp", "--ca-bundle", "").code == 0
    assert typed("provider", "show", "corp", "--json").json["ca_bundle"] == ""
    for name, code, words in (("none.pem", 2, "cannot be read"), ("bytes", 2, "is not a text")):
        refused = typed("provider", "set", "corp", "--ca-bundle", str(tmp_path / name))
        assert (refused.code, words in refused.err) == (code, True), refused.err
    (tmp_path / "bytes").write_text("no certificate")
    refused = typed("provider", "set", "corp", "--ca-bundle", str(tmp_path / "bytes"))
    assert (refused.code, "ca_bundle" in refused.err) == (1, True)


def test_pushed_requests(typed: Typing) -> None:
    """`auto`, if nothing is said; only the two values are taken."""
    typed(*ADD, stdin="s3cr3t\n")
    assert typed("provider", "show", "corp", "--json").json["pushed_requests"] == "auto"
    for value in ("always", "auto"):
        changed = typed("provider", "set", "corp", "--pushed-requests", value)
        assert changed.code == 0, changed.err
        assert typed("provider", "show", "corp", "--json").json["pushed_requests"] == value
    assert typed("provider", "set", "corp", "--pushed-requests", "never").code == 2
    typed("provider", "remove", "corp")
    assert typed(*ADD, "--pushed-requests", "always", stdin="s3cr3t\n").code == 0
    assert typed("provider", "show", "corp", "--json").json["pushed_requests"] == "always"


def test_a_secret_that_ends(typed: Typing) -> None:
    """The new one comes on standard input; without anything to change the command says so."""
    typed(*ADD, stdin="s3cr3t\n")
    changed = typed("provider", "set", "corp", "--client-secret-stdin", "--scope", "openid", "--scope", "roles", stdin="n3w\n")
    assert changed.code == 0, changed.err
    assert "corp is changed" in changed.out
    assert typed("provider", "show", "corp", "--json").json["scopes"] == ["openid", "roles"]
    assert "n3w" not in typed("audit").out + changed.out
    assert "nothing to change" in typed("provider", "set", "corp").err


def test_how_long_sessions_last(typed: Typing) -> None:
    """Also with the built-in provider, of which nothing else can be set."""
    given = ("--session-hours", "8", "--idle-minutes", "30", "--fetch-groups")
    typed("provider", "add", "corp", "--issuer", "https://idp.example.org", "--client-id", "c", "--public", *given)
    found = typed("provider", "show", "corp", "--json").json
    assert (found["session_hours"], found["idle_minutes"], found["fetch_groups"]) == (8.0, 30.0, True)
    assert found["backchannel_logout_uri"].endswith("/backchannel-logout")
    typed("provider", "set", "corp", "--no-fetch-groups", "--idle-minutes", "0")
    found = typed("provider", "show", "corp", "--json").json
    assert (found["session_hours"], found["idle_minutes"], found["fetch_groups"]) == (8.0, 0.0, False)
    assert typed("provider", "set", "builtin", "--session-hours", "4").code == 0
    assert typed("provider", "set", "builtin", "--client-id", "x").code == 1


def test_how_it_is_spoken_with(typed: Typing) -> None:
    """`--set`, of the keys that `provider keys` lists; a wrong one is told with those that are there."""
    assert typed(*ADD, "--set", "response_mode=form_post", "--set", "max_age=60", stdin="s3cr3t\n").code == 0
    assert typed("provider", "show", "corp", "--json").json["settings"] == {"max_age": "60", "response_mode": "form_post"}
    assert typed("provider", "set", "corp", "--set", "max_age=").code == 0
    assert typed("provider", "show", "corp", "--json").json["settings"] == {"response_mode": "form_post"}
    assert "no setting" in typed("provider", "set", "corp", "--set", "x=y").err
    assert "response_mode" in typed("provider", "keys").out


def test_keys_of_the_client(typed: Typing, tmp_path: Path) -> None:
    """A new one before its time; a certificate of an authority from files."""
    assert typed(*ADD, "--set", "client_authentication=private_key_jwt", stdin="s3cr3t\n").code == 0
    assert "is the next key" in typed("provider", "new-key", "corp").out
    assert len(typed("provider", "show", "corp", "--json").json["keys"]) == 2
    pair = new_client_credential("EC", "x", 1_800_000_000.0, b"x" * 16)
    (tmp_path / "client.pem").write_text(pair.certificate)
    (tmp_path / "client.key").write_text(pair.key)
    files = ("--tls-certificate", str(tmp_path / "client.pem"), "--tls-key", str(tmp_path / "client.key"))
    assert typed("provider", "set", "corp", *files, "--set", "client_authentication=tls_client_auth").code == 0
    assert any(key["given"] for key in typed("provider", "show", "corp", "--json").json["keys"])
    refused = typed("provider", "set", "corp", "--tls-key", str(tmp_path / "none"))
    assert (refused.code, "--tls-key" in refused.err) == (2, True)


def test_a_provider_is_tested_by_a_service(typed: Typing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one it is said; what it finds is printed step by step, and something broken is the exit code."""
    assert "start it" in typed("provider", "test", "builtin").err
    steps = [{"check": "metadata", "health": "good", "detail": "https://corp.example answers", "hint": ""},
             {"check": "client", "health": "warning", "detail": "it is not known", "hint": "sign in once"}]

    def answered(self: object, method: str, *path: str, **more: object) -> object:
        assert (method, path) == ("GET", ("providers", "corp", "report"))
        return steps

    monkeypatch.setattr(CallSettings, "call", answered)
    told = typed("provider", "test", "corp")
    assert told.code == 0 and told.out == "metadata: https://corp.example answers\nclient: it is not known\n"
    assert "sign in once" in told.err and typed("provider", "test", "corp", "--json").json == steps
    steps[1]["health"] = "broken"
    assert typed("provider", "test", "corp").code == typed("provider", "test", "corp", "--json").code == 1
