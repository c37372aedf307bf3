"""appproxy policy replay: the decision log through other policies."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from appproxy.cli.base.calling import CallSettings, pass_setting
from appproxy.cli.base.documents import document_of
from appproxy.cli.base.output import Column, json_option, moment, note, show_json, show_rows
from appproxy.cli.base.wrong_use import WrongUse
from appproxy.cli.policy.replaying import Trial, replay
from appproxy.config import StatePaths
from appproxy.errors import ConfigError
from appproxy.policy.conditional.documents.fields import seconds_at
from appproxy.policy.conditional.replay import ReplayTally, Report

_CHANGES = (Column("BEFORE", "before"), Column("AFTER", "after"), Column("DECISIONS", "decisions"), Column("USERS", "users"),
            Column("SUCH AS", "examples", prose=True))
_HITS = (Column("POLICY", "policy"), Column("STATE", "state"), Column("EFFECT", "effect"), Column("DECISIONS", "decisions"),
         Column("USERS", "users"))


@click.command("replay")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--without", multiple=True, metavar="NAME", help="As if there was no policy NAME; may be repeated.")
@click.option("--since", metavar="AGE", help="Only decisions of the last AGE, such as 7d.  [default: all]")
@click.option("--log", "logs", multiple=True, metavar="FILE", help="A decision log.  [default: that of service.toml]")
@json_option
@pass_setting
def replay_policies(
    setting: CallSettings, files: tuple[str, ...], without: tuple[str, ...], since: str | None, logs: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say who would have been let in, asked for more, limited or refused with the policies of FILE (.toml or .json) in the
    place of those of the same names, by what the decision log has. Without FILE: with the policies as they are now, compared
    with what was decided then. Each policy's own part is listed too, also of those that are only reported. A service elsewhere
    does this itself, for a minute at most, with the log of the node that answers.
    """
    tried = {"policies": [document_of(name) for name in files], "without": list(without)}
    age = seconds_at(since, "--since", 60.0, 0.0)
    if setting.elsewhere() is None:
        shown = _here(setting, tried, age, logs)
    elif logs:
        raise WrongUse("--log: a file of this machine is read with the policies of this machine: give --state, and no context")
    else:
        shown = setting.call("POST", "policy-replay", "report", body={**tried, **({"age": age} if age else {})})
    if as_json:
        show_json(shown)
        return
    for text in _remarks(shown):
        note(text)
    show_rows(shown["changes"], _CHANGES, False, "Nobody would have got another answer.")
    show_rows(shown["policies"], _HITS, False, "No policy would have refused, limited, or asked for more.")


def _here(setting: CallSettings, tried: Mapping[str, object], age: float, logs: Sequence[str]) -> dict[str, Any]:
    """Of a log of this machine, by its own processors."""
    material = setting.call("GET", "policy-replay", body=tried)
    paths = _logs(setting, material["log"], logs)
    begins = time.time() - age if age else 0.0  # noqa: TID251 -- a command
    countries = material["country_database"]
    trial = Trial(
        material, None if countries is None else StatePaths(setting.needed()).resolve(countries), begins, any(tried.values()))
    return _shown(replay(paths, trial, min(os.cpu_count() or 1, 8)), material)


def _logs(setting: CallSettings, named: str | None, given: Sequence[str]) -> list[Path]:
    """The files, the oldest first. Raises ConfigError or WrongUse."""
    if given:
        missing = [name for name in given if not Path(name).is_file()]
        if missing:
            raise WrongUse(f"{missing[0]!r} is no file")
        return list(map(Path, given))
    if named is None:
        raise ConfigError("no decision log is written", hint="set decision_log in service.toml, or name a log by --log")
    path = StatePaths(setting.needed()).resolve(named)
    found = [one for one in (path.with_name(path.name + ".1"), path) if one.is_file()]
    if not found:
        raise ConfigError(f"{path} is not there yet", hint="it begins with the first request after a start")
    return found


def _shown(report: Report, material: Mapping[str, Any]) -> dict[str, Any]:
    """The report with names in place of ids."""
    users, applications = material["users"], material["applications"]
    states = {str(one["name"]): str(one["state"]) for one in material["after"]}

    def examples(tally: ReplayTally) -> list[str]:
        return [
            f"{users.get(user, user)} at {applications.get(application, application)}" + (f" ({why})" if why else "")
            for user, application, why in tally.examples]

    changes = [
        {"before": before.value, "after": after.value, "decisions": tally.decisions, "users": tally.users,
         "examples": examples(tally)}
        for (before, after), tally in sorted(report.changes.items(), key=lambda one: -one[1].decisions)]
    hits = [
        {"policy": policy, "state": states.get(policy, ""), "effect": effect, "decisions": tally.decisions,
         "users": tally.users}
        for (policy, effect), tally in sorted(report.hits.items())]
    return {
        "decisions": report.decisions, "skipped": report.skipped, "unreadable": report.unreadable, "unsure": report.unsure,
        "first": report.first, "last": report.last, "new_groups": material["new_groups"], "changes": changes, "policies": hits}


def _remarks(shown: Mapping[str, Any]) -> Iterable[str]:
    """What a reader has to know beside the tables."""
    yield f"{shown['decisions']} decisions, from {moment(shown['first'])} to {moment(shown['last'])}."
    if shown["skipped"]:
        yield f"{shown['skipped']} more were not logged: there were too many in a second."
    if shown["unreadable"]:
        yield f"{shown['unreadable']} lines could not be read."
    if shown["unsure"]:
        yield f"{shown['unsure']} depend on what the log does not have: last bits of addresses, or where a session began."
    for group in shown["new_groups"]:
        yield f"No session holds {group} yet, because nothing has named it: nobody of the log counts as one of its members."
