"""What a large list of revoked certificates costs: `python -m bench.revocation_lists [ENTRIES]`.

It is read in a thread, as the service does it, and put into a database; beside it a thread that stands for the reactor's notes
how long it was kept from its work. Memory is what the process grows by.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from appproxy.pki.revocation.crl import certificate_id, read_fetched
from appproxy.store.database.initial import initialise
from appproxy.store.database.store import Store
from appproxy.store.devices import authorities
from appproxy.store.sealing import Sealer
from tests.pki.chains import NOW, large_crl, make

ENTRIES = 200_000
#: Bars for these: seconds to read it, MiB at the worst moment, and the longest stop of the event loop in seconds.
MOST_SECONDS, MOST_MEMORY, MOST_STOP = 10.0, 150.0, 0.2
_TICK = 0.001


class Loop:
    """Stands for the event loop: wakes up every millisecond. Its stops are in processor time of this process, so that what
    others do on the machine counts for nothing.
    """

    def __init__(self) -> None:
        self.longest = self.most = 0.0
        self._last = time.process_time()

    def during(self, do: Callable[[], object]) -> float:
        """Seconds of processor time that it takes in another thread, while this one looks."""
        spent: list[float] = []

        def work() -> None:
            began = time.thread_time()
            do()
            spent.append(time.thread_time() - began)

        thread = threading.Thread(target=work)
        thread.start()
        self.longest, self._last = 0.0, time.process_time()
        while thread.is_alive():
            time.sleep(_TICK)
            self.most = max(self.most, _now())
            now = time.process_time()
            self.longest, self._last = max(self.longest, now - self._last), now
        return spent[0]


def _now() -> float:
    """MiB that are resident."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def main(entries: int = ENTRIES) -> int:
    """The exit code is 1 where a bar is missed."""
    random, root = Random(1), make("Large Root", authority=True)
    laptop = make("laptop", root)
    data = large_crl(root, {*(random.getrandbits(127) for _ in range(entries - 1)), laptop.certificate.serial_number})
    id_ = certificate_id(laptop.certificate, root.certificate)
    before, loop = _now(), Loop()
    found = []
    seconds = loop.during(lambda: found.append(read_fetched([data], [root.certificate], NOW)))
    read_stop, peak = loop.longest, loop.most - before
    assert id_ in found[0].revoked and len(found[0].revoked) == entries
    with tempfile.TemporaryDirectory() as name:
        store = Store.create(f"sqlite:///{Path(name)}/a.db", Sealer(b"m" * 32, "the bench"))
        with store.transaction(NOW) as tx:
            initialise(tx, "example.com", "https://signin.example.com")
            record = authorities.add(tx, "Large", root.pem)

        def put() -> None:
            with store.transaction(NOW) as tx:
                authorities.put_lists(tx, record, found[0])

        kept = loop.during(put)
        kept_stop = loop.longest
        snapshots = []
        built = loop.during(lambda: snapshots.append(store.build_snapshot()))
        built_stop = loop.longest
        [one] = snapshots[0].device_authorities.values()
        began = time.perf_counter()
        for _ in range(10_000):
            assert id_ in one.revoked
        asked = (time.perf_counter() - began) / 10_000
        store.close()
    print(f"{entries:,} entries, {len(data) / 2**20:.1f} MiB: read in {seconds:.1f} s of processor time, {peak:.0f} MiB at "
          f"the worst moment, longest stop {read_stop * 1e3:.0f} ms")
    print(f"kept in {kept:.2f} s, longest stop {kept_stop * 1e3:.0f} ms; in a snapshot in {built:.2f} s, longest stop "
          f"{built_stop * 1e3:.0f} ms; {asked * 1e6:.1f} us to look one up")
    stop = max(read_stop, kept_stop, built_stop)
    return 0 if seconds <= MOST_SECONDS and peak <= MOST_MEMORY and stop <= MOST_STOP else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
