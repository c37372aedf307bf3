"""What connectors are told of the applications."""

from __future__ import annotations

import json
from dataclasses import replace

from appproxy.connector.config.configuration import parse_configuration
from appproxy.publish.application import Application, Segment, Url
from appproxy.service.own.connector_view import ConnectorView, told


def application(name: str, group: str = "default") -> Application:
    """A small one."""
    return Application(
        name, name, Url.parse(f"https://{name}.example.com/"), Url.parse(f"http://{name}/"), connector_group=group)


def test_each_group_hears_of_its_own() -> None:
    """As an object by id that a connector can read."""
    there = {one.id: one for one in (application("a"), application("b", "lab"), application("c"))}
    said = ConnectorView()
    assert json.loads(said.applications(there, "default")) == {"a": told(there["a"]), "c": told(there["c"])}
    assert set(json.loads(said.applications(there, "lab"))) == {"b"}
    assert said.applications(there, "none") == "{}"
    text = f'{{"version": 1, "applications": {said.applications(there, "default")}}}'
    assert set(parse_configuration(text.encode()).targets) == {"a", "c"}


def test_what_did_not_change_is_not_put_into_words_again() -> None:
    """The text of a group is one and the same until something changes; then only what changed is new."""
    there = {one.id: one for one in (application("a"), application("c"))}
    said = ConnectorView()
    text = said.applications(there, "default")
    assert said.applications(there, "default") is text
    kept = said._texts["a"]
    later = {**there, "c": replace(there["c"], verify_tls=False)}
    assert json.loads(said.applications(later, "default"))["c"]["verify_tls"] is False
    assert said._texts["a"] is kept
    assert set(json.loads(said.applications({"a": there["a"]}, "default"))) == {"a"}


def test_a_connector_is_told_of_segments_and_exclusions() -> None:
    """Only where there are any, so that ten thousand applications do not pay for what they do not use."""
    plain = Application("a", "a", Url.parse("https://a.example.com/"), Url.parse("http://a/"))
    assert not {"segments", "excluded_hosts", "upgrades", "origins", "connection_authentication"} & told(plain).keys()
    assert told(replace(plain, connection_authentication="never"))["connection_authentication"] == "never"
    segment = Segment(Url.parse("https://*.example.com/"), Url.parse("http://*.corp/"), "s1")
    said = told(replace(plain, segments=(segment,), excluded_hosts=frozenset({"x.example.com"}), upgrades=frozenset()))
    assert said["segments"] == {"s1": {"internal": "http://*.corp/", "external": "https://*.example.com/"}}
    assert (said["excluded_hosts"], said["upgrades"]) == (["x.example.com"], [])
    targets = parse_configuration(json.dumps({"version": 1, "applications": {"a": said}}).encode()).targets
    assert set(targets) == {"a", "a.s1"} and targets["a.s1"].wildcard == replace(segment, id="")


def test_a_connector_is_told_of_several_addresses() -> None:
    """And understands it."""
    there = {"a": replace(application("a"), origins=(Url.parse("http://b:81/"),), health_path="/ok", health_interval=3.0)}
    text = f'{{"version": 1, "applications": {ConnectorView().applications(there, "default")}}}'
    target = parse_configuration(text.encode()).targets["a"]
    assert [(other.host, other.port) for other in target.others] == [("b", 81)]
    assert (target.health_path, target.health_interval) == ("/ok", 3.0)
