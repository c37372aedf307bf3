"""An internal git server, as people make them: `git http-backend` behind a small web server.

    python -m tests.end_to_end.git_origin DIRECTORY

serves the repositories of DIRECTORY at a free port of 127.0.0.1. Everybody may push: who may is the proxy's business.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor  # noqa: TID251 -- a program of its own
from twisted.web.server import Site
from twisted.web.twcgi import CGIScript

_EXEC_PATH = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip()


class Repositories(CGIScript):
    """All paths."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"{_EXEC_PATH}/git-http-backend")
        self._directory = directory

    def render(self, request: Any) -> Any:
        """The path is text for the program."""
        request.postpath = [part.decode() for part in request.postpath]
        return super().render(request)

    def runProcess(self, env: dict[str, str], request: Any, qargs: Any = ()) -> None:
        """With what the program wants to know."""
        super().runProcess({
            **env, "GIT_PROJECT_ROOT": str(self._directory), "GIT_HTTP_EXPORT_ALL": "1", "REMOTE_USER": "somebody",
        }, request, list(qargs))


if __name__ == "__main__":
    running: Any = reactor
    port = running.listenTCP(0, Site(Repositories(Path(sys.argv[1]))), interface="127.0.0.1")
    print(f"ready on http://127.0.0.1:{port.getHost().port}/", flush=True)
    running.run()
