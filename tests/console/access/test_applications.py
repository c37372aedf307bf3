"""Applications on the pages: found, published, changed, assigned, tried and removed, each by the operations of the API."""

from __future__ import annotations

import re

from tests.console.conftest import House, Proof, Seat
from tests.pki.chains import ROOT, crl

WIKI = {"name": "handbook", "internal": "http://10.0.0.7:8080/", "external": "https://handbook.example.org/",
        "preauth": "oidc"}


def test_publishing(house: House, alice: Seat) -> None:
    """One form; then its page says what was checked. Who did it, and from where, is in the audit."""
    page = alice.send("/applications/new", {**WIKI, "users": "rita, hal", "tags": "docs", "do": "publish"})
    assert page.status == 200 and "It is published." in page.text and "Can it be reached?" in page.text
    made = house.call("GET", "/applications/handbook")
    assert sorted(one["user"] for one in made["assignments"]) == ["hal", "rita"] and made["settings"] == {"tags": "docs"}
    row = house.last()
    assert row["action"] == "application.publish" and row["detail"]["caller"] == "alice" and row["actor"].startswith("user:")
    house.call("DELETE", "/applications/handbook")


def test_checking_alone_publishes_nothing(house: House, alice: Seat) -> None:
    """The form is shown again as it was filled in."""
    page = alice.send("/applications/new", {**WIKI, "groups": "", "do": "check"})
    assert page.status == 200 and "This can be published." in page.text and 'value="http://10.0.0.7:8080/"' in page.text
    assert "handbook" not in {one["name"] for one in house.call("GET", "/applications")}


def test_a_wrong_value_is_shown_at_its_field(alice: Seat) -> None:
    """With what to do; all else that was written is still there."""
    page = alice.send("/applications/new", {**WIKI, "internal": "ftp://x/", "do": "publish"})
    assert page.status == 422 and 'role="alert"' in page.text and 'value="https://handbook.example.org/"' in page.text
    before, _, after = page.text.partition('value="ftp://x/"')
    assert 'aria-invalid="true"' in after.partition(">")[0] and 'aria-invalid' not in before
    assert alice.send("/applications/new", {**WIKI, "name": "wiki", "do": "publish"}).status == 409


def test_finding(house: House, alice: Seat) -> None:
    """By a part of the name or of a URL, whether capital or small; signs of SQL are letters like others."""
    for text, there in (("WIK", True), ("wiki.example", True), ("nothing", False), ("%", False), ("w_ki", False)):
        assert ('/applications/' + house.call("GET", "/applications/wiki")["id"] in alice.see(
            "/applications?search=" + text.replace("%", "%25")).text) is there, text
    assert ">wiki</a>" in alice.see("/search?q=WiKi").text
    assert "Nothing that you may read" in alice.see("/search?q=zzz").text


def test_pages_of_a_long_list(house: House, alice: Seat) -> None:
    """Fifty each, by name: the link to the next one leads on to where this one ends."""
    for number in range(60):
        house.call("POST", "/applications", {
            "name": f"many {number:02}", "internal": "http://10.0.0.1/", "external": f"https://many.example.org/{number:02}/"})
    first = alice.see("/applications?search=many").text
    assert "many 49</a>" in first and "many 50</a>" not in first and 'rel="next"' in first
    second = alice.see("/applications?search=many&after=many%2049").text
    assert "many 50</a>" in second and "many 59</a>" in second and "many 49</a>" not in second and 'rel="next"' not in second
    for number in range(60):
        house.call("DELETE", f"/applications/many%20{number:02}")


