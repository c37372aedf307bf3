"""Operations on second factors and on links by which users set their own password."""

from __future__ import annotations

from appproxy.admin.base.operation import Call, Change, Command, Operation, Query
from appproxy.admin.base.principal import Permission
from appproxy.store.people import password_links, users
from appproxy.store.people.factors import factors, second_factor_rules
from appproxy.store.people.factors.second_factor_rules import SecondFactorRule
from appproxy.store.people.password_links import LinkKind
from appproxy.store.transaction import Reading, Transaction

#: In seconds. An invitation waits in a mailbox; who asks for a reset waits for it.
_INVITATION_LIFE, _RESET_LIFE = 7 * 86400.0, 86400.0


def _invite(tx: Transaction, call: Call) -> Change:
    body = call.body
    made = users.add(
        tx, body.text("name"), "", body.text("display_name", ""), body.text("email", ""), body.texts("groups", ()))
    return _link(tx, call, made.id, LinkKind.INVITATION, _INVITATION_LIFE)


def _password_link(tx: Transaction, call: Call) -> Change:
    found = users.own(users.find(tx, call.path["user"]), "the password is changed in the directory")
    kind = LinkKind.RESET if found.password_hash else LinkKind.INVITATION
    return _link(tx, call, found.id, kind, _RESET_LIFE if found.password_hash else _INVITATION_LIFE)


def _link(tx: Transaction, call: Call, user_id: str, kind: LinkKind, life: float) -> Change:
    expires = tx.now + call.body.duration("expires", life)
    secret = password_links.new(tx, user_id, kind, expires)
    user = users.find(tx, user_id)
    answer = {
        "id": user.id, "name": user.name, "link": f"{call.context.settings.signin_origin}/password?t={secret}",
        "expires": expires,
    }  # fmt: skip
    noted = {"name": user.name, "expires": expires, "groups": [group.name for group in user.groups]}
    return Change(answer, user.id, noted)


def _reset(tx: Transaction, call: Call) -> Change:
    found = users.find(tx, call.path["user"])
    gone = factors.reset(tx, found)
    removed = [str(one.get("label", one["kind"])) for one in gone]
    return Change({"id": found.id, "name": found.name, "removed": removed}, found.id, {"name": found.name, "removed": removed})


def _rules(reading: Reading, call: Call) -> object:
    return [_rule(one) for one in second_factor_rules.list_all(reading)]


def _require(tx: Transaction, call: Call) -> Change:
    made = second_factor_rules.put(tx, call.body.text("group", ""), call.body.duration("grace", 0.0))
    return Change(_rule(made), made.id, _rule(made))


def _waive(tx: Transaction, call: Call) -> Change:
    gone = second_factor_rules.remove(tx, call.body.text("group", ""))
    return Change(_rule(gone), gone.id, _rule(gone))


def _rule(one: SecondFactorRule) -> dict[str, object]:
    return {"group": one.group, "since": one.since, "grace": one.grace}


OPERATIONS: tuple[Operation, ...] = (
    Command("POST", "/invitations", "user.invite", "Add a user who sets a password by the link that comes back.", _invite,
            ("name", "display_name", "email", "groups", "expires"),
            permission=Permission.CHANGE_USERS),
    Command("POST", "/users/{user}/password-link", "user.password_link",
            "Make a link by which a user sets another password, once.", _password_link, ("expires",),
            permission=Permission.RESET_CREDENTIALS),
    Command("DELETE", "/users/{user}/factors", "user.reset_factors", "Forget a user's second factors; sessions end.", _reset,
            permission=Permission.RESET_CREDENTIALS),
    Query("/second-factor-rules", "Who must have a second factor.", _rules,
          live=(), permission=Permission.READ_USERS),
    Command("PUT", "/second-factor-rules", "second_factor.require",
            "Require a second factor of all users, or of a group's.", _require, ("group", "grace"),
            permission=Permission.CHANGE_POLICIES),
    Command("DELETE", "/second-factor-rules", "second_factor.waive", "Require it no longer.", _waive, ("group",),
            permission=Permission.CHANGE_POLICIES),
)  # fmt: skip
