"""From what differs to calls: in an order in which each finds what it names."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.admin.configuration.difference import Difference, FieldChange, What
from appproxy.admin.configuration.steps import ApplyStep, steps_of
from appproxy.errors import ConfigError

APP: dict[str, Any] = {
    "id": "1", "name": "a/b", "external": "https://a/", "internal": "http://a/", "preauth": "oidc",
    "connector_group": "default",
    "providers": ["corp", "builtin"], "settings": {}, "segments": [], "cors": [], "assignments": [], "logo": "",
}  # fmt: skip
AT = "/applications/a%2Fb"


def added(section: str, name: str = "x", **after: Any) -> Difference:
    """Something that is new."""
    made = {"id": "1", "name": name, **after}
    return Difference(What.ADD, section, made["name"], f"{section}[0]", after=made)


def changed(section: str, name: str, *fields: FieldChange, **after: Any) -> Difference:
    """Something of which these fields differ."""
    return Difference(What.CHANGE, section, name, f"{section}[0]", fields, after={"id": "1", "name": name, **after})


def removed(section: str, name: str = "x", **before: Any) -> Difference:
    """Something that goes."""
    return Difference(What.REMOVE, section, name, before=before)


def calls(*changes: Difference, gone: tuple[Difference, ...] = ()) -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path and body of each."""
    return [(one.method, one.path, dict(one.body)) for one in steps_of(changes, gone)]


def assigned(
    user: str = "", group: str = "", provider: str = "corp", maintainer: bool = False, expires: str = ""
) -> dict[str, Any]:
    """An entry of who may use an application."""
    return {"user": user, "group": group, "provider": provider, "maintainer": maintainer, "expires": expires}


def test_the_order_of_what_goes() -> None:
    """Applications first, since they free their URLs; all else behind what comes, and what names others before these."""
    gone = (removed("connector_groups", "lab"), removed("groups", "staff"), removed("applications", "a/b"),
        removed("policies", "p"))
    assert calls(added("groups", "new"), gone=gone) == [
        ("DELETE", AT, {}), ("POST", "/groups", {"name": "new"}), ("DELETE", "/policies/p", {}), ("DELETE", "/groups/staff",
        {}),
        ("DELETE", "/connector-groups/lab", {})]


def test_what_goes_without_a_name() -> None:
    """By what tells it apart; where it stands no more, it is named for people."""
    role = {"role": "reader", "user": "", "group": "staff", "provider": "builtin", "application": ""}
    steps = list(steps_of((), (removed("second_factors", "all users", group="", grace=1.0), removed("roles", "r", **role))))
    assert steps == [
        ApplyStep("DELETE", "/role-assignments", {"role": "reader", "group": "staff", "provider": "builtin"}, "roles: r"),
        ApplyStep("DELETE", "/second-factor-rules", {"group": ""}, "second_factors: all users")]


def test_a_rename_is_no_step() -> None:
    """It was done before."""
    assert calls(Difference(What.RENAME, "groups", "crew", "groups[0]")) == []


def test_what_is_new() -> None:
    """All of its fields but the id; the step knows where it stands."""
    (step,) = steps_of((added("connector_groups", "lab", needs_approval=True),), ())
    assert step == ApplyStep("POST", "/connector-groups", {"name": "lab", "needs_approval": True}, "connector_groups[0]")


@pytest.mark.parametrize(("section", "field", "needed"), [
    ("providers", "client_secret", False), ("directories", "bind_password", True), ("clients", "secret", False)])
def test_what_is_new_needs_its_secret(section: str, field: str, needed: bool) -> None:
    """A reference has to be followed before; without one a client gets one that is made."""
    elsewhere: Any = {"file": "x"}
    with pytest.raises(ConfigError, match=rf"^{section}\[0\].{field}: the secret is needed, since this is new"):
        calls(added(section, **{field: elsewhere}))
    if needed:
        with pytest.raises(ConfigError, match=rf"^{section}\[0\].{field}: is needed for what is new"):
            calls(added(section, **{field: ""}))
    else:
        ((_, _, body),) = calls(added(section, **{field: ""}))
        assert body.get(field) == (None if field == "secret" else "")
    ((_, _, body),) = calls(added(section, **{field: "s3cret"}))
    assert body[field] == "s3cret"


def test_a_secret_setting_has_to_be_found() -> None:
    """Of what is new, and of what is changed."""
    reference: Any = {"request.x": {"environment": "X"}}
    with pytest.raises(ConfigError, match=r"^applications\[0\].settings.request.x: the secret is needed"):
        calls(added("applications", **{**APP, "settings": reference}))
    with pytest.raises(ConfigError, match=r"^applications\[0\].settings.request.x: the secret is needed"):
        calls(changed("applications", "a/b", FieldChange("settings.request.x", None, "(hidden)"), settings=reference))


