"""The table of all pages: which function serves what is at a path, and for which operations it is there."""

from __future__ import annotations

from collections.abc import Iterator

from appproxy.console.access import application, applications, documents, logo, parts, replay
from appproxy.console.answers import ConsolePage, PageTable, Serve
from appproxy.console.overview import overview
from appproxy.console.people import groups, letting_in, sessions, users
from appproxy.console.records.table import record_pages
from appproxy.console.search import search
from appproxy.console.service import audit, branding, configuration, connectors, nodes


def _get(path: str, serve: Serve, *uses: str) -> ConsolePage:
    """A page that only looks, by queries at these paths."""
    return ConsolePage("GET", path, serve, uses=tuple(f"GET {one}" for one in uses))


def _post(path: str, serve: Serve, again: Serve, *uses: str) -> ConsolePage:
    """What a form is sent to, with the commands that it comes to."""
    return ConsolePage("POST", path, serve, again, uses)


def _of_applications() -> Iterator[ConsolePage]:
    one, api = "/applications/{application}", "/applications/{application}"
    show = application.show
    yield _get("/applications", applications.listed, "/applications")
    yield _get("/applications/new", applications.publishing)
    yield _post("/applications/new", applications.publish, applications.publishing, "POST /applications")
    yield _get(one, show, api, f"{api}/check", f"{api}/failures", f"{api}/traffic", f"{api}/logo", "/policy-explanation")
    yield _post(f"{one}/logo", logo.put, show, f"PUT {api}/logo")
    yield _post(f"{one}/logo/remove", logo.remove, show, f"DELETE {api}/logo")
    yield _post(f"{one}/columns", application.save_columns, show, f"PATCH {api}")
    yield _post(f"{one}/assign", application.assign, show, f"POST {api}/assignments")
    yield _post(f"{one}/unassign", application.unassign, show, f"DELETE {api}/assignments")
    yield _post(f"{one}/remove", application.remove, show, f"DELETE {api}")
    yield _get(f"{one}/settings", application.settings, "/application-settings")
    yield _post(f"{one}/settings", application.save, application.settings, f"PATCH {api}")
    yield _get(f"{one}/parts", parts.show)
    for path, serve, called in (
        ("segments", parts.add_segment, parts.ADD_SEGMENT), ("segments/change", parts.set_segment, parts.SET_SEGMENT),
        ("segments/remove", parts.remove_segment, parts.REMOVE_SEGMENT), ("cors", parts.add_rule, parts.ADD_RULE),
        ("cors/change", parts.set_rule, parts.SET_RULE), ("cors/remove", parts.remove_rule, parts.REMOVE_RULE),
    ):
        yield _post(f"{one}/{path}", serve, parts.show, called)


def _of_documents() -> Iterator[ConsolePage]:
    yield _get("/policies", documents.listed, *(f"/{kind.path}" for kind in documents.KINDS), "/policy-check")
    yield _get("/policy-replay", replay.page)
    yield _post("/policy-replay", replay.run, replay.page, replay.REPORT)
    for kind in documents.KINDS:
        write, save, one = documents.writing(kind), documents.saving(kind), f"/{kind.path}/{{name}}"
        api = f"/{kind.path}/{{{kind.word}}}"
        yield _get(f"/{kind.path}/new", write)
        yield _post(f"/{kind.path}/new", save, write)
        yield _get(one, write, api, *((f"{api}/results",) if kind is documents.POLICIES else ()))
        yield _post(one, save, write, f"PUT {api}")
        yield _post(f"{one}/remove", documents.removing(kind), write, f"DELETE {api}")


