"""What a browser finds in a page to fill in and send."""

from __future__ import annotations

from html.parser import HTMLParser


class Form(HTMLParser):
    """The first form of a page: where it goes (`action`, None when there is no form), and what its inputs hold."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called by HTMLParser."""
        values = {name: value or "" for name, value in attrs}
        if tag == "form" and self.action is None:
            self.action = values.get("action", "")
            self._inside = True
        elif tag == "input" and self._inside and "name" in values:
            self.fields[values["name"]] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        """Called by HTMLParser."""
        if tag == "form":
            self._inside = False