def test_a_field_that_differs_is_changed_alone() -> None:
    """Of settings the key; one that is gone is an empty text."""
    fields = (FieldChange("session_hours", 1.0, 2.0), FieldChange("settings.prompt", "login", None),
              FieldChange("settings.acr", None, "x"))
    assert calls(changed("providers", "corp", *fields)) == [
        ("PATCH", "/providers/corp", {"session_hours": 2.0, "settings": {"prompt": "", "acr": "x"}})]


@pytest.mark.parametrize(("section", "more"), [("policies", {"force": True}), ("locations", {}), ("strengths", {}),
    ("contexts", {})])
def test_documents_are_written_whole(section: str, more: dict[str, bool]) -> None:
    """Without what is not said. Whether policies lock somebody out is asked of all together, at the end."""
    for one in (added(section, "n", a=[1], b=None), changed(section, "n", FieldChange("a", 0, 1), a=[1], b=None)):
        assert calls(one) == [("PUT", f"/{section}/n", {"document": {"a": [1]}, **more})]


def test_a_new_application_step_by_step() -> None:
    """People of its first provider come with it; segments before the hosts that they exclude; the rest after it."""
    segment, rule = {"external": "https://*.e/", "internal": "http://*.i/"}, {"resource": "/", "origins": ["https://o"]}
    people = [assigned("ann"), assigned(group="staff"), assigned("bob", provider="builtin"), assigned("eve", maintainer=True)]
    settings = {"strict": "yes", "excluded_hosts": "x.e"}
    made = calls(added("applications", **{
        **APP, "segments": [segment], "cors": [rule], "assignments": people, "settings": settings}))
    first = {key: APP[key] for key in ("name", "external", "internal", "preauth", "connector_group")}
    assert made == [
        ("POST", "/applications", {**first, "provider": "corp,builtin", "settings": {"strict": "yes"}, "users": ["ann"],
                                   "groups": ["staff"]}),
        ("POST", f"{AT}/segments", segment), ("PATCH", AT, {"settings": {"excluded_hosts": "x.e"}}),
        ("POST", f"{AT}/cors", rule),
        ("POST", f"{AT}/assignments", {"user": "bob", "provider": "builtin", "maintainer": False}),
        ("POST", f"{AT}/assignments", {"user": "eve", "provider": "corp", "maintainer": True}),
    ]  # fmt: skip


def test_a_logo_comes_with_its_application_and_goes_alone() -> None:
    """It has a call of its own."""
    (_, call) = calls(added("applications", **{**APP, "logo": "aGk="}))
    assert call == ("PUT", f"{AT}/logo", {"picture": "aGk="})
    assert calls(changed("applications", "a/b", FieldChange("logo", "aGk=", "aG8="))) == [
        ("PUT", f"{AT}/logo", {"picture": "aG8="})]
    assert calls(changed("applications", "a/b", FieldChange("logo", "aGk=", ""))) == [("DELETE", f"{AT}/logo", {})]


def test_where_nobody_signs_in_people_are_let_in_afterwards() -> None:
    """The API refuses them together with such an application."""
    (_, _, body), (_, path, _) = calls(added("applications", **{**APP, "preauth": "passthrough",
        "assignments": [assigned("ann")]}))
    assert (body["users"], path) == ([], f"{AT}/assignments")


def test_a_changed_application_step_by_step() -> None:
    """What goes goes first, rules before the places that they are for; what comes finds what it needs."""
    old, new = {"external": "https://*.o/", "internal": "http://*.o/"}, {"external": "https://*.n/", "internal": "http://*.n/"}
    moved = {"external": "https://m/", "internal": "http://m/"}
    rules = [{"resource": f"/{name}"} for name in "abc"]
    one = changed(
        "applications", "a/b", FieldChange("internal", "x", "http://a/"), FieldChange("providers", ["corp"], ["builtin",
        "corp"]),
        FieldChange("settings.excluded_hosts", "", "x.n"), FieldChange("settings.strict", "yes", None),
        FieldChange("segments[1]", old, None), FieldChange("segments[2]", None, new),
        FieldChange("segments[3]", moved, {**moved, "internal": "http://z/"}),
        FieldChange("cors[1]", rules[0], None), FieldChange("cors[2]", None, rules[1]), FieldChange("cors[3]", rules[2],
        rules[2]),
        FieldChange("assignments[1]", assigned("ann"), None), FieldChange("assignments[2]", None, assigned(group="staff")),
        settings={"excluded_hosts": "x.n"})
    assert calls(one) == [
        ("DELETE", f"{AT}/cors", {"resource": "/a"}), ("DELETE", f"{AT}/segments/https%3A%2F%2F%2A.o%2F", {}),
        ("PATCH", AT, {"settings": {"internal": "http://a/", "provider": "builtin,corp", "strict": ""}}),
        ("POST", f"{AT}/segments", new), ("PATCH", f"{AT}/segments/https%3A%2F%2Fm%2F",
        {"settings": {"internal": "http://z/"}}),
        ("PATCH", AT, {"settings": {"excluded_hosts": "x.n"}}),
        ("POST", f"{AT}/cors", rules[1]), ("PATCH", f"{AT}/cors", rules[2]),
        ("POST", f"{AT}/assignments", {"group": "staff", "provider": "corp", "maintainer": False}),
        ("DELETE", f"{AT}/assignments", {"user": "ann", "provider": "corp"}),
    ]  # fmt: skip


