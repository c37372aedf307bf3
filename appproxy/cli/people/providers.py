"""appproxy provider ...: identity providers, of OpenID Connect and of installed kinds."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import click

from appproxy.cli.base.calling import CallSettings, given, key_values, pass_setting
from appproxy.cli.base.near_misses import Pair
from appproxy.cli.base.output import Column, done, json_option, note, printable, show_json, show_record, show_rows
from appproxy.cli.base.wrong_use import WrongUse
from appproxy.cli.people.users import must_be_askable, secret_from, secret_line

#: The option and the prompt.
_SECRET = ("--client-secret-stdin", "Client secret")
_COLUMNS = (
    Column("NAME", "name"), Column("KIND", "kind"), Column("ISSUER", "issuer"), Column("CLIENT ID", "client_id"),
    Column("ID", "id"),
)  # fmt: skip


def read_bundle(context: click.Context, parameter: click.Parameter, name: str | None) -> str | None:
    """The text of the file."""
    if not name:
        return name
    try:
        return Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise WrongUse(f"{parameter.opts[0]}: {name!r} cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise WrongUse(f"{parameter.opts[0]}: {name!r} is not a text") from error


def _settings() -> Collection[str]:
    from appproxy.identity.openid.oidc_settings import MEANINGS

    return MEANINGS


def _optional(command: Callable[..., Any]) -> Callable[..., Any]:
    """What may be left out."""
    for option in reversed((
        click.option("--client-secret-stdin", is_flag=True, help="Read the client secret from standard input."),
        click.option("--public", is_flag=True, help="A public client: it has no secret, PKCE alone binds its sign-ins."),
        click.option("--scope", "scopes", multiple=True, metavar="SCOPE",
                     help="Scopes to ask for; may be repeated.  [default: openid profile email]"),
        click.option("--groups-claim", metavar="CLAIM", help="The claim that lists groups.  [default: groups]"),
        click.option("--algorithm", "algorithms", multiple=True, metavar="ALG",
                     help="Signatures to accept; may be repeated.  [default: RS256 ES256]"),
        click.option("--ca-bundle", metavar="FILE", callback=read_bundle,
                     help="PEM certificates that alone vouch for its own; empty for this machine's authorities."),
        click.option("--pushed-requests", type=click.Choice(["auto", "always"]),
                     help="Push authorization requests (RFC 9126): where it says so, or always.  [default: auto]"),
        click.option("--session-hours", type=float, metavar="HOURS",
                     help="How long a session with it lasts at most, whatever applications say.  [default: 12]"),
        click.option("--idle-minutes", type=float, metavar="MINUTES",
                     help="How long a session counts without a request; 0 for ever.  [default: 240]"),
        click.option("--fetch-groups/--no-fetch-groups", default=None,
                     help="Ask Entra's directory for groups that do not fit into a token.  [default: no]"),
        click.option("--tls-certificate", metavar="FILE", callback=read_bundle,
                     help="PEM chain that proves the client in TLS, for client_authentication=tls_client_auth."),
        click.option("--tls-key", metavar="FILE", callback=read_bundle, help="The private key of that certificate."),
        click.option("--set", "pairs", multiple=True, type=Pair(_settings),
                     help="How OpenID Connect is spoken with it; see `appproxy provider keys`."),
    )):
        command = option(command)
    return command


def _one_kind(client_secret_stdin: bool, public: bool) -> None:
    """Raises WrongUse for a public client with a secret."""
    if client_secret_stdin and public:
        raise WrongUse("--public and --client-secret-stdin: a public client has no secret; give one of both")


@click.group()
def provider() -> None:
    """Identity providers."""


@provider.command("list")
@json_option
@pass_setting
def list_(setting: CallSettings, as_json: bool) -> None:
    """List the identity providers."""
    show_rows(setting.call("GET", "providers"), _COLUMNS, as_json, "There is no provider.")


@provider.command()
@click.argument("name")
@json_option
@pass_setting
def show(setting: CallSettings, name: str, as_json: bool) -> None:
    """Show one identity provider; its secret is never shown."""
    show_record(setting.call("GET", "providers", name), as_json)


@provider.command()
@json_option
@pass_setting
def keys(setting: CallSettings, as_json: bool) -> None:
    """List what can be set of a provider with --set KEY=VALUE."""
    columns = (Column("KEY", "key"), Column("MEANING", "meaning", prose=True))
    show_rows(setting.call("GET", "provider-settings"), columns, as_json, "")


@provider.command()
@click.argument("name")
@click.option("--kind", metavar="KIND",
              help="OpenID Connect, or a kind that an installed distribution brings.  [default: oidc]")
@click.option("--issuer", required=True, metavar="URL", help="As its tokens name it, e.g. https://login.example.com/")
@click.option("--client-id", required=True, metavar="ID", help="What it calls this service.")
@_optional
@json_option
@pass_setting
def add(
    setting: CallSettings, name: str, kind: str | None, issuer: str, client_id: str, client_secret_stdin: bool, public: bool,
    scopes: tuple[str, ...],
    groups_claim: str | None, algorithms: tuple[str, ...], ca_bundle: str | None, pushed_requests: str | None,
    session_hours: float | None, idle_minutes: float | None, fetch_groups: bool | None, pairs: tuple[str, ...],
    tls_certificate: str | None, tls_key: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Add an identity provider, where this service is registered as a client (for the web, best a confidential one).

    Without --client-secret-stdin and --public the client secret is asked for.
    """
    _one_kind(client_secret_stdin, public)
    if not public:
        must_be_askable(client_secret_stdin, *_SECRET)
    setting.must_be_free("providers", name, "identity provider")
    secret = "" if public else secret_from(client_secret_stdin, *_SECRET)
    body = given(
        name=name, kind=kind, issuer=issuer, client_id=client_id, client_secret=secret, scopes=list(scopes) or None,
        groups_claim=groups_claim, algorithms=list(algorithms) or None, ca_bundle=ca_bundle,
        pushed_requests=pushed_requests, session_hours=session_hours, idle_minutes=idle_minutes, fetch_groups=fetch_groups,
        settings=key_values(pairs) or None, tls_certificate=tls_certificate, tls_key=tls_key,
    )  # fmt: skip
    made = setting.call("POST", "providers", body=body)
    done(f"{made['name']} is added", made, as_json)
    if not as_json:
        note(f"Register at the provider: redirect URI {made['redirect_uri']}")
        note(f"and, for signing out, post-logout redirect URI {made['post_logout_redirect_uri']}")
        note(f"and, where it has such a field, back-channel logout URI {made['backchannel_logout_uri']}")
        note(f"Try it: appproxy provider test {made['name']}")
        note(f"Publish with it: appproxy app publish NAME --provider {made['name']} ...")


