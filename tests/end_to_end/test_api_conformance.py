"""Programs that nobody of us has written make requests, and clients, of the description of the admin API, and believe it.

Schemathesis makes of the schemas what is allowed and what is not, and compares each answer with what the description says. A
client that openapi-python-client has generated does what an administrator does first.
"""

from __future__ import annotations

import importlib
import json
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import World, environment

pytest.importorskip("schemathesis")
pytest.importorskip("openapi_python_client")

#: As many have as much to do as one may each.
CALLERS = 10
#: Of each operation beside those of the coverage phase: with all, a minute or so.
EXAMPLES = 2
SECONDS = 600
#: What is not called, and why.
EXCLUDED = {
    "service_token_revoke": "it would end the tokens that the calls are made with",
    "service_token_rotate": "it would give those tokens other secrets",
    "follow_events": "its answer does not end",
    "role_unassign": "it would take away the role of those tokens",
}
_GRAMMAR = "has a text that a schema cannot describe: a URL, a list of names, PEM, a policy, a time with bounds"
_ONE_OF = "takes one of several fields, which a schema can say only so that generated clients lose their types"
_STATE = "refuses what does not fit to what is there"
#: By the name of operations: why values that fit the schema may be refused with 422. All others take them.
MAY_REFUSE = {
    **dict.fromkeys((
        "application_publish", "application_set", "application_set_logo", "access_approve", "access_deny",
        "segment_add", "segment_set", "cors_add", "cors_set", "branding_set",
        "branding_reset", "audit_export_add", "certificate_order", "certificate_add", "certificate_replace", "client_add",
        "client_set", "configuration_apply",
        "get_configuration_difference", "connector_group_add", "connector_token", "context_set",
        "location_set", "policy_set", "strength_set", "device_add", "device_authority_add", "device_authority_set_crl",
        "directory_add", "directory_set", "group_add", "user_invite", "native_client_add", "native_client_set", "provider_add",
        "provider_set", "service_token_add", "user_add", "user_set", "user_set_password", "user_password_link",
        "get_user_check", "get_policy_explanation", "get_policy_replay_report",
        "certificate_authority", "second_factor_require"), _GRAMMAR),
    **dict.fromkeys((
        "role_assign", "role_entitle", "role_withdraw", "risk_confirm_user", "risk_dismiss_user",
        "session_revoke", "get_sessions", "get_risk_sign_ins", "application_assign",
        "application_unassign"), _ONE_OF),
    **dict.fromkeys(("certificate_order_uncovered", "provider_new_key"), _STATE),
}  # fmt: skip


def served(world: World, token: str) -> dict[str, Any]:
    """The description, as everybody gets it."""
    visitor = Visitor(world.port, world.anchor)
    answer = visitor.request("GET", world.url("admin", "/api/v1/openapi.json"), {"Authorization": f"Bearer {token}"})
    assert answer.status == 200, answer.text
    found: dict[str, Any] = json.loads(answer.body)
    return found


def new_token(world: World, name: str) -> str:
    """A service token that may do everything."""
    return str(world.admin_json("token", "add", name, "--role", "administrator")["token"])


def configuration() -> str:
    """What schemathesis.toml says. 412 is an answer about what is there, whatever was sent."""
    refused = '["2xx", "3xx", "401", "403", "404", "409", "412", "429"'
    # No text may have a NUL: `info` says so, and a pattern for each text would say it no better.
    lines = [
        "[generation]", "allow-x00 = false", "[checks.positive_data_acceptance]", f"expected-statuses = {refused}]",
        "[checks.negative_data_rejection]",
        'expected-statuses = ["400", "401", "403", "404", "405", "409", "412", "413", "415", "422", "429"]',
    ]  # fmt: skip
    for name in sorted(MAY_REFUSE):
        lines += ["[[operations]]", f'include-operation-id = "{name}"',
                  f'checks.positive_data_acceptance.expected-statuses = {refused}, "422"]']
    return "\n".join(lines) + "\n"


