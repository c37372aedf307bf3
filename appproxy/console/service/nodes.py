"""The processes that serve, and who met a limit of theirs."""

from __future__ import annotations

from appproxy.console.answers import FileContent, PageContent, Redirection
from appproxy.console.visit import Visit, one_of


async def listed(visit: Visit) -> PageContent:
    """All processes that serve from the database, and what the one that answers says of itself."""
    return PageContent("nodes", "Nodes", {"nodes": await visit.get("/nodes"), "status": await visit.get("/status")})


async def forget(visit: Visit) -> Redirection:
    """Forget a node that is silent."""
    await visit.change("DELETE", one_of("nodes", visit.names["node"]))
    return Redirection("/nodes", "removed")


async def trust_anchor(visit: Visit) -> FileContent:
    """The authority that browsers have to know, where the service made its own certificate. Raises NotFound."""
    found = await visit.get("/trust-anchor")
    return FileContent("trust-anchor.pem", "application/x-pem-file", found["certificate"].encode("ascii"))


async def limits(visit: Visit) -> PageContent:
    """Who met a limit at this node in the last quarter of an hour, and how often."""
    return PageContent("limits", "Limits", {"met": (await visit.get("/status"))["limits_met"]})
