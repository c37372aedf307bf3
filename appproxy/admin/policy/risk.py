"""Operations on risk: sign-ins as they were judged, who is at risk, and what an administrator has to say of both."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from appproxy.admin.base.operation import Call, Change, Command, Operation, Query
from appproxy.admin.base.principal import Permission
from appproxy.errors import ConfigError
from appproxy.policy.risk.levels import HIGH, LEVELS, MEDIUM, Thresholds
from appproxy.store import names
from appproxy.store.paging import ListPage
from appproxy.store.people import providers, users
from appproxy.store.risk import judging, risky_users, sign_ins
from appproxy.store.risk.sign_ins import JudgedSignIn
from appproxy.store.tables import core as schema
from appproxy.store.tables import machines
from appproxy.store.transaction import Reading, Transaction

#: A listing is for people; programs ask page by page.
_MOST, _SHOWN = 10_000, 200
#: From which sign-ins rates are told, in seconds, and how many at most.
_RATED, _MOST_RATED = 30 * 86400.0, 20_000
#: Points of which it is said how many sign-ins reach them.
_POINTS = (0.0, 5.0, 8.0, 10.0, 12.0, 15.0, 18.0, 20.0, 22.0, 25.0, 30.0, 35.0)


def _thresholds(call: Call) -> Thresholds:
    settings = call.context.settings.risk
    return Thresholds(settings.medium, settings.high)


def _list(reading: Reading, call: Call) -> object:
    body = call.body
    provider, subject, _ = _who(reading, call) if "user" in body or "subject" in body else ("", "", "")
    level, limit = body.text("level", ""), body.whole("limit", _SHOWN)
    if level and level not in LEVELS:
        raise ConfigError(f"level: {level!r} is no level of risk", hint=f"write {', '.join(LEVELS)}")
    if not 1 <= limit <= _MOST:
        raise ConfigError(f"limit: 1 to {_MOST} is needed")
    found = sign_ins.list_all(
        reading, provider=provider, subject=subject, limit=limit,
        levels=(level,) if level else () if body.flag("all", False) else (MEDIUM, HIGH),
        page=ListPage(limit, body.text("after")) if "after" in body else None)
    return _shown(reading, found)


def _show(reading: Reading, call: Call) -> object:
    return _shown(reading, [sign_ins.find(reading, call.path["signin"])])[0]


def _shown(reading: Reading, found: list[JudgedSignIn]) -> list[dict[str, object]]:
    """With names in place of ids, where they are there still."""
    called = {one.id: one.name for one in providers.list_all(reading)}
    asked = {one.application for one in found}
    opened = names.by_id(reading, machines.clients, asked) | names.by_id(reading, schema.applications, asked)
    return [{
        **sign_ins.described(one), "provider": called.get(one.provider, one.provider),
        "application": opened.get(one.application, ""),
    } for one in found]


def _list_users(reading: Reading, call: Call) -> object:
    called, now = {one.id: one.name for one in providers.list_all(reading)}, call.context.now
    return [{
        "name": one.name, "subject": one.subject, "provider": called.get(one.provider, one.provider),
        "level": one.risk.level(now), "confirmed": one.confirmed, "changed": one.changed,
        "until": 0.0 if one.confirmed else one.risk.until(now),
    } for one in risky_users.list_all(reading, now)]


def _confirm(tx: Transaction, call: Call) -> Change:
    return _changed(tx, judging.confirm(tx, call.path["signin"]))


def _dismiss(tx: Transaction, call: Call) -> Change:
    return _changed(tx, judging.dismiss(tx, call.path["signin"], _thresholds(call)))


def _changed(tx: Transaction, found: JudgedSignIn) -> Change:
    shown = _shown(tx, [sign_ins.find(tx, found.id)])[0]
    return Change(shown, found.subject, {key: shown[key] for key in ("id", "name", "provider", "address", "level", "score")})


def _confirm_user(tx: Transaction, call: Call) -> Change:
    provider, subject, name = _who(tx, call)
    judging.confirm_user(tx, provider, subject, name)
    return _said_of_user(tx, provider, subject, name, {})


def _dismiss_user(tx: Transaction, call: Call) -> Change:
    provider, subject, name = _who(tx, call)
    count = judging.dismiss_user(tx, provider, subject, name, _thresholds(call))
    return _said_of_user(tx, provider, subject, name, {"count": count})


def _said_of_user(tx: Transaction, provider: str, subject: str, name: str, more: dict[str, object]) -> Change:
    detail = {"name": name, "provider": providers.find(tx, provider).name, **more}
    return Change({**detail, "subject": subject}, subject, detail)


def _who(reading: Reading, call: Call) -> tuple[str, str, str]:
    """The provider (its id), the subject and the name of the user that is meant. Raises ConfigError or NotFound."""
    body = call.body
    if ("user" in body) == ("subject" in body) or ("provider" in body and "user" in body):
        raise ConfigError("give user, or subject and provider", hint="user is the name of one of the built-in provider")
    if "user" in body:
        found = users.find(reading, body.text("user"))
        return providers.BUILTIN, found.id, found.name
    if "provider" not in body:
        raise ConfigError("provider: say whose subject it is, since two may call different people so")
    subject = body.text("subject")
    if not 1 <= len(subject) <= 255:
        raise ConfigError("subject: 1 to 255 characters are needed")
    return providers.find(reading, body.text("provider")).id, subject, subject


def _rates(reading: Reading, call: Call) -> object:
    """How many of the sign-ins that are kept reach so many points: about so many would be asked for more."""
    found = sorted(sign_ins.scores(reading, call.context.now - _RATED, _MOST_RATED))
    levels = _thresholds(call)
    points = sorted({*_POINTS, levels.medium, levels.high})
    return {
        "sign_ins": len(found), "medium": levels.medium, "high": levels.high,
        "rates": [{
            "points": at, "sign_ins": len(found) - bisect_left(found, at),
            "rate": round((len(found) - bisect_left(found, at)) / len(found), 5) if found else 0.0,
        } for at in points],
    }


def _of_one(verb: str, words: str, run: Callable[[Transaction, Call], Change]) -> Operation:
    return Command("POST", f"/risk/sign-ins/{{signin}}/{verb}", f"risk.{verb}", words, run, permission=Permission.CHANGE_RISK)


_USER = ("user", "subject", "provider")
OPERATIONS: tuple[Operation, ...] = (
    Query("/risk/sign-ins", "Sign-ins of medium and high risk, with `all` all: the newest first, or by `id` with `after`.",
          _list, (*_USER, "level", "all", "limit", "after"), permission=Permission.READ_RISK),
    Query("/risk/sign-ins/{signin}", "One sign-in, with all parts of its score.", _show, permission=Permission.READ_RISK),
    _of_one("confirm", "It was somebody else: its user is of high risk from now on, and all their sessions end.", _confirm),
    _of_one("dismiss", "It was the user: it teaches, and is not held against them.", _dismiss),
    Query("/risk/users", "Users of medium and high risk.", _list_users, permission=Permission.READ_RISK),
    Command("POST", "/risk/users/confirm", "risk.confirm_user",
            "Somebody else uses the account: it is of high risk until that is dismissed, and all its sessions end.",
            _confirm_user, _USER, permission=Permission.CHANGE_RISK),
    Command("POST", "/risk/users/dismiss", "risk.dismiss_user",
            "Nothing is held against the user any more, and what was teaches.", _dismiss_user, _USER,
            permission=Permission.CHANGE_RISK),
    Query("/risk/rates", "How many sign-ins of the last 30 days reach how many points.", _rates,
          permission=Permission.READ_RISK),
)
