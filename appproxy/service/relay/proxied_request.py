"""One request on its way through the tunnel: it waits for a connector, has a slot there, loses it, perhaps gets another.

The slot (`Peer.in_flight`) is freed only by the connector's final frame or its loss, whatever the user does: sending and
cancelling in a circle gains nothing (rapid reset). What follows from what happens is for `tunnel.life.proxied_rows` to say;
here, and in `answered_request`, it is done.
"""

from __future__ import annotations

from appproxy.errors import Code
from appproxy.publish.settings.table import NO_AFFINITY
from appproxy.service.relay.answered_request import AnsweredRequest
from appproxy.service.relay.connectors.peer import Peer, SignalChannel
from appproxy.service.relay.connectors.preferred import preferred
from appproxy.tunnel.exchanges import State
from appproxy.tunnel.frames import Flag, Kind, encode
from appproxy.tunnel.life.proxied import ATTEMPTS, STATE, WITHOUT_BODY, Action, Event, with_body
from appproxy.tunnel.life.proxied_rows import LIFE
from appproxy.tunnel.messages import encode_code

#: Seconds in which a place may come free at a connector that has given a request back, where no other is there. Who waits for
#: one that is restarted waits longer: that comes back, but nobody knows when a busy one has done enough.
BUSY_SECONDS = 1.0
_APART = int(Flag.BODY | Flag.LENGTH)
_REQ, _DISPATCHED = int(Kind.REQ), int(Event.DISPATCHED)


