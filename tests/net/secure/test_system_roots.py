"""The authorities of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from appproxy.net.secure.system_roots import system_roots
from tests.pki.chains import BETWEEN, ROOT


def test_the_machines_own_bundle_or_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's own answer comes first; what cannot be read in a bundle is left out; none is no error."""
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(f"# Root\n{ROOT.pem}\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    other = tmp_path / "other.pem"
    other.write_text(BETWEEN.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    assert system_roots((str(other),)) == [ROOT.certificate]
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    found = system_roots((str(other),))
    assert found == [BETWEEN.certificate]
    assert system_roots(()) == []
