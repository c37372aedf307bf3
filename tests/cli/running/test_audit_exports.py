"""appproxy audit export ..."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Typing
from tests.pki.chains import make


def test_the_life_of_a_destination(typed: Typing, tmp_path: Path) -> None:
    """Standard output has the key alone, so that a script can take it, and once."""
    assert typed("audit", "export", "list").err.splitlines()[-1] == "The audit is exported nowhere."
    made = typed("audit", "export", "add", "siem", "https://siem.example.com/in", "--format", "ocsf", "--start", "beginning")
    assert made.code == 0 and made.out.startswith("whsec_") and made.out.count("\n") == 1
    assert "audit export test siem" in made.err and made.out.strip() not in made.err
    shown = typed("audit", "export", "show", "siem", "--json").json
    assert (shown["format"], shown["url"], shown["position"]) == ("ocsf", "https://siem.example.com/in", 0)
    assert "secret" not in shown and "siem" in typed("audit", "export", "list").out
    own = make("appproxy.example")
    for name, text in (("ca", own.pem), ("own", own.pem), ("key", own.key)):
        (tmp_path / name).write_text(text)
    logs = typed("audit", "export", "add", "logs", "syslog+tls://logs.example.com", "--ca-bundle", str(tmp_path / "ca"),
                 "--certificate", str(tmp_path / "own"), "--key", str(tmp_path / "key"))
    assert (logs.code, logs.out) == (0, "")
    assert "PRIVATE" not in typed("audit", "export", "show", "logs").out
    assert "up to number 0" in typed("audit", "export", "remove", "siem").out
    assert typed("audit", "export", "remove", "siem").code == 1


def test_a_wrong_url_is_explained(typed: Typing) -> None:
    """With what can be."""
    tried = typed("audit", "export", "add", "logs", "udp://logs")
    assert tried.code == 1 and "syslog+tls://HOST:PORT" in tried.err


def test_trying_one_out_without_a_service(typed: Typing) -> None:
    """Says so."""
    typed("audit", "export", "add", "logs", "syslog://logs")
    tried = typed("audit", "export", "test", "logs")
    assert tried.code == 1 and "start it first" in tried.err