def _of_people() -> Iterator[ConsolePage]:
    one, show = "/users/{user}", users.show
    yield _get("/users", users.listed, "/users")
    yield _get("/users/new", users.adding)
    yield _post("/users/new", users.add, users.adding, "POST /users", "POST /invitations")
    yield _get(one, show, one)
    yield _post(one, users.save, show, f"PATCH {one}")
    yield _post(f"{one}/disabled", users.disable, show, f"PATCH {one}")
    yield _post(f"{one}/link", users.send_link, show, f"POST {one}/password-link")
    yield _post(f"{one}/password", users.set_password, show, f"PUT {one}/password")
    yield _post(f"{one}/factors", users.forget_factors, show, f"DELETE {one}/factors")
    yield _post(f"{one}/break-glass", users.exempt, show, "PUT /break-glass/{user}")
    yield _post(f"{one}/devices", users.add_device, show, users.ADD_DEVICE.called)
    yield _post(f"{one}/groups", users.change_group, show, f"PUT {one}/groups/{{group}}", f"DELETE {one}/groups/{{group}}")
    yield _post(f"{one}/sign-out", users.sign_out, show, "POST /sessions/revoke")
    yield _post(f"{one}/remove", users.remove, show, f"DELETE {one}")
    yield _get("/groups", groups.listed, "/groups")
    yield _post("/groups", groups.add, groups.listed, "POST /groups")
    yield _get("/groups/{group}", groups.show, "/groups/{group}", "/groups/{group}/members")
    yield _post("/groups/{group}/members", groups.change_member, groups.show)
    yield _post("/groups/{group}/remove", groups.remove, groups.show, "DELETE /groups/{group}")
    yield _get("/sessions", sessions.listed, "/sessions")
    yield _post("/sessions", sessions.end, sessions.listed, "POST /sessions/revoke")
    yield _get("/sessions/{session}", sessions.show, "/sessions/{session}")


def _of_connectors() -> Iterator[ConsolePage]:
    one, show, listed = "/connectors/{connector}", connectors.show, connectors.listed
    yield _get("/connectors", listed, "/connectors", "/connector-groups", "/connector-tokens")
    yield _post("/connectors/join", connectors.joining, listed, "POST /connector-tokens")
    yield _post("/connectors/withdraw", connectors.withdraw, listed, "DELETE /connector-tokens/{token}")
    yield _get(one, show, one)
    yield _post(f"{one}/approve", connectors.approve, show, f"POST {one}/approve")
    yield _post(f"{one}/examine", connectors.examine, show, f"POST {one}/examine")
    yield _post(f"{one}/revoke", connectors.revoke, show, f"POST {one}/revoke")
    yield _post(f"{one}/move", connectors.move, show, f"POST {one}/move")
    yield _post(f"{one}/remove", connectors.remove, show, f"DELETE {one}")
    yield _post("/connector-groups", connectors.add_group, listed, "POST /connector-groups")
    yield _post("/connector-groups/{group}", connectors.change_group, listed, "PATCH /connector-groups/{group}",
                "DELETE /connector-groups/{group}")


def _of_service() -> Iterator[ConsolePage]:
    yield _get("/", overview, "/status", "/traffic", "/concerns")
    yield _get("/search", search, "/applications", "/users", "/groups", "/connectors")
    yield _get("/device", letting_in.asking)
    yield _post("/device", letting_in.decide, letting_in.asking)
    yield _get("/audit", audit.listed, "/audit")
    yield _get("/nodes", nodes.listed, "/nodes", "/status")
    yield _post("/nodes/{node}/forget", nodes.forget, nodes.listed, "DELETE /nodes/{node}")
    yield _get("/limits", nodes.limits, "/status")
    yield _get("/trust-anchor.pem", nodes.trust_anchor, "/trust-anchor")
    yield _get("/audit/verification", audit.verification, "/audit-verification")
    yield _get("/branding", branding.page, "/branding", "/branding-settings")
    yield _post("/branding", branding.save, branding.page, "PATCH /branding")
    yield _post("/branding/reset", branding.reset, branding.page, "DELETE /branding")
    yield _get("/configuration", configuration.page)
    yield _get("/configuration/export", configuration.export, "/configuration")
    yield _get("/configuration/schema", configuration.schema_file)
    yield _post("/configuration", configuration.send, configuration.page, "POST /configuration/difference",
                "PUT /configuration")


PAGES = PageTable((
    *_of_service(), *_of_applications(), *_of_documents(), *_of_people(), *_of_connectors(), *record_pages()))