def test_its_page(house: House, alice: Seat) -> None:
    """Who may use it, the policies about it, by name, tag or all, and what the gate says to a user."""
    house.call("PATCH", "/applications/wiki", {"settings": {"tags": "papers"}})
    about = {"users": {"include": ["all"]}, "grant": {"block": True}}
    for name, include, exclude, state in (
        ("by name", ["wiki"], [], "report-only"), ("by tag", ["tag:papers"], [], "report-only"),
        ("all", ["all"], [], "report-only"), ("not it", ["all"], ["wiki"], "report-only"),
        ("switched off", ["all"], [], "off"),
    ):
        applications = {"include": include, **({"exclude": exclude} if exclude else {})}
        house.call("PUT", f"/policies/{name.replace(' ', '%20')}", {
            "document": {**about, "state": state, "applications": applications}, "force": True})
    text = alice.see("/applications/wiki").text
    section = text.partition('id="policies"')[2].partition("</section>")[0]
    assert [name for name in ("by name", "by tag", "all", "not it", "switched off") if f">{name}</a> " in section] == [
        "by name", "by tag", "all"]
    assert "Gets in:" in alice.see("/applications/wiki?user=rita").text
    refused = alice.see("/applications/wiki?user=hal").text
    assert "Is refused:" in refused and "not assigned to this user" in refused
    assert "Cannot be said" in alice.see("/applications/wiki?user=nobody").text
    for name in ("by name", "by tag", "all", "not it", "switched off"):
        house.call("DELETE", f"/policies/{name.replace(' ', '%20')}")
    house.call("PATCH", "/applications/wiki", {"settings": {"tags": ""}})


def test_letting_in(house: House, alice: Seat) -> None:
    """A user or a group, also as maintainer, and out again; whom nobody knows is said."""
    path = "/applications/wiki"
    done = alice.send(path + "/assign", {"kind": "user", "who": "hal", "maintainer": "yes"})
    assert "They may use it from now on." in done.text
    (hal,) = [one for one in house.call("GET", path)["assignments"] if one["user"] == "hal"]
    assert hal["maintainer"] is True
    wrong = alice.send(path + "/assign", {"kind": "group", "who": "nobodies"})
    assert wrong.status == 404 and "nobodies" in wrong.text and 'role="alert"' in wrong.text
    gone = alice.send(path + "/unassign", {"kind": "user", "value": hal["value"], "provider": "builtin"})
    assert "They may use it no longer." in gone.text
    assert "hal" not in {one["user"] for one in house.call("GET", path)["assignments"]}


def test_letting_in_for_a_time(house: House, alice: Seat) -> None:
    """For so long as is said, which the page shows; what is no time is said at its field, and of another provider it is a
    subject that nobody here knows.
    """
    path = "/applications/wiki"
    wrong = alice.send(path + "/assign", {"kind": "user", "who": "hal", "expires": "soon"})
    assert wrong.status == 422 and re.search(r'name="expires" value="soon"[^>]* aria-invalid="true"', wrong.text)
    assert "They may use it" in alice.send(path + "/assign", {"kind": "user", "who": "hal", "expires": "8h"}).text
    (hal,) = [one for one in house.call("GET", path)["assignments"] if one.get("user") == "hal"]
    assert hal["expires"] and "until 2" in alice.see(path).text
    house.call("DELETE", path + "/assignments", {"user": "hal"})
    corp = {"name": "corp", "issuer": "https://corp.example.com/", "client_id": "c", "client_secret": "s"}
    house.call("POST", "/providers", corp)
    assert 'name="provider"' not in alice.see(path).text.partition("/assign")[2].partition("</form>")[0]
    house.call("PATCH", path, {"settings": {"provider": "builtin,corp"}})
    assert alice.send(path + "/assign", {"kind": "user", "who": "0815", "provider": "corp"}, of="").status == 200
    assert ("corp", "0815") in {(one["provider"], one.get("user")) for one in house.call("GET", path)["assignments"]}
    house.call("PATCH", path, {"settings": {"provider": "builtin"}})
    house.call("DELETE", "/providers/corp")


def test_settings(house: House, alice: Seat) -> None:
    """Explained by topic; what was changed is sent, what was not is left, and an empty field is the default again."""
    path = "/applications/wiki/settings"
    text = alice.see(path).text
    for row in house.call("GET", "/application-settings"):
        assert f'<code>{row["key"]}</code>' in text or "topic" not in row and not row["key"].endswith(".NAME")
    assert alice.send(path, {"set.session_hours": "3", "set.idle_minutes": ""}, of=path).status == 200
    assert house.last()["detail"]["settings"] == {"session_hours": "3"}
    alice.send(path, {"key": "header.x-name", "value": "name"}, of=path)
    assert house.call("GET", "/applications/wiki")["settings"] == {"session_hours": "3", "header.x-name": "name"}
    wrong = alice.send(path, {"set.session_hours": "soon"}, of=path)
    assert wrong.status == 422 and 'value="soon"' in wrong.text and "session_hours" in wrong.text
    alice.send(path, {"set.session_hours": ""}, of=path)
    alice.send(path, {"key": "header.x-name", "value": ""}, of=path)
    assert house.call("GET", "/applications/wiki")["settings"] == {}
    before = house.call("GET", "/applications/wiki")["internal"]
    columns = alice.send(
        "/applications/wiki/columns", {"name": "wiki", "internal": "http://10.0.0.9/"}, of="/applications/wiki")
    assert columns.status == 200 and house.last()["detail"]["settings"] == {"internal": "http://10.0.0.9/"}
    house.call("PATCH", "/applications/wiki", {"settings": {"internal": before}})


