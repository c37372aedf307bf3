"""Sign-ins and users that may be somebody else's, and what an administrator decides about them."""

from __future__ import annotations

from appproxy.console.records.kinds import Act, Cell, Record, RecordKind

_ONE = "/risk/sign-ins/{signin}"


def _whose(record: Record) -> dict[str, object]:
    return {"subject": record["subject"], "provider": record["provider"]}


def _undecided(record: Record) -> bool:
    return record.get("state") not in ("confirmed", "dismissed")


SIGN_INS = RecordKind(
    "/risk/sign-ins", "sign-in at risk", "Sign-ins at risk",
    "Sign-ins that are unlike those of their user, with the reasons. Say of each whether it was the user: that teaches.",
    (Cell("name", "User", False), Cell("time", "When", False), Cell("level", "Risk", False), Cell("address", "From"),
     Cell("client", "Browser"), Cell("state", "State")),
    key="id", one=_ONE, hidden=("id", "session"), asked=("user", "subject", "provider", "level", "all"), order="time",
    above=(("/risk/rates", ("sign_ins", "medium", "high", "rates")),),
    acts=(
        Act(f"POST {_ONE}/confirm", "confirm", "It was somebody else", "Its user is of high risk from now on, and all their "
            "sessions end.", "confirmed", closes=True, is_danger=True, where=_undecided),
        Act(f"POST {_ONE}/dismiss", "dismiss", "It was the user", "It teaches, and is not held against them.", "dismissed",
            closes=True, where=_undecided),
    ))
USERS = RecordKind(
    "/risk/users", "user at risk", "Users at risk",
    "Users of medium and high risk: policies may ask them for more, or shut them out.",
    (Cell("name", "User", False), Cell("level", "Risk", False), Cell("confirmed", "Confirmed"),
     Cell("changed", "Since"), Cell("until", "Until")),
    key="subject", hidden=("subject",),
    for_all=(
        Act("POST /risk/users/confirm", "confirm", "Somebody else uses an account", "It is of high risk until that is "
            "dismissed, and all its sessions end. Name a user of the built-in provider, or of another one by the subject.",
            "confirmed", closes=True, is_danger=True),
    ),
    acts=(
        Act("POST /risk/users/confirm", "confirm", "Somebody else uses the account", "It is of high risk until that is "
            "dismissed, and all its sessions end.", "confirmed", closes=True, is_danger=True, body=_whose,
            where=lambda record: not record.get("confirmed")),
        Act("POST /risk/users/dismiss", "dismiss", "Nothing is wrong", "Nothing is held against the user any more.",
            "dismissed", leaves=True, body=_whose),
    ))

KINDS = (SIGN_INS, USERS)
