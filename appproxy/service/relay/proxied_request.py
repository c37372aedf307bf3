"""One request on its way through the tunnel, and its answer on its way back.

`ProxiedRequest` stands between a user's exchange and a connector. The table `SERVICE_TRANSITIONS` says what may follow what;
here is what each step does, and in `losses` what becomes of a request whose connector or time is lost. The request's slot
at the connector (`Peer.in_flight`) is freed only by the connector's final frame or its loss, whatever the user does:
sending and cancelling in a circle gains nothing (rapid reset).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from appproxy.errors import Code, RemoteProtocolError, RequestError, Retry
from appproxy.identity.session import Session
from appproxy.net.deadlines import NEVER
from appproxy.service.relay import failover, small_upload
from appproxy.service.relay.affinity import ANOTHER_ANSWER, binds_by_answer, is_for_nobody
from appproxy.service.relay.plan import Plan
from appproxy.service.relay.roster import UNKNOWN, Whose
from appproxy.service.relay.share_tokens import NOBODY
from appproxy.service.relay.shortages import SHORTAGES
from appproxy.service.relay.streamed_answer import StreamedAnswer
from appproxy.service.relay.symptoms import STATUSES
from appproxy.service.relay.translated_answer import TranslatedAnswer
from appproxy.service.relay.upload import Upload
from appproxy.tunnel.exchanges import SERVICE_TRANSITIONS, State, Step, advance
from appproxy.tunnel.frames import Flag, Kind, encode
from appproxy.tunnel.messages import encode_code
from appproxy.tunnel.retry import may_retry

if TYPE_CHECKING:
    from appproxy.service.exchange.exchange import Exchange
    from appproxy.service.relay.data_channel import DataChannel
    from appproxy.service.relay.relay import Relay
    from appproxy.service.relay.roster import Peer, SignalChannel

# Members of an IntFlag cost a call each to combine; this is the hot path.
_BODY, _UPGRADE, _IDEMPOTENT, _ASK = int(Flag.BODY), int(Flag.UPGRADE), int(Flag.IDEMPOTENT), int(Flag.ASK)
_REQ = int(Kind.REQ)
_DONE = int(State.DONE)
#: A connector that never speaks its last word about a cancelled request frees the slot after this, in seconds.
_CANCELLED = 120.0


class ProxiedRequest:
    """One proxied request. `exchange` is None once the user has the answer, or has gone."""

    __slots__ = (
        "_queued", "answer", "attempts", "binds", "body", "data", "deadline", "exchange", "flags", "head", "holds_translated",
        "id", "interims", "known", "link", "long", "method", "owner", "peer", "plan", "relay", "session", "state", "tried",
        "upload", "whose",
    )

    def __init__(
        self, relay: Relay, exchange: Exchange, plan: Plan, head: bytes, flags: int, session: Session | None = None,
        whose: Whose = UNKNOWN,
    ) -> None:
        self.relay = relay
        self.exchange: Exchange | None = exchange
        self.plan = plan
        #: The head of its REQ, encoded, and the REQ's flags.
        self.head = head
        self.flags = flags
        #: All of its body, where that travels in the REQ (`small_upload`).
        self.body = b""
        self.method = exchange.head.method
        #: Whose it is; None where nobody had to sign in.
        self.session = session
        #: Whose connections to the application may carry it, and does it make them that one's alone (`affinity`)?
        self.owner = NOBODY
        self.binds = False
        #: It went to the connector where the application knows its owner, and says itself nothing of who that is.
        self.known = False
        #: Whom it counts for.
        self.whose = whose
        #: It is a stream by now, or has an endless answer, and takes no place from others.
        self.long = False
        self.state: int = State.QUEUED
        self.id = 0
        self.peer: Peer | None = None
        self.link: SignalChannel | None = None
        self.data: DataChannel | None = None
        self.tried: tuple[str, ...] = ()
        self.attempts = 0
        self.interims = 0
        self.deadline = NEVER
        self.upload: Upload | None = None
        if flags & _BODY:
            self.upload = Upload(self, replayable=bool(flags & _IDEMPOTENT), most=plan.application.max_body)
        self._queued = 0.0
        #: Its answer, once that has begun on a data connection.
        self.answer: StreamedAnswer | None = None
        #: Has the user got a translated answer already, and asks whether it is fresh?
        self.holds_translated = False
        exchange.responder = self

    def step(self, step: int) -> None:
        """Follow the table."""
        state = self.state = advance(SERVICE_TRANSITIONS, self.state, step)
        if state == _DONE:
            self.relay.under_way.discard(self)

    @property
    def upgraded(self) -> bool:
        """Is it a stream of bytes by now?"""
        return self.answer is not None and self.answer.upgraded

    @property
    def endless(self) -> bool:
        """May its answer go on for ever?"""
        return self.answer is not None and self.answer.endless

    # To a connector.

    def dispatch(self, now: float) -> None:
        """Send it to a connector, or wait for one, or fail."""
        relay = self.relay
        group = self.plan.application.connector_group
        roster = relay.roster
        kept = self._kept_peer() if relay.affinity else None
        if kept is not None and not self.binds:
            self.known = True
        peer = kept or roster.pick(group, self.tried, now, self.whose)
        if peer is not None:
            self.send(peer, now)
            return
        if not self._queued:
            self._queued = now
        refusal = relay.no_hope(group) or roster.park(self, group, now, self.whose)
        if refusal is not None:
            self.step(Step.FAIL)
            self.fail(refusal, "no connector takes requests of this group")
            return
        limits = roster.limits
        over = roster.is_over(group, self.whose)
        self.deadline = self._queued + min(limits.queue_seconds, limits.queue_seconds_over if over else limits.queue_seconds)
        relay.deadlines.add(self)

    def _kept_peer(self) -> Peer | None:
        """The connector that has a connection which the application has authenticated for this owner."""
        relay, application = self.relay, self.plan.application
        id_ = relay.affinity.connector_of(application, self.owner)
        return None if id_ is None else relay.roster.usable(id_, application.connector_group, self.tried, self.whose)

    def _note_challenge(self, status: int, block: bytes) -> None:
        """The next leg of a handshake that begins with this answer must come to the same connector."""
        if status == 401 and self.peer is not None and binds_by_answer(self.plan.application, block):
            self.relay.affinity.note(self.plan.application, self.owner, self.peer.id)

    def crowded_out(self) -> None:
        """Called by the roster: too many wait, and most of them are of this user."""
        self.relay.deadlines.discard(self)
        self.step(Step.FAIL)
        self.fail(Code.SHARE_EXCEEDED, "too many requests wait for a connector, and most are of this user")

    def send(self, peer: Peer, now: float) -> None:
        """Give it to this connector, which `Roster.pick` has just chosen."""
        link = peer.link()
        assert link is not None
        self.step(Step.DISPATCH)
        if self.body and not peer.takes_bodies:
            small_upload.set_apart(self)
        self.peer = peer
        self.link = link
        self.attempts += 1
        self.id = peer.ids.allocate(peer.in_flight)
        peer.in_flight[self.id] = self
        self.relay.roster.taken(self.whose)
        if (exchange := self.exchange) is not None:
            exchange.connector = peer.id
            exchange.attempts = self.attempts
            if (hook := self.relay.hooks.dispatched) is not None:
                hook(exchange)
        if self.binds:
            self.relay.affinity.note(self.plan.application, self.owner, peer.id)
        limits, timeout = self.relay.limits, self.plan.application.backend_timeout
        if self.upload is not None:
            self.deadline = now + limits.attach_seconds
        elif self.flags & _UPGRADE:
            self.deadline = now + max(limits.attach_upgrade_seconds, timeout)
        else:
            self.deadline = now + timeout
        self.relay.deadlines.add(self)
        link.write(encode(_REQ, self.id, self.head, self.body, self.flags))

    # What the connector says on a signal connection. The caller has taken frames of unknown ids away.

    def answered(self, status: int, block: bytes, body: bytes) -> None:
        """RSP: the complete answer."""
        self.step(Step.ANSWER)
        if self.peer is not None and self.peer.timeouts:
            self.peer.answered()
        if self.data is not None:
            self.data.answer_elsewhere()
        self._note_challenge(status, block)
        self.free()
        exchange = self.exchange
        if exchange is None:
            return
        if self.known and is_for_nobody(self, status, block):
            self.fail(Code.CONNECTOR_LOST, ANOTHER_ANSWER)
            return
        plan, translator = self.plan, None
        if plan.bodies is not None:
            block, translator = plan.bodies.answer(self.method, status, block, self.holds_translated)
        fields = plan.clean(status, block, exchange.id)
        if status in STATUSES:
            fields = self.relay.symptoms.examine(plan, exchange, status, block, fields, body)
        if translator is not None:
            try:
                TranslatedAnswer.whole(exchange, translator, self.relay.clock, status, fields, body)
            except RequestError as error:
                self.fail(error.code, error.detail)
            self.exchange = None
            return
        self.exchange = None
        exchange.answer(status, fields, body)

    def informed(self, status: int, block: bytes) -> None:
        """INFO: an interim answer. Raises RemoteProtocolError when they do not end."""
        self.step(Step.INFO)
        self.interims += 1
        if self.interims > self.relay.limits.interims:
            raise RemoteProtocolError("too many interim answers to one request", Code.OVERLOADED)
        if self.upload is None or self.data is not None:
            self.deadline = self.relay.clock.seconds() + self.plan.application.backend_timeout  # it is at work
        if self.exchange is not None:
            self.exchange.inform(status, self.plan.clean(status, block, self.exchange.id))

    def rejected(self, code: Code, text: str) -> None:
        """REJECT: not processed, so another connector may have it."""
        before, peer = self.state, self.peer
        self.step(Step.REJECT)
        self.free()
        if self.exchange is None:
            return
        if self.may_retry(before, Retry.ANY):
            self.try_another(peer)
        else:
            self.step(Step.FAIL)
            self.fail(code, text)

    def failed(self, code: Code, text: str) -> None:
        """FAIL: the connector's last word; it may have been processed."""
        self.step(Step.FAIL)
        self.free()
        self.fail(code, text)

    # What happens on a data connection.

    def wants(self, body: bool, response: bool) -> bool:
        """May the connector attach for this? Not for a body that is over, and never on two connections at once."""
        if self.state in (State.QUEUED, State.DONE, State.CANCELLED) or self.exchange is None or self.data is not None:
            return False
        if body and not self._may_send(response):
            return False
        return body or response

    def _may_send(self, response: bool) -> bool:
        """Is there anything of the user's to be given: a body that nobody has had, or, once that is over, a stream?

        A stream is attached both ways (`response`). Who asks for the bytes alone has lost the body, and would wait for ever.
        """
        upload = self.upload
        if response and self.flags & _UPGRADE and (upload is None or upload.over):
            return True
        return upload is not None and not upload.handed_over

    def attached(self, data: DataChannel, want_body: bool) -> None:
        """The connector has a data connection ready; if it wants the body, read it from the user now."""
        self.step(Step.ATTACH)
        self.data = data
        if want_body and self.upload is not None and not self.upload.over and self.exchange is not None:
            self.deadline = self.relay.clock.seconds() + self.plan.application.backend_timeout
            self.upload.begin(self.exchange, data)

    def headed(self, status: int, block: bytes) -> None:
        """HEAD on the data connection: the answer begins."""
        self.step(Step.HEAD)
        if self.peer is not None and self.peer.timeouts:
            self.peer.answered()
        self._note_challenge(status, block)
        exchange, data = self.exchange, self.data
        if exchange is None or data is None:
            return
        if self.known and is_for_nobody(self, status, block):
            self.cut(Code.CONNECTOR_LOST, ANOTHER_ANSWER)
            return
        if status == 101 and not self.flags & _UPGRADE:
            raise RemoteProtocolError("101 to a request that asked for no upgrade")
        answer = StreamedAnswer(exchange, status, block, self.plan.application.upgrade_idle_timeout)
        fields = answer.begin(self, data.read_gate, status, block)
        if status in STATUSES:
            fields = self.relay.symptoms.examine(self.plan, exchange, status, block, fields)
        self.answer = answer
        self.deadline = self.relay.clock.seconds() + answer.silence
        if answer.endless:
            self._lengthen()
        if answer.upgraded:
            self._upgrade(exchange, data, fields)
            return
        if self.flags & _UPGRADE:
            data.end(b"")  # the connector was ready for a stream; the application did not want one
        answer.start(status, fields)

    def _upgrade(self, exchange: Exchange, data: DataChannel, fields: bytes) -> None:
        # What only the request needed goes: an idle stream must cost little.
        self.head = b""
        self.upload = Upload(self, replayable=False)
        self.upload.stream(exchange, data, fields)

    def _lengthen(self) -> None:
        """It may go on for ever: it takes no place from requests any more."""
        if (peer := self.peer) is not None:
            self.long = True
            self.relay.under_way.lengthen(self)
            peer.streams += 1
            self.relay.roster.given(self.whose)
            self.relay.slot_free(peer)

    def streamed(self, piece: bytes) -> None:
        """BODY: a piece of the answer."""
        answer = self.answer
        if self.exchange is not None and answer is not None:
            self.deadline = self.relay.clock.seconds() + answer.silence
            answer.write(piece)  # which may end it, and set another deadline

    def ended(self, trailers: bytes) -> None:
        """END: the answer is complete; of an upgraded stream, the application's direction."""
        exchange, answer = self.exchange, self.answer
        if not (self.upgraded and self.upload is not None and not self.upload.over):
            self.step(Step.END)
            self.free()
            self.exchange = None
        if exchange is not None and answer is not None:
            answer.finish(trailers)

    def aborted(self, code: Code, text: str) -> None:
        """ABORT: the connector has broken off what this data connection carried."""
        streaming = self.state in (State.STREAM, State.CANCELLED)
        self._leave_data()
        self.step(Step.ABORT)
        if streaming:
            self.free()
            self.fail(code, text)
        elif self.state == State.CANCELLED:
            # Its FAIL, or an answer, is still to come, and frees the slot.
            self._cancel_deadline()
            self.fail(code, text)

    def stopped(self) -> None:
        """STOP: the connector reads no more of the body; an answer comes, or has come."""
        if self.upload is not None:
            self.upload.stop()
        if self.exchange is not None:
            self.exchange.stop_body()

    # What the user does.

    def upload_moved(self) -> None:
        """Bytes of the user's are on their way: the application has the whole time again."""
        answer = self.answer
        seconds = self.plan.application.backend_timeout if answer is None else answer.silence
        self.deadline = self.relay.clock.seconds() + seconds

    def upload_ended(self) -> None:
        """The user has sent all."""
        data = self.data
        if not self.upgraded:
            self.upload_moved()
        elif data is not None and data.answer_over:
            self.step(Step.END)
            self.free()
            self.exchange = None

    def user_left(self, code: Code) -> None:
        """The user has gone: tell the connector within this turn."""
        self.exchange = None
        if self.state != State.DONE:
            self._leave()

    def cut(self, code: Code, why: str) -> None:
        """The user may no longer: nothing more goes either way."""
        if self.exchange is not None and self.state != State.DONE:
            self._leave()
            self.fail(code, why)

    def _leave(self) -> None:
        queued = self.state == State.QUEUED
        self.step(Step.USER_LEFT)
        if queued:
            self.unpark()
        else:
            self.cancel()

    def deadline_passed(self, now: float) -> None:
        """Called by the sweep."""
        failover.deadline_passed(self, now)

    # To another connector.

    def may_retry(self, state: int, processed: Retry) -> bool:
        """May another connector have it, from this state? `processed`: what the loss says of it at most."""
        upload = self.upload
        return may_retry(
            state, processed=processed, method=self.method, attempts=self.attempts,
            # Without a body all is handed over with the REQ itself, and nothing is missing to send it again.
            # Where the application was to be asked, it may have had the head before anything of the body was handed over.
            handed_over=upload is None or upload.handed_over or bool(self.flags & _ASK),
            body_held=upload is None or upload.held or not upload.handed_over,
        )

    def try_another(self, peer: Peer | None) -> None:
        """Send it to another connector than this one, from the beginning."""
        if peer is not None:
            self.tried += (peer.id,)
        if self.upload is not None:
            self.upload.again()
        self.dispatch(self.relay.clock.seconds())

    # How it lets go of what it holds.

    def unpark(self) -> None:
        """It waits for a connector no longer."""
        self.relay.roster.unpark(self, self.plan.application.connector_group, self.whose)
        self.relay.deadlines.discard(self)

    def cancel(self) -> None:
        """Tell the connector that nobody wants it any more; its slot stays taken until the last word."""
        if self.upload is not None:
            self.upload.cancel_go()
        self._cancel_deadline()
        peer, link = self.peer, self.link
        if peer is not None and link not in peer.links.values():
            link = next(iter(peer.links.values()), None)
        if link is not None:
            link.write(encode(Kind.CANCEL, self.id, encode_code(Code.CANCELLED)))
        data = self.data
        if data is None:
            return
        answered = self.upgraded and data.answer_over
        data.cancel()
        if answered and self.state == State.CANCELLED:
            self.step(Step.END)  # the application had closed its direction, and that was the connector's final frame
            self.free()

    def _cancel_deadline(self) -> None:
        self.deadline = self.relay.clock.seconds() + _CANCELLED

    def _leave_data(self) -> None:
        data, self.data = self.data, None
        if data is not None:
            data.let_go()

    def free(self) -> None:
        """The connector has nothing more to say of it: its slot is free for the next."""
        if self.upload is not None:
            self.upload.cancel_go()
        self.relay.deadlines.discard(self)
        self._leave_data()
        self.link = None
        peer, self.peer = self.peer, None
        if peer is not None:
            self.leave(peer)
            self.relay.slot_free(peer)

    def leave(self, peer: Peer) -> None:
        """It is not under way at this connector any more."""
        del peer.in_flight[self.id]
        if self.long:
            self.long = False
            peer.streams -= 1
        else:
            self.relay.roster.given(self.whose)

    def fail(self, code: Code, text: str) -> None:
        """Tell the user: with a page, or by breaking off where they have part of an answer, which must not look complete."""
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            exchange.failure = code
            exchange.detail = text
            if code in SHORTAGES:
                self.relay.shortages.note(exchange, code)
            if exchange.begun:
                exchange.abort()
            else:
                exchange.answer(*self.relay.page(code, exchange))
