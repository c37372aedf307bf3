"""What people sign in with, on the pages."""

from __future__ import annotations

from tests.console.conftest import House, Seat


def test_a_directory_is_added_and_changed(house: House, alice: Seat) -> None:
    """Its password is sent and never shown; what is not a number is said at its field."""
    form = {"name": "corp", "kind": "ad", "servers": "ldaps://dc.example.org", "bind_name": "svc@corp",
            "bind_password": " p w ", "user_base": "dc=corp,dc=example"}
    added = alice.send("/directories/new", form, of="/directories/new")
    assert added.status == 200 and "dc=corp,dc=example" in added.text and " p w " not in added.text, added.text
    wrong = alice.send("/directories/corp", {**form, "refresh_minutes": "often"}, of="/directories/corp")
    assert wrong.status == 422 and 'value="often"' in wrong.text
    assert alice.send("/directories/corp", {"refresh_minutes": "7"}, of="/directories/corp").status == 200
    assert house.call("GET", "/directories/corp")["refresh_minutes"] == 7
    assert alice.send("/directories/corp/remove", {}, of="/directories/corp").status == 200


def test_second_factors_of_everybody(house: House, alice: Seat) -> None:
    """A rule without a name has a page, too."""
    assert alice.send("/second-factors/new", {"grace": "1d"}, of="/second-factors/new").status == 200
    assert ">all</a>" in alice.see("/second-factors").text
    assert alice.send("/second-factors/*/remove", {}, of="/second-factors/*").status == 200
    assert house.call("GET", "/second-factor-rules") == []


def test_a_provider(house: House, alice: Seat) -> None:
    """Added with what else can be set; its page says what is to be registered there; only what was changed is sent."""
    form = {"name": "entra", "issuer": "https://login.example.com/", "client_id": "us",
            "client_secret": "", "settings": "client_authentication=private_key_jwt\nclient_key_days=30"}
    page = alice.send("/providers/new", form, of="/providers/new")
    assert page.status == 200 and "/callback" in page.text and "client_key_days" in page.text, page.text
    same = {**form, "session_hours": "12", "idle_minutes": "240", "scopes": "openid\nprofile\nemail", "fetch_groups": "no"}
    assert alice.send("/providers/entra", {**same, "session_hours": "8"}, of="/providers/entra").status == 200
    assert house.last()["detail"]["changed"] == "session_hours"
    alice.send("/providers/entra", {"settings": "client_authentication=private_key_jwt"}, of="/providers/entra")
    assert house.call("GET", "/providers/entra")["settings"].get("client_key_days", "") != "30"
    assert alice.send("/providers/entra/keys", {}, of="/providers/entra").status == 200
    assert "Make it a public client" not in alice.see("/providers/entra").text, "it is one"
    house.call("PATCH", "/providers/entra", {"client_secret": "s3cret", "settings": {"client_authentication": ""}})
    assert alice.send("/providers/entra/public", {}, of="/providers/entra").status == 200
    assert house.call("GET", "/providers/entra")["public"] is True
    assert alice.send("/providers/entra/remove", {}, of="/providers/entra").status == 200
    assert "Remove" not in alice.see("/providers/builtin").text


def test_whom_no_policy_concerns(house: House, alice: Seat) -> None:
    """Made so on the page of the user, and no longer on the page of those."""
    house.playground.add_user("glass", "a rather long password")
    assert "No policy concerns the user" in alice.send("/users/glass/break-glass", {}, of="/users/glass").text
    assert ">glass</a>" in alice.see("/break-glass").text
    assert alice.send("/break-glass/glass/remove", {}, of="/break-glass/glass").status == 200
    assert house.call("GET", "/break-glass") == []
    house.call("DELETE", "/users/glass")


def test_a_provider_is_tested(house: House, alice: Seat) -> None:
    """Its page says what was found, step by step, and what to do; the built-in one needs none."""
    form = {"name": "far", "issuer": "https://far.example.com/", "client_id": "us", "client_secret": "x"}
    assert alice.send("/providers/new", form, of="/providers/new").status == 200
    assert 'href="/providers/far?look=report"' in alice.see("/providers/far").text
    page = alice.see("/providers/far?look=report")
    assert page.status == 200 and "Broken</span> Metadata:" in page.text and "--ca-bundle" in page.text, page.text
    assert "look=report" not in alice.see("/providers/builtin").text
    house.call("DELETE", "/providers/far")
