"""The link by which a user fetches the key of a device."""

from __future__ import annotations

from dataclasses import dataclass, field

from appproxy.service.signin.stores.memory_store import MemorySignInStore
from tests.service.sign_in_world import SIGNIN, Browser, World

LINK = f"{SIGNIN}/device-key"


@dataclass
class Keys:
    """What the store would have: names by secrets, and who has fetched what."""

    waiting: dict[str, str] = field(default_factory=lambda: {"secret": "Ann's <laptop>"})
    fetched: list[tuple[str, str]] = field(default_factory=list)


class Store(MemorySignInStore):
    """With one link."""

    keys = Keys()

    async def look_for_device(self, secret: str) -> str | None:
        return self.keys.waiting.get(secret)

    async def take_device(self, secret: str, address: str) -> bytes | None:
        if self.keys.waiting.pop(secret, None) is None:
            return None
        self.keys.fetched.append((secret, address))
        return b"the file"


def test_it_is_looked_at_often_and_used_once() -> None:
    """A page names the device; the file comes as one to keep, and no second time."""
    Store.keys = keys = Keys()
    browser = Browser(World(store_of=Store))
    for _ in range(2):
        page = browser.request(f"{LINK}?t=secret")
        assert page.status == 200 and b"Ann&#39;s &lt;laptop&gt;" in bytes(page.content)
    assert keys.fetched == []
    file = browser.request(LINK, b"POST", {"t": "secret"})
    assert (file.status, bytes(file.content)) == (200, b"the file")
    assert file.fields(b"content-type") == [b"application/x-pkcs12"]
    assert file.fields(b"content-disposition") == [b'attachment; filename="device.p12"']
    assert file.fields(b"cache-control") == [b"no-store"]
    assert len(keys.fetched) == 1
    assert browser.request(LINK, b"POST", {"t": "secret"}).status == 400


def test_what_is_no_link() -> None:
    """The same page for one that never was; and also where links are not kept at all."""
    for world in (World(store_of=Store), World()):
        browser = Browser(world)
        for answer in (browser.request(f"{LINK}?t=other"), browser.request(LINK), browser.request(LINK, b"POST", {"t": "x"})):
            assert answer.status == 400 and b"does not work any more" in bytes(answer.content)
