"""appproxy policy|location|strength|context ...: conditional access."""

from __future__ import annotations

import json
from typing import Any

import click

from appproxy.cli.base.calling import CallSettings, given, key_values, pass_setting
from appproxy.cli.base.documents import document_of
from appproxy.cli.base.output import Column, done, json_option, moment, show_json, show_record, show_rows
from appproxy.cli.base.wrong_use import WrongUse
from appproxy.cli.policy.replay import replay_policies
from appproxy.cli.policy.results import policy_results

_COLUMNS = (
    Column("NAME", "name"), Column("STATE", "state"), Column("VERSION", "version"), Column("CHANGED", "changed", moment))
_EXPLAINED = (Column("POLICY", "policy"), Column("STATE", "state"), Column("EFFECT", "effect"),
              Column("BECAUSE", "because", prose=True))


def _put(setting: CallSettings, kind: str, file: str, **more: object) -> Any:
    """Keep the document of a file under the name that it gives. Raises WrongUse."""
    document = document_of(file)
    name = document.get("name") if isinstance(document, dict) else None
    if not isinstance(name, str) or not name:
        raise WrongUse(f"{file!r}: name: is needed; write name = \"...\" at its beginning")
    return setting.call("PUT", kind, name, body={"document": document, **more})


def _show(setting: CallSettings, kind: str, name: str, document: bool, as_json: bool) -> None:
    found = setting.call("GET", kind, name)
    if document:
        show_json(found["document"])
    elif as_json:
        show_json(found)
    else:
        show_record({**{key: value for key, value in found.items() if key != "document"},
                     "document": json.dumps(found["document"], ensure_ascii=False)}, False, {"changed": moment})


_document_option = click.option("--document", is_flag=True, help="Print the document alone, which `set` takes again.")


@click.group()
def policy() -> None:
    """Conditional access: who may use which application under which conditions."""


@policy.command("list")
@json_option
@pass_setting
def list_policies(setting: CallSettings, as_json: bool) -> None:
    """List all policies."""
    show_rows(setting.call("GET", "policies"), _COLUMNS, as_json, "There is no policy; see docs/policies.md for examples.")


@policy.command("show")
@click.argument("name")
@_document_option
@json_option
@pass_setting
def show_policy(setting: CallSettings, name: str, document: bool, as_json: bool) -> None:
    """Show the policy NAME."""
    _show(setting, "policies", name, document, as_json)


@policy.command("set")
@click.argument("file")
@click.option("--force", is_flag=True, help="Also if nobody could use some application any more.")
@json_option
@pass_setting
def set_policy(setting: CallSettings, file: str, force: bool, as_json: bool) -> None:
    """Keep the policy of FILE (.toml or .json), or its new version. It counts within a second, also for what is under way."""
    made = _put(setting, "policies", file, force=force)
    done(f"{made['name']} is {made['state']} (version {made['version']})", made, as_json)


@policy.command("remove")
@click.argument("name")
@json_option
@pass_setting
def remove_policy(setting: CallSettings, name: str, as_json: bool) -> None:
    """Forget the policy NAME."""
    gone = setting.call("DELETE", "policies", name)
    done(f"{gone['name']} is forgotten", gone, as_json)


@policy.command()
@json_option
@pass_setting
def check(setting: CallSettings, as_json: bool) -> int:
    """Say what is wrong with the policies that are there; the exit code is 1 if anything is."""
    found = setting.call("GET", "policy-check")
    show_rows(found, (Column("POLICY", "policy"), Column("PROBLEM", "problem", prose=True)), as_json, "Nothing is wrong.")
    return 1 if found else 0


