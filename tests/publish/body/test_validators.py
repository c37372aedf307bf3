"""Entity tags of translated answers."""

from __future__ import annotations

import pytest

from appproxy.publish.body.validators import marked, own, own_in_if

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


def test_a_condition_of_webdav_gets_the_applications_own_tag() -> None:
    """Of whichever kind; URLs, tokens and what is no tag stay, also with brackets and quotes in them."""
    for tag in (b'"a"', b'W/"a"', b'""'):
        public = marked(tag, MARK) or b""
        for value in (
            b"(%b)", b"(<urn:uuid:1> %b)", b"(Not %b <DAV:no-lock>) (%b)", b"<http://[::1]:80/x> ([\"b\"] %b)",
            b"<urn:x:[\"a-ts0123abcd\"]> (%b)", b"(%b) [broken",
        ):
            times = value.count(b"%b")
            assert own_in_if(value % ((b"[" + public + b"]",) * times), MARK) == value % ((b"[" + tag + b"]",) * times)
    assert own_in_if(b"([ " + (marked(b'"a"', MARK) or b"") + b"\t])", MARK) == b'(["a"])'


def test_a_condition_of_webdav_that_is_another_answers_is_never_met() -> None:
    """It cannot be left out, and must not become a tag of the application's; of what is written any mark goes."""
    public = b"[" + (marked(b'"a"', b"ffffffff") or b"") + b"]"
    assert own_in_if(b"(" + public + b' ["b"])', MARK) == b"(" + public + b' ["b"])'
    assert own_in_if(b"(" + public + b' ["b"])', None) == b'(["a"] ["b"])'
    assert own_in_if(b'(Not ["b"] <urn:x>)', MARK, unmarked=False) == b'(Not [W/"b-ts0123abcd"] <urn:x>)'
    assert own_in_if(b"(" + public + b")", MARK, unmarked=False) == b"(" + public + b")"
