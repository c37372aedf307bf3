"""Files that commands read documents from."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from appproxy.cli.base.wrong_use import WrongUse


def document_of(name: str) -> Any:
    """What a TOML or JSON file says, by the end of its name. Raises WrongUse."""
    path = Path(name)
    if path.suffix not in (".toml", ".json"):
        raise WrongUse(f"{name!r}: the name of the file must end in .toml or .json")
    try:
        text = path.read_text(encoding="utf-8")
        return tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except OSError as error:
        raise WrongUse(f"{name!r} cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise WrongUse(f"{name!r} is no {path.suffix[1:].upper()}: {error}") from error