def test_answers_are_what_the_description_says(own_world: World, tmp_path: Path) -> None:
    """Of each operation, for what is allowed and what is not, with credentials and without."""
    tokens = [new_token(own_world, f"conformance-{number}") for number in range(CALLERS)]
    description = served(own_world, tokens[0])
    names = {one["operationId"] for methods in description["paths"].values() for one in methods.values()}
    assert set(EXCLUDED) <= names and set(MAY_REFUSE) <= names, {*EXCLUDED, *MAY_REFUSE} - names
    for name, reason in EXCLUDED.items():
        print(f"not called: {name}: {reason}")
    (tmp_path / "openapi.json").write_text(json.dumps(description))
    (tmp_path / "schemathesis.toml").write_text(configuration())
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run", "openapi.json",
        "--url", own_world.url("admin", "/api/v1"), "--tls-verify", str(own_world.anchor), "--checks", "all",
        "--phases", "examples,coverage,fuzzing,stateful", "--max-examples", str(EXAMPLES), "--seed", "1", "--no-shrink",
        "--suppress-health-check", "all", "--continue-on-failure", "--warnings", "off",
        *(part for name in EXCLUDED for part in ("--exclude-operation-id", name)),
    ]  # fmt: skip
    variables = {**environment(), "CONFORMANCE_TOKENS": " ".join(tokens),
                 "SCHEMATHESIS_HOOKS": "tests.end_to_end.conformance_hooks"}
    ended = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=SECONDS)
    assert ended.returncode == 0, ended.stdout[-20000:] + ended.stderr[-2000:]
    tested = re.search(r"Tested: (\d+)", ended.stdout)
    assert tested is not None and int(tested[1]) == len(names) - len(EXCLUDED), ended.stdout[-3000:]
    log = (own_world.directory / "logs" / "service.log").read_text()
    assert "Traceback" not in log, log[-5000:]


@pytest.fixture
def generated(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of the API, made of its description, and what it calls with."""
    token = new_token(world, "generated")
    source = tmp_path / "openapi.json"
    source.write_text(json.dumps(served(world, token)))
    (tmp_path / "config.yml").write_text("post_hooks: []\npackage_name_override: generated_admin_client\n")
    made = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(source), "--meta", "none",
         "--output-path", str(tmp_path / "generated_admin_client"), "--config", str(tmp_path / "config.yml"),
         "--fail-on-warning"],
        cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS)
    assert made.returncode == 0, made.stdout + made.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    look_up = socket.getaddrinfo
    # RFC 6761 section 6.3: not every resolver knows names below `localhost`.
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: look_up("127.0.0.1", *rest, **more))
    package = importlib.import_module("generated_admin_client")
    context = ssl.create_default_context(cafile=str(world.anchor))
    yield package.AuthenticatedClient(
        base_url=world.url("admin", "/api/v1"), token=token, verify_ssl=context, raise_on_unexpected_status=True)
    world.admin("token", "revoke", "generated")
    for name in [one for one in sys.modules if one.split(".")[0] == "generated_admin_client"]:
        del sys.modules[name]


def of(name: str, group: str) -> Any:
    """The function of an operation."""
    return importlib.import_module(f"generated_admin_client.api.{group}.{name}").sync


def test_a_generated_client_does_the_quick_start(world: World, generated: Any) -> None:
    """Publish an application, add a user, let the user in, see both, and take all of it away again."""
    models = importlib.import_module("generated_admin_client.models")
    publish, add = of("application_publish", "applications"), of("user_add", "users")
    made = publish(client=generated, body=models.ApplicationPublishBody(
        name="generated", internal=world.internal, external=world.url("generated")))
    assert isinstance(made, models.Application) and (made.name, made.external) == ("generated", world.url("generated"))
    user = add(client=generated, body=models.UserAddBody(name="gerda", password="correct horse battery staple"))
    assert isinstance(user, models.User) and user.name == "gerda"
    again = add(client=generated, body=models.UserAddBody(name="gerda", password="correct horse battery staple"))
    assert isinstance(again, models.Problem) and (again.status, again.name) == (409, "already-there")
    assign = of("application_assign", "applications")
    assert assign("generated", client=generated, body=models.ApplicationAssignBody(user="gerda")).user == "gerda"
    listed = of("list_applications", "applications")(client=generated, search="generated")
    assert [(one.name, one.assigned) for one in listed] == [("generated", 1)]
    assigned = of("list_assignments_of_application", "applications")("generated", client=generated)
    assert [one.user for one in assigned] == ["gerda"]
    assert of("application_remove", "applications")("generated", client=generated).name == "generated"
    assert of("user_remove", "users")("gerda", client=generated).name == "gerda"
    assert of("get_application", "applications")("generated", client=generated).status == 404
