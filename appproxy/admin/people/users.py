"""Operations on users and groups of the built-in identity provider."""

from __future__ import annotations

from collections.abc import Mapping

from appproxy.admin.base.operation import Call, Change, Command, Operation, Query
from appproxy.admin.base.pages import SEARCH
from appproxy.admin.base.principal import Permission
from appproxy.errors import ConfigError
from appproxy.store import names
from appproxy.store.people import directories, password_links, user_groups, users
from appproxy.store.people.factors import factors
from appproxy.store.people.users import User
from appproxy.store.transaction import Reading, Transaction


def _list(reading: Reading, call: Call) -> object:
    called = directories.names_of(reading)
    return [
        {"directory": called.get(directory, ""), "id": id_, "name": name, "display_name": display_name, "email": email,
         "disabled": disabled, "groups": groups, "credentials_changed": changed}
        for id_, name, display_name, email, disabled, groups, changed, directory in users.list_all(reading, call.page)]


def _show(reading: Reading, call: Call) -> object:
    found = users.find(reading, call.path["user"])
    has = factors.of_user(reading, found.id)
    link = password_links.of_user(reading, found.id, call.context.now)
    return {
        **_user(found, directories.names_of(reading)), "has_password": found.password_hash != "",
        "second_factors": factors.listed(reading, found.id),
        "second_factor_due": has.due,
        "link": None if link is None else {"kind": link.kind.value, "expires": link.expires},
    }  # fmt: skip


def _add(tx: Transaction, call: Call) -> Change:
    body = call.body
    name = names.user_name(body.text("name"))
    made = users.add(
        tx, name, call.context.hash_password(name, body.text("password")), body.text("display_name", ""),
        body.text("email", ""), body.texts("groups", ()),
    )  # fmt: skip
    return _changed(made, groups=[group.name for group in made.groups])


def _check(reading: Reading, call: Call) -> object:
    body = call.body
    name = users.check_new(reading, body.text("name"), body.text("display_name", ""), body.text("email", ""),
                           body.texts("groups", ()))
    return {"name": name}


def _set(tx: Transaction, call: Call) -> Change:
    body = call.body
    found = users.find(tx, call.path["user"])
    noted: dict[str, object] = {}
    if "display_name" in body or "email" in body:
        noted = {key: body.text(key) for key in ("display_name", "email") if key in body}
        users.set_profile(tx, found.id, display_name=body.optional("display_name"), email=body.optional("email"))
    if "disabled" in body:
        noted["disabled"] = body.flag("disabled")
        users.disable(tx, found.id, body.flag("disabled"))
    if not noted:
        raise ConfigError("give display_name, email or disabled")
    return _changed(users.find(tx, found.id), **noted)


def _set_password(tx: Transaction, call: Call) -> Change:
    found = users.find(tx, call.path["user"])
    return _changed(users.set_password(tx, found.id, call.context.hash_password(found.name, call.body.text("password"))))


def _remove(tx: Transaction, call: Call) -> Change:
    return _changed(users.remove(tx, call.path["user"]))


def _add_to_group(tx: Transaction, call: Call) -> Change:
    return _changed(users.add_to_group(tx, call.path["user"], call.path["group"]), group=call.path["group"])


def _remove_from_group(tx: Transaction, call: Call) -> Change:
    return _changed(users.remove_from_group(tx, call.path["user"], call.path["group"]), group=call.path["group"])


def _list_groups(reading: Reading, call: Call) -> object:
    """Who is in a group of thousands costs as much as a thousand groups: `brief` leaves it out."""
    found = user_groups.list_all(reading, call.page)
    ids = None if call.page is None else [one.id for one in found]
    sizes = user_groups.sizes(reading, ids)
    rows = [{"id": one.id, "name": one.name, "count": sizes.get(one.id, 0)} for one in found]
    if call.body.flag("brief", False):
        return rows
    members = user_groups.member_names(reading, ids)
    return [{**one, "members": members.get(str(one["id"]), [])} for one in rows]


