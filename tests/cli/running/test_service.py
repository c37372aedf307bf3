"""Making a state directory, and the service as a whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from appproxy.cli.running.service import _database, _open_files, _quoted
from appproxy.config import load_service
from appproxy.pki import create_authority, decode_token, not_after
from tests.cli.conftest import NOW, Typing


def test_init_makes_a_state_directory(bare: Typing, tmp_path: Path) -> None:
    """With the settings asked for; what to do next is printed."""
    state = tmp_path / "a" / "state"
    made = bare(
        "init", "--state", str(state), "--domain", "example.com", "--listen", "127.0.0.1:9443", "--tunnel-listen",
        "127.0.0.1:9444", "--tunnel-address", "10.0.0.1:9444", "--metrics-listen", "127.0.0.1:9090",
    )  # fmt: skip
    assert made.code == 0, made.err
    settings = load_service((state / "service.toml").read_text(), "service.toml")
    assert (str(settings.listen), settings.tunnel_address, settings.public_port) == ("127.0.0.1:9443", "10.0.0.1:9444", 9443)
    assert str(settings.metrics_listen) == "127.0.0.1:9090"
    assert "trust-anchor.pem" in made.out
    assert f"twistd -n --pidfile= appproxy-service --state {state}" in made.out
    assert (state.stat().st_mode & 0o777, (state / "master.key").stat().st_mode & 0o777) == (0o700, 0o600)
    assert bare("--state", str(state), "status", "--json").json["domain"] == "example.com"


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--domain", "no dots"], "domain"), (["--domain", "example.com", "--listen", "443"], "listen"),
        (["--domain", "example.com", "--tunnel-listen", "0.0.0.0:443"], "tunnel_listen"),
        (["--domain", "example.com", "--certificate", "/nonexistent.pem", "--key", "/nonexistent.key"], "certificate"),
        (["--domain", "example.com", "--key", "/nonexistent.key"], "certificate"),
    ],
)  # fmt: skip
def test_a_wrong_option_leaves_nothing_behind(bare: Typing, tmp_path: Path, options: list[str], word: str) -> None:
    """The error names the setting, and no directory is made."""
    state = tmp_path / "state"
    made = bare("init", "--state", str(state), *options)
    assert (made.code, word in made.err) == (1, True), made.err
    assert list(tmp_path.iterdir()) == []


def test_init_prints_what_the_first_connector_needs(bare: Typing, tmp_path: Path) -> None:
    """The whole command, with a token that is good for one connector and one hour."""
    state = str(tmp_path / "state")
    made = bare("init", "--state", state, "--domain", "example.com")
    found = re.search(r"^  appproxy connector join (\S+) --state \S+$", made.out, re.MULTILINE)
    assert found is not None
    assert decode_token(found[1]).address == "connect.example.com:8443"
    (token,) = bare("--state", state, "connector", "tokens", "--json").json
    assert (token["uses"], token["expires"] - token["created"]) == (1, 3600)
    assert made.err == ""


def test_status_knows_a_given_certificate(bare: Typing, typed: Typing, state: Path, tmp_path: Path) -> None:
    """The end of the one that is served, not of one that the service would make."""
    pair = create_authority("x", NOW, serial=b"\1" * 16, names=["example.com"])
    (tmp_path / "chain.pem").write_text(pair.certificate)
    settings = state / "service.toml"
    settings.write_text(f'certificate = "{tmp_path}/chain.pem"\nkey = "{tmp_path}/key.pem"\n' + settings.read_text())
    assert typed("status", "--json").json["user_certificate_expires"] == not_after(pair.certificate)
    (tmp_path / "chain.pem").unlink()
    gone = typed("status")
    assert (gone.code, "chain.pem cannot be read" in gone.err) == (1, True)


def test_init_on_another_database(bare: Typing, tmp_path: Path) -> None:
    """In one command; a second service is not put on top of the first, and leaves no directory behind."""
    url = f"sqlite:///{tmp_path}/elsewhere.db"
    first, second = tmp_path / "first", tmp_path / "second"
    made = bare("init", "--state", str(first), "--domain", "example.com", "--database", url)
    assert made.code == 0, made.err
    assert load_service((first / "service.toml").read_text(), "service.toml").database_url == url
    assert not (first / "appproxy.db").exists()
    assert bare("--state", str(first), "status", "--json").json["domain"] == "example.com"
    again = bare("init", "--state", str(second), "--domain", "example.com", "--database", url)
    assert (again.code, "another, empty database" in again.err, second.exists()) == (1, True, False)
    wrong = bare("init", "--state", str(second), "--domain", "example.com", "--database", "mysql://x/y")
    assert (wrong.code, "database_url" in wrong.err, second.exists()) == (1, True, False)


def test_init_never_overwrites(bare: Typing, state: Path) -> None:
    """A directory with something in it is left alone."""
    before = sorted(path.name for path in state.iterdir())
    again = bare("init", "--state", str(state), "--domain", "example.com")
    assert (again.code, "not empty" in again.err) == (1, True)
    assert sorted(path.name for path in state.iterdir()) == before


def test_status_and_audit(typed: Typing) -> None:
    """What is there, and who changed it; what is empty is left out, but not for programs."""
    found = typed("status", "--json").json
    assert found["running"] is False and found["symptoms"] == found["limits_met"] == []
    words = typed("status")
    assert {line.split()[0] for line in words.out.splitlines()} == set(found) - {"symptoms", "limits_met"}
    assert words.err.count("no service runs") == 1
    assert re.search(r"^database +reachable$", words.out, re.MULTILINE)
    typed("group", "add", "staff")
    (row,) = typed("audit", "--json").json
    assert (row["action"], row["detail"]) == ("group.add", {"name": "staff"})
    assert "group.add" in typed("audit", "--limit", "1").out


def test_a_database_that_is_away_and_files_that_were_short() -> None:
    """In words, not as the fields of the answer."""
    assert _database({"reachable": False, "kept_at": None, "age": None}) == "away"
    kept = _database({"reachable": False, "kept_at": 1e9, "age": 5.0})
    assert kept.startswith("away since the start; what is known was kept 2001-")
    short = _open_files({"open": 9, "limit": 10, "closed": 3, "seconds_ago": 1.0})
    assert short == "9 of 10; 3 connections were closed for want of one"
    assert _open_files(None) == ""


@pytest.mark.parametrize("text", ['a"b', "a\\b", "a\nb", "ä\x7f", "plain"])
def test_options_cannot_break_out_of_the_file(text: str) -> None:
    """Whatever is typed stays one text in the settings."""
    import tomllib

    assert tomllib.loads(f"x = {_quoted(text)}") == {"x": text}
