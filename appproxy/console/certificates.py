"""Certificates that users are shown, and the nodes that show them."""

from __future__ import annotations

from appproxy.console.answers import PageContent, Redirection
from appproxy.console.visit import Visit, listing, one_of
from appproxy.errors import NotFound


async def certificates(visit: Visit) -> PageContent:
    """The default one, those that were added, and what is ordered."""
    status = await visit.get("/status")
    try:
        authority = (await visit.get("/certificate-authority"))["directory"]
    except NotFound:
        authority = ""
    return PageContent("certificates", "Certificates", {
        "list": await listing(visit, "/certificates", "id"), "default": status["user_certificate_expires"],
        "tunnel": status["tunnel_certificate_expires"], "authority": authority,
    })


async def renew(visit: Visit) -> Redirection:
    """Order one again now."""
    await visit.change("POST", one_of("certificates", visit.names["certificate"], "renew"))
    return Redirection("/certificates", "renewing")


async def nodes(visit: Visit) -> PageContent:
    """All processes that serve from the database, and what the one that answers says of itself."""
    return PageContent("nodes", "Nodes", {"nodes": await visit.get("/nodes"), "status": await visit.get("/status")})


async def forget(visit: Visit) -> Redirection:
    """Forget a node that is silent."""
    await visit.change("DELETE", one_of("nodes", visit.names["node"]))
    return Redirection("/nodes", "removed")
