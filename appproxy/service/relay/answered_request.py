"""A request as its user sees it: what comes from the connector for them, what they send, and how it ends for them.

What follows from what happens is for `tunnel.life.proxied_rows` to say; here, and in `proxied_request`, it is done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from appproxy.errors import Code, RemoteProtocolError, RequestError
from appproxy.identity.session import Session
from appproxy.net.loop.deadlines import NEVER
from appproxy.net.read_gate import HoldReason
from appproxy.policy.conditional.parts.transfers import Refused, Transfers
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.relay.answers.movable import Movable
from appproxy.service.relay.answers.relayed_websocket import RelayedWebSocket, close_code, is_websocket
from appproxy.service.relay.answers.streamed_answer import StreamedAnswer
from appproxy.service.relay.answers.symptoms import STATUSES
from appproxy.service.relay.answers.transfers import refused_block
from appproxy.service.relay.answers.translated_answer import TranslatedAnswer
from appproxy.service.relay.connectors.affinity import ANOTHER_ANSWER, binds_by_answer, is_for_nobody
from appproxy.service.relay.connectors.data_channel import DataChannel
from appproxy.service.relay.connectors.peer import Peer, SignalChannel
from appproxy.service.relay.connectors.roster import UNKNOWN, Whose
from appproxy.service.relay.connectors.share_tokens import NOBODY
from appproxy.service.relay.plan import Plan
from appproxy.service.relay.shared import Shared
from appproxy.service.relay.upload import Upload
from appproxy.tunnel.exchanges import State
from appproxy.tunnel.frames import Flag
from appproxy.tunnel.life.proxied import BORN, STATE, WAITS, Action, Event, Fact, may_attach
from appproxy.tunnel.life.proxied_rows import LIFE

# Members of an IntFlag cost a call each to combine; this is the hot path.
_BODY, _UPGRADE, _IDEMPOTENT = int(Flag.BODY), int(Flag.UPGRADE), int(Flag.IDEMPOTENT)
_ANSWERED, _UPGRADED = int(Event.ANSWERED), int(Fact.UPGRADED)
_TELL = int(Action.TELL)
#: A connector that never speaks its last word about a cancelled request frees the slot after this, in seconds.
_CANCELLED = 120.0


class AnsweredRequest:
    """What `ProxiedRequest` is for its user. `exchange` is None once they have the answer, or have gone."""

    __slots__ = (
        "_queued", "answer", "binds", "body", "data", "deadline", "exchange", "flags", "given_back", "head",
        "holds_translated", "id", "interims", "known", "life", "link", "long", "method", "owner", "peer", "plan",
        "relay", "session", "transfers", "tried", "upload", "whose",
    )

    #: How each `Action` is carried out, but for TELL and those that wait.
    actions: ClassVar[dict[int, Callable[[Any], None]]]

    def __init__(
        self, relay: Shared, exchange: Exchange, plan: Plan, head: bytes, flags: int, session: Session | None = None,
        whose: Whose = UNKNOWN, owner: bytes = NOBODY, *, binds: bool = False, holds_translated: bool = False,
        transfers: Transfers | None = None,
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
        #: What policies let through of it and its answer; None for all.
        self.transfers = transfers
        #: Whose connections to the application may carry it, and does it make them that one's alone (`affinity`)?
        self.owner = owner
        self.binds = binds
        #: It went to the connector where the application knows its owner, and says itself nothing of who that is.
        self.known = False
        #: Whom it counts for.
        self.whose = whose
        #: It is a stream by now, or has an endless answer, and takes no place from others.
        self.long = False
        #: Where it is, and what is true of it: a number of `tunnel.life.proxied`.
        self.life = BORN[flags]
        self.id = 0
        self.peer: Peer | None = None
        self.link: SignalChannel | None = None
        self.data: DataChannel | None = None
        self.tried: tuple[str, ...] = ()
        self.interims = 0
        self.deadline = NEVER
        self.upload: Upload | None = self._new_upload() if flags & _BODY else None
        self._queued = 0.0
        #: What a connector has said that was too busy for it and gave it back; None: none has.
        self.given_back: str | None = None
        #: Its answer, once that has begun on a data connection.
        self.answer: StreamedAnswer | None = None
        #: Has the user got a translated answer already, and asks whether it is fresh?
        self.holds_translated = holds_translated
        exchange.responder = self

    @property
    def state(self) -> State:
        """Where it is."""
        return State(self.life & STATE)

    def _follow(self, event: int, code: Code = Code.INTERNAL, text: str = "") -> None:
        """Do what follows from this. `code` and `text`: what the user hears where it ends with this."""
        self.life, actions = LIFE[self.life | event]
        self._do(actions, code, text)

    def _do(self, actions: tuple[Action, ...], code: Code = Code.INTERNAL, text: str = "") -> None:
        act = self.actions
        for action in actions:
            if action >= WAITS:
                self.deadline = self.relay.clock.seconds() + self._seconds(action)
            elif action == _TELL:
                self.fail(code, text)
            else:
                act[action](self)

    def _seconds(self, wait: Action) -> float:
        """How long it waits."""
        limits, timeout = self.relay.limits, self.plan.application.backend_timeout
        if wait == Action.WAIT_ANSWER:
            return timeout
        if wait == Action.WAIT_ATTACH:
            return limits.attach_seconds
        if wait == Action.WAIT_ATTACH_STREAM:
            return max(limits.attach_upgrade_seconds, timeout)
        if wait == Action.WAIT_SILENCE:
            return timeout if self.answer is None else self.answer.silence
        return limits.limbo_seconds if wait == Action.WAIT_HELLO else _CANCELLED

    def fail(self, code: Code, text: str) -> None:
        """Tell the user, with whom it ends."""
        exchange, self.exchange = self.exchange, None
        if exchange is None:
            return
        if self.movable is not None and self.movable.say_last(close_code(code)):
            exchange.failure, exchange.detail = code, text
            exchange.end_stream()
        else:
            self.relay.refuse(exchange, code, text)

    def _new_upload(self) -> Upload:
        most, rule = self.plan.application.max_body, None if self.transfers is None else self.transfers.upload
        replayable = bool(self.flags & _IDEMPOTENT)
        if rule is None or (most is not None and most <= rule.most):
            return Upload(self, replayable=replayable, most=most)
        refused = Refused(rule, f"upload of more than {rule.most:.0f} bytes")
        return Upload(self, replayable=replayable, most=int(rule.most), over=lambda: self.deny(refused))

    def deny(self, refused: Refused) -> None:
        """A policy does not let it through, or its answer: nothing more goes either way."""
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            self.relay.refuse(exchange, Code.POLICY_BLOCKED, str(refused), refused.rule.message)
            if self.life & STATE != State.DONE:
                self._follow(Event.CUT)

    def _is_withheld(self, status: int, block: bytes, body: bytes | None) -> bool:
        """Is the answer not for the user, who hears so? `body`: all of it; None for one that begins."""
        if self.known and is_for_nobody(bool(self.tried), status, block):
            (self.cut if body is None else self.fail)(Code.CONNECTOR_LOST, ANOTHER_ANSWER)
            return True
        if self.transfers is None:
            return False
        refused = refused_block(self.transfers, self.method, status, block, None if body is None else len(body))
        if refused is not None:
            self.deny(refused)
        return refused is not None

    @property
    def upgraded(self) -> bool:
        """Is it a stream of bytes by now?"""
        return bool(self.life & _UPGRADED)

    @property
    def endless(self) -> bool:
        """May its answer go on for ever?"""
        return self.answer is not None and self.answer.endless

    @property
    def movable(self) -> Movable | None:
        """What ends it so that its client comes back; None where nothing can."""
        return None if self.answer is None else self.answer.movable

    def _note_challenge(self, status: int, block: bytes) -> None:
        """The next leg of a handshake that begins with this answer must come to the same connector."""
        if status == 401 and self.peer is not None and binds_by_answer(self.plan.application, block):
            self.relay.affinity.note(self.plan.application, self.owner, self.peer.key)

    # What the connector says on a signal connection. The caller has taken frames of unknown ids away.

    def answered(self, status: int, block: bytes, body: bytes) -> None:
        """RSP: the complete answer."""
        self.life, actions = LIFE[self.life | _ANSWERED]
        if self.peer is not None and self.peer.timeouts:
            self.peer.answered()
        if self.data is not None:
            self.data.answer_elsewhere()
        if status == 401:
            self._note_challenge(status, block)
        self._do(actions)
        exchange = self.exchange
        if exchange is None:
            return
        if (self.known or self.transfers is not None) and self._is_withheld(status, block, body):
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
        self._follow(Event.INFORMED)
        self.interims += 1
        if self.interims > self.relay.limits.interims:
            raise RemoteProtocolError("too many interim answers to one request", Code.OVERLOADED)
        if self.exchange is not None:
            self.exchange.inform(status, self.plan.clean(status, block, self.exchange.id))

    # What happens on a data connection.

    def wants(self, body: bool, response: bool) -> bool:
        """May the connector attach for this?"""
        return may_attach(self.life, body, response)

    def attached(self, data: DataChannel, want_body: bool) -> None:
        """The connector has a data connection ready; if it wants the body, read it from the user now."""
        self.life, actions = LIFE[self.life | (Event.ATTACH_BODY if want_body else Event.ATTACH)]
        self.data = data
        self._do(actions)

    def headed(self, status: int, block: bytes) -> None:
        """HEAD on the data connection: the answer begins."""
        self.life, actions = LIFE[self.life | Event.HEADED]
        if self.peer is not None and self.peer.timeouts:
            self.peer.answered()
        self._note_challenge(status, block)
        exchange, data = self.exchange, self.data
        if exchange is None or data is None:
            return
        if (self.known or self.transfers is not None) and self._is_withheld(status, block, None):
            return
        if status == 101 and not self.flags & _UPGRADE:
            raise RemoteProtocolError("101 to a request that asked for no upgrade")
        answer = StreamedAnswer(exchange, status, block, self.plan.application.upgrade_idle_timeout)
        fields = answer.begin(self, self.relay.clock, data.read_gate, status, block)
        if status in STATUSES:
            fields = self.relay.symptoms.examine(self.plan, exchange, status, block, fields)
        self.answer = answer
        if actions:  # WAIT_SILENCE, and nothing else
            self.deadline = self.relay.clock.seconds() + answer.silence
        if answer.endless:
            self._follow(Event.ENDLESS)
        if answer.upgraded:
            self._upgrade(exchange, data, fields)
            return
        if self.flags & _UPGRADE:
            data.end(b"")  # the connector was ready for a stream; the application did not want one
        answer.start(status, fields)

    def _upgrade(self, exchange: Exchange, data: DataChannel, fields: bytes) -> None:
        # What only the request needed goes: an idle stream must cost little.
        self.head = b""
        self._follow(Event.SWITCHED)
        upload = self.upload = Upload(self, replayable=False)
        if self.answer is None or not is_websocket(fields):
            upload.stream(exchange, data, fields)
            return
        websocket = self.answer.sink = self.answer.movable = RelayedWebSocket(exchange, self, upload)
        upload.stream(exchange, data, fields, websocket)

    def streamed(self, piece: bytes) -> None:
        """BODY: a piece of the answer."""
        answer = self.answer
        if self.exchange is not None and answer is not None:
            self.deadline = self.relay.clock.seconds() + answer.silence
            answer.sink.write(piece)  # which may end it, and set another deadline

    def ended(self, trailers: bytes) -> None:
        """END: the answer is complete; of an upgraded stream, the application's direction."""
        exchange, answer = self.exchange, self.answer
        self.life, actions = LIFE[self.life | Event.ORIGIN_ENDED]
        self._do(actions)
        if self.life & STATE == State.DONE:
            self.exchange = None
        if exchange is not None and answer is not None:
            answer.finish(trailers)

    def aborted(self, code: Code, text: str) -> None:
        """ABORT: the connector has broken off what this data connection carried."""
        self._follow(Event.ABORTED, code, text)

    def stopped(self) -> None:
        """STOP: the connector reads no more of the body; an answer comes, or has come."""
        self.life, _ = LIFE[self.life | Event.STOPPED]
        if self.upload is not None:
            self.upload.stop()
        if self.exchange is not None:
            self.exchange.stop_body()

    def detached(self) -> None:
        """The data connection carries another's bytes from now on; nothing of this one was lost."""
        self.data = None
        self.life, _ = LIFE[self.life | Event.DETACHED]

    def data_lost(self) -> None:
        """The data connection is gone, with no word why."""
        self.data = None
        self._follow(Event.DATA_LOST, Code.CONNECTOR_LOST, "the data connection was lost")

    # What the user does.

    def handed_over(self) -> None:
        """From here on the connector may give something to the application."""
        self.life, _ = LIFE[self.life | Event.HANDED_OVER]

    def outgrown(self) -> None:
        """More of the body was handed over than is kept: it cannot be sent once more."""
        self.life, _ = LIFE[self.life | Event.OUTGROWN]

    def upload_moved(self) -> None:
        """Bytes of the user's are on their way: the application has the whole time again."""
        answer = self.answer
        seconds = self.plan.application.backend_timeout if answer is None else answer.silence
        self.deadline = self.relay.clock.seconds() + seconds

    def upload_ended(self) -> None:
        """The user has sent all."""
        self.life, actions = LIFE[self.life | Event.USER_ENDED]
        self._do(actions)
        if self.life & STATE == State.DONE:
            self.exchange = None

    def user_left(self, code: Code) -> None:
        """The user has gone: tell the connector within this turn."""
        self.exchange = None
        self._follow(Event.USER_LEFT)

    def cut(self, code: Code, why: str) -> None:
        """The user may no longer: nothing more goes either way."""
        if self.exchange is not None:
            self._follow(Event.CUT, code, why)

    # How a stream ends so that its client comes back (`movable.MovableOwner`).

    def was_ended(self, kind: str, how: str) -> None:
        """Its client has been told, or has seen a whole answer."""
        self.relay.moves.ends[kind, how] += 1

    def part(self) -> None:
        """A stream is over at both ends. The application is left to close in its turn."""
        exchange, self.exchange = self.exchange, None
        if self.upload is not None:
            self.upload.body_ended([])
        if exchange is not None:
            exchange.end_stream()
        if self.data is not None:  # nobody who reads slowly is left to say when to go on
            self.data.read_gate.release(HoldReason.SLOW_PEER)

    def end_answer(self) -> None:
        """The answer is complete as it is; the application is not asked for more."""
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            exchange.finish(b"")
            self._follow(Event.USER_LEFT)

    def deadline_passed(self, now: float) -> None:
        """Called by the sweep."""
        unread = self.data is not None and self.data.paused
        self._follow(Event.DEADLINE_UNREAD if unread else Event.DEADLINE)
