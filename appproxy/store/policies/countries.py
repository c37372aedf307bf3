"""The countries of addresses, from a file in MaxMind's format (MaxMind DB 2.0), such as GeoLite2 Country."""

from __future__ import annotations

from pathlib import Path

import maxminddb
from twisted.logger import Logger

from appproxy.errors import ConfigError

#: What tells that a file is another one: when it was written, its size, its number.
_Version = tuple[int, int, int]


class CountryDatabase:
    """The file as it is now. It is read whole, so that whoever writes a new one in its place disturbs nobody.

    Raises ConfigError when there is none that can be read: without it a policy about countries would protect nothing.
    """

    log = Logger()

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._version = self._look()
            self._reader = self._read()
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            raise ConfigError(f"country_database: {path} cannot be read ({error})",
                              hint="give a database of countries in MaxMind's format") from error

    def country_of(self, address: str) -> str | None:
        """The code of a country (ISO 3166-1 alpha-2), None where the file does not say it."""
        try:
            found = self._reader.get(address)
        except (ValueError, maxminddb.InvalidDatabaseError):
            return None
        country = found.get("country") if isinstance(found, dict) else None
        code = country.get("iso_code") if isinstance(country, dict) else None
        return code if isinstance(code, str) else None

    def place_of(self, address: str) -> tuple[float, float] | None:
        """Latitude and longitude, None where the file does not say them: one of cities does, one of countries does not."""
        try:
            found = self._reader.get(address)
        except (ValueError, maxminddb.InvalidDatabaseError):
            return None
        place = found.get("location") if isinstance(found, dict) else None
        if not isinstance(place, dict):
            return None
        lat, lon = place.get("latitude"), place.get("longitude")
        return (float(lat), float(lon)) if isinstance(lat, int | float) and isinstance(lon, int | float) else None

    @property
    def changed(self) -> bool:
        """Is there another file now?"""
        try:
            return self._look() != self._version
        except OSError:
            return False

    def refresh(self) -> bool:
        """Take up a file that has changed; was there one? One that cannot be read is said, and the former goes on."""
        try:
            version = self._look()
            if version == self._version:
                return False
            self._version = version
            self._reader = self._read()
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            self.log.error("country_database: {path} cannot be read, the one of before goes on: {reason}",
                           path=str(self._path), reason=str(error))
            return False
        return True

    def _look(self) -> _Version:
        found = self._path.stat()
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> maxminddb.Reader:
        return maxminddb.open_database(self._path, maxminddb.MODE_MEMORY)
