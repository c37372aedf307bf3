"""The table of all pages: which function serves what is at a path."""

from __future__ import annotations

from appproxy.console import application, applications
from appproxy.console.answers import ConsolePage, PageTable
from appproxy.console.overview import overview
from appproxy.console.search import search

_APPLICATION = "/applications/{application}"

PAGES = PageTable((
    ConsolePage("GET", "/", overview),
    ConsolePage("GET", "/search", search),
    ConsolePage("GET", "/applications", applications.listed),
    ConsolePage("GET", "/applications/new", applications.publishing),
    ConsolePage("POST", "/applications/new", applications.publish, applications.publishing),
    ConsolePage("GET", _APPLICATION, application.show),
    ConsolePage("POST", _APPLICATION + "/columns", application.save_columns, application.show),
    ConsolePage("POST", _APPLICATION + "/assign", application.assign, application.show),
    ConsolePage("POST", _APPLICATION + "/unassign", application.unassign, application.show),
    ConsolePage("POST", _APPLICATION + "/remove", application.remove, application.show),
    ConsolePage("GET", _APPLICATION + "/settings", application.settings),
    ConsolePage("POST", _APPLICATION + "/settings", application.save, application.settings),
))  # fmt: skip
