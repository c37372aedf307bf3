"""appproxy user ..., group ...: people of the built-in identity provider."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping

import click

from appproxy.cli.base.calling import CallSettings, given, pass_setting
from appproxy.cli.base.output import Column, done, json_option, moment, show_record, show_rows
from appproxy.cli.base.wrong_use import WrongUse
from appproxy.errors import ConfigError

_USERS = (
    Column("NAME", "name"), Column("DISPLAY NAME", "display_name"), Column("EMAIL", "email"), Column("GROUPS", "groups"),
    Column("DISABLED", "disabled"), Column("DIRECTORY", "directory"),
)  # fmt: skip
_GROUPS = (Column("NAME", "name"), Column("MEMBERS", "members"))
_RULES = (Column("WHO", "group", lambda group: f"group {group}" if group else "all users"), Column("SINCE", "since", moment),
          Column("GRACE", "grace", lambda seconds: f"{float(str(seconds)) / 86400:g} days"))
#: The option and the prompt.
_PASSWORD = ("--password-stdin", "Password")
_STDIN = click.option("--password-stdin", is_flag=True, help="Read the password from standard input; else it is asked for.")


def secret_line(option: str) -> str:
    """The first line of standard input, for `option`. Raises ConfigError when there is none."""
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise ConfigError(f"{option}: standard input has nothing on its first line")
    return line


def secret_from(
    stream_given: bool, option: str, prompt: str, twice: bool = False, check: Callable[[str], None] = lambda text: None
) -> str:
    """A secret: the first line of standard input, as `option` asks, or typed on a terminal. Raises ConfigError.

    On a terminal one that `check` refuses (ConfigError) is asked for again, before it has to be typed twice.
    """
    if stream_given:
        return secret_line(option)
    must_be_askable(stream_given, option, prompt)

    def checked(text: str) -> str:
        try:
            check(text)
        except ConfigError as error:
            raise WrongUse(str(error)) from error
        return text

    typed: str = click.prompt(prompt, hide_input=True, confirmation_prompt=twice, err=True, value_proc=checked)
    return typed


def must_be_askable(stream_given: bool, option: str, prompt: str) -> None:
    """Can the secret be had at all? Raises ConfigError, with the option that needs no terminal."""
    if not stream_given and not _has_terminal():
        raise ConfigError(f"{prompt.lower()}: there is no terminal to ask at",
                          hint=f"give {option} and the secret on standard input")


def _has_terminal() -> bool:
    """Can a secret be typed unseen? Where `getpass` looks: at the process's own terminal, then at standard input."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return sys.stdin.isatty()
    return True


def password_from(stream_given: bool, name: str) -> str:
    """A password for the user `name`: the first line of standard input, or typed twice on a terminal. Raises ConfigError."""

    def check(password: str) -> None:
        # Here, because it costs a second, and only who types one waits for it; the service checks in any case.
        from appproxy.provider import check_new

        check_new(password, name)

    return secret_from(stream_given, *_PASSWORD, twice=True, check=check)


@click.group()
def user() -> None:
    """Users of the built-in identity provider."""


@user.command()
@click.argument("name")
@click.option("--group", "groups", multiple=True, metavar="GROUP", help="Make a member of GROUP; may be repeated.")
@click.option("--display-name", metavar="TEXT", help="How pages call the user.")
@click.option("--email", metavar="ADDRESS", help="Passed on to applications that ask for it.")
@_STDIN
@json_option
@pass_setting
def add(
    setting: CallSettings, name: str, groups: tuple[str, ...], display_name: str | None, email: str | None,
    password_stdin: bool, as_json: bool,
) -> None:  # fmt: skip
    """Add a user. Groups that are not there yet are made."""
    must_be_askable(password_stdin, *_PASSWORD)
    body = {**given(name=name, display_name=display_name, email=email), "groups": list(groups)}
    # Nobody is asked for a password that would not be taken up.
    called = setting.call("GET", "user-check", body=body)["name"]
    made = setting.call("POST", "users", body={**body, "password": password_from(password_stdin, called)})
    done(f"{made['name']} is added", made, as_json)