def test_a_form_from_before_undoes_nothing(house: House, alice: Seat) -> None:
    """Who opened the page while everybody was let in, and changes the name alone, does not open it to everybody again."""
    made = house.call("POST", "/applications", {**WIKI, "preauth": "passthrough"})
    path = f"/applications/{made['id']}"
    old = {key: str(made[key]) for key in ("name", "internal", "external", "connector_group", "preauth")}
    shown, topics = Proof(alice.see(path).text).tag, Proof(alice.see(path + "/settings").text).tag
    house.call("PATCH", path, {"settings": {"preauth": "oidc", "session_hours": "2"}})
    for tag in ({"tag": shown}, {"tag": ""}, {}):
        page = alice.send(path + "/columns", {**old, "name": "book", **tag})
        assert page.status == 412 and "changed since you read it" in page.text
        assert 'value="book"' in page.text and "<details open><summary>Change its name" in page.text
    for form in ({"set.session_hours": "", "set.idle_minutes": "7"}, {"key": "session_hours", "value": "9"}):
        page = alice.send(path + "/settings", {**form, "tag": topics})
        assert page.status == 412 and ('value="7"' in page.text or 'value="9"' in page.text)
    now = house.call("GET", path)
    assert (now["name"], now["preauth"], now["settings"]) == ("handbook", "oidc", {"session_hours": "2"})
    assert alice.send(path + "/columns", {**old, "preauth": "oidc", "name": "book"}, of=path).status == 200
    assert house.call("GET", path)["name"] == "book"
    house.call("DELETE", path)


def test_removing(house: House, alice: Seat) -> None:
    """After its page has asked once more."""
    house.call("POST", "/applications", {key: WIKI[key] for key in ("name", "internal", "external")})
    assert "Users get" in alice.see("/applications/handbook").text
    old = Proof(alice.see("/applications/handbook").text).tag
    house.call("PATCH", "/applications/handbook", {"settings": {"session_hours": "2"}})
    stale = alice.send("/applications/handbook/remove", {"tag": old})
    assert stale.status == 412 and "changed since you read it" in stale.text
    assert "It is removed." in alice.send("/applications/handbook/remove", {}, of="/applications/handbook").text
    assert "handbook" not in {one["name"] for one in house.call("GET", "/applications")}


def test_what_a_reader_sees_changes_nothing(house: House) -> None:
    """No form is shown, and one that is sent all the same is refused, as the API refuses it."""
    rita = house.seat("rita")
    assert rita.see("/applications/new").status == 403
    text = rita.see("/applications/wiki").text
    assert 'method="post"' not in text and "Publish" not in rita.see("/applications").text
    house.call("PATCH", "/applications/wiki", {"settings": {"request.x-key": "secret-of-wiki"}})
    assert "secret-of-wiki" not in rita.see("/applications/wiki").text + rita.see("/applications/wiki/settings").text
    house.call("PATCH", "/applications/wiki", {"settings": {"request.x-key": ""}})
    for path, form in (
        ("/applications/new", {**WIKI, "do": "publish"}), ("/applications/wiki/assign", {"kind": "user", "who": "hal"}),
        ("/applications/wiki/remove", {}), ("/applications/wiki/settings", {"set.session_hours": "3"}),
        ("/applications/wiki/columns", {"internal": "http://10.0.0.66/"}),
    ):
        assert rita.send(path, form).status == 403, path
    assert {one["name"] for one in house.call("GET", "/applications")} == {"wiki"}


