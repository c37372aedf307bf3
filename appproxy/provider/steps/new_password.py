"""Pages on which users set their own password: from the account, or by a link of an administrator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from twisted.web.server import Request

from appproxy.errors import Code, ConfigError, IdentityError
from appproxy.net.web import Answer, AsyncResource, Limit, brand_of, html_answer, redirect, tell
from appproxy.pages import render
from appproxy.policy.fair_queue import Lane
from appproxy.policy.networks import sender_of
from appproxy.provider.oauth.grants import SignedIn, find_signed_in
from appproxy.provider.oauth.metadata import ACCOUNT, NEW_PASSWORD, PASSWORD_LINK
from appproxy.provider.parameters import read_form, read_query
from appproxy.provider.passwords.checker import PasswordChecker
from appproxy.provider.passwords.rules import SHORTEST, check_new
from appproxy.provider.steps.onward import Onward, client_address
from appproxy.provider.steps.sign_in_form import PARAMETERS
from appproxy.provider.tokens import FormState, ProviderSession, StaleForm
from appproxy.store.people import password_links, users
from appproxy.store.people.password_links import LinkKind
from appproxy.store.people.users import User
from appproxy.store.service import audit
from appproxy.store.service.actions import USER_PASSWORD_CHANGED, USER_PASSWORD_SET_BY_LINK
from appproxy.store.snapshot import BUILTIN
from appproxy.store.transaction import Reading, Transaction

_CHANGE, _LINK = "change the password", "set a password by a link"
_SECRET = "link"
_TITLES = {LinkKind.INVITATION: "Welcome: choose a password", LinkKind.RESET: "Choose a new password"}
_DIFFERENT = "password: the two are not the same"
_GONE = "This link was used before, or it is too old. Ask your administrator for another one."


class NewPasswordPages:
    """/new-password and /password."""

    def __init__(self, onward: Onward, checker: PasswordChecker) -> None:
        self._onward = onward
        self._facts = onward.facts
        self._checker = checker

    def new_password(self, limit: Limit) -> AsyncResource:
        """Where a change is posted."""
        return AsyncResource({b"POST": self._onward.answering(_CHANGE, self._change)}, limit)

    def link(self, limit: Limit) -> AsyncResource:
        """Where links lead. To look at it uses nothing up: mail programs look at links before people do."""
        return AsyncResource({b"GET": self._open, b"POST": self._set}, limit)

    def change_page(self, request: Request, who: SignedIn, error: str = "") -> Answer:
        """The form for a user who has just signed in."""
        token, cookie = self._facts.bind_form(request, FormState(_CHANGE, PARAMETERS, who.session))
        return _page(request, NEW_PASSWORD, token, cookie, "Change the password", who.user, error)

    async def _change(self, request: Request, posted: Mapping[str, str], form: FormState, who: SignedIn) -> Answer:
        onward = self._onward
        if not onward.is_fresh(who):
            return redirect(f"/{ACCOUNT}")
        try:
            password = _chosen(posted.get("new", ""), posted.get("again", ""), who.user)
        except ConfigError as error:
            return self.change_page(request, who, _without_key(error))
        hashed = await self._checker.hash(password, Lane.DEVICE, who.user.id)
        session = replace(who.session, id=self._facts.random_bytes(16).hex())
        changed = await self._facts.live.write(_change, who.session, session, hashed, client_address(request))
        return onward.finish(request, changed, f"/{ACCOUNT}")

    async def _open(self, request: Request) -> Answer:
        secret = read_query(request).get("t", "")
        found = await self._facts.live.read(_look, secret, self._facts.wall_clock())
        if found is None:
            return self._gone(request)
        return self._link_page(request, secret, *found)

    async def _set(self, request: Request) -> Answer:
        posted = read_form(request)
        try:
            form = self._facts.open_form(request, posted.get("csrf", ""), _LINK)
        except StaleForm as stale:
            # Nothing was used up: the form comes once more.
            return redirect(f"/{PASSWORD_LINK}?t={stale.form.parameters[_SECRET]}")
        secret = form.parameters[_SECRET]
        found = await self._facts.live.read(_look, secret, self._facts.wall_clock())
        if found is None:
            return self._gone(request)
        user, kind = found
        try:
            password = _chosen(posted.get("new", ""), posted.get("again", ""), user)
        except ConfigError as error:
            return self._link_page(request, secret, user, kind, _without_key(error))
        address = client_address(request)
        hashed = await self._checker.hash(password, Lane.STRANGER, sender_of(address))
        if not await self._facts.live.write(set_by_link, secret, user.id, hashed, address):
            return self._gone(request)
        body = render(
            "message", brand_of(request), title="Your password is set", text=f"Sign in as {user.name} with it.",
            link=self._facts.live.snapshot.portal.url, link_text="Your applications",
        )
        return html_answer(200, body)

    def _link_page(self, request: Request, secret: str, user: User, kind: LinkKind, error: str = "") -> Answer:
        token, cookie = self._facts.bind_form(request, FormState(_LINK, {_SECRET: secret}))
        return _page(request, PASSWORD_LINK, token, cookie, _TITLES[kind], user, error)

    def _gone(self, request: Request) -> Answer:
        """The same for a link that never was, was used, or has expired."""
        tell(request, Code.SIGN_IN_STATE, "a password link that does not count")
        body = render(
            "message", brand_of(request), title="This link does not work any more", text=_GONE,
            link=self._facts.live.snapshot.portal.url, link_text="Your applications",
        )
        return html_answer(400, body)


def _page(request: Request, action: str, token: str, cookie: bytes, title: str, user: User, error: str) -> Answer:
    body = render(
        "new_password", brand_of(request), action=f"/{action}", csrf=token, title=title, user_name=user.name,
        shortest=SHORTEST, error=error,
    )
    return html_answer(400 if error else 200, body, cookie)


def _chosen(new: str, again: str, user: User) -> str:
    """A new password that was typed twice. Raises ConfigError."""
    if new != again:
        raise ConfigError(_DIFFERENT)
    check_new(new, user.name)
    return new


def _without_key(error: ConfigError) -> str:
    """What the page says: the field is before the user's eyes."""
    text = str(error).removeprefix("password: ")
    return f"{text[:1].upper()}{text[1:]}."


def _look(reading: Reading, secret: str, now: float) -> tuple[User, LinkKind] | None:
    """Whose password a link sets. Not of those who may not sign in."""
    found = password_links.find(reading, secret, now)
    if found is None:
        return None
    user = users.find(reading, found.user)
    return None if user.disabled else (user, found.kind)


def set_by_link(tx: Transaction, secret: str, user_id: str, hashed: str, address: str) -> bool:
    """Use the link up and set the password; all other links of the user end. False: somebody was quicker."""
    if not password_links.use(tx, secret):
        return False
    user = users.set_password(tx, user_id, hashed)
    audit.record(tx, f"user:{user.name}", USER_PASSWORD_SET_BY_LINK, user.id, {"address": address, "provider": BUILTIN})
    return True


def _change(
    tx: Transaction, session: ProviderSession, following: ProviderSession, hashed: str, address: str
) -> SignedIn:
    """Set the password; all sessions of the user end but the one that follows. Raises IdentityError."""
    who = find_signed_in(tx, session)
    if who is None:
        raise IdentityError(Code.SIGN_IN_STATE, "the sign-in that this belongs to does not count any more")
    user = users.set_password(tx, who.user.id, hashed)
    audit.record(tx, f"user:{user.name}", USER_PASSWORD_CHANGED, user.id, {"address": address, "provider": BUILTIN})
    return SignedIn(replace(following, auth_time=tx.now), user, who.factors)
