"""python -m bench.others: users who go on with their work, in a process of their own, so that no load of ours delays them.

A JSON object on standard input says who they are (`Others`); when it is closed, all answers are written as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.h2_client import Browser, Latencies, connect, tls
from bench.measure import Void

_PROGRAM = (sys.executable, "-m", "bench.others")


class Others:
    """Asks for `path` 50 times a second over the connections of `browsers`; see `begin`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def begin(cls, anchor: Path, port: int, host: str, path: str, browsers: Sequence[Browser]) -> Others:
        """Each takes over the cookies of one of the browsers. Raises Void."""
        process = await asyncio.create_subprocess_exec(
            *_PROGRAM, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
        assert process.stdin is not None and process.stdout is not None
        asked = {"anchor": str(anchor), "port": port, "host": host, "path": path, "cookies": [one.cookie for one in browsers]}
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        if await process.stdout.readline() != b"ready\n":
            raise Void("others could not begin")
        return cls(process)

    async def end(self) -> Latencies:
        """What they have seen."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        seen = Latencies([], "")
        seen.answers = [(began, seconds, status) for began, seconds, status in json.loads(await self._process.stdout.read())]
        await self._process.wait()
        return seen


async def _ask(asked: dict[str, object]) -> Latencies:
    context = tls(Path(str(asked["anchor"])))
    cookies = asked["cookies"]
    assert isinstance(cookies, list)
    browsers = [await connect(context, int(str(asked["port"])), str(asked["host"]), str(cookie), number)
                for number, cookie in enumerate(cookies)]
    latencies = Latencies(browsers, str(asked["path"]))
    latencies.start()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await latencies.stop()
    return latencies


def main() -> None:
    """Ask until standard input ends."""
    print(json.dumps(asyncio.run(_ask(json.loads(sys.stdin.readline()))).answers))


if __name__ == "__main__":
    main()
