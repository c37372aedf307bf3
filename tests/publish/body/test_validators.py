"""Entity tags of translated answers."""

from __future__ import annotations

import pytest

from appproxy.publish.body.validators import marked, own

MARK = b"0123abcd"


@pytest.mark.parametrize("tag", [b'"a"', b'W/"a"', b'""', b'"a-tsz"', b'"\xff,"'])
def test_a_marked_tag_becomes_the_applications_own_again(tag: bytes) -> None:
    """A strong one too, so that If-Match works; to users all are weak."""
    public = marked(tag, MARK)
    assert public is not None and public.startswith(b'W/"') and public != tag
    assert own(public, MARK) == (tag, True)
    assert own(b'"x", ' + public + b" ,*", MARK) == (b'"x", ' + tag + b", *", True)


def test_a_page_translated_in_another_way_is_not_fresh() -> None:
    """Its tag is left out of If-None-Match; If-Match names the application's state, which has not changed."""
    public = marked(b'"a"', b"ffffffff") or b""
    assert own(public + b', "b"', MARK) == (b'"b"', True)
    assert own(public, MARK) == (b"", True)
    assert own(public, None) == (b'"a"', True)


@pytest.mark.parametrize("tags", [b"*", b'"a", W/"b"', b"broken", b"", b'"a-ts0123abcd"'])
def test_other_tags_stay(tags: bytes) -> None:
    """Byte for byte."""
    assert own(tags, MARK) == (tags, False)


def test_what_is_no_tag_gets_no_mark() -> None:
    """An answer cannot keep it."""
    assert marked(b"abc", MARK) is None
