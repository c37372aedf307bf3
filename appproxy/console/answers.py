"""What a page comes to: something to show, or another page to go on with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from appproxy.admin.base.operation import names_in
from appproxy.admin.base.problem import WrongMethod
from appproxy.console.visit import Visit
from appproxy.errors import NotFound


@dataclass(frozen=True, slots=True)
class PageContent:
    """A page: its template, its title, and what the template takes."""

    template: str
    title: str
    context: Mapping[str, object] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True)
class Redirection:
    """On to another page of this host. `done`: a key of `frame.DONE`, which that page says."""

    path: str
    done: str = ""


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file that the browser keeps. `name`: ASCII without quotes; `kind`: its media type."""

    name: str
    kind: str
    data: bytes


Serve = Callable[[Visit], Awaitable["PageContent | Redirection | FileContent"]]


@dataclass(frozen=True, slots=True)
class ConsolePage:
    """A page at a path with names in braces. `again`: of what a form is sent to, the page that is shown when it is refused.
    `uses`: the operations of the API (`POST /clients`) that it is there for; a test finds those which no page has.
    """

    method: str
    path: str
    serve: Serve
    again: Serve | None = None
    uses: tuple[str, ...] = ()


class PageTable:
    """All pages, found by method and path."""

    def __init__(self, pages: Iterable[ConsolePage]) -> None:
        self._pages = [(tuple(one.path.strip("/").split("/")), one) for one in pages]

    def __iter__(self) -> Iterator[ConsolePage]:
        return (page for _, page in self._pages)

    def find(self, method: str, path: str) -> tuple[ConsolePage, Mapping[str, str]]:
        """The page, and the names in its path (`%2F` and the like decoded). Raises NotFound or WrongMethod."""
        parts, there = path.strip("/").split("/"), False
        for route, page in self._pages:
            names = names_in(route, parts)
            if names is None:
                continue
            if page.method == method:
                return page, names
            there = True
        if there:
            raise WrongMethod(f"{method} is not possible on {path}")
        raise NotFound(f"there is no page {path}", hint="see the list of pages")
