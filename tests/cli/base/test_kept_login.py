"""Tokens of a context are renewed as they end, by one command at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appproxy.admin.transport.remote import Remote, TokenRefused
from appproxy.cli.base import kept_login
from appproxy.cli.base.kept_login import EARLY, KeptLogin

NOW = 1000.0
FIRST = Remote("https://a", "t1", refresh_token="r1", expires=NOW + 600.0)


class Kept:
    """The file of contexts, and a service that takes one token."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch, first: Remote = FIRST, good: str = "t1") -> None:
        self.service, self.good = first, good
        self.renewed: list[str] = []
        self.called: list[tuple[object, ...]] = []
        self.path = path / "contexts.json"
        self.login = KeptLogin(self.path, self.read, self.write, lambda: NOW)
        monkeypatch.setattr(kept_login, "refreshed", self.refresh)
        monkeypatch.setattr(Remote, "call", lambda remote, *args, **more: self.call(remote, *args, **more))

    def read(self) -> Remote:
        return self.service

    def write(self, service: Remote) -> None:
        self.service = service

    def refresh(self, service: Remote, now: float) -> Remote:
        assert now == NOW
        with pytest.raises(BlockingIOError), self.path.with_name("contexts.json.lock").open() as other:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.renewed.append(service.refresh_token)
        return replace(service, token="t2", refresh_token="r2", expires=NOW + 600.0)

    def call(self, remote: Remote, method: str, path: str, body: Mapping[str, object] | None, **more: Any) -> object:
        self.called.append((remote.token, method, path, body, more))
        if remote.token != self.good:
            raise TokenRefused("no")
        return "answer"


def test_a_token_that_lasts_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is asked goes on; nothing is renewed."""
    kept = Kept(tmp_path, monkeypatch)
    assert kept.login.call("PATCH", "/x", {"a": 1}, if_match="e", dry_run=True) == "answer"
    assert kept.called == [("t1", "PATCH", "/x", {"a": 1}, {"if_match": "e", "dry_run": True})] and kept.renewed == []
    assert not kept.path.with_name("contexts.json.lock").exists(), "nobody waits for anybody"


@pytest.mark.parametrize(("left", "renews"), [(EARLY + 0.5, False), (EARLY, True), (0.0, True), (-5.0, True)])
def test_it_is_renewed_before_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: float, renews: bool) -> None:
    """A call may take a while to arrive; what comes of it is kept."""
    kept = Kept(tmp_path, monkeypatch, replace(FIRST, expires=NOW + left), "t2" if renews else "t1")
    assert kept.login.call("GET", "/x") == "answer"
    assert (kept.renewed, kept.service.token) == ((["r1"], "t2") if renews else ([], "t1"))
    assert len(kept.called) == 1, "with a token that counts, at the first try"
    if renews:
        assert kept.path.with_name("contexts.json.lock").stat().st_mode & 0o777 == 0o600


def test_one_that_is_refused_is_renewed_and_tried_once_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock here may be wrong. A second refusal is one."""
    kept = Kept(tmp_path, monkeypatch, good="t2")
    assert kept.login.call("DELETE", "/x", if_match="e", dry_run=True) == "answer"
    assert kept.called == [(token, "DELETE", "/x", None, {"if_match": "e", "dry_run": True}) for token in ("t1", "t2")]
    other = Kept(tmp_path, monkeypatch, good="t3")
    with pytest.raises(TokenRefused):
        other.login.call("GET", "/x")
    assert len(other.called) == 2 and other.renewed == ["r1"]


@pytest.mark.parametrize("refused", ["", "t1"])
def test_another_command_was_quicker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: str) -> None:
    """While this one waited for the lock: what that one got is used, since a token that comes twice ends the session."""
    kept = Kept(tmp_path, monkeypatch)
    answers = [replace(FIRST, expires=0.0), replace(FIRST, token="t2")]
    monkeypatch.setattr(kept.login, "_read", lambda: answers.pop(0))
    assert kept.login.current(refused).token == "t2" and kept.renewed == []


def test_the_lock_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when it could not be renewed."""
    kept = Kept(tmp_path, monkeypatch, replace(FIRST, expires=0.0))

    def refuses(service: Remote, now: float) -> Remote:
        raise TokenRefused("ended")

    monkeypatch.setattr(kept_login, "refreshed", refuses)
    for _ in range(2):
        with pytest.raises(TokenRefused):
            kept.login.current()
