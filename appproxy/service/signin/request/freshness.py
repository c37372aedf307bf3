"""How long ago a user may have signed in at the provider when they open an application: what is asked, and what is believed.

A session that has ended would else be back at once, since the provider knows the browser. `max_age` asks the provider for
a new sign-in (OpenID Connect Core 1.0 section 3.1.2.1), and its `auth_time` tells whether there was one: the browser carries
the request, and whoever sits at it can change it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from appproxy.errors import Code, IdentityError
from appproxy.identity.openid.id_token import LEEWAY, Claims
from appproxy.publish.application import Application
from appproxy.publish.settings.table import ApplicationSettings
from appproxy.store.snapshot import BUILTIN, ProviderRecord

_DEFAULT = ApplicationSettings()
#: Seconds between the password and the way back: a second factor may have to be set up first.
_ON_THE_WAY = 900.0


@dataclass(frozen=True, slots=True)
class Freshness:
    """`max_age`: so many seconds ago the user may have signed in. `insisted`: a provider that does not say when is refused."""

    max_age: float = inf
    insisted: bool = False

    def parameters(self, *, again: bool) -> dict[str, str]:
        """For the authorization request; `again`: the provider has made nothing of `max_age` the first time."""
        if self.max_age == inf:
            return {}
        return {"max_age": str(int(self.max_age)), **({"prompt": "login"} if again else {})}

    def check(self, claims: Claims, asked: float, now: float) -> None:
        """Is the sign-in new enough? `asked`: when the provider was asked for it, 0.0 where it was not; seconds since 1970.

        Raises IdentityError: SIGN_IN_STATE where it is worth while to ask once more, else TOKEN_REFUSED.
        """
        if self.max_age == inf:
            return
        if "auth_time" not in claims.raw:
            if self.insisted:
                raise IdentityError(Code.TOKEN_REFUSED, "the provider does not say when the user signed in (auth_time)")
            return
        # A request that has waited in a tab is not for later: so both moments count.
        oldest = max(now - _ON_THE_WAY, asked - LEEWAY) - self.max_age
        if claims.auth_time < oldest:
            raise IdentityError(
                Code.SIGN_IN_STATE, "the provider did not ask for a new sign-in: the last one was "
                f"{now - claims.auth_time:.0f} s ago, and {self.max_age:.0f} s are allowed")


def needed(application: Application, record: ProviderRecord) -> Freshness:
    """What an application needs of a sign-in, by its setting `reauthentication`."""
    if application.reauthentication == "never":
        return Freshness()
    hours, idle = application.session_hours * 3600.0, application.idle_minutes * 60.0
    most, pause = record.session_hours * 3600.0, record.idle
    # What is set for the provider is looked at with its token; but there is one max_age in a request.
    of_provider = inf if record.settings.max_age is None else float(record.settings.max_age)
    if application.reauthentication == "always":
        return Freshness(min(hours, idle, most, pause, of_provider), insisted=True)
    # Limits that somebody has set for this very application, and that end a session there before its provider's do.
    own = [hours] if application.session_hours != _DEFAULT.session_hours and hours < most else []
    own += [idle] if application.idle_minutes != _DEFAULT.idle_minutes and idle < pause else []
    return Freshness(min(*own, of_provider), insisted=record.id == BUILTIN) if own else Freshness()
