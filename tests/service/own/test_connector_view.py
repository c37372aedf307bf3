"""What connectors are told of the applications."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import replace

import pytest

from appproxy.connector.config.configuration import parse_configuration
from appproxy.publish.application import Application, Segment, Url
from appproxy.service.own.connector_view import ConnectorView, offered, view_of


def application(name: str, group: str = "default") -> Application:
    """A small one."""
    return Application(
        name, name, Url.parse(f"https://{name}.example.com/"), Url.parse(f"http://{name}/"), connector_group=group)


def test_each_group_hears_of_its_own() -> None:
    """As an object by id that a connector can read."""
    there = {one.id: one for one in (application("a"), application("b", "lab"), application("c"))}
    said = ConnectorView()
    assert json.loads(said.applications(there, "default").text) == {"a": view_of(there["a"]), "c": view_of(there["c"])}
    assert set(json.loads(said.applications(there, "lab").text)) == {"b"}
    assert said.applications(there, "none") == offered("{}")
    text = f'{{"version": 1, "applications": {said.applications(there, "default").text}}}'
    assert set(parse_configuration(text.encode()).targets) == {"a", "c"}


def test_what_did_not_change_is_not_put_into_words_again() -> None:
    """The text of a group is one and the same until something changes; then only what changed is new."""
    there = {one.id: one for one in (application("a"), application("c"))}
    said = ConnectorView()
    text = said.applications(there, "default")
    assert said.applications(there, "default") is text
    kept = said._texts["a"]
    later = {**there, "c": replace(there["c"], verify_tls=False)}
    assert json.loads(said.applications(later, "default").text)["c"]["verify_tls"] is False
    assert said._texts["a"] is kept
    assert set(json.loads(said.applications({"a": there["a"]}, "default").text)) == {"a"}


def test_a_connector_is_told_of_segments_and_exclusions() -> None:
    """Only where there are any, so that ten thousand applications do not pay for what they do not use."""
    plain = Application("a", "a", Url.parse("https://a.example.com/"), Url.parse("http://a/"))
    assert not {"segments", "excluded_hosts", "upgrades", "origins", "connection_authentication"} & view_of(plain).keys()
    assert view_of(replace(plain, connection_authentication="never"))["connection_authentication"] == "never"
    segment = Segment(Url.parse("https://*.example.com/"), Url.parse("http://*.corp/"), "s1")
    said = view_of(replace(plain, segments=(segment,), excluded_hosts=frozenset({"x.example.com"}), upgrades=frozenset()))
    assert said["segments"] == {"s1": {"internal": "http://*.corp/", "external": "https://*.example.com/"}}
    assert (said["excluded_hosts"], said["upgrades"]) == (["x.example.com"], [])
    targets = parse_configuration(json.dumps({"version": 1, "applications": {"a": said}}).encode()).targets
    assert set(targets) == {"a", "a.s1"} and targets["a.s1"].wildcard == replace(segment, id="")


def test_a_connector_is_told_of_several_addresses() -> None:
    """And understands it."""
    there = {"a": replace(application("a"), origins=(Url.parse("http://b:81/"),), health_path="/ok", health_interval=3.0)}
    text = f'{{"version": 1, "applications": {ConnectorView().applications(there, "default").text}}}'
    target = parse_configuration(text.encode()).targets["a"]
    assert [(other.host, other.port) for other in target.others] == [("b", 81)]
    assert (target.health_path, target.health_interval) == ("/ok", 3.0)


class Reader:
    """A connector of one group, which asks for what has changed, as `said` tells it."""

    def __init__(self, said: ConnectorView, group: str = "default") -> None:
        self._said, self._group = said, group
        self.known: dict[str, object] = {}
        self.tag = ""
        #: Ids that came last; None: all.
        self.came: set[str] | None = None

    def read(self, there: Mapping[str, Application]) -> dict[str, object]:
        """What it knows then."""
        changes = self._said.since(there, self._group, self.tag)
        told_now = self._said.applications(there, self._group)
        if changes is None:
            self.known, self.came = json.loads(told_now.text), None
        else:
            new = json.loads(changes.text)
            self.known = {id_: one for id_, one in self.known.items() if id_ not in changes.removed} | new
            self.came = {*new, *changes.removed}
        self.tag = told_now.tag
        assert self.known == json.loads(told_now.text)
        return self.known


def test_who_was_told_before_hears_what_is_another() -> None:
    """What was added, changed and removed since then, whatever others were told meanwhile; of other groups nothing."""
    there = {name: application(name) for name in "abcdefgh"}
    said = ConnectorView()
    quick, slow, lab = Reader(said), Reader(said), Reader(said, "lab")
    for reader in (quick, slow, lab):
        reader.read(there)
    there = {**there, "a": replace(there["a"], verify_tls=False)}
    assert quick.read(there) and quick.came == {"a"}
    there = {**there, "x": application("x")}
    del there["b"]
    assert quick.read(there) and quick.came == {"b", "x"}
    assert slow.read(there) and slow.came == {"a", "b", "x"}
    assert quick.read(there) and quick.came == set()
    there = {**there, "c": replace(there["c"], connector_group="lab")}
    assert quick.read(there) and quick.came == {"c"}
    assert set(lab.read(there)) == {"c"}


def test_who_knows_too_little_hears_all() -> None:
    """Of a text that nobody remembers, of half of all applications, and of another node's texts where they differ."""
    there = {name: application(name) for name in "abcd"}
    said, other = ConnectorView(), ConnectorView()
    reader = Reader(said)
    reader.tag = "0" * 32
    assert reader.read(there) and reader.came is None
    assert said.applications(there, "default") == other.applications(dict(there), "default")
    there = {name: replace(one, verify_tls=False) if name in "abc" else one for name, one in there.items()}
    assert reader.read(there) and reader.came is None
    for number in range(40):
        there = {**there, "d": replace(there["d"], name=f"d{number}")}
        said.applications(there, "default")
    assert reader.read(there) and reader.came is None


@pytest.mark.parametrize("seed", range(5))
def test_any_changes_in_any_order_come_to_the_same(seed: int) -> None:
    """Connectors that ask now and then know what one knows that asks for all, also when something is put back."""
    chance = random.Random(seed)
    said = ConnectorView()
    readers = [Reader(said), Reader(said), Reader(said, "lab")]
    there = {f"a{number}": application(f"a{number}") for number in range(20)}
    for _ in range(200):
        there = dict(there)
        id_ = f"a{chance.randrange(24)}"
        if id_ in there and chance.random() < 0.3:
            del there[id_]
        else:
            there[id_] = replace(application(id_, chance.choice(["default", "lab"])), verify_tls=chance.random() < 0.5)
        for reader in readers:
            if chance.random() < 0.3:
                reader.read(there)
