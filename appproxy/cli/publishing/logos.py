"""appproxy app logo ...: the pictures of applications in users' lists."""

from __future__ import annotations

from base64 import b64decode, b64encode
from pathlib import Path

import click

from appproxy.cli.base.calling import CallSettings, pass_setting
from appproxy.cli.base.output import done, json_option, show_record
from appproxy.cli.base.wrong_use import WrongUse


@click.group()
def logo() -> None:
    """Pictures of applications in users' lists."""


@logo.command("set")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@pass_setting
def set_(setting: CallSettings, name: str, file: Path, as_json: bool) -> None:
    """Give an application the picture in FILE: PNG, JPEG or WebP, at most 64 KiB and 1024 pixels a side."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise WrongUse(f"{file}: cannot be read ({error.strerror})") from error
    made = setting.call("PUT", "applications", name, "logo", body={"picture": b64encode(data).decode("ascii")})
    done(f"{name} has a logo: {made['kind']}, {made['width']} x {made['height']}", made, as_json)


@logo.command()
@click.argument("name")
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Write the picture there.")
@json_option
@pass_setting
def show(setting: CallSettings, name: str, output: Path | None, as_json: bool) -> None:
    """Say what an application's logo is, or write it to a file."""
    found = setting.call("GET", "applications", name, "logo")
    picture = found["picture"] if as_json else found.pop("picture")
    if output is not None:
        try:
            output.write_bytes(b64decode(picture))
        except OSError as error:
            raise WrongUse(f"{output}: cannot be written ({error.strerror})") from error
    show_record(found, as_json)


@logo.command()
@click.argument("name")
@json_option
@pass_setting
def remove(setting: CallSettings, name: str, as_json: bool) -> None:
    """Take its logo away."""
    gone = setting.call("DELETE", "applications", name, "logo")
    done(f"{gone['name']} has no logo any more", gone, as_json)
