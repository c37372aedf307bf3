"""/robots.txt (RFC 9309) of a host: what search engines are to stay away from."""

from __future__ import annotations

from collections.abc import Collection

from appproxy.publish.routing import ApplicationRoute


def robots_text(routes: Collection[ApplicationRoute]) -> bytes | None:
    """The text for a host with these routes; None: it is the business of whoever has the path, or there is none.

    The longest rule counts (RFC 9309 section 2.2.2), so that an application below a path can differ from the one above.
    """
    whole = next((route for route in routes if route.prefix == b"/"), None)
    closed = whole is not None and whole.application.robots_disallow
    if whole is not None and not closed:
        return None
    lines = [
        b"%b: %b\n" % (b"Disallow" if route.application.robots_disallow else b"Allow", route.prefix)
        for route in routes if route.application.robots_disallow is not closed or route is whole
    ]
    return b"User-agent: *\n" + b"".join(lines) if lines else None