def _show_group(reading: Reading, call: Call) -> object:
    found = user_groups.find(reading, call.path["group"])
    return {"id": found.id, "name": found.name, "count": user_groups.sizes(reading, [found.id]).get(found.id, 0)}


def _list_members(reading: Reading, call: Call) -> object:
    found = user_groups.find(reading, call.path["group"])
    return [{"id": id_, "name": name} for id_, name in user_groups.member_page(reading, found.id, call.page)]


def _add_group(tx: Transaction, call: Call) -> Change:
    made = user_groups.add(tx, call.body.text("name"))
    return Change({"id": made.id, "name": made.name}, made.id, {"name": made.name})


def _remove_group(tx: Transaction, call: Call) -> Change:
    gone = user_groups.remove(tx, call.path["group"])
    return Change({"id": gone.id, "name": gone.name}, gone.id, {"name": gone.name})


def _user(one: User, called: Mapping[str, str] | None = None) -> dict[str, object]:
    """`called`: the names of directories by id."""
    directory = {} if called is None else {"directory": called.get(one.directory, "")}
    return {
        **directory,
        "id": one.id,
        "name": one.name,
        "display_name": one.display_name,
        "email": one.email,
        "disabled": one.disabled,
        "groups": [group.name for group in one.groups],
        "credentials_changed": one.credentials_changed,
    }


def _changed(one: User, **noted: object) -> Change:
    return Change(_user(one), one.id, {"name": one.name, **noted})


_ONE = "/users/{user}"
OPERATIONS: tuple[Operation, ...] = (
    Query("/users", "All users, or those with the text of `search` in a name or mail address.", _list, (SEARCH,),
          page="name", reads_pages=True, permission=Permission.READ_USERS),
    Command("POST", "/users", "user.add", "Add a user; groups that are not there are made.", _add,
            ("name", "password", "display_name", "email", "groups"),
            permission=Permission.CHANGE_USERS),
    Query("/user-check", "Could such a user be added? An error says why not.", _check,
          ("name", "display_name", "email", "groups"),
          permission=Permission.READ_USERS),
    Query(_ONE, "One user.", _show,
          live=("link", "second_factor_due"), permission=Permission.READ_USERS),
    Command("PATCH", _ONE, "user.set", "Change how a user is called, or whether the user may sign in.", _set,
            ("display_name", "email", "disabled"),
            permission=Permission.CHANGE_USERS),
    Command("DELETE", _ONE, "user.remove", "Remove a user; sessions end.", _remove,
            permission=Permission.CHANGE_USERS),
    Command("PUT", _ONE + "/password", "user.set_password", "Set another password; sessions end.", _set_password,
            ("password",),
            permission=Permission.RESET_CREDENTIALS),
    Command("PUT", _ONE + "/groups/{group}", "user.add_to_group", "Make a user a member of a group.", _add_to_group,
            permission=Permission.CHANGE_USERS),
    Command("DELETE", _ONE + "/groups/{group}", "user.remove_from_group", "Take a user out of a group; sessions end.",
            _remove_from_group,
            permission=Permission.CHANGE_USERS),
    Query("/groups", "All groups with their members (not with `brief`), or those with the text of `search` in a name.",
          _list_groups, (SEARCH, "brief"),
          page="name", reads_pages=True, permission=Permission.READ_USERS),
    Query("/groups/{group}", "One group, and how many are in it.", _show_group,
          live=(), permission=Permission.READ_USERS),
    Query("/groups/{group}/members", "Who is in a group, or those of them with the text of `search` in a name.", _list_members,
          (SEARCH,),
          page="name", reads_pages=True, permission=Permission.READ_USERS),
    Command("POST", "/groups", "group.add", "Make a group.", _add_group, ("name",),
            permission=Permission.CHANGE_USERS),
    Command("DELETE", "/groups/{group}", "group.remove", "Remove a group; its members' sessions end.", _remove_group,
            permission=Permission.CHANGE_USERS),
)  # fmt: skip
