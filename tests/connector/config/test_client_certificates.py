"""Certificates for applications, from the connector's own files."""

from __future__ import annotations

from pathlib import Path

import pytest

from appproxy.connector.config.client_certificates import ClientCertificates
from appproxy.connector.config.files import write_private
from appproxy.errors import ConfigError
from tests.pki.authorities import CONNECTOR


def test_both_are_in_one_file(tmp_path: Path) -> None:
    """Chain and key, in the order that the admin likes."""
    write_private(tmp_path / "wiki.pem", (CONNECTOR.key + CONNECTOR.certificate).encode())
    credential = ClientCertificates(tmp_path).load("wiki")
    assert CONNECTOR.certificate.strip() in credential.certificate
    assert CONNECTOR.key.strip() in credential.key


@pytest.mark.parametrize("text", ["", CONNECTOR.certificate, CONNECTOR.key, "\xe9"])
def test_what_is_missing_is_told(tmp_path: Path, text: str) -> None:
    """With the name of the file."""
    write_private(tmp_path / "wiki.pem", text.encode())
    with pytest.raises(ConfigError, match="wiki.pem"):
        ClientCertificates(tmp_path).load("wiki")


def test_a_key_that_others_may_read(tmp_path: Path) -> None:
    """Is not used: it may have been read."""
    path = tmp_path / "wiki.pem"
    write_private(path, (CONNECTOR.certificate + CONNECTOR.key).encode())
    path.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        ClientCertificates(tmp_path).load("wiki")


def test_no_file(tmp_path: Path) -> None:
    """Says where it is looked for."""
    with pytest.raises(ConfigError, match="wiki.pem"):
        ClientCertificates(tmp_path).stamp("wiki")
    with pytest.raises(ConfigError, match="wiki.pem"):
        ClientCertificates(tmp_path).load("wiki")


def test_a_new_file_has_another_stamp(tmp_path: Path) -> None:
    """Also when it was written within the same moment."""
    path = tmp_path / "wiki.pem"
    write_private(path, b"old")
    before = ClientCertificates(tmp_path).stamp("wiki")
    assert ClientCertificates(tmp_path).stamp("wiki") == before
    write_private(path, b"new")
    assert ClientCertificates(tmp_path).stamp("wiki") != before
