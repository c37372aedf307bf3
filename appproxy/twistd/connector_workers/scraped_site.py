"""The paths of a connector's parent: /metrics of all workers, /live, and /ready while any of them serves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from appproxy.connector.observation import TEXT, LivePage, ReadyPage, observation_site
from appproxy.twistd.workers.scrape import Scrape


class _ScrapedPage(Resource):
    """GET /metrics."""

    def __init__(self, scrape: Scrape) -> None:
        super().__init__()
        self._scrape = scrape

    def render_GET(self, request: Request) -> int:
        """Called by twisted.web. Who leaves before the answer is there gets none."""
        left: list[object] = []
        request.notifyFinish().addBoth(left.append)

        def answered(page: str) -> None:
            if not left:
                request.setHeader(b"content-type", TEXT)
                request.write(page.encode())
                request.finish()

        self._scrape.page().addCallback(answered)
        return NOT_DONE_YET


def scraped_site(scrape: Scrape, why_not_ready: Callable[[], str], reactor: Any) -> Site:
    """HTTP/1.1 without TLS and without sign-in."""
    pages: dict[bytes, Resource] = {
        b"metrics": _ScrapedPage(scrape), b"live": LivePage(), b"ready": ReadyPage(why_not_ready)}
    return observation_site(pages, reactor)
