"""Sends the audit to where it is exported to: one node a destination, one batch at a time, beside all requests.

    entries wait -> claimed (one node) -> batch read and written in the store's thread -> sent -> arrived: go on behind it
                                                            not arrived -> left alone for a while, then whoever looks first
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.export.entry import ExportedEntry
from appproxy.export.pace import MOST_BYTES, BatchSize, retry_delay
from appproxy.net.agent import why_no_answer
from appproxy.service.exports.delivery import Deliver, DeliveryFailed, Payload
from appproxy.service.exports.senders import writer_for
from appproxy.service.regular_look import RegularLook
from appproxy.store.database.live import LiveStore
from appproxy.store.service import audit_exports
from appproxy.store.service.audit_exports import AuditExport, Backlog, Batch

#: Seconds between two looks for entries that wait.
LOOK_EVERY = 1.0
#: Seconds between two batches of one destination. To read and write one takes some 10 ms of a processor, for which requests
#: wait a little each time that they come to their turn; so they have most turns to themselves also while much is made up for.
PAUSE = 0.05
#: Signs of what went wrong that are shown.
_LONGEST_PROBLEM = 500


class Exporter:
    """`service`: the domain; `deliver` sends; `wall_clock` gives seconds since 1970. `start` it, and `stop` it at the end."""

    log = Logger()

    def __init__(
        self, live: LiveStore, service: str, deliver: Deliver, reactor: Any, wall_clock: Callable[[], float],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._live = live
        self._reactor = reactor
        self._service = service
        self._deliver = deliver
        self._wall_clock = wall_clock
        self._random_bytes = random_bytes
        self._node = random_bytes(8).hex()
        self._looks = RegularLook(
            reactor, LOOK_EVERY, self._begin, failed="the audit could not be exported",
            away="the audit cannot be exported now")
        self._sizes: dict[str, BatchSize] = {}
        #: What is being sent, by destination.
        self._under_way: dict[str, Deferred[None]] = {}
        #: What waits for each destination, as it was at the last look.
        self.backlogs: Sequence[Backlog] = ()
        #: Of this node since its start, by the destination's name: entries that have arrived, and tries that have failed.
        self.sent: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()

    def start(self) -> None:
        """Begin to look."""
        self._looks.start()

    def stop(self) -> None:
        """Send nothing more; what is under way is sent again by whoever comes next."""
        self._looks.stop()
        if self._under_way:
            for sending in list(self._under_way.values()):
                sending.cancel()
            self._live.write(audit_exports.release, self._node).addErrback(self._looks.complain)

    def try_out(self, export: AuditExport) -> Deferred[str]:
        """Send an entry that is in no audit, as an administrator wishes; fires with what went wrong, "" for nothing."""
        return self._deliver(export, self._trial(export)).addCallbacks(lambda _: "", _problem_of)

    def _trial(self, export: AuditExport) -> Payload:
        entry = ExportedEntry(
            self._service, 0, self._wall_clock(), "service", "audit.export_test", export.id, {"name": export.name},
            self._random_bytes(16).hex())
        return Payload(entry.id, (writer_for(export)(entry),))

    async def _begin(self) -> None:
        """Called every second: whatever waits is sent from now on."""
        now = self._wall_clock()
        self.backlogs = await self._live.read(audit_exports.backlogs, now, self._node)
        self._looks.answered()
        there = {one.export.id for one in self.backlogs}
        self._sizes = {id_: size for id_, size in self._sizes.items() if id_ in there}
        for one in self.backlogs:
            id_ = one.export.id
            to_do = one.waiting and one.is_free and audit_exports.is_due(one.export, now)
            if to_do and id_ not in self._under_way and self._looks.running:
                sending = self._under_way[id_] = Deferred.fromCoroutine(self._send_all(id_))
                sending.addErrback(self._looks.complain).addBoth(partial(self._over, id_))

    def _over(self, id_: str, _: object) -> None:
        self._under_way.pop(id_, None)

    async def _send_all(self, id_: str) -> None:
        """Send what waits for a destination, batch by batch."""
        export = await self._live.write(audit_exports.claim, id_, self._node)
        while export is not None:
            size = self._sizes.setdefault(id_, BatchSize())
            batch = await self._live.read(
                audit_exports.next_batch, export, self._service, writer_for(export), size.now, MOST_BYTES)
            if batch is None:
                return
            export = await self._send(export, batch, size)
            await deferLater(self._reactor, PAUSE)

    async def _send(self, export: AuditExport, batch: Batch, size: BatchSize) -> AuditExport | None:
        """Send one batch; gives what to go on with, None where that makes no sense now."""
        try:
            await self._deliver(export, _load(export, batch))
        except CancelledError:
            raise
        except Exception as error:  # whatever is between us and an answer: DNS, TLS, time, a full disk
            return await self._not_arrived(export, batch, size, error)
        size.taken()
        if export.failures:
            self.log.info("the audit flows to {name} again", name=export.name)
        self.sent[export.name] += len(batch.pieces)
        still_ours = await self._live.write(audit_exports.delivered, export.id, self._node, batch)
        return replace(export, position=batch.last, failures=0) if still_ours else None

    async def _not_arrived(
        self, export: AuditExport, batch: Batch, size: BatchSize, error: Exception
    ) -> AuditExport | None:
        problem = _problem_of(Failure(error))
        refused = isinstance(error, DeliveryFailed) and await self._is_at_fault(export, batch, size, error)
        if refused and len(batch.pieces) > 1:
            size.give_up(len(batch.pieces), self._wall_clock())
            return await self._live.write(audit_exports.claim, export.id, self._node)
        if refused and size.give_up(1, self._wall_clock()):
            self.log.error("{name} will never take entry {number} of the audit, which is left out: {problem}",
                           name=export.name, number=batch.last, problem=problem)
            still_ours = await self._live.write(audit_exports.left_out, export.id, self._node, batch.last)
            return replace(export, position=batch.last, failures=0) if still_ours else None
        self.failures[export.name] += 1
        asked_for = error.wait if isinstance(error, DeliveryFailed) else 0.0
        wait = retry_delay(export.failures + 1, self._chance(), asked_for)
        if not export.failures:
            # Once an outage; `appproxy audit export list` has the latest.
            self.log.error("the audit does not reach {name}, and waits for it: {problem}", name=export.name, problem=problem)
        await self._live.write(audit_exports.failed, export.id, self._node, problem, wait)
        return None

    async def _is_at_fault(self, export: AuditExport, batch: Batch, size: BatchSize, error: DeliveryFailed) -> bool:
        """Is it an entry, and not the receiver? One alone is only if the receiver takes another meanwhile, of no audit."""
        if error.refused:
            return True
        if not error.suspect or not size.suspects(batch.pieces[0][0], str(error)):
            return False
        if len(batch.pieces) > 1:
            return True
        if await self._live.write(audit_exports.claim, export.id, self._node) is None:
            return False
        try:
            await self._deliver(export, self._trial(export))
        except CancelledError:
            raise
        except Exception:  # whatever it is: it speaks for the entry
            size.acquit()
            return False
        return True

    def _chance(self) -> float:
        return int.from_bytes(self._random_bytes(4), "big") / 2**32


def _load(export: AuditExport, batch: Batch) -> Payload:
    """With the same id whenever these entries go there together."""
    return Payload(f"{export.id}-{batch.pieces[0][0]}-{batch.last}", tuple(piece for _, piece in batch.pieces))


def _problem_of(failure: Failure) -> str:
    """What went wrong, in a line."""
    text = failure.getErrorMessage() if failure.check(DeliveryFailed) else why_no_answer(failure)
    return " ".join(text.split())[:_LONGEST_PROBLEM]
