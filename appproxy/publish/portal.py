"""The list of a user's applications, as something that users sign in to: at `apps.DOMAIN`, once for each identity provider.

It is no published application: no connector hears of it, no admin can change it. What sign-in needs is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from appproxy.publish.application import Application, Preauthentication, Url
from appproxy.publish.routing import Router

#: Below it each provider has a path, whose page needs a session of that provider.
SIGN_IN_PATH = "/sign-in/"


@dataclass(frozen=True, slots=True)
class Portal:
    """`applications`: one by provider that some published application uses; `router`: where they are."""

    applications: Mapping[str, Application] = field(default_factory=dict)
    router: Router = field(default_factory=Router)

    @property
    def url(self) -> str:
        """Where users find it; empty when there is none."""
        return next((f"{one.external.origin}/" for one in self.applications.values()), "")

    def find(self, id: str) -> Application | None:
        """The one of this id."""
        return next((one for one in self.applications.values() if one.id == id), None)


def portal_at(host: str, port: int, published: Iterable[Application], builtin: str) -> Portal:
    """The portal on `host`, for the providers of the `published` applications; without any, for the built-in one."""
    used = {provider for one in published if one.preauthentication is Preauthentication.OIDC for provider in one.providers}
    made = {provider: _list_of(provider, host, port) for provider in sorted(used or {builtin})}
    return Portal(made, Router(made.values()))


def _list_of(provider: str, host: str, port: int) -> Application:
    # Ids of published applications are hex digits. The path names the cookie, so that each provider has its own.
    url = Url("https", host, port, f"{SIGN_IN_PATH}{provider}/")
    return Application(
        f"apps-{provider}", "the list of your applications", url, url, provider=provider, assignment_required=False,
    )  # fmt: skip
