"""Passwords that guessers try first."""

from __future__ import annotations

import pytest

from appproxy.provider.passwords.known_passwords import is_known, is_made_of


@pytest.mark.parametrize(("password", "known"), [
    ("password", True), ("PassWord", True), ("password1", True), ("password!", True), ("Password2026!", True),
    ("password" + "1" * 17, False), ("1password?x", False), ("correct horse battery", False), ("", False), ("12345678", True),
    ("password 1", False)])
def test_the_list(password: str, known: bool) -> None:
    """Also with up to eight digits or marks behind; capitals do not matter."""
    assert is_known(password) is known


@pytest.mark.parametrize(("password", "word", "is_it"), [
    ("ann.smith", "Ann.Smith", True), ("Ann.Smith2026!", "ann.smith", True), ("ann", "ann", True), ("2026ann", "ann", False),
    ("annabel", "ann", False), ("", "", False), ("123", "", False), ("STRASSE1", "straße", True), ("user42", "user42", True)])
def test_the_name_of_the_user(password: str, word: str, is_it: bool) -> None:
    """With a tail, too; no name is in every password."""
    assert is_made_of(password, word) is is_it
