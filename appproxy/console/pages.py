"""The table of all pages: which function serves what is at a path."""

from __future__ import annotations

from collections.abc import Iterator

from appproxy.console import (
    application,
    applications,
    audit,
    certificates,
    connectors,
    documents,
    groups,
    sessions,
    users,
)
from appproxy.console.answers import ConsolePage, PageTable
from appproxy.console.overview import overview
from appproxy.console.search import search

_APPLICATION = "/applications/{application}"
_CONNECTOR = "/connectors/{connector}"
_USER = "/users/{user}"
_GROUP = "/groups/{group}"



def _of_documents() -> Iterator[ConsolePage]:
    for kind in documents.KINDS:
        write, save, one = documents.writing(kind), documents.saving(kind), f"/{kind.path}/{{name}}"
        yield ConsolePage("GET", f"/{kind.path}/new", write)
        yield ConsolePage("POST", f"/{kind.path}/new", save, write)
        yield ConsolePage("GET", one, write)
        yield ConsolePage("POST", one, save, write)
        yield ConsolePage("POST", one + "/remove", documents.removing(kind), write)


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
    ConsolePage("GET", "/connectors", connectors.listed),
    ConsolePage("POST", "/connectors/join", connectors.joining, connectors.listed),
    ConsolePage("POST", "/connectors/withdraw", connectors.withdraw, connectors.listed),
    ConsolePage("GET", _CONNECTOR, connectors.show),
    ConsolePage("POST", _CONNECTOR + "/approve", connectors.approve, connectors.show),
    ConsolePage("POST", _CONNECTOR + "/revoke", connectors.revoke, connectors.show),
    ConsolePage("POST", _CONNECTOR + "/move", connectors.move, connectors.show),
    ConsolePage("POST", _CONNECTOR + "/remove", connectors.remove, connectors.show),
    ConsolePage("POST", "/connector-groups", connectors.add_group, connectors.listed),
    ConsolePage("POST", "/connector-groups/{group}", connectors.change_group, connectors.listed),
    ConsolePage("GET", "/users", users.listed),
    ConsolePage("GET", "/users/new", users.adding),
    ConsolePage("POST", "/users/new", users.add, users.adding),
    ConsolePage("GET", _USER, users.show),
    ConsolePage("POST", _USER, users.save, users.show),
    ConsolePage("POST", _USER + "/disabled", users.disable, users.show),
    ConsolePage("POST", _USER + "/link", users.send_link, users.show),
    ConsolePage("POST", _USER + "/factors", users.forget_factors, users.show),
    ConsolePage("POST", _USER + "/groups", users.change_group, users.show),
    ConsolePage("POST", _USER + "/sign-out", users.sign_out, users.show),
    ConsolePage("POST", _USER + "/remove", users.remove, users.show),
    ConsolePage("GET", "/groups", groups.listed),
    ConsolePage("POST", "/groups", groups.add, groups.listed),
    ConsolePage("GET", _GROUP, groups.show),
    ConsolePage("POST", _GROUP + "/members", groups.change_member, groups.show),
    ConsolePage("POST", _GROUP + "/remove", groups.remove, groups.show),
    ConsolePage("GET", "/sessions", sessions.listed),
    ConsolePage("POST", "/sessions", sessions.end, sessions.listed),
    ConsolePage("GET", "/audit", audit.listed),
    ConsolePage("GET", "/policies", documents.listed),
    *_of_documents(),
    ConsolePage("GET", "/certificates", certificates.certificates),
    ConsolePage("POST", "/certificates/{certificate}/renew", certificates.renew, certificates.certificates),
    ConsolePage("GET", "/nodes", certificates.nodes),
    ConsolePage("POST", "/nodes/{node}/forget", certificates.forget, certificates.nodes),
))  # fmt: skip
