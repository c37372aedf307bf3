"""What is set up is set up once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pyotp
import pytest

from appproxy.errors import IdentityError
from appproxy.provider.assurance import Method
from appproxy.provider.factors import enrolment
from appproxy.provider.factors.webauthn import NewPasskey
from appproxy.provider.steps.new_password import set_by_link
from appproxy.provider.tokens import ProviderSession
from appproxy.store.people import password_links, users
from appproxy.store.people.factors import factors, recovery_codes
from appproxy.store.people.password_links import LinkKind
from tests.provider.house import House

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
#: What is proved after a first factor.
BOTH = (Method.PASSWORD, Method.TOTP)


@pytest.fixture
def session(house: House) -> Callable[[], ProviderSession]:
    """Ann, who has proved two factors just now."""
    ann = house.read(users.find, "ann").id
    return lambda: ProviderSession("s" * 32, ann, house.now, BOTH)


def test_a_secret(house: House, session: Callable[[], ProviderSession]) -> None:
    """Its form does not make a second app of it, whatever later code comes; recovery codes are made with the first."""
    app = pyotp.TOTP(SECRET)
    made = house.write(enrolment.add_app, session(), SECRET, app.at(int(house.now)), "phone", "192.0.2.1")
    assert made is not None and len(made.codes) == 10 and made.codes[0] not in repr(made)
    house.clock.advance(60)
    with pytest.raises(IdentityError, match="set up before"):
        house.write(enrolment.add_app, session(), SECRET, app.at(int(house.now)), "phone", "192.0.2.1")
    other = pyotp.random_base32()
    again = house.write(enrolment.add_app, session(), other, pyotp.TOTP(other).at(int(house.now)), "tablet", "192.0.2.1")
    assert again is not None and again.codes == ()


def test_a_challenge(house: House, session: Callable[[], ProviderSession]) -> None:
    """Is good for one passkey."""
    for credential, passes in (("AAAA", True), ("BBBB", False)):
        new = NewPasskey(credential, "key", 0, ())
        if passes:
            house.write(enrolment.add_passkey, session(), new, "challenge", "key", "192.0.2.1")
        else:
            with pytest.raises(IdentityError, match="set up before"):
                house.write(enrolment.add_passkey, session(), new, "challenge", "key", "192.0.2.1")
    assert house.read(factors.of_user, session().user).passkeys == 1


def test_a_link_that_two_people_have_open(house: House, session: Callable[[], ProviderSession]) -> None:
    """Of two that have passed the first look, the one that comes second changes nothing."""
    secret = house.write(password_links.new, session().user, LinkKind.RESET, house.now + 60)
    assert house.write(set_by_link, secret, session().user, "first", "192.0.2.1")
    assert not house.write(set_by_link, secret, session().user, "second", "192.0.2.2")
    assert house.read(users.find, "ann").password_hash == "first"


def test_recovery_codes_before_a_factor(house: House, session: Callable[[], ProviderSession]) -> None:
    """Whoever knows the password makes none before its owner has a factor: they would be a way around it."""
    alone = replace(session(), methods=(Method.PASSWORD,))
    with pytest.raises(IdentityError, match="no second factor"):
        house.write(enrolment.make_codes, alone, "192.0.2.66")
    assert house.read(recovery_codes.left, alone.user) == 0


def test_the_first_factor_brings_new_codes(house: House, session: Callable[[], ProviderSession]) -> None:
    """Whatever codes there were."""
    old = "abcdefghijklmnop"
    house.write(recovery_codes.replace, session().user, [old])
    made = house.write(enrolment.add_app, session(), SECRET, pyotp.TOTP(SECRET).at(int(house.now)), "phone", "192.0.2.1")
    assert made is not None and len(made.codes) == 10
    assert not house.write(recovery_codes.use, session().user, old)
