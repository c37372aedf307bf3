"""appproxy directory ...: directories (LDAP, Active Directory) that users of the built-in provider come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from appproxy.cli.base.calling import CallSettings, given, pass_setting
from appproxy.cli.base.output import Column, done, json_option, note, show_record, show_rows
from appproxy.cli.people.providers import read_bundle
from appproxy.cli.people.users import must_be_askable, secret_from, secret_line

#: The option and the prompt.
_SECRET = ("--bind-password-stdin", "Password of the account")
_COLUMNS = (
    Column("NAME", "name"), Column("KIND", "kind"), Column("SERVERS", "servers"), Column("REALMS", "realms"),
    Column("USERS", "users"), Column("GROUPS", "groups"),
)  # fmt: skip


def _settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """What `add` and `set` take."""
    for option in reversed((
        click.option("--server", "servers", multiple=True, metavar="URL",
                     help="ldaps://HOST, or ldap://HOST for StartTLS; may be repeated, the first is preferred."),
        click.option("--bind-name", metavar="NAME", help="The account that searches: a DN, or in AD also NAME@DOMAIN."),
        click.option("--bind-password-stdin", is_flag=True, help="Read its password from standard input."),
        click.option("--user-base", metavar="DN", help="Below which users are looked for."),
        click.option("--group-base", metavar="DN", help="Below which groups are looked for.  [default: as for users]"),
        click.option("--user-filter", metavar="FILTER",
                     help="Who may sign in, such as '(memberOf=cn=remote,dc=corp,dc=example)'.  [default: all users]"),
        click.option("--realm", "realms", multiple=True, metavar="NAME",
                     help="NAME@REALM and REALM\\NAME are of this directory; may be repeated."),
        click.option("--sign-in-attribute", "sign_in", multiple=True, metavar="ATTRIBUTE",
                     help="By which people sign in, the first names them here; may be repeated.  [default: AD "
                          "sAMAccountName userPrincipalName mail, OpenLDAP uid mail]"),
        click.option("--ca-bundle", metavar="FILE", callback=read_bundle,
                     help="PEM certificates that alone vouch for its servers; empty for this machine's authorities."),
        click.option("--refresh-minutes", type=float, metavar="MINUTES",
                     help="How often it is asked about who is signed in.  [default: 5]"),
        click.option("--wrong-passwords", type=int, metavar="NUMBER",
                     help="Passed on for one user in half an hour, but from known devices.  [default: 5]"),
    )):
        command = option(command)
    return command


def _body(values: dict[str, Any]) -> dict[str, object]:
    lists = {key: list(values[key]) or None for key in ("servers", "realms", "sign_in")}
    return given(**{**values, **lists})


@click.group()
def directory() -> None:
    """Directories (LDAP) whose users sign in with the built-in provider."""


@directory.command("list")
@json_option
@pass_setting
def list_(setting: CallSettings, as_json: bool) -> None:
    """List the directories, in the order in which they are asked."""
    show_rows(setting.call("GET", "directories"), _COLUMNS, as_json, "There is no directory.")


@directory.command()
@click.argument("name")
@json_option
@pass_setting
def show(setting: CallSettings, name: str, as_json: bool) -> None:
    """Show one directory; its password is never shown."""
    show_record(setting.call("GET", "directories", name), as_json)


@directory.command()
@click.argument("name")
@click.option("--kind", type=click.Choice(["ad", "openldap"]), required=True, help="Active Directory, or any other LDAP.")
@click.option("--subject-attribute", metavar="ATTRIBUTE",
              help="What never changes of an entry.  [default: AD objectGUID, OpenLDAP entryUUID]")
@_settings
@json_option
@pass_setting
def add(
    setting: CallSettings, /, name: str, kind: str, subject_attribute: str | None, bind_password_stdin: bool, as_json: bool,
    **values: Any,
) -> None:
    """Let the users of a directory sign in. --server, --bind-name and --user-base are needed.

    Without --bind-password-stdin the password of its account is asked for.
    """
    must_be_askable(bind_password_stdin, *_SECRET)
    setting.must_be_free("directories", name, "directory")
    secret = secret_from(bind_password_stdin, *_SECRET)
    body = given(name=name, kind=kind, subject_attribute=subject_attribute, bind_password=secret)
    made = setting.call("POST", "directories", body={**body, **_body(values)})
    done(f"{made['name']} is added", made, as_json)
    if not as_json:
        note(f"Try it: appproxy directory test {made['name']}")


@directory.command("set")
@click.argument("name")
@_settings
@json_option
@pass_setting
def set_(setting: CallSettings, /, name: str, bind_password_stdin: bool, as_json: bool, **values: Any) -> None:
    """Change a directory, such as a password that ends; what is left out stays. Nobody is signed out."""
    setting.call("GET", "directories", name)
    secret = secret_line("--bind-password-stdin") if bind_password_stdin else None
    made = setting.call("PATCH", "directories", name, body={**_body(values), **given(bind_password=secret)})
    done(f"{made['name']} is changed", made, as_json)


@directory.command()
@click.argument("name")
@json_option
@pass_setting
def test(setting: CallSettings, name: str, as_json: bool) -> None:
    """Ask each server of a directory: certificate, account, bases. The exit code is 1 when something is wrong."""
    found = setting.call("GET", "directories", name, "report")
    if as_json:
        show_record(found, True)
    else:
        for one in found["servers"]:
            click.echo(f"{one['server']}: {one['problem'] or 'answers, and takes the account'}")
        for problem in found["problems"]:
            click.echo(problem)
    if found["problems"] or any(one["problem"] for one in found["servers"]):
        click.get_current_context().exit(1)


@directory.command("add-group")
@click.argument("name")
@click.argument("group")
@click.option("--as", "called", metavar="NAME", help="What it is called here.  [default: as there]")
@json_option
@pass_setting
def add_group(setting: CallSettings, name: str, group: str, called: str | None, as_json: bool) -> None:
    """Make GROUP of a directory known here, for assignments and rules; its members are the directory's."""
    made = setting.call("POST", "directories", name, "groups", body=given(group=group, name=called))
    done(f"{made['name']} is a group of {made['directory']}", made, as_json)


@directory.command()
@click.argument("name")
@json_option
@pass_setting
def remove(setting: CallSettings, name: str, as_json: bool) -> None:
    """Remove a directory and all users who came from it, with their second factors; sessions end."""
    gone = setting.call("DELETE", "directories", name)
    done(f"{gone['name']} is removed", gone, as_json)


COMMANDS = (directory,)
