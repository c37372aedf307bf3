"""A provider tried out: what an administrator is told of it, and what to do about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from appproxy.errors import Code, IdentityError, RequestError
from appproxy.identity.openid.oidc_settings import read_settings
from appproxy.service.signin.openid.identity_provider import OidcProvider
from appproxy.service.signin.openid.trial import ProviderTrial, TrialStep
from appproxy.store.snapshot import BUILTIN, ProviderRecord
from tests.service.signin.openid.test_oidc_client import ISSUER, RECORD, Provider, World


def tried(site: Provider, record: ProviderRecord = RECORD, named: str = "idp") -> dict[str, TrialStep]:
    """The steps by what was looked at."""
    world = World(record, site)
    made = OidcProvider(record, world.client)
    trial = ProviderTrial(lambda: {record.id: made}, lambda: {record.id: record}, "https://signin.example.org", lambda: 0.0)
    return {one.check: one for one in world.run(trial(named))}


def refusing(error: str, status: int) -> Provider:
    """A provider whose token end point says this."""
    site = Provider()
    site.answers["/tenant/token"] = (status, {"error": error})
    return site


def test_one_that_works() -> None:
    """Metadata, keys, and a code that it does not know from a client that it does; named as people name it."""
    site = refusing("invalid_grant", 400)
    steps = tried(site, named="EXAMPLE")
    assert {check: one.health for check, one in steps.items()} == {"metadata": "good", "keys": "good", "client": "good"}
    assert "1 key to sign with" in steps["keys"].detail and "'client 1'" in steps["client"].detail
    form = site.asked[-1][1]
    assert form["code"][0].startswith("appproxy-test-") and form["redirect_uri"] == [
        f"https://signin.example.org{RECORD.callback_path}"]


@pytest.mark.parametrize(("error", "status"), [("invalid_client", 401), ("invalid_client", 400), ("", 401),
                                               ("unauthorized_client", 400)])
def test_a_client_that_is_not_taken(error: str, status: int) -> None:
    """Whatever the provider calls it; the secret is what is to be set, and is not told."""
    step = tried(refusing(error, status))["client"]
    assert step.health == "broken" and "does not take the client" in step.detail
    assert "--client-secret-stdin" in step.hint and "s:cr&t" not in str(step)


@pytest.mark.parametrize(("status", "answer"), [(400, {"error": "invalid_request"}), (400, b"no"), (403, {}), (500, {})])
def test_an_answer_that_says_nothing_of_the_client(status: int, answer: Any) -> None:
    """It is not known then, and that is said."""
    site = Provider()
    site.answers["/tenant/token"] = (status, answer)
    assert tried(site)["client"].health == "warning"


def test_tokens_for_a_made_up_code() -> None:
    """Nobody should sign in with such a provider."""
    assert tried(Provider())["client"].health == "broken"


def test_what_cannot_be_reached_or_is_another() -> None:
    """What is behind a broken step is not looked at."""
    for path, answer, hint in (
        ("/tenant/.well-known/openid-configuration", (503, {}), "--ca-bundle"),
        ("/tenant/.well-known/openid-configuration", (200, {"issuer": "https://other.example/"}), "letter by letter"),
    ):
        site = Provider()
        site.answers[path] = answer
        (step,) = tried(site).values()
        assert (step.check, step.health) == ("metadata", "broken") and hint in step.hint
    site = refusing("invalid_grant", 400)
    site.answers["/tenant/keys"] = (404, {})
    assert tried(site)["keys"].health == "broken"


def test_what_the_settings_lack() -> None:
    """Signed requests without a key, and pushed ones without an end point."""
    site = refusing("invalid_grant", 400)
    site.answers["/tenant/.well-known/openid-configuration"][1]["require_signed_request_object"] = True
    assert "--set request_object=always" in tried(site)["metadata"].hint
    pushed = replace(RECORD, pushed_requests="always")
    assert "--pushed-requests auto" in tried(refusing("invalid_grant", 400), pushed)["metadata"].hint


def test_others_than_openid_connect() -> None:
    """The built-in one is part of the service; of another kind its metadata are asked; one that is not installed is said."""
    (step,) = tried(Provider(), replace(RECORD, id=BUILTIN), BUILTIN).values()
    assert step.health == "good"
    (step,) = tried(Provider(), replace(RECORD, kind="other")).values()
    assert (step.check, step.health) == ("metadata", "good")
    (step,) = tried(Provider(), named="nobody").values()
    assert step.health == "broken" and "does not know it yet" in step.detail

    class Missing(dict[str, Any]):
        def __missing__(self, key: str) -> Any:
            raise RequestError(Code.PROVIDER_UNREACHABLE, "no such kind")

    trial = ProviderTrial(Missing, lambda: {"idp": RECORD}, "https://s", lambda: 0.0)
    (found,) = World().run(trial("idp"))
    assert found.health == "broken" and "no such kind" in found.detail


def test_by_keys_there_is_no_secret_to_set() -> None:
    """Of a client that proves itself by a key the hint speaks of keys."""
    keyed = replace(RECORD, client_secret="", settings=read_settings({"client_authentication": "private_key_jwt"}))

    world = World()

    class Refusing:
        async def metadata(self) -> Any:
            return await world.client.metadata()

        async def exchange(self, *arguments: str) -> Any:
            raise IdentityError(Code.PROVIDER_REFUSED, "no")

    made: Any = Refusing()
    trial = ProviderTrial(lambda: {"idp": made}, lambda: {"idp": keyed}, "https://s", lambda: 0.0)
    steps = {one.check: one for one in world.run(trial("idp"))}
    assert steps["client"].health == "warning" and ISSUER in steps["metadata"].detail