@user.command("list")
@json_option
@pass_setting
def list_(setting: CallSettings, as_json: bool) -> None:
    """List the users."""
    empty = "There are no users; add one with `appproxy user add NAME`."
    show_rows(setting.call("GET", "users"), _USERS, as_json, empty)


@user.command()
@click.argument("name")
@json_option
@pass_setting
def show(setting: CallSettings, name: str, as_json: bool) -> None:
    """Show one user."""
    found = setting.call("GET", "users", name)
    if not as_json:
        times = {"created": moment, "used": moment}
        found["second_factors"] = [
            {key: times[key](value) if key in times else value for key, value in one.items() if key != "id"}
            for one in found["second_factors"]
        ]
        if found["link"] is not None:
            found["link"] = f"{found['link']['kind']}, until {moment(found['link']['expires'])}"
    show_record(found, as_json, {"credentials_changed": moment, "second_factor_due": _due})


@user.command("set")
@click.argument("name")
@click.option("--display-name", metavar="TEXT", help="How pages call the user.")
@click.option("--email", metavar="ADDRESS", help="Passed on to applications that ask for it.")
@json_option
@pass_setting
def set_(setting: CallSettings, name: str, display_name: str | None, email: str | None, as_json: bool) -> None:
    """Change how a user is called."""
    body = given(display_name=display_name, email=email)
    if not body:
        raise WrongUse("give --display-name or --email")
    made = setting.call("PATCH", "users", name, body=body)
    done(f"{made['name']} is changed", made, as_json)


@user.command()
@click.argument("name")
@_STDIN
@json_option
@pass_setting
def password(setting: CallSettings, name: str, password_stdin: bool, as_json: bool) -> None:
    """Set another password; the user's sessions end."""
    must_be_askable(password_stdin, *_PASSWORD)
    called = setting.call("GET", "users", name)["name"]
    made = setting.call("PUT", "users", name, "password", body={"password": password_from(password_stdin, called)})
    done(f"{made['name']} has another password", made, as_json)


@user.command()
@click.argument("name")
@json_option
@pass_setting
def disable(setting: CallSettings, name: str, as_json: bool) -> None:
    """Let a user sign in no longer; sessions end."""
    made = setting.call("PATCH", "users", name, body={"disabled": True})
    done(f"{made['name']} is disabled", made, as_json)


@user.command()
@click.argument("name")
@json_option
@pass_setting
def enable(setting: CallSettings, name: str, as_json: bool) -> None:
    """Let a disabled user sign in again."""
    made = setting.call("PATCH", "users", name, body={"disabled": False})
    done(f"{made['name']} is enabled", made, as_json)


@user.command()
@click.argument("name")
@json_option
@pass_setting
def remove(setting: CallSettings, name: str, as_json: bool) -> None:
    """Remove a user; sessions end."""
    gone = setting.call("DELETE", "users", name)
    done(f"{gone['name']} is removed", gone, as_json)