@policy.command()
@click.option("--app", "application", required=True, metavar="NAME", help="The application, or relying-party:NAME.")
@click.option("--user", required=True, metavar="USER", help="The user's name; of other providers the subject.")
@click.option("--provider", metavar="NAME", help="Who signs the user in.  [default: the application's]")
@click.option("--group", "groups", multiple=True, metavar="GROUP", help="A group of the user's; may be repeated.")
@click.option("--address", metavar="ADDRESS", help="Where the user is.")
@click.option("--time", metavar="TIME", help="When, such as 2026-12-24T18:00+01:00.  [default: now]")
@click.option("--acr", metavar="ACR", help="The level that the provider has said.")
@click.option("--amr", multiple=True, metavar="AMR", help="A method of the sign-in; may be repeated.  [default: pwd]")
@click.option("--sign-in-age", metavar="AGE", help="How long ago the user signed in, such as 8h.  [default: just now]")
@click.option("--user-agent", metavar="TEXT", help="What the browser says that it is.")
@click.option("--path", metavar="PATH", help="The path of the URL, as browsers send it.  [default: /]")
@click.option("--method", metavar="METHOD", help="The method of the request.  [default: GET]")
@click.option("--sign-in-risk", metavar="LEVEL", help="low, medium or high.  [default: unknown]")
@click.option("--user-risk", metavar="LEVEL", help="The same of the user.  [default: that of now]")
@click.option("--client", metavar="KIND", help="browser, or native: a program with an access token.  [default: browser]")
@click.option("--device", metavar="NAME", help="The device is proved, by this authority of `appproxy device authority list`.")
@click.option("--device-subject", multiple=True, metavar="NAME=VALUE", help="A part of its subject, such as CN=laptop-7.")
@json_option
@pass_setting
def explain(setting: CallSettings, /, as_json: bool, device_subject: tuple[str, ...], **asked: Any) -> int:
    """Say what becomes of a request, and for each policy which fact decides; the exit code is 1 unless it passes."""
    body = {key: list(value) if isinstance(value, tuple) else value for key, value in given(
        **asked, device_subject=key_values(device_subject) or None).items()}
    found = setting.call("GET", "policy-explanation", body=body)
    if as_json:
        show_json(found)
    else:
        show_rows(found["policies"], _EXPLAINED, False, "There is no policy.")
        click.echo(f"{found['verdict']}: {found['reason']}")
    return 0 if found["verdict"] == "pass" else 1


policy.add_command(replay_policies)
policy.add_command(policy_results)


@policy.group()
def break_glass() -> None:
    """Users whom no policy concerns, for the day on which the policies are wrong."""


@break_glass.command("list")
@json_option
@pass_setting
def list_exempt(setting: CallSettings, as_json: bool) -> None:
    """List them."""
    show_rows(setting.call("GET", "break-glass"), (Column("USER", "user"), Column("ID", "id")), as_json,
              "Policies concern everybody; see `appproxy policy break-glass add --help`.")


@break_glass.command("add")
@click.argument("user")
@json_option
@pass_setting
def add_exempt(setting: CallSettings, user: str, as_json: bool) -> None:
    """Let no policy concern USER, of the built-in provider. Each sign-in against a policy is in the log and the audit."""
    made = setting.call("PUT", "break-glass", user)
    done(f"no policy concerns {made['user']} any more", made, as_json)


@break_glass.command("remove")
@click.argument("user")
@json_option
@pass_setting
def remove_exempt(setting: CallSettings, user: str, as_json: bool) -> None:
    """Let policies concern USER again."""
    made = setting.call("DELETE", "break-glass", user)
    done(f"policies concern {made['user']} again", made, as_json)


def _group(kind: str, name: str, words: str, example: str) -> click.Group:
    """list, show, set and remove, for what policies refer to by name."""

    @click.group(name, help=words)
    def group() -> None: ...

    @group.command("list", help="List them.")
    @json_option
    @pass_setting
    def list_(setting: CallSettings, as_json: bool) -> None:
        columns = (_COLUMNS[0], *_COLUMNS[2:])
        show_rows(setting.call("GET", kind), columns, as_json, f"There is none; see `appproxy {name} set --help`.")

    @group.command("show", help="Show one.")
    @click.argument("name")
    @_document_option
    @json_option
    @pass_setting
    def show(setting: CallSettings, name: str, document: bool, as_json: bool) -> None:
        _show(setting, kind, name, document, as_json)

    @group.command("set", help=f"Keep what FILE (.toml or .json) says, such as: {example}")
    @click.argument("file")
    @json_option
    @pass_setting
    def set_(setting: CallSettings, file: str, as_json: bool) -> None:
        made = _put(setting, kind, file)
        done(f"{made['name']} is kept (version {made['version']})", made, as_json)

    @group.command("remove", help="Forget one that no policy names.")
    @click.argument("name")
    @json_option
    @pass_setting
    def remove(setting: CallSettings, name: str, as_json: bool) -> None:
        gone = setting.call("DELETE", kind, name)
        done(f"{gone['name']} is forgotten", gone, as_json)

    return group


location = _group("locations", "location", "Named locations: networks that policies refer to.",
                  'name = "office", networks = ["192.0.2.0/24"]')
strength = _group("strengths", "strength", "Authentication strengths: what counts as a second factor or a passkey.",
                  'name = "gold", any_of = [{provider = "corp", acr = "gold"}]')
context = _group("contexts", "context", "Authentication contexts: paths and methods of applications that policies ask about.",
                 'name = "payroll", paths = ["/payroll/*"], applications = {include = ["hr"]}')

COMMANDS = (policy, location, strength, context)
