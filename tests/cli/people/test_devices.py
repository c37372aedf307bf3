"""appproxy device ..."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from appproxy.pki import certificate_request, new_key
from tests.cli.conftest import Typing
from tests.pki.chains import CLIENT, DAY, NOW, crl, make

ROOT = make("Company Devices", authority=True, ends=NOW + 900 * DAY)
LAPTOP = make("laptop-7", ROOT, extensions=(CLIENT,))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """An authority's certificate, and its list in both forms."""
    text = crl(ROOT, LAPTOP, ends=NOW + 9 * DAY)
    (tmp_path / "root.pem").write_text(ROOT.pem)
    (tmp_path / "list.pem").write_text(text)
    (tmp_path / "list.crl").write_bytes(x509.load_pem_x509_crl(text.encode()).public_bytes(Encoding.DER))
    (tmp_path / "empty.pem").write_text("\n")
    (tmp_path / "large.pem").write_bytes(b"x" * ((1 << 20) + 1))
    return tmp_path


def test_from_files_to_a_list(typed: Typing, files: Path) -> None:
    """Without a list a note says how to give one; lists come as PEM and as DER."""
    assert typed("device", "authority", "list").err.splitlines()[-1].startswith("There is no device authority")
    made = typed("device", "authority", "add", "company", "--certificate", str(files / "root.pem"))
    assert made.out == "certificates of company prove devices now\n"
    assert "device authority set NAME --crl" in made.err
    assert "no CRL" in typed("device", "authority", "list").out
    for name in ("list.pem", "list.crl"):
        told = typed("device", "authority", "set", "company", "--crl", str(files / name))
        assert told.out.startswith("1 certificates of company are known to be revoked, until "), told.err
    [shown] = typed("device", "authority", "list", "--json").json
    assert (shown["name"], shown["revoked"]) == ("company", 1)
    assert typed("device", "authority", "set", "company", "--no-crl").code == 0
    assert typed("device", "authority", "remove", "company").code == 0
    assert typed("device", "authority", "list", "--json").json == []


@pytest.mark.parametrize("arguments", [
    ("add", "x", "--certificate", "gone.pem"), ("add", "x", "--certificate", "large.pem"), ("set", "x"),
    ("set", "x", "--no-crl", "--crl", "list.pem"), ("set", "x", "--crl", "gone.pem"),
    ("add", "x"), ("add", "--certificate", "root.pem"), ("add", "x", "--builtin"),
    ("add", "--builtin", "--certificate", "root.pem"), ("set", "x", "--crl", "empty.pem"),
    ("add", "x", "--certificate", "root.pem", "--crl", "empty.pem"),
])
def test_wrong_use(typed: Typing, files: Path, arguments: tuple[str, ...]) -> None:
    """The exit code says so."""
    found = [str(files / one) if one.endswith(".pem") else one for one in arguments]
    assert typed("device", "authority", *found).code == 2


def test_what_is_no_certificate(typed: Typing, files: Path) -> None:
    """The error names it."""
    wrong = typed("device", "authority", "add", "x", "--certificate", str(files / "list.pem"))
    assert wrong.code == 1 and "certificate: no PEM certificate" in wrong.err


def test_the_life_of_a_device(typed: Typing, tmp_path: Path) -> None:
    """Two lines: the link, and the password of what it gives; with a request the certificate; and nobody has either again."""
    assert typed("user", "add", "ann", "--password-stdin", stdin="correct horse battery staple\n").code == 0
    missing = typed("device", "add", "ann", "--name", "laptop")
    assert missing.code == 1 and "appproxy device authority add --builtin" in missing.err
    assert typed("device", "authority", "add", "--builtin").out == "certificates of builtin prove devices now\n"
    made = typed("device", "add", "ann", "--name", "laptop", "--expires", "30d")
    link, password = made.out.splitlines()
    assert link.startswith("https://signin.") and "/device-key?t=" in link and len(password) == 19
    request = tmp_path / "device.csr"
    request.write_text(certificate_request(new_key()))
    assert typed("device", "add", "ann", "--name", "tablet", "--request", str(request)).out.startswith("-----BEGIN CERT")
    rows = typed("device", "list", "--json").json
    assert {(row["name"], row["state"]) for row in rows} == {("laptop", "waits for its user"), ("tablet", "good")}
    assert password not in typed("device", "list").out
    for row in rows:
        assert typed("device", "revoke", row["id"]).out == f"{row['name']} of ann proves nothing any more\n"
    assert {row["state"] for row in typed("device", "list", "--json").json} == {"revoked"}
    assert typed("device", "revoke", "x").code == 1
