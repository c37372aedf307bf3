"""Operations on directories (LDAP) that users of the built-in identity provider come from."""

from __future__ import annotations

from appproxy.admin.base.operation import Ask, Call, Change, Command, Operation, Query
from appproxy.admin.base.principal import Permission
from appproxy.errors import ConfigError
from appproxy.pki.pem import split_chain
from appproxy.store.people import directories, directory_users
from appproxy.store.people.directories import Directory
from appproxy.store.transaction import Reading, Transaction

_TEXTS = ("bind_name", "bind_password", "user_base", "group_base", "ca_bundle", "user_filter")
_LISTS = ("servers", "realms", "sign_in")
#: They stay as they were made.
_FIXED = ("kind", "subject_attribute")


def _list(reading: Reading, call: Call) -> object:
    return [_shown(reading, one) for one in directories.list_all(reading)]


def _show(reading: Reading, call: Call) -> object:
    return _shown(reading, directories.find(reading, call.path["directory"]))


def _add(tx: Transaction, call: Call) -> Change:
    values = {"kind": call.body.text("kind"), **_given(call)}
    missing = [key for key in ("servers", "bind_name", "bind_password", "user_base") if key not in values]
    if missing:
        raise ConfigError(f"{missing[0]}: is needed")
    made = directories.add(tx, call.body.text("name"), **values)
    return Change(_shown(tx, made), made.id, _noted(made))


def _set(tx: Transaction, call: Call) -> Change:
    values = _given(call)
    if not values:
        raise ConfigError("nothing to change", hint="give some of its settings")
    made = directories.change(tx, call.path["directory"], **values)
    return Change(_shown(tx, made), made.id, {**_noted(made), "changed": ", ".join(sorted(values))})


def _remove(tx: Transaction, call: Call) -> Change:
    found = directories.find(tx, call.path["directory"])
    gone = _shown(tx, found)
    directories.remove(tx, found.id)
    return Change(gone, found.id, {"name": found.name, "users": gone["users"]})


def _report(reading: Reading, call: Call) -> object:
    if call.context.service_answer is None:
        raise _no_service()
    return {"name": directories.find(reading, call.path["directory"]).name, **call.context.service_answer}


def _add_group(tx: Transaction, call: Call) -> Change:
    if call.context.service_answer is None:
        raise _no_service()
    subject, name = call.context.service_answer
    directory = directories.find(tx, call.path["directory"])
    made = directory_users.add_group(tx, directory, subject, call.body.text("name", name))
    noted = {"name": made.name, "directory": directory.name, "subject": subject}
    return Change({"id": made.id, **noted}, made.id, noted)


def _no_service() -> ConfigError:
    return ConfigError("no service runs on this state directory, so no directory can be asked", hint="start it first")


def _given(call: Call) -> dict[str, object]:
    body = call.body
    values: dict[str, object] = {key: body.text(key) for key in (*_TEXTS, "subject_attribute") if key in body}
    values |= {key: body.texts(key) for key in _LISTS if key in body}
    if "refresh_minutes" in body:
        values["refresh_minutes"] = body.number("refresh_minutes")
    if "wrong_passwords" in body:
        values["wrong_passwords"] = body.whole("wrong_passwords")
    return values


def directory_record(one: Directory) -> dict[str, object]:
    """All but the password."""
    return {
        "id": one.id, "name": one.name, "kind": one.kind, "servers": list(one.servers), "bind_name": one.bind_name,
        "user_base": one.user_base, "group_base": one.group_base, "user_filter": one.user_filter,
        "realms": list(one.realms), "sign_in": list(one.sign_in), "subject_attribute": one.subject_attribute,
        "ca_bundle": one.ca_bundle, "refresh_minutes": one.refresh_minutes, "wrong_passwords": one.wrong_passwords,
    }  # fmt: skip


def _noted(one: Directory) -> dict[str, object]:
    """For the audit: which authorities is told by their number."""
    return {**directory_record(one), "ca_bundle": len(split_chain(one.ca_bundle))}


def _shown(reading: Reading, one: Directory) -> dict[str, object]:
    groups = directory_users.groups_of(reading, one.id)
    return {
        **directory_record(one), "users": directories.count_users(reading, one.id),
        "groups": sorted(group.name for group in groups.values()),
    }


_FIELDS = (*_TEXTS, *_LISTS, "refresh_minutes", "wrong_passwords")
_ONE = "/directories/{directory}"
OPERATIONS: tuple[Operation, ...] = (
    Query("/directories", "All directories that users come from.", _list,
          page="name", permission=Permission.READ_DIRECTORIES),
    Command("POST", "/directories", "directory.add",
            "Let users of a directory (`kind`: ad or openldap) sign in with the built-in provider.", _add,
            ("name", *_FIXED, *_FIELDS), permission=Permission.CHANGE_DIRECTORIES),
    Query(_ONE, "One directory.", _show,
          live=("users",), permission=Permission.READ_DIRECTORIES),
    Command("PATCH", _ONE, "directory.set", "Change a directory; its kind stays.", _set, _FIELDS,
            permission=Permission.CHANGE_DIRECTORIES),
    Command("DELETE", _ONE, "directory.remove", "Remove a directory, and all users who came from it.", _remove,
            permission=Permission.CHANGE_DIRECTORIES),
    Query(_ONE + "/report", "Ask each server of a directory, and look for the bases.", _report, asks=Ask.REPORT,
          permission=Permission.READ_DIRECTORIES),
    Command("POST", _ONE + "/groups", "directory.add_group",
            "Make a group of a directory (`group`: its name there) known here, as `name`.", _add_group, ("group", "name"),
            asks=Ask.GROUP, permission=Permission.CHANGE_DIRECTORIES),
)