def test_excluded_hosts_wait_for_segments_alone() -> None:
    """Where none of these changes, one call does."""
    one = changed("applications", "a/b", FieldChange("settings.excluded_hosts", "", "x"), settings={"excluded_hosts": "x"})
    assert calls(one) == [("PATCH", AT, {"settings": {"excluded_hosts": "x"}})]
    two = changed("applications", "a/b", FieldChange("settings.excluded_hosts", "", "x"), FieldChange("internal", "a", "b"),
                  settings={"excluded_hosts": "x"})
    assert calls(two) == [("PATCH", AT, {"settings": {"excluded_hosts": "x", "internal": "b"}})]
    segment = {"external": "https://s/", "internal": "http://s/"}
    three = changed("applications", "a/b", FieldChange("segments[https://s/]", None, segment), settings={})
    assert calls(three) == [("POST", f"{AT}/segments", segment)]
    late = changed("applications", "a/b", FieldChange("assignments[1]", None, assigned("ann")), settings={})
    assert calls(late) == [("POST", f"{AT}/assignments", {"user": "ann", "provider": "corp", "maintainer": False})]


def test_a_list_of_revoked_certificates_is_taken_away_by_a_word() -> None:
    """An empty text would be a mistake there."""
    one = changed("applications", "a/b", FieldChange("settings.machine_crl", "LIST", None), settings={})
    assert calls(one) == [("PATCH", AT, {"settings": {"machine_crl": "none"}})]


def test_what_has_operations_of_its_own() -> None:
    """Rules for second factors, break-glass users, roles, branding."""
    assert calls(added("second_factors", group="", grace=5.0)) == [("PUT", "/second-factor-rules", {"id": "1", "name": "x",
        "grace": 5.0})]
    assert calls(added("break_glass", user="a b")) == [("PUT", "/break-glass/a%20b", {})]
    ((method, path, body),) = calls(added("roles", role="reader", user="", group="staff"))
    assert (method, path, body["group"], "user" in body) == ("POST", "/role-assignments", "staff", False)
    (step,) = steps_of((changed("branding", "", FieldChange("name", "a", None), FieldChange("accent", None, "red")),), ())
    assert step == ApplyStep("PATCH", "/branding", {"settings": {"name": "", "accent": "red"}}, "branding")


def test_what_is_built_in_is_not_made() -> None:
    """The provider is there; the authority of the service itself is begun by a word."""
    assert calls(added("providers", "builtin")) == []
    assert calls(added("device_authorities", "Builtin", certificate="")) == [("POST", "/device-authorities",
        {"builtin": True})]
    assert calls(added("device_authorities", "corp", certificate="PEM")) == [
        ("POST", "/device-authorities", {"name": "corp", "certificate": "PEM"})]


def test_assignments_until_a_moment() -> None:
    """They are said by when they end; what is there for good is another one, so that it goes first."""
    new, until = assigned("ann", expires="2026-08-01T00:00:00Z"), assigned("ann", expires="2026-09-01T00:00:00Z")
    body = {"user": "ann", "provider": "corp", "maintainer": False, "expires_at": "2026-08-01T00:00:00Z"}
    at = f"{AT}/assignments"
    assert calls(Difference(What.ADD, "applications", "a/b", after={**APP, "assignments": [new]}))[1:] == [("POST", at, body)]
    for before, taken in ((None, []), (until, []), (assigned("ann"), [("DELETE", at, {"user": "ann", "provider": "corp"})])):
        one = changed("applications", "a/b", FieldChange("assignments[x]", before, new), settings={})
        assert calls(one) == [*taken, ("POST", at, body)]
    for_good = changed("applications", "a/b", FieldChange("assignments[x]", new, assigned("ann")), settings={})
    assert calls(for_good) == [("POST", at, {"user": "ann", "provider": "corp", "maintainer": False})]
