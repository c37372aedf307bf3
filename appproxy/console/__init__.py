"""The pages at `admin.DOMAIN`: what people with a role see and do there, as a client of the admin API.

There is no other way to change anything here than the operations of that API, called as whoever has signed in; so what a
role does not allow is refused by them, whatever a page shows.
"""

from appproxy.console.console import Console

__all__ = ["Console"]
