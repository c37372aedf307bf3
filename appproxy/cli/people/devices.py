"""appproxy device ...: who vouches for devices, and those that the service issues certificates to."""

from __future__ import annotations

from base64 import encodebytes
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from appproxy.cli.base.calling import CallSettings, given, pass_setting
from appproxy.cli.base.output import Column, done, json_option, moment, note, show_rows
from appproxy.cli.base.wrong_use import WrongUse

#: Bytes of a file: more than any bundle of certificates or list that the service takes.
_LARGEST = 1 << 20


def _source_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What `_sources` reads."""
    for option in (
        click.option("--ocsp-soft/--ocsp-strict", default=None, help="Does a device count whose responder does not answer? "
                                                                     "Strict, which is the default: no."),
        click.option("--no-ocsp", is_flag=True, help="Ask no responder any more."),
        click.option("--ocsp", multiple=True, metavar="URL",
                     help="A responder (OCSP) that is asked about each device; of several, that which the certificate names."),
        click.option("--no-crl-url", is_flag=True, help="Fetch lists no longer; those that are there count until they end."),
        click.option("--crl-url", "crl_urls", multiple=True, metavar="URL",
                     help="Where the service fetches a list of revoked certificates itself; may be repeated."),
    ):
        command = option(command)
    return command


@click.group()
def device() -> None:
    """Devices that prove themselves by certificates, for policies that ask for them."""


@device.group()
def authority() -> None:
    """Device authorities: whose certificates prove a device."""


@authority.command("add")
@click.argument("name", required=False)
@click.option("--certificate", "file", metavar="FILE",
              help="PEM: the authority's own certificate, and those of authorities below it that issue.")
@click.option("--crl", "lists", multiple=True, metavar="FILE", help="A list of revoked certificates; may be repeated.")
@_source_options
@click.option("--builtin", is_flag=True, help="The service's own authority, which `appproxy device add` needs; no NAME.")
@json_option
@pass_setting
def add_authority(
    setting: CallSettings, /, name: str | None, file: str | None, lists: tuple[str, ...], builtin: bool, as_json: bool,
    **sources: Any,
) -> None:
    """Believe the certificates of devices that lead to this authority. Browsers are asked for them at device.DOMAIN."""
    where = _sources(**sources)
    if builtin and (name or file or lists or where):
        raise WrongUse("--builtin stands alone: the service's own authority has a name, a certificate and lists of its own")
    if not builtin and (name is None or file is None):
        raise WrongUse("give NAME and --certificate FILE, or --builtin")
    body = {"builtin": True} if builtin else given(
        name=name, certificate=_text(str(file)), crl=_lists(lists) if lists else None, **where)
    made = setting.call("POST", "device-authorities", body=body)
    done(f"certificates of {made['name']} prove devices now", made, as_json)
    if not as_json and not builtin and not made["crl_until"] and not where:
        note("Revoked certificates are not known: appproxy device authority set NAME --crl FILE")


@authority.command("list")
@json_option
@pass_setting
def list_authorities(setting: CallSettings, as_json: bool) -> None:
    """List the device authorities, and until when their lists of revoked certificates count."""
    columns = (
        Column("NAME", "name"), Column("CERTIFICATES", "subjects", prose=True), Column("ENDS", "not_after", moment),
        Column("REVOKED", "revoked"), Column("CRL UNTIL", "crl_until", _until))
    found = setting.call("GET", "device-authorities")
    shown = found if as_json else [
        {**one, "subjects": "; ".join(each["subject"] for each in one["certificates"])} for one in found]
    show_rows(shown, columns, as_json, "There is no device authority; see `appproxy device authority add --help`.")


@authority.command("set")
@click.argument("name")
@click.option("--crl", "lists", multiple=True, metavar="FILE", help="A list of revoked certificates; may be repeated.")
@click.option("--no-crl", is_flag=True, help="Look no longer whether its certificates are revoked.")
@_source_options
@click.option("--older", is_flag=True, help="Take a list that is older than the present one, too: after the authority was "
                                            "restored from a backup.")
@json_option
@pass_setting
def set_authority(
    setting: CallSettings, /, name: str, lists: tuple[str, ...], no_crl: bool, older: bool, as_json: bool, **sources: Any
) -> None:
    """Put new lists of revoked certificates in the place of those that are there, or say where the service asks itself. It
    counts within a second, also for what is under way.
    """
    where = _sources(**sources)
    if (lists and no_crl) or not (lists or no_crl or where):
        raise WrongUse("give --crl FILE, or --no-crl, or where to ask: --crl-url URL, --ocsp URL")
    if where:
        made = setting.call("PATCH", "device-authorities", name, body=where)
        if not lists and not no_crl:
            done(f"whether certificates of {made['name']} are revoked is {_asked(made)}", made, as_json)
            return
    if no_crl:
        made = setting.call("DELETE", "device-authorities", name, "crl")
    else:
        body = {"crl": _lists(lists), **({"older": True} if older else {})}
        made = setting.call("PUT", "device-authorities", name, "crl", body=body)
    said = f", until {moment(made['crl_until'])}" if lists else ""
    done(f"{made['revoked']} certificates of {made['name']} are known to be revoked{said}", made, as_json)


@authority.command("remove")
@click.argument("name")
@json_option
@pass_setting
def remove_authority(setting: CallSettings, name: str, as_json: bool) -> None:
    """Believe it no longer. What its devices have proved counts for nothing within a second, also for what is under way."""
    gone = setting.call("DELETE", "device-authorities", name)
    done(f"certificates of {gone['name']} prove nothing any more", gone, as_json)


@device.command("add")
@click.argument("user")
@click.option("--name", required=True, metavar="NAME", help="What the device is called.")
@click.option("--expires", metavar="TIME", help="How long its certificate lasts: 30d, 365d.  [default: 365d]")
@click.option("--request", "file", metavar="FILE", help="A certificate request (PEM) of a device that has made its own key.")
@json_option
@pass_setting
def add_device(setting: CallSettings, user: str, name: str, expires: str | None, file: str | None, as_json: bool) -> None:
    """Give a device of USER, of the built-in provider, a certificate of the service's own device authority. Without --request
    it prints a link by which its user fetches the key once, within 7 days, and the password of that file: send them by two
    ways. With --request it prints the certificate, and the authority's.
    """
    body = given(name=name, expires=expires, request=None if file is None else _text(file))
    made = setting.call("POST", "users", user, "devices", body=body)
    if file is not None:
        done(made["certificate"].rstrip(), made, as_json)
        return
    done(f"{made['link']}\n{made['password']}", made, as_json)
    if not as_json:
        note("The first line is the link, the second the file's password. Neither is shown again.")


@device.command("list")
@json_option
@pass_setting
def list_devices(setting: CallSettings, as_json: bool) -> None:
    """List the devices of users that the service has issued certificates to."""
    columns = (Column("ID", "id"), Column("USER", "user"), Column("NAME", "name"), Column("STATE", "state"),
               Column("ENDS", "not_after", lambda value: moment(value) if value else "-"))
    show_rows(setting.call("GET", "devices"), columns, as_json, "There are none; see `appproxy device add --help`.")


@device.command("revoke")
@click.argument("id")
@json_option
@pass_setting
def revoke_device(setting: CallSettings, id: str, as_json: bool) -> None:
    """Believe the certificate of a device no longer, within a second, also for what is under way."""
    gone = setting.call("DELETE", "devices", id)
    done(f"{gone['name']} of {gone['user']} proves nothing any more", gone, as_json)


def _asked(made: dict[str, Any]) -> str:
    """Where, for people."""
    places = [*made["crl_urls"], *made["ocsp"]]
    return f"asked at {', '.join(places)}" if places else "asked nowhere"


def _sources(
    crl_urls: tuple[str, ...], no_crl_url: bool, ocsp: tuple[str, ...], no_ocsp: bool, ocsp_soft: bool | None
) -> dict[str, Any]:
    """What was said of where to ask. Raises WrongUse."""
    if (crl_urls and no_crl_url) or (ocsp and no_ocsp):
        raise WrongUse("give a URL, or say that there is none")
    found: dict[str, Any] = {}
    for key, urls, none in (("crl_urls", crl_urls, no_crl_url), ("ocsp", ocsp, no_ocsp)):
        if urls or none:
            found[key] = list(urls)
    return found if ocsp_soft is None else {**found, "ocsp_soft": ocsp_soft}


def _until(value: Any) -> str:
    return moment(value) if value else "no CRL"


def _text(file: str) -> str:
    """The text of a file. Raises WrongUse."""
    return _bytes(file).decode("ascii", "replace")


def _lists(files: tuple[str, ...]) -> str:
    """Lists of revoked certificates as one PEM text, whatever form they have. Raises WrongUse."""
    made = []
    for file in files:
        data = _bytes(file)
        if not data.strip():
            raise WrongUse(f"{file!r} is empty, and so no list: --no-crl says that there is none")
        if data.startswith(b"\x30"):  # DER
            data = b"-----BEGIN X509 CRL-----\n" + encodebytes(data) + b"-----END X509 CRL-----\n"
        made.append(data.decode("ascii", "replace"))
    return "".join(made)


def _bytes(file: str) -> bytes:
    try:
        with Path(file).open("rb") as opened:
            data = opened.read(_LARGEST + 1)
    except OSError as error:
        raise WrongUse(f"{file!r} cannot be read: {error.strerror}") from error
    if len(data) > _LARGEST:
        raise WrongUse(f"{file!r} has more than {_LARGEST} bytes")
    return data


COMMANDS = (device,)