@user.command()
@click.argument("name")
@click.option("--group", "groups", multiple=True, metavar="GROUP", help="Make a member of GROUP; may be repeated.")
@click.option("--display-name", metavar="TEXT", help="How pages call the user.")
@click.option("--email", metavar="ADDRESS", help="Passed on to applications that ask for it.")
@click.option("--expires", metavar="TIME", help="How long the link works, such as 3d.  [default: 7d]")
@json_option
@pass_setting
def invite(
    setting: CallSettings, name: str, groups: tuple[str, ...], display_name: str | None, email: str | None,
    expires: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Add a user, and print a link by which they choose their own password. It is a secret, and is shown this once."""
    body = {**given(name=name, display_name=display_name, email=email, expires=expires), "groups": list(groups)}
    made = setting.call("POST", "invitations", body=body)
    done(made["link"], made, as_json)


@user.command("password-link")
@click.argument("name")
@click.option("--expires", metavar="TIME", help="How long the link works, such as 1h.  [default: 1d; before the first use 7d]")
@json_option
@pass_setting
def password_link(setting: CallSettings, name: str, expires: str | None, as_json: bool) -> None:
    """Print a link by which a user chooses another password. It is a secret, and is shown this once."""
    made = setting.call("POST", "users", name, "password-link", body=given(expires=expires))
    done(made["link"], made, as_json)


@user.command("reset-factors")
@click.argument("name")
@json_option
@pass_setting
def reset_factors(setting: CallSettings, name: str, as_json: bool) -> None:
    """Forget a user's second factors and recovery codes; sessions end."""
    made = setting.call("DELETE", "users", name, "factors")
    done(f"{made['name']} has no second factors any more", made, as_json)


@click.group("second-factor")
def second_factor() -> None:
    """Who must have a second factor at the built-in identity provider."""


@second_factor.command("list")
@json_option
@pass_setting
def list_rules(setting: CallSettings, as_json: bool) -> None:
    """List who must have one."""
    show_rows(setting.call("GET", "second-factor-rules"), _RULES, as_json, "Nobody must have a second factor.")


@second_factor.command()
@click.option("--group", metavar="GROUP", help="Of the members of GROUP only.  [default: of all users]")
@click.option("--grace", metavar="TIME", help="How long they may sign in without one, such as 14d.  [default: none]")
@json_option
@pass_setting
def require(setting: CallSettings, group: str | None, grace: str | None, as_json: bool) -> None:
    """Require a second factor: who has none sets it up at the next sign-in."""
    made = setting.call("PUT", "second-factor-rules", body=given(group=group, grace=grace))
    done(f"{_whom(made)} must have a second factor", made, as_json)


@second_factor.command()
@click.option("--group", metavar="GROUP", help="Of the members of GROUP.  [default: the rule for all users]")
@json_option
@pass_setting
def waive(setting: CallSettings, group: str | None, as_json: bool) -> None:
    """Require it no longer; who has one goes on using it."""
    gone = setting.call("DELETE", "second-factor-rules", body=given(group=group))
    done(f"{_whom(gone)} need not have a second factor", gone, as_json)


def _due(value: object) -> str:
    return "" if value is None else moment(value)


def _whom(rule: Mapping[str, object]) -> str:
    return f"group {rule['group']}" if rule["group"] else "all users"


@click.group()
def group() -> None:
    """Groups of users of the built-in identity provider."""


@group.command("list")
@json_option
@pass_setting
def list_groups(setting: CallSettings, as_json: bool) -> None:
    """List the groups with their members."""
    show_rows(setting.call("GET", "groups"), _GROUPS, as_json, "There are no groups; `appproxy user add --group` makes them.")


@group.command("add")
@click.argument("name")
@json_option
@pass_setting
def add_group(setting: CallSettings, name: str, as_json: bool) -> None:
    """Make a group."""
    made = setting.call("POST", "groups", body={"name": name})
    done(f"group {made['name']} is made", made, as_json)


@group.command("remove")
@click.argument("name")
@json_option
@pass_setting
def remove_group(setting: CallSettings, name: str, as_json: bool) -> None:
    """Remove a group; its members' sessions end."""
    gone = setting.call("DELETE", "groups", name)
    done(f"group {gone['name']} is removed", gone, as_json)


@group.command()
@click.argument("name")
@click.argument("member")
@json_option
@pass_setting
def join(setting: CallSettings, name: str, member: str, as_json: bool) -> None:
    """Make the user MEMBER a member of group NAME."""
    made = setting.call("PUT", "users", member, "groups", name)
    done(f"{made['name']} is in group {name}", made, as_json)


@group.command()
@click.argument("name")
@click.argument("member")
@json_option
@pass_setting
def leave(setting: CallSettings, name: str, member: str, as_json: bool) -> None:
    """Take the user MEMBER out of group NAME; sessions end."""
    made = setting.call("DELETE", "users", member, "groups", name)
    done(f"{made['name']} is no longer in group {name}", made, as_json)


COMMANDS = (user, group, second_factor)
