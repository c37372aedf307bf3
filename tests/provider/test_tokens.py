"""What is sealed for one purpose, client or browser is worthless for another."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from appproxy.errors import IdentityError
from appproxy.identity.binding import binding, mint
from appproxy.identity.sealing import seal
from appproxy.provider.assurance import Method
from appproxy.provider.tokens import (
    ACCESS_LIFETIME,
    CODE_LIFETIME,
    FORM_LIFETIME,
    SESSION_LIFETIME,
    STEP_LIFETIME,
    CodeGrant,
    FormState,
    ProviderSession,
    StaleForm,
    UserInfoAccess,
)  # fmt: skip
from appproxy.store.snapshot import SealingKey

NOW = 1782864000.0
KEY = SealingKey(1, b"k" * 32, NOW)
NEWER = SealingKey(2, b"n" * 32, NOW)
NONCE = b"n" * 12
SECRET = mint(b"s" * 16)
SESSION = ProviderSession("session", "user", NOW)
GRANT = CodeGrant("id", "wiki", "https://signin.example.com/callback", "c" * 43, "nonce", "openid", SESSION)
ACCESS = UserInfoAccess("user", "session", "openid", NOW)
FORM = FormState("sign in", {"state": "x"})
STEP = FormState("a step", {"state": "x"}, SESSION.with_method(Method.TOTP), {"challenge": "y"})

SEALED: dict[str, tuple[str, float]] = {
    "session": (SESSION.seal(KEY, NONCE).decode(), SESSION_LIFETIME),
    "code": (GRANT.seal(KEY, NOW, NONCE), CODE_LIFETIME),
    "access token": (ACCESS.seal(KEY, NOW, NONCE), ACCESS_LIFETIME),
    "form": (FORM.seal(KEY, NOW, NONCE, binding(SECRET)), FORM_LIFETIME),
    "step": (STEP.seal(KEY, NOW, NONCE, binding(SECRET)), STEP_LIFETIME),
}
OPEN: dict[str, Callable[[str, float, tuple[SealingKey, ...]], object]] = {
    "session": lambda text, now, keys: ProviderSession.unseal(text.encode(), keys, now),
    "code": lambda text, now, keys: CodeGrant.unseal(text, "wiki", keys, now),
    "access token": lambda text, now, keys: UserInfoAccess.unseal(text, keys, now),
    "form": lambda text, now, keys: FormState.unseal(text, "sign in", keys, now, [SECRET]),
    "step": lambda text, now, keys: FormState.unseal(text, "a step", keys, now, [SECRET]),
}
WHOLE = {"session": SESSION, "code": GRANT, "access token": ACCESS, "form": FORM, "step": STEP}


@pytest.mark.parametrize("kind", SEALED)
class TestEach:
    def test_comes_back_whole(self, kind: str) -> None:
        """What was sealed is read back, also when a newer key seals by now."""
        assert OPEN[kind](SEALED[kind][0], NOW, (NEWER, KEY)) == WHOLE[kind]

    def test_ends(self, kind: str) -> None:
        """It opens until its time, and not after."""
        text, lifetime = SEALED[kind]
        OPEN[kind](text, NOW + lifetime - 0.1, (KEY,))
        with pytest.raises(IdentityError):
            OPEN[kind](text, NOW + lifetime, (KEY,))

    def test_is_nothing_else(self, kind: str) -> None:
        """It passes for nothing but what it is."""
        for other in SEALED.keys() - {kind}:
            with pytest.raises(IdentityError):
                OPEN[other](SEALED[kind][0], NOW, (KEY,))

    def test_unknown_key(self, kind: str) -> None:
        """Under another key it is nothing."""
        with pytest.raises(IdentityError):
            OPEN[kind](SEALED[kind][0], NOW, (NEWER,))
        with pytest.raises(IdentityError):
            OPEN[kind](SEALED[kind][0], NOW, (SealingKey(1, b"x" * 32, NOW),))

    def test_unreadable(self, kind: str) -> None:
        """It shows nothing of what is in it."""
        for secret in ("user", "wiki", "openid", "state"):
            assert secret not in SEALED[kind][0]


class TestBinding:
    def test_a_session_of_an_older_version(self) -> None:
        """Knew passwords alone; one of a newer version, with a method that is unknown here, opens nothing."""
        old = seal("provider session", {"i": "id", "u": "user", "a": NOW}, KEY, NOW + 60, NONCE)
        assert ProviderSession.unseal(old, [KEY], NOW).methods == (Method.PASSWORD,)
        new = seal("provider session", {"i": "id", "u": "user", "a": NOW, "m": ["telepathy"]}, KEY, NOW + 60, NONCE)
        with pytest.raises(IdentityError):
            ProviderSession.unseal(new, [KEY], NOW)

    def test_a_code_of_another_client(self) -> None:
        """A code opens for its own client only."""
        with pytest.raises(IdentityError):
            CodeGrant.unseal(SEALED["code"][0], "files", (KEY,), NOW)

    def test_a_form_of_another_browser_or_page(self) -> None:
        """A form's field opens with the cookie of its own browser, and for its own page."""
        for theirs in ([], [mint(b"o" * 16)]):
            with pytest.raises(StaleForm) as caught:
                FormState.unseal(SEALED["form"][0], "sign in", (KEY,), NOW, theirs)
            assert caught.value.form == FORM, "what it was for is still known"
        assert FormState.unseal(SEALED["form"][0], "sign in", (KEY,), NOW, [mint(b"o" * 16), SECRET]) == FORM
        with pytest.raises(IdentityError):
            FormState.unseal(SEALED["form"][0], "sign out", (KEY,), NOW, [SECRET])
