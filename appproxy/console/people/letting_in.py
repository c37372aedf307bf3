"""Letting in a machine that shows a code: a command line elsewhere, or a connector that is to join (RFC 8628).

It is where phishing happens (section 5.4): somebody else starts a program, and sends its code or link. So the page says who
asks for what, and nothing is let in but by a button of this page. Nor is any code looked up that comes with a link: whoever
has a browser follow links with made-up codes would use up how many its user may type.
"""

from __future__ import annotations

from appproxy.admin.base.problem import TooOften
from appproxy.admin.logins.allowing import AllowingPerson
from appproxy.console.answers import PageContent
from appproxy.console.visit import Visit
from appproxy.errors import AppProxyError, NotFound, RequestError


async def asking(visit: Visit) -> PageContent:
    """Where the code is typed, or is there already from a link; and what the machine asks for, once the form was sent."""
    code = visit.said("user_code")
    if visit.method != "POST" or not code:
        return _typing(code or visit.asked("user_code").strip())
    if visit.error is not None and isinstance(visit.error, NotFound | TooOften):
        return _typing(code)
    try:
        machine = await _person(visit).find(code)
    except AppProxyError as error:
        if isinstance(error, RequestError):
            raise
        visit.error = error
        return _typing(code)
    return PageContent("machine", "Let a machine in?", {"machine": machine, "one": machine.waiting})


async def decide(visit: Visit) -> PageContent:
    """Show what asks, let it in, or not."""
    if visit.said("do") == "show":
        return await asking(visit)
    allowed = visit.said("do") == "allow"
    machine = await _person(visit).decide(visit.said("user_code"), allowed, visit.said("group"))
    title = "It is let in" if allowed else "It is not let in"
    return PageContent("machine_done", title, {"machine": machine, "one": machine.waiting, "allowed": allowed})


def _typing(code: str) -> PageContent:
    return PageContent("machine_code", "Let a machine in", {"code": code[:20]})


def _person(visit: Visit) -> AllowingPerson:
    if visit.machines is None:
        raise NotFound("there is no page for codes here")
    return visit.machines
