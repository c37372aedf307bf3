"""A browser proves its device for a relying party: for one session of the built-in provider, and back to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.errors import Code, IdentityError, RequestError
from appproxy.identity.states import DEVICE_LIFETIME, FINISH_LIFETIME, DeviceElsewhereState
from tests.pki.chains import CLIENT, make
from tests.service.sign_in_world import NOW, Browser, World
from tests.service.signin.test_device_step import AUTHORITY, LAPTOP, TIMES, der

ONWARD = "client_id=x&state=a%26b"


@pytest.fixture
def world() -> World:
    """A service with a device authority, and browsers that show a laptop's certificate."""
    made = World()
    made.certificates = der(LAPTOP)
    made.store.snapshot = replace(made.store.snapshot, device_authorities={"corp": AUTHORITY})
    return made


def url(world: World, onward: str = ONWARD) -> str:
    """Where a browser is led."""
    return world.sign_in.device_elsewhere.url("s1", "ann", onward, "Use a laptop.")


def test_what_is_proved_goes_back_to_its_session(world: World) -> None:
    """With the request to go on with; the audit has who and what, and the text counts for a minute."""
    asked = url(world)
    assert asked.startswith("https://device.example.com/prove-elsewhere?t=")
    answer = Browser(world).request(asked)
    [location] = [value.decode() for value in answer.fields(b"location")]
    place, _, text = location.partition("?t=")
    assert place == "https://signin.example.com/device-proved"
    keys = world.store.snapshot.keys
    state, device = DeviceElsewhereState.unseal_proved(text.encode(), keys, NOW)
    assert state == DeviceElsewhereState("s1", "ann", ONWARD) and str(device) == "CN=laptop-7" and device.proved == NOW
    [noted] = [detail for _, action, _, detail in world.noted if action == "device.proved"]
    assert (noted["session"], noted["authority"], noted["provider"]) == ("s1", "Company", "builtin")
    with pytest.raises(IdentityError):
        DeviceElsewhereState.unseal_proved(text.encode(), keys, NOW + FINISH_LIFETIME)
    with pytest.raises(IdentityError):
        # What a browser was led there with proves nothing.
        DeviceElsewhereState.unseal_proved(asked.partition("?t=")[2].encode(), keys, NOW)


def test_who_proves_none_reads_why(world: World) -> None:
    """No certificate, one of strangers, no authority; and can try again with the same request."""
    stranger = make("laptop-7", make("Company Devices", authority=True, **TIMES), extensions=(CLIENT,), **TIMES)  # type: ignore[arg-type]
    for shown, authorities in (([], {"corp": AUTHORITY}), (der(stranger), {"corp": AUTHORITY}), (der(LAPTOP), {})):
        world.certificates = shown
        world.store.snapshot = replace(world.store.snapshot, device_authorities=authorities)
        answer = Browser(world).request(url(world))
        text = bytes(answer.content).decode()
        assert answer.status == 403 and "Use a laptop." in text
        assert "https://signin.example.com/authorize?client_id=x&amp;state=a%26b" in text
        assert not answer.fields(b"location")


def test_a_text_that_is_too_old_or_no_text(world: World) -> None:
    """Leads nowhere; one that is too long is not made."""
    asked = url(world)
    world.now += DEVICE_LIFETIME
    for one in (asked, "https://device.example.com/prove-elsewhere", "https://device.example.com/prove-elsewhere?t=x"):
        answer = Browser(world).request(one)
        assert answer.status == 400 and not answer.fields(b"location")
    with pytest.raises(RequestError) as caught:
        url(world, "x" * 8000)
    assert caught.value.code is Code.TARGET_TOO_LONG
