"""Requests whose application is asked for its consent before the body is (`Expect: 100-continue`, RFC 9110 section 10.1.1).

The head goes to the application first. Only when it says 100, or says nothing for `ASK_SECONDS`, is the body attached, and so
read from the user: an upload that the application refuses costs its head alone. Who says nothing is not asked again for a
while, because each question would cost its users that time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from appproxy.connector.config.configuration import OriginAddress
from appproxy.connector.origin.origin_stream import OriginStream
from appproxy.connector.requests.answer import AnswerStream
from appproxy.connector.requests.live_request import RequestTable
from appproxy.connector.requests.origin_request import OriginRequest
from appproxy.connector.requests.upload import Framing, OriginUpload
from appproxy.errors import Code, RequestError
from appproxy.http.connection_authentication import Leg
from appproxy.http.h1.client import Event as AnswerEvent
from appproxy.http.h1.client import Head, Interim
from appproxy.tunnel.life.origin import Event
from appproxy.tunnel.messages import Request

__all__ = ["ExpectingRequest", "Expectations"]

#: How long an application has to say 100. Clients wait about so long (curl: 1 s), and those who answer need a round trip.
ASK_SECONDS = 1.0
#: For how long a connection to the application is waited for before the body is attached all the same: the service waits for
#: that no longer than `attach_seconds` (20 s), and an application may be slow to connect to, or busy with others.
CONNECT_SECONDS = 5.0
#: For how long an application that said nothing, or 417, is not asked again.
FORGET_SECONDS = 600.0
#: Applications that are remembered: more than one connector has.
_MOST = 10_000
_EXPECT = b"expect: 100-continue\n"
_CONTINUE, _EXPECTATION_FAILED = 100, 417


class Expectations:
    """Which applications do not answer the question."""

    __slots__ = ("_deaf",)

    def __init__(self) -> None:
        self._deaf: dict[OriginAddress, float] = {}

    def may_ask(self, address: OriginAddress, now: float) -> bool:
        """Is it worth the time?"""
        until = self._deaf.get(address)
        if until is not None and until <= now:
            del self._deaf[address]
            until = None
        return until is None

    def ignored(self, address: OriginAddress, now: float) -> None:
        """It did not answer, or refused the question as such."""
        if len(self._deaf) >= _MOST:
            self._deaf.clear()
        self._deaf[address] = now + FORGET_SECONDS


class ExpectingTable(RequestTable, Protocol):
    """The table of all requests, for those that ask first."""

    expectations: Expectations


class ExpectingRequest(OriginRequest):
    """One such request (flag ASK)."""

    __slots__ = ("_asking", "_expects", "_unsent")

    table: ExpectingTable

    # `_asking`: the application has not answered yet. `_expects`: the question was sent on the present connection, and no
    # final answer has come. `_unsent`: it has answered without the body, so that its connection cannot have another request.

    def _prepare(self, request: Request, how: Framing) -> None:
        address = self.target_address
        self._unsent = self._expects = False
        self._asking = (
            address.protocol != "h2" and self.leg is Leg.NONE
            and self.table.expectations.may_ask(address, self.table.seconds())
        )
        if not self._asking:
            super()._prepare(request, how)
            return
        self._follow(Event.FORWARD)
        self.deadline = min(self.deadline, self.started + CONNECT_SECONDS)
        self.upload = OriginUpload(self, how, request.length or 0, request.length is not None)

    @property
    def target_address(self) -> OriginAddress:
        """Where the application is; of several places the first. Known from `start` on."""
        assert self.route is not None
        return self.route.target.address

    @property
    def waits_at_gate(self) -> bool:
        """Must the application hear nothing yet?"""
        return not self._asking and super().waits_at_gate

    def _carry(self, connection: OriginStream, request: Request) -> None:
        self._expects = self._asking
        if self._asking:
            request = replace(request, block=request.block + _EXPECT)
            self.deadline = self.table.seconds() + ASK_SECONDS
        super()._carry(connection, request)

    # What the application says.

    def answer_received(self, events: list[AnswerEvent]) -> None:
        """Parts of the answer, as they came in one read."""
        if self._expects and (head := next((event for event in events if type(event) is Head), None)) is not None:
            self._expects = False
            if head.status == _EXPECTATION_FAILED:
                self._do_without()
                return
            if self._asking:
                # It wants no body: the user is not asked for it.
                self._asking, self._unsent = False, True
                self.upload = None
        super().answer_received(events)

    def origin_lost(self, error: RequestError) -> None:
        """The application closed before its answer was complete. Perhaps it is the question that it does not bear."""
        connection = self.connection
        if self._asking and connection is not None and not connection.served and not connection.answered:
            self.table.expectations.ignored(self.target_address, self.table.seconds())
        super().origin_lost(error)

    def inform(self, event: Interim) -> None:
        """Pass an interim answer on; 100 is the consent. Behind another one there is time for it once more, and no longer."""
        super().inform(event)
        if not self._asking:
            return
        if event.status == _CONTINUE:
            self._ask_user()
        else:
            self.deadline = self.table.seconds() + ASK_SECONDS

    def deadline_passed(self, now: float) -> None:
        """The application says nothing, or cannot be asked yet: go on all the same, as the standard allows."""
        if not self._asking:
            super().deadline_passed(now)
            return
        asked = self.connection is not None
        if asked:
            self.table.expectations.ignored(self.target_address, now)
        self._ask_user(asked)

    def _ask_user(self, has_head: bool = True) -> None:
        """Ask for the body. Without `has_head` the application has nothing yet, and gets it with the body's first byte."""
        self._asking = False
        upload = self.upload
        assert upload is not None  # it is let go of only with the question
        upload.handed_over = has_head
        answer = self.answer = AnswerStream(self)
        self._extend()
        self._attach(upload, answer)

    def _do_without(self) -> None:
        """417: the same once more, without the expectation (RFC 9110 section 10.1.1), which was ours and not the user's.

        It may come late, when some of the body was sent.
        """
        self.table.expectations.ignored(self.target_address, self.table.seconds())
        route, upload = self.route, self.upload
        assert route is not None and upload is not None
        if not upload.can_rewind:
            why = "417 to our Expect, late, and the body is not kept: set expect_continue=no"
            self._end(Event.BROKEN, Code.ORIGIN_CLOSED, why)
            return
        connection, self.connection = self.connection, None
        self.tries += 1
        upload.rewind()
        if connection is not None:
            connection.abort()
        if self._asking:
            self._ask_user()
        else:
            self._extend()
        self._dial(route)

    def give_back(self, reusable: bool) -> None:
        """Nothing more comes from the application, which still waits for a body where it got none."""
        super().give_back(reusable and not self._unsent)
