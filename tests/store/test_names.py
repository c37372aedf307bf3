"""Names that admins give."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.errors import ConfigError
from appproxy.store import names


@pytest.mark.parametrize("text", ["Wiki", "Küche 2", "a", "x" * 64, "日本"])
def test_titles_that_are_fine(text: str) -> None:
    """People may use their own language."""
    assert names.title(text, "name") == text


@pytest.mark.parametrize("text", ["", " a", "a ", "a/b", "a\nb", "a\x00", "x" * 65, "a\u202eb"])
def test_titles_that_are_refused(text: str) -> None:
    """Nothing that breaks a line, a path or the direction of writing."""
    with pytest.raises(ConfigError, match="name: "):
        names.title(text, "name")


@settings(max_examples=100)
@given(st.text(max_size=70))
def test_any_text_is_a_title_or_an_error(text: str) -> None:
    """Whatever is typed: a clean title, or ConfigError; and reading it twice changes nothing."""
    try:
        clean = names.title(text, "name")
    except ConfigError:
        return
    assert names.title(clean, "name") == clean
    assert names.key(names.key(clean)) == names.key(clean)


@pytest.mark.parametrize(("one", "other"), [("Wiki", "wIKI"), ("Straße", "STRASSE"), ("e\u0301", "É")])
def test_names_that_look_the_same_are_the_same(one: str, other: str) -> None:
    """Nobody can publish a second `wiki` in capitals."""
    assert names.key(one) == names.key(other)


@pytest.mark.parametrize("text", ["ann", "a.b-c_d+e@example.com", "0"])
def test_user_names(text: str) -> None:
    """Names and mail addresses, always in small letters."""
    assert names.user_name(text.upper()) == text


@pytest.mark.parametrize("text", ["", ".a", "a b", "änn", "a" * 65, "a\n", "\u212aate"])
def test_user_names_that_are_refused(text: str) -> None:
    """Nothing that could be taken for another user's name."""
    with pytest.raises(ConfigError, match="user: "):
        names.user_name(text)


def test_an_unknown_name_is_answered_with_near_ones() -> None:
    """A slip of the finger is mended by the message."""
    assert str(names.not_found("user", "anm", ["ann", "bob"])) == "there is no user 'anm'; did you mean ann?"
    assert str(names.not_found("user", "zed", ["bob", "ann"])) == "there is no user 'zed'; there are: ann, bob"
    many = [f"user{number}" for number in range(7)]
    told = str(names.not_found("user", "zed", many))
    assert told == "there is no user 'zed'; there are: user0, user1, user2, user3, user4 and 2 more"
    assert str(names.not_found("user", "zed", [])) == "there is no user 'zed'; there is none yet"


def test_a_name_that_is_taken() -> None:
    """The message says what can be done about it."""
    told = str(names.already_there("application", "wiki"))
    assert told == "there is already an application 'wiki'; choose another name, or change the one that is there"
