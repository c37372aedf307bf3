"""The example of a signer, installed as a distribution of its own."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from appproxy.config import load_service
from appproxy.errors import ConfigError
from appproxy.http.fields import values
from appproxy.service.relay.request_signer import load_signer
from tests.service.relay.test_relay import ANN, RelayRig

EXAMPLE = Path(__file__).parents[2] / "docs" / "library" / "signed_requests.py"


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The distribution, where Python looks for distributions."""
    info = tmp_path / "signed_requests-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: signed-requests\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[appproxy.request_signers]\nassertion = signed_requests:Assertion\nno-signer = builtins:dict\n")
    (tmp_path / "signed_requests.py").write_text(EXAMPLE.read_text())
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield
    sys.modules.pop("signed_requests", None)


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OKPKey:
    """The key, in its file."""
    made = OKPKey.generate_key("Ed25519")
    (tmp_path / "key.pem").write_bytes(made.as_pem(private=True))
    monkeypatch.setenv("ASSERTION_KEY", str(tmp_path / "key.pem"))
    return made


def test_an_application_can_check_who_asks(key: OKPKey) -> None:
    """With the public key alone: subject, application, request and time."""
    settings = load_service('domain = "example.com"\nsigner = "assertion"', "service.toml")
    rig = RelayRig(signer=load_signer(settings.signer))
    exchange = rig.start(session=ANN, fields=[(b"x-user-assertion", b"forged")])
    (token,) = values(rig.link.asked().block, b"x-user-assertion")
    public = OKPKey.import_key(key.as_pem(private=False))
    claims = jwt.decode(token.decode(), public, ["Ed25519"]).claims
    assert (claims["sub"], claims["iss"], claims["aud"], claims["jti"]) == ("ann", ANN.issuer, "wiki", exchange.id)
    assert claims["exp"] - claims["iat"] == 60


def test_nobody_is_vouched_for_who_has_not_signed_in(key: OKPKey) -> None:
    """And what they send themselves is cut."""
    rig = RelayRig(signer=load_signer("assertion"))
    rig.start(fields=[(b"x-user-assertion", b"forged")])
    assert b"x-user-assertion" not in rig.link.asked().block


def test_without_a_key_the_service_does_not_start() -> None:
    """Nor with something that is no signer."""
    with pytest.raises(ConfigError, match="^signer: assertion .* cannot be loaded"):
        load_signer("assertion")
    with pytest.raises(ConfigError, match="^signer: no-signer makes no signer"):
        load_signer("no-signer")
