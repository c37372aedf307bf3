"""Answers by which an application shows that it takes itself for another place than the one that users see.

Looked at only where the status could mean that, which is not the common case.
"""

from __future__ import annotations

from appproxy.http.fields import values
from appproxy.http.head import RequestHead
from appproxy.service.plan import Plan

REDIRECTS = frozenset([301, 302, 303, 307, 308])
#: The statuses that are looked at.
STATUSES = REDIRECTS


def examined(plan: Plan, head: RequestHead, status: int, block: bytes, fields: bytes) -> bytes:
    """Look at an answer whose status is one of `STATUSES`: the application's `block`, and the public `fields` made of it.

    Gives what the user gets.
    """
    if status in REDIRECTS and head.method in (b"GET", b"HEAD"):
        return _without_slash(plan, head.target, block, fields)
    return fields


def _without_slash(plan: Plan, target: bytes, block: bytes, fields: bytes) -> bytes:
    """Some redirect from `/wiki/` to `/wiki`. They are let: a way back to `/wiki/` would be a circle."""
    path = plan.segment.external.path.encode("ascii")
    locations = values(fields, b"location")
    if len(path) == 1 or target.partition(b"?")[0] != path or len(locations) != 1:
        return fields
    location = locations[0]
    led_to = _path_of(location, plan)
    if led_to == path[:-1]:
        plan.learned.bare = True
    elif led_to == path and plan.segment.internal.path != "/" and not _bare(values(block, b"location")[0]).endswith(b"/"):
        # An internal path means the same with and without its last slash, and comes back with it, but not here.
        plan.learned.bare = True
        at = location.index(path) + len(path)
        return fields.replace(b"location: " + location, b"location: " + location[:at - 1] + location[at:], 1)
    return fields


def _path_of(location: bytes, plan: Plan) -> bytes:
    """The path of a Location, as long as it leads to the same host; b"" elsewhere."""
    origin = plan.segment.external.origin.encode("ascii")
    if location.startswith(origin):
        location = location[len(origin):] or b"/"
    path = _bare(location)
    return path if path[:1] == b"/" and path[1:2] != b"/" else b""


def _bare(url: bytes) -> bytes:
    """Without query and fragment."""
    return url.partition(b"#")[0].partition(b"?")[0]
