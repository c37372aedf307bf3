"""Lists of networks that an admin names: one address or network a line. A file that changes is taken up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from twisted.logger import Logger

from appproxy.errors import ConfigError
from appproxy.policy.conditional.locations import Locations, read_network
from appproxy.policy.conditional.model import Location

#: What a list may have: 500,000 networks are 100 MiB of memory.
_MOST_BYTES, _MOST_NETWORKS = 16 << 20, 500_000
#: When a file was written, its size, its number.
_Version = tuple[int, int, int]


@dataclass(slots=True)
class _File:
    path: Path
    version: _Version = (0, 0, 0)
    networks: Locations = field(default_factory=Locations)


class NetworkLists:
    """The lists, each called like its file without the ending. They are read by whoever asks: not in the reactor's thread.

    Raises ConfigError when one cannot be read at first; later the one of before goes on, and the log says so.
    """

    log = Logger()

    def __init__(self, paths: Iterable[Path] = ()) -> None:
        self._files = [_File(path) for path in paths]
        for file in self._files:
            try:
                _take_up(file)
            except (OSError, ValueError) as error:
                raise ConfigError(f"risk.lists: {file.path} cannot be read ({error})",
                                  hint="write one network a line, such as 192.0.2.0/24; # begins a comment") from error

    def of(self, address: str) -> tuple[str, ...]:
        """The names of the lists that have an address."""
        for file in self._files:
            try:
                _take_up(file)
            except (OSError, ValueError) as error:
                self.log.error("risk.lists: {path} cannot be read, the one of before goes on: {reason}",
                               path=str(file.path), reason=str(error))
        return tuple(file.path.stem for file in self._files if file.networks.of(address))


def _take_up(file: _File) -> None:
    """Read a file that is another one than before. Raises OSError or ValueError, once for each version."""
    found = file.path.stat()
    version = (found.st_mtime_ns, found.st_size, found.st_ino)
    if version == file.version:
        return
    file.version = version
    if found.st_size > _MOST_BYTES:
        raise ValueError(f"it has more than {_MOST_BYTES >> 20} MiB")
    networks = read_list(file.path.read_text("utf-8"))
    file.networks = Locations([Location(file.path.stem, tuple(networks))])


def read_list(text: str) -> Sequence[str]:
    """The networks of a list; an address is one of a single address. Raises ValueError, which names the line."""
    networks: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        said = line.partition("#")[0].strip()
        if not said:
            continue
        whole = said if "/" in said else said + ("/128" if ":" in said else "/32")
        try:
            read_network(whole)
        except ValueError as error:
            raise ValueError(f"line {number}: {said[:64]!r} is no network") from error
        networks.append(whole)
        if len(networks) > _MOST_NETWORKS:
            raise ValueError(f"it has more than {_MOST_NETWORKS} networks")
    return networks