class ProxiedRequest(AnsweredRequest):
    """One proxied request (`peer.Dispatchable`)."""

    __slots__ = ()

    def dispatch_with(self, body: bytes) -> None:
        """Send it to a connector with all of its body, which is here."""
        self.body = body
        self.upload = None
        self.flags &= ~_APART
        self.life &= WITHOUT_BODY
        self.dispatch(self.relay.clock.seconds())

    def _set_apart(self) -> None:
        """The connector takes no bodies in the REQ: this one is to be asked for."""
        body, self.body = self.body, b""
        self.flags |= _APART
        self.life = with_body(self.life)
        self.upload = self._new_upload()
        self.upload.adopt([body], ended=True)

    # To a connector.

    def dispatch(self, now: float) -> None:
        """Send it to a connector, or wait for one, or fail."""
        relay = self.relay
        application = self.plan.application
        group = application.connector_group
        roster = relay.roster
        kept = self._kept_peer() if relay.affinity.used else None
        if kept is not None and not self.binds:
            self.known = True
        if kept is None and application.affinity != NO_AFFINITY:
            kept = preferred(roster, group, self.tried, now, self.whose)
        peer = kept or roster.pick(group, self.tried, now, self.whose)
        if peer is not None:
            self.send(peer, now)
            return
        if not self._queued:
            self._queued = now
        refusal = relay.no_hope(group) or roster.park(self, group, now, self.whose)
        if refusal is not None:
            self._follow(Event.REFUSED, refusal, "no connector takes requests of this group")
            return
        self.life, _ = LIFE[self.life | Event.PARKED]
        if (hook := relay.hooks.queued) is not None and self.exchange is not None:
            hook(self.exchange)
        limits = roster.limits
        over = roster.is_over(group, self.whose)
        # It has waited since it came, whatever it has been through meanwhile.
        self.deadline = self._queued + min(limits.queue_seconds, limits.queue_seconds_over if over else limits.queue_seconds)
        if self._is_unwanted():
            self.deadline = min(self.deadline, now + BUSY_SECONDS)
        relay.deadlines.add(self)

    def _is_unwanted(self) -> bool:
        """Has a connector given it back for want of places, and is there no other from which better is to be expected?"""
        return self.given_back is not None and not self.relay.roster.has_untried(
            self.plan.application.connector_group, self.tried)

    def _kept_peer(self) -> Peer | None:
        """The connector that has a connection which the application has authenticated for this owner."""
        relay, application = self.relay, self.plan.application
        key = relay.affinity.connector_of(application, self.owner)
        return None if key is None else relay.roster.usable(key, application.connector_group, self.tried, self.whose)

    def crowded_out(self) -> None:
        """Called by the roster: too many wait, and most of them are of this user."""
        self._follow(
            Event.REFUSED, Code.SHARE_EXCEEDED, "too many requests wait for a connector, and most are of this user")

    def send(self, peer: Peer, now: float) -> None:
        """Give it to this connector, which `Roster.pick` has just chosen."""
        link = peer.link()
        assert link is not None
        if self.body and not peer.takes_bodies:
            self._set_apart()
        life, (wait,) = LIFE[self.life | _DISPATCHED]
        self.life = life
        relay = self.relay
        self.peer = peer
        self.link = link
        self.id = peer.ids.allocate(peer.used)
        peer.in_flight[self.id] = self
        relay.roster.taken(self.whose)
        if (exchange := self.exchange) is not None:
            exchange.connector = peer.id
            exchange.attempts = life >> ATTEMPTS
            if (hook := relay.hooks.dispatched) is not None:
                hook(exchange)
        if self.binds:
            relay.affinity.note(self.plan.application, self.owner, peer.key)
        self.deadline = now + self._seconds(wait)
        relay.deadlines.add(self)
        link.write(encode(_REQ, self.id, self.head, self.body, self.flags))

    # What it hears of its connector.

    def rejected(self, code: Code, text: str) -> None:
        """REJECT: not processed, so another connector may have it."""
        if code is Code.CONNECTOR_BUSY:
            self.given_back = text or "it has no place for more"
        self._follow(Event.REJECTED, code, text)

    def failed(self, code: Code, text: str) -> None:
        """FAIL: the connector's last word; it may have been processed."""
        self._follow(Event.FAILED, code, text)

    def listed(self, listed_open: bool, listed_ended: bool, link: SignalChannel) -> None:
        """A HELLO after limbo: the connector has it, has ended it, or never received it."""
        if listed_open:
            if self.life & STATE == State.LIMBO:
                self.link = link
            self._follow(Event.LISTED)
        elif listed_ended:
            self._follow(Event.ENDED, Code.CONNECTOR_LOST, "the answer was lost with its connection")
        else:
            self._follow(Event.NOT_LISTED, Code.CONNECTOR_LOST, "the request was lost with its connection")

    def link_lost(self) -> None:
        """The signal connection that carried it has gone; the next HELLO tells what became of it."""
        self._follow(Event.LINK_LOST)

    def peer_lost(self) -> None:
        """The connector has gone for good."""
        self._follow(Event.PEER_LOST, Code.CONNECTOR_LOST, "the connector was lost")

    def stuck(self) -> None:
        """The connector does not answer at the moment. Who is bound to it by a connection's authentication waits."""
        if not self.binds:
            self._follow(Event.STUCK)

    # Actions.

    def _forget(self) -> None:
        self.relay.under_way.discard(self)

    def _shun(self) -> None:
        if self.peer is not None:
            self.tried += (self.peer.key,)

    def _retry(self) -> None:
        if self.upload is not None:
            self.upload.again()
        self.dispatch(self.relay.clock.seconds())

    def _unpark(self) -> None:
        self.relay.roster.unpark(self, self.plan.application.connector_group, self.whose)
        self._rest()

    def _rest(self) -> None:
        self.relay.deadlines.discard(self)

    def _suspect(self) -> None:
        if self.peer is not None:
            self.relay.roster.timed_out(self.peer, self.relay.clock.seconds())

    def _cancel(self) -> None:
        """Tell the connector that nobody wants it any more; its slot stays taken until the last word."""
        if self.upload is not None:
            self.upload.cancel_go()
        peer, link = self.peer, self.link
        if peer is not None and link not in peer.links.values():
            link = next(iter(peer.links.values()), None)
        if link is not None:
            link.write(encode(Kind.CANCEL, self.id, encode_code(Code.CANCELLED)))
        if self.data is not None:
            self.data.cancel()

    def _leave_data(self) -> None:
        data, self.data = self.data, None
        if data is not None:
            data.let_go()

    def _vacate(self) -> None:
        self._free(False)

    def _free(self, serve: bool = True) -> None:
        """It is not under way at its connector any more; `serve`: whose turn it is may have the place at once."""
        if self.upload is not None:
            self.upload.cancel_go()
        self.relay.deadlines.discard(self)
        if self.data is not None:
            self._leave_data()
        self.link = None
        peer, self.peer = self.peer, None
        if peer is None:
            return
        del peer.in_flight[self.id]
        if self.long:
            self.long = False
            peer.streams -= 1
        else:
            self.relay.roster.given(self.whose)
        if serve:
            self.relay.slot_free(peer)

    def _lengthen(self) -> None:
        """It may go on for ever: it takes no place from requests any more."""
        if (peer := self.peer) is not None:
            self.long = True
            self.relay.under_way.lengthen(self)
            self.relay.deadlines.rest(self)
            if self.data is not None:
                self.data.rest()
            peer.streams += 1
            self.relay.roster.given(self.whose)
            self.relay.slot_free(peer)

    def _read_body(self) -> None:
        upload, exchange, data = self.upload, self.exchange, self.data
        assert upload is not None and exchange is not None and data is not None  # it was attached for a body
        upload.begin(exchange, data)

    # How the user hears of a failure.

    def _fail_without_turn(self) -> None:
        if self.relay.roster.is_over(self.plan.application.connector_group, self.whose):
            self.fail(Code.SHARE_EXCEEDED, "too many requests of this user are under way, and this one waited for them")
        elif self._is_unwanted():
            self.fail(Code.CONNECTOR_BUSY, f"the connector gave it back ({self.given_back}), and no other is here")
        else:
            self.fail(Code.QUEUE_TIMEOUT, "parked too long")

    def _fail_without_attach(self) -> None:
        self.fail(Code.NO_ATTACH, f"the connector asked for no body within {self.plan.application.backend_timeout:g} s")

    def _fail_without_answer(self) -> None:
        what = "no answer" if self.answer is None else "nothing more of the answer"
        self.fail(Code.BACKEND_TIMEOUT, f"{what} within backend_timeout, {self.plan.application.backend_timeout:g} s")

    def _fail_without_hello(self) -> None:
        self.fail(Code.CONNECTOR_LOST, "no signal connection came back")


ProxiedRequest.actions = {
    Action.LENGTHEN: ProxiedRequest._lengthen,
    Action.FREE: ProxiedRequest._free,
    Action.VACATE: ProxiedRequest._vacate,
    Action.FORGET: ProxiedRequest._forget,
    Action.SHUN: ProxiedRequest._shun,
    Action.RETRY: ProxiedRequest._retry,
    Action.CANCEL: ProxiedRequest._cancel,
    Action.LEAVE_DATA: ProxiedRequest._leave_data,
    Action.UNPARK: ProxiedRequest._unpark,
    Action.REST: ProxiedRequest._rest,
    Action.SUSPECT: ProxiedRequest._suspect,
    Action.READ_BODY: ProxiedRequest._read_body,
    Action.TELL_NO_TURN: ProxiedRequest._fail_without_turn,
    Action.TELL_NO_ATTACH: ProxiedRequest._fail_without_attach,
    Action.TELL_NO_ANSWER: ProxiedRequest._fail_without_answer,
    Action.TELL_NO_HELLO: ProxiedRequest._fail_without_hello,
}
