"""What a request's head says, once it has been read and found good."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Field lines in the order of arrival: lower-case name, value without surrounding white space. Never a mapping:
#: a second Set-Cookie must survive.
Fields = list[tuple[bytes, bytes]]


@dataclass(slots=True, eq=False)
class RepeatedSection:
    """What was worked out for a field section, for the next request of the connection that repeats it to the letter.

    Browsers that poll, and programs, send the same fields again and again, cookies included. `block` was
    made with the rest of this (see `forwarding`); the first three are compared by identity.
    """

    drop: object = None
    inward: object = None
    place: object = None
    client: str = ""
    #: Of HTTP, as in the head; 0 where Via is not told.
    version: int = 0
    block: bytes = b""
    #: What the gate made of the cookies (`service.dispatch.gate.Opened`).
    opened: object = None


@dataclass(slots=True)
class RequestHead:
    """One request's head (RFC 9112 sections 3 and 5). Not frozen: made once a request, on the hot path.

    `target` is in origin-form (or `*`), `authority` the value of Host as sent, `host` the same in lower case without
    the port. `length` is the body's size in bytes, 0 for none, None for one whose end will tell. `upgrade` is the
    Upgrade field in lower case when `Connection: upgrade` came with it, or what an extended CONNECT of HTTP/2 asks for,
    else None.
    """

    method: bytes
    target: bytes
    version: int  # 10, 11, or 20
    fields: Fields
    authority: bytes
    host: str
    length: int | None
    keep_alive: bool
    upgrade: bytes | None
    expects_continue: bool
    repeated: RepeatedSection | None = field(default=None, repr=False, compare=False)

    def get(self, name: bytes) -> bytes | None:
        """The value of the only field called `name` (lower case), or of the first one."""
        for key, value in self.fields:
            if key == name:
                return value
        return None
