"""Entity tags of translated answers: what is translated is another representation (RFC 9110 section 8.8).

A translated answer's tag is weak, ends in a mark of how it was translated, and says whether the application's own was
strong. So a translated answer is never put together from parts, a page that was translated with other URLs is not taken for
fresh, and the application sees its own tags.
"""

from __future__ import annotations

import re

_TAG = re.compile(rb"(W/)?\"([\x21\x23-\x7e\x80-\xff]*+)\"")
_MARKED = re.compile(rb"W/\"([\x21\x23-\x7e\x80-\xff]*)-t([sw])([0-9a-f]{8})\"")

#: In an If: a URL or a token, which is passed over, and an entity tag.
_IN_IF = re.compile(rb"<[^<>]*+>|\[[ \t]*+((?:W/)?\"[^\"]*+\")[ \t]*+\]")
_MEMBER = re.compile(rb"(?:W/)?\"[^\"]*+\"|[^\t ,\"]++")


def marked(tag: bytes, mark: bytes) -> bytes | None:
    """The tag of the translated answer; `mark` is 8 hex digits. None: that is no tag, and cannot be kept."""
    found = _TAG.fullmatch(tag)
    return None if found is None else b'W/"%b-t%b%b"' % (found[2], b"w" if found[1] else b"s", mark)


def own(tags: bytes, mark: bytes | None, *, unmarked: bool = True) -> tuple[bytes, bool]:
    """The application's own tags in an If-Match or If-None-Match, and whether any had been marked.

    With a `mark` those that bear another one are left out: they belong to answers that were translated in another way. Without
    `unmarked` so are those that bear none: they belong to answers from before anything was translated. `*` stays.
    """
    kept = []
    any_marked = False
    for tag in (part.strip(b" \t") for part in _split(tags)):
        found = _MARKED.fullmatch(tag)
        if found is None:
            if unmarked or tag == b"*":
                kept.append(tag)
            continue
        any_marked = True
        if mark is None or found[3] == mark:
            kept.append(b'%b"%b"' % (b"W/" if found[2] == b"w" else b"", found[1]))
    return (b", ".join(kept), any_marked) if any_marked or not unmarked else (tags, False)


def own_in_if(value: bytes, mark: bytes | None, *, unmarked: bool = True) -> bytes:
    """WebDAV's If (RFC 4918 section 10.4) with the application's own entity tags. `mark`, `unmarked`: as for `own`.

    A condition cannot be left out: that would change what the others mean. What does not belong to an answer that is
    translated as now gets (or keeps) a mark, so that it is like no tag of the application.
    """
    def change(found: re.Match[bytes]) -> bytes:
        if found[1] is None:
            return found[0]
        kept, any_marked = own(found[1], mark, unmarked=unmarked)
        if not kept:
            kept = found[1] if any_marked else marked(found[1], mark or b"0" * 8) or found[1]
        return b"[%b]" % kept

    return _IN_IF.sub(change, value)


def _split(tags: bytes) -> list[bytes]:
    """A list's members; a comma in a tag parts none."""
    return _MEMBER.findall(tags)