@provider.command("set")
@click.argument("name")
@click.option("--client-id", metavar="ID", help="What it calls this service.")
@_optional
@json_option
@pass_setting
def set_(
    setting: CallSettings, name: str, client_id: str | None, client_secret_stdin: bool, public: bool, scopes: tuple[str, ...],
    groups_claim: str | None, algorithms: tuple[str, ...], ca_bundle: str | None, pushed_requests: str | None,
    session_hours: float | None, idle_minutes: float | None, fetch_groups: bool | None, pairs: tuple[str, ...],
    tls_certificate: str | None, tls_key: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Change an identity provider, such as a client secret that ends; what is left out stays.

    The next sign-in uses it; nobody is signed out. Its issuer stays: add another provider instead.
    """
    _one_kind(client_secret_stdin, public)
    setting.call("GET", "providers", name)
    secret = secret_line("--client-secret-stdin") if client_secret_stdin else "" if public else None
    body = given(
        client_id=client_id, client_secret=secret, scopes=list(scopes) or None, groups_claim=groups_claim,
        algorithms=list(algorithms) or None, ca_bundle=ca_bundle,
        pushed_requests=pushed_requests, session_hours=session_hours, idle_minutes=idle_minutes, fetch_groups=fetch_groups,
        settings=key_values(pairs) or None, tls_certificate=tls_certificate, tls_key=tls_key,
    )  # fmt: skip
    made = setting.call("PATCH", "providers", name, body=body)
    done(f"{made['name']} is changed", made, as_json)


@provider.command()
@click.argument("name")
@json_option
@pass_setting
def test(setting: CallSettings, name: str, as_json: bool) -> None:
    """Ask a provider for metadata and keys, and whether it takes our client. The exit code is 1 when something is wrong."""
    found = setting.call("GET", "providers", name, "report")
    if as_json:
        show_json(found)
    else:
        for one in found:
            click.echo(printable(f"{one['check']}: {one['detail']}"))
            if one["hint"]:
                note(one["hint"])
    if any(one["health"] == "broken" for one in found):
        click.get_current_context().exit(1)


@provider.command("new-key")
@click.argument("name")
@json_option
@pass_setting
def new_key(setting: CallSettings, name: str, as_json: bool) -> None:
    """Make the next key of the client at a provider, before its time; it signs once it was published for a day."""
    made = setting.call("POST", "providers", name, "keys")
    done(f"{made['keys'][0]['id']} is the next key", made, as_json)


@provider.command()
@click.argument("name")
@json_option
@pass_setting
def remove(setting: CallSettings, name: str, as_json: bool) -> None:
    """Remove an identity provider that no application uses."""
    gone = setting.call("DELETE", "providers", name)
    done(f"{gone['name']} is removed", gone, as_json)


COMMANDS = (provider,)
