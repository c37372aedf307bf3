"""One measurement each: requests with wrk, a stream with curl, CPU and memory from /proc."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from appproxy.errors import AppProxyError

_TICK = os.sysconf("SC_CLK_TCK")
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
#: What wrk is to send in place of the same GET again and again.
POST, BROWSER = (str(Path(__file__).with_name(name)) for name in ("post.lua", "browser.lua"))


class Void(AppProxyError):
    """A measurement that counts for nothing; the message tells why."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked: both ends of a comparison get the same request."""

    url: str
    host: str
    cookie: str = ""

    def fields(self) -> list[str]:
        """Options of wrk and curl."""
        options = ["-H", f"Host: {self.host}"]
        return [*options, "-H", f"Cookie: {self.cookie}"] if self.cookie else options


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk has counted: requests a second, and seconds at the 50th and 99th percentile."""

    rate: float
    median: float
    p99: float
    requests: int


def requests(target: Target, connections: int, seconds: float, script: str = "") -> Load:
    """Ask as fast as answers come over so many connections, as `script` says (a file for wrk), or with GET.

    Raises Void on any answer that is not 2xx or 3xx.
    """
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency", *target.fields()]
    ended = subprocess.run(
        [*command, *(["-s", script] if script else []), target.url], capture_output=True, text=True, timeout=seconds + 30
    )
    try:
        return read_wrk(ended.stdout, ended.stderr)
    except Void as error:
        raise Void(f"{target.host} {target.url}: {error}") from error


def read_wrk(text: str, errors: str = "") -> Load:
    """What wrk prints. Raises Void."""
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)", text)
    rate = re.search(r"Requests/sec:\s*([\d.]+)", text)
    total = re.search(r"(\d+) requests in", text)
    percentiles = dict(re.findall(r"(50|99)%\s+([\d.]+[mu]?s|[\d.]+m)", text))
    if wrong is not None or rate is None or total is None or len(percentiles) != 2 or not float(rate[1]):
        raise Void(f"wrk: {wrong[0] if wrong else (text + errors).strip() or 'said nothing'}")
    return Load(float(rate[1]), _seconds(percentiles["50"]), _seconds(percentiles["99"]), int(total[1]))


def _seconds(text: str) -> float:
    found = re.fullmatch(r"([\d.]+)([a-z]+)", text)
    assert found is not None
    return float(found[1]) * _UNITS[found[2]]


def download(target: Target, size: int) -> float:
    """One stream down; gives bytes a second."""
    return _curl(target, ["-o", "/dev/null"], "%{speed_download} %{size_download}", size)


def page(target: Target) -> bytes:
    """A body, to be looked at. Raises Void unless it came with 200."""
    command = ["curl", "-skf", "--http1.1", *target.fields(), target.url]
    ended = subprocess.run(command, capture_output=True, timeout=30)
    if ended.returncode:
        raise Void(f"{target.url}: curl ended with {ended.returncode}")
    return ended.stdout


def upload(target: Target, file: Path, size: int) -> float:
    """One stream up from a file; gives bytes a second."""
    return _curl(target, ["-T", str(file), "-o", "/dev/null"], "%{speed_upload} %{size_upload}", size)


def first_byte(target: Target) -> float:
    """Seconds from the start of a request, on a new connection, to the answer's first byte, handshake not counted."""
    command = ["curl", "-sk", "-N", "-m", "1", "-o", "/dev/null", *target.fields()]
    ended = subprocess.run(
        [*command, "-w", "%{time_starttransfer} %{time_pretransfer}", target.url], capture_output=True, text=True, timeout=10
    )
    start, before = map(float, ended.stdout.split())
    if not start:
        raise Void("no byte came")
    return start - before


def _curl(target: Target, options: list[str], write: str, size: int) -> float:
    command = ["curl", "-sk", "--http1.1", "-H", "Expect:", *options, *target.fields(), "-w", "%{http_code} " + write]
    ended = subprocess.run([*command, target.url], capture_output=True, text=True, timeout=900)
    status, speed, moved = ended.stdout.split()
    if status != "200" or int(float(moved)) != size:
        raise Void(f"curl: status {status}, {moved} of {size} bytes, exit code {ended.returncode}")
    return float(speed)


def family(pid: int) -> list[int]:
    """A process and its children: nginx has its work done by one."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


def cpu_seconds(pids: Iterable[int]) -> float:
    """CPU time that these processes have had."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICK


def memory(pids: Iterable[int]) -> int:
    """Bytes of memory, what is shared counted in shares (PSS)."""
    total = 0
    for pid in pids:
        found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
        total += int(found[1]) * 1024 if found else 0
    return total
