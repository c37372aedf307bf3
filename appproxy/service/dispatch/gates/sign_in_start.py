"""Sign-in, as far as dispatching needs it."""

from __future__ import annotations

from typing import Protocol

from appproxy.http.head import RequestHead
from appproxy.policy.conditional.parts.demands import NOTHING, Demand
from appproxy.publish.application import Application


class SignInStart(Protocol):
    """Begins a sign-in: gives the answer that sends the user there, or says that they are not signed in."""

    def begin(
        self, head: RequestHead, application: Application, request_id: str, now: float, demand: Demand = NOTHING,
    ) -> tuple[int, bytes, bytes]:
        """Status, fields and body. `demand`: what policies ask of the sign-in."""
        ...

    def way(self, head: RequestHead, application: Application, now: float) -> tuple[str, bytes] | None:
        """A link to the sign-in for a page of ours, and field lines; None where the request asks for no page."""
        ...
