"""A URL as people and logs may see it."""

from __future__ import annotations

from urllib.parse import urlsplit


def shown_url(url: str) -> str:
    """The URL with `...` for its query, without a fragment and without what stands before `@`: any of them may be what lets
    somebody in. One that cannot be read at all is shown up to its query.
    """
    bare = url.partition("#")[0]
    begin, mark, _ = bare.partition("?")
    try:
        parts = urlsplit(begin)
        begin = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    except ValueError:
        pass
    return f"{begin}?..." if mark else begin
