"""The example of a connector with stored passwords."""

from __future__ import annotations

import importlib.util
import json
import os
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from appproxy.connector.applications.origin_auth import authenticated
from appproxy.connector.applications.route import OriginRoute
from appproxy.errors import ConfigError
from appproxy.tunnel.frames import Kind
from tests.connector.rig import APPLICATION, Rig, finals, request, send

EXAMPLE = Path(__file__).parents[2] / "docs" / "library" / "stored_passwords.py"
PASSWORDS = {"wiki": {"7": ["ann", "ann's"]}, "printer": {"*": ["admin", "ä"]}}
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("stored_passwords", EXAMPLE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file."""
    found = tmp_path / "passwords.json"
    found.write_text(json.dumps(PASSWORDS))
    found.chmod(0o600)
    return found


def sent(example: ModuleType, path: Path, application: str, user: str) -> list[bytes]:
    """Which Authorization the application gets when this user asks."""
    rig = Rig()
    target = replace(rig.routes[APPLICATION].target, name=application)
    file = example.PasswordFile(path)
    rig.routes[APPLICATION] = OriginRoute(target, authenticated(rig.origins.of(target.address), target, file.of))
    signal = rig.online()
    send(signal, 1, replace(request(), user=user.encode()))
    origin = rig.origin()
    head = origin.take().split(b"\r\n")
    origin.deliver(OK)
    assert list(finals(signal.read())) == [(Kind.RSP, 1, (200, b"hello"))]
    return [line for line in head if line.startswith(b"authorization")]


@pytest.mark.parametrize(("application", "user", "credentials"), [
    ("wiki", '{"subject":"7","issuer":"i","name":"Ann"}', "ann:ann's"),
    ("wiki", '{"subject":"8","issuer":"i","name":"7"}', None),
    ("wiki", "null", None),
    ("printer", '{"subject":"8","issuer":"i","name":"Bob"}', "admin:ä"),
    ("printer", "null", "admin:ä"),
    ("other", '{"subject":"7","issuer":"i","name":"Ann"}', None),
])
def test_who_gets_which_password(
    example: ModuleType, path: Path, application: str, user: str, credentials: str | None
) -> None:
    """By application and subject; a name that is like somebody's subject gets nothing."""
    wanted = [] if credentials is None else [b"authorization: Basic " + b64encode(credentials.encode())]
    assert sent(example, path, application, user) == wanted


def test_a_new_file_counts_at_once(example: ModuleType, path: Path) -> None:
    """No restart."""
    file = example.PasswordFile(path)
    auth = file.of("wiki")
    path.write_text(json.dumps({"wiki": {"*": ["b", "c"]}}))
    os.utime(path, ns=(1, 1))
    assert auth.fields(request()) == b"authorization: Basic " + b64encode(b"b:c") + b"\n"


@pytest.mark.parametrize(("text", "mode", "said"), [
    ("{", 0o600, "cannot be used"), ("[]", 0o600, "cannot be used"), ('{"a": {"b": 1}}', 0o600, "cannot be used"),
    ("{}", 0o644, "others can read it; chmod 600"), (None, 0, "cannot be used")])
def test_a_file_that_cannot_be_used(example: ModuleType, tmp_path: Path, text: Any, mode: int, said: str) -> None:
    """The error names the file; the connector does not start without passwords that it was to have."""
    path = tmp_path / "passwords.json"
    if text is not None:
        path.write_text(text)
        path.chmod(mode)
    with pytest.raises(ConfigError, match=f"passwords.json: {said}"):
        example.PasswordFile(path)