def test_who_has_one_application(house: House) -> None:
    """Sees its settings and people, and changes those; where it leads is not theirs to change, nor is any other."""
    house.playground.add_user("owen", "a rather long password")
    house.call("POST", "/role-assignments", {"role": "application-administrator", "user": "owen", "application": "wiki"})
    house.call("POST", "/applications", {key: WIKI[key] for key in ("name", "internal", "external")})
    owen = house.seat("owen")
    text = owen.see("/applications/wiki").text
    assert "/assign" in text and "/columns" not in text and "/remove" not in text
    assert "/assign" not in owen.see("/applications/handbook").text
    path = "/applications/wiki/settings"
    assert owen.send(path, {"set.session_hours": "5"}, of=path).status == 200
    assert owen.send("/applications/handbook/settings", {"set.session_hours": "5"}).status == 403
    assert owen.send("/applications/wiki/columns", {"internal": "http://10.0.0.66/"}, of=path).status == 403
    house.call("PATCH", "/applications/wiki", {"settings": {"session_hours": ""}})
    house.call("DELETE", "/applications/handbook")


def test_publishing_for_everybody(house: House, alice: Seat) -> None:
    """All who can sign in, with settings of any name; not beside a list of who may."""
    form = {**WIKI, "everyone": "yes", "settings": "session_hours=3\nview=public", "do": "publish"}
    refused = alice.send("/applications/new", {**form, "users": "rita"})
    assert refused.status == 422 and 'name="everyone" value="yes" checked' in refused.text
    assert "session_hours=3" in refused.text
    assert alice.send("/applications/new", form).status == 200
    made = house.call("GET", "/applications/handbook")
    assert made["settings"] == {"assignment_required": "no", "session_hours": "3", "view": "public"}
    house.call("DELETE", "/applications/handbook")


def test_its_providers_are_changed(house: House, alice: Seat) -> None:
    """Several, of which users choose; the first form has what there is."""
    form = {"name": "far", "issuer": "https://far.example.com/", "client_id": "us", "client_secret": "x"}
    house.call("POST", "/providers", form)
    house.call("POST", "/applications", {key: WIKI[key] for key in ("name", "internal", "external")})
    page = alice.send("/applications/handbook/columns", {"provider": "builtin,far"}, of="/applications/handbook")
    assert page.status == 200 and 'name="provider" value="builtin,far"' in page.text
    assert house.call("GET", "/applications/handbook")["providers"] == ["builtin", "far"]
    alice.send("/applications/handbook/columns", {"provider": "builtin"}, of="/applications/handbook")
    house.call("DELETE", "/applications/handbook")
    house.call("DELETE", "/providers/far")


def test_maintainers_come_and_go(house: House, alice: Seat) -> None:
    """Said or not said: what is not said stays."""
    house.call("POST", "/applications", {key: WIKI[key] for key in ("name", "internal", "external")})
    for said, is_one in (("", False), ("yes", True), ("", True), ("no", False)):
        form = {"kind": "user", "who": "rita", "maintainer": said}
        assert alice.send("/applications/handbook/assign", form, of="/applications/handbook").status == 200
        (one,) = house.call("GET", "/applications/handbook")["assignments"]
        assert one["maintainer"] is is_one, said
    house.call("DELETE", "/applications/handbook")


def test_an_older_list_of_revoked_certificates(house: House, alice: Seat) -> None:
    """Is taken only where that is said beside it."""
    older, newer = (crl(ROOT, number=number) for number in (4, 5))
    house.call("POST", "/applications", {key: WIKI[key] for key in ("name", "internal", "external")})
    house.call("PATCH", "/applications/handbook", {"settings": {
        "machine_authority": ROOT.pem, "machine_subjects": "*", "machine_crl": newer}})
    path = "/applications/handbook/settings"
    assert alice.send(path, {"set.machine_crl": older}, of=path).status == 422
    assert alice.send(path, {"set.machine_crl": older.replace("\n", "\r\n"), "older_crl": "yes"}, of=path).status == 200
    assert house.call("GET", "/applications/handbook")["settings"]["machine_crl"] == older.strip()
    assert '<textarea id="f-machine_crl"' in alice.see("/applications/wiki/settings").text, "a text of lines has lines"
    house.call("DELETE", "/applications/handbook")
