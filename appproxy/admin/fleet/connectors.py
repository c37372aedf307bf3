"""Operations on connectors, their groups, and the tokens by which they join."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from appproxy.admin.base.operation import Ask, Call, Change, Command, Operation, Query
from appproxy.admin.base.principal import Permission
from appproxy.config.service import ServiceSettings
from appproxy.errors import ConfigError
from appproxy.pki.names import fingerprint
from appproxy.pki.tokens import JoinToken, encode_token
from appproxy.store.connectors import connectors, join_tokens, sightings
from appproxy.store.connectors import groups as connector_groups
from appproxy.store.connectors.connectors import Connector
from appproxy.store.connectors.groups import ConnectorGroup
from appproxy.store.service import keys
from appproxy.store.transaction import Reading, Transaction
from appproxy.tunnel.json_heads.findings import Findings

#: How long a join token holds when nobody says otherwise, in seconds: an hour is enough to walk to the machine.
_TOKEN_LIFE = 3600.0


def _list(reading: Reading, call: Call) -> object:
    groups = {one.id: one.name for one in connector_groups.list_all(reading)}
    live, there = call.context.live(), sightings.places(reading, call.context.now)
    return [
        _connector(one, groups[one.group], live, there.get(one.id, ()), call.context.now)
        for one in connectors.list_all(reading, call.page)
    ]


def _show(reading: Reading, call: Call) -> object:
    return _answer(reading, connectors.find(reading, call.path["connector"]), call)


def _approve(tx: Transaction, call: Call) -> Change:
    return _changed(tx, connectors.approve(tx, call.path["connector"]), call)


def _revoke(tx: Transaction, call: Call) -> Change:
    return _changed(tx, connectors.revoke(tx, call.path["connector"]), call)


def _move(tx: Transaction, call: Call) -> Change:
    return _changed(tx, connectors.move(tx, call.path["connector"], call.body.text("group")), call)


def _examine(tx: Transaction, call: Call) -> Change:
    found, findings = connectors.find(tx, call.path["connector"]), call.context.service_answer
    if not isinstance(findings, Findings):
        raise ConfigError(f"connector {found.name}: only a running service can ask it",
                          hint="on its machine: appproxy doctor --state DIR")
    answer = {"connector": found.name, "findings": [asdict(one) for one in findings.steps], "left_out": findings.left_out,
              "refused": findings.refused}
    broken = sum(one.health == "broken" for one in findings.steps)
    return Change(answer, found.id, {"name": found.name, "steps": len(findings.steps) + findings.left_out, "broken": broken})


def _remove(tx: Transaction, call: Call) -> Change:
    found = connectors.find(tx, call.path["connector"])
    change = _changed(tx, found, call)
    connectors.remove(tx, found.id)
    return change


def _new_token(tx: Transaction, call: Call) -> Change:
    body, settings = call.body, call.context.settings
    group = connector_groups.find(tx, body.text("group", connector_groups.DEFAULT))
    uses = body.whole("uses", 1)
    expires = tx.now + body.duration("expires", _TOKEN_LIFE)
    id_, secret = join_tokens.new_token(tx, group.id, uses, expires)
    text = join_token_text(tx, settings, id_, secret, expires)
    noted: dict[str, object] = {"group": group.name, "uses": uses, "expires": expires}
    return Change({"id": id_, "token": text, **noted, "address": settings.tunnel_address}, id_, noted)


def join_token_text(reading: Reading, settings: ServiceSettings, id_: str, secret: bytes, expires: float) -> str:
    """A join token as its machine takes it."""
    anchor = fingerprint(keys.authority(reading).certificate)
    return encode_token(JoinToken(settings.tunnel_address, settings.connect_host, anchor, id_, secret, expires))


def _list_tokens(reading: Reading, call: Call) -> object:
    groups = {one.id: one.name for one in connector_groups.list_all(reading)}
    return [
        {
            "id": one.id, "group": groups[one.group], "uses": one.uses, "uses_left": one.uses_left,
            "created": one.created, "expires": one.expires, "expired": one.expires <= call.context.now,
        }
        for one in join_tokens.list_all(reading, call.page)
    ]  # fmt: skip


def _remove_token(tx: Transaction, call: Call) -> Change:
    join_tokens.remove(tx, call.path["token"])
    return Change({"id": call.path["token"]}, call.path["token"])


def _list_groups(reading: Reading, call: Call) -> object:
    counts = connectors.count_by_group(reading)
    return [{**_group(one), "connectors": counts.get(one.id, 0)} for one in connector_groups.list_all(reading)]


def _add_group(tx: Transaction, call: Call) -> Change:
    needs_approval = call.body.flag("needs_approval", False)
    made = connector_groups.add(tx, call.body.text("name"), needs_approval=needs_approval)
    return Change(_group(made), made.id, _group(made))


def _set_group(tx: Transaction, call: Call) -> Change:
    found = connector_groups.set_approval(tx, call.path["group"], call.body.flag("needs_approval"))
    return Change(_group(found), found.id, _group(found))


def _remove_group(tx: Transaction, call: Call) -> Change:
    gone = connector_groups.remove(tx, call.path["group"])
    return Change(_group(gone), gone.id, _group(gone))


def _group(one: ConnectorGroup) -> dict[str, object]:
    return {"id": one.id, "name": one.name, "needs_approval": one.needs_approval}


def _connector(
    one: Connector, group: str, live: Mapping[str, object], nodes: tuple[str, ...], now: float
) -> dict[str, object]:
    """What the database says, then what a running node knows better. `nodes`: where the database knows it to be."""
    here = live.get(one.id)
    known = dict(here) if isinstance(here, Mapping) else {}
    online = bool(known.get("online", False))
    status = sightings.status(one, online or bool(nodes), now)
    if status == "active" and known.get("signal_connections") and not online:
        status = "draining"
    return {
        "id": one.id,
        "name": one.name,
        "group": group,
        "status": status,
        "state": one.state.value,
        "certificate_serial": one.certificate_serial,
        "not_after": one.not_after,
        "enrolled": one.enrolled,
        "last_seen": one.last_seen,
        "version": one.version,
        "address": one.address,
        "nodes": list(nodes),
        "in_flight": 0,
        "workers": 0,
        **known,
        "online": online,
    }


def _answer(reading: Reading, one: Connector, call: Call) -> dict[str, object]:
    context = call.context
    group, there = connector_groups.find(reading, one.group).name, sightings.places(reading, context.now, one.id)
    return _connector(one, group, context.live(), there.get(one.id, ()), context.now)


def _changed(tx: Transaction, one: Connector, call: Call) -> Change:
    answer = _answer(tx, one, call)
    return Change(answer, one.id, {key: answer[key] for key in ("name", "group", "state")})


#: What a connector's record says of it that no admin has changed.
_LIVE = (
    "address", "certificate_serial", "in_flight", "last_seen", "nodes", "not_after", "online", "signal_connections", "status",
    "version", "workers",
)  # fmt: skip
_ONE = "/connectors/{connector}"
_GROUP = "/connector-groups/{group}"
OPERATIONS: tuple[Operation, ...] = (
    Query("/connectors", "All connectors with what they do now.", _list,
          page="id", reads_pages=True, permission=Permission.READ_CONNECTORS),
    Query(_ONE, "One connector.", _show,
          live=_LIVE, permission=Permission.READ_CONNECTORS),
    Command("POST", _ONE + "/approve", "connector.approve", "Let a connector carry traffic.", _approve,
            permission=Permission.CHANGE_CONNECTORS),
    Command("POST", _ONE + "/revoke", "connector.revoke", "Trust a connector no longer.", _revoke,
            permission=Permission.CHANGE_CONNECTORS),
    Command("POST", _ONE + "/move", "connector.move", "Put a connector into another group.", _move, ("group",),
            permission=Permission.CHANGE_CONNECTORS),
    Command("POST", _ONE + "/examine", "connector.examine", "Have a connector run its half of the doctor.", _examine,
            asks=Ask.EXAMINATION, permission=Permission.CHANGE_CONNECTORS),
    Command("DELETE", _ONE, "connector.remove", "Forget a connector.", _remove,
            permission=Permission.CHANGE_CONNECTORS),
    Query("/connector-tokens", "Join tokens that were given out.", _list_tokens,
          page="id", reads_pages=True, permission=Permission.READ_CONNECTORS),
    Command("POST", "/connector-tokens", "connector.token", "Make a join token.", _new_token,
            ("group", "uses", "expires"),
            permission=Permission.CHANGE_CONNECTORS),
    Command("DELETE", "/connector-tokens/{token}", "connector.token.remove", "Take a join token back.", _remove_token,
            permission=Permission.CHANGE_CONNECTORS),
    Query("/connector-groups", "All connector groups.", _list_groups,
          page="name", permission=Permission.READ_CONNECTORS),
    Command("POST", "/connector-groups", "connector_group.add", "Make a connector group.", _add_group,
            ("name", "needs_approval"),
            permission=Permission.CHANGE_CONNECTORS),
    Command("PATCH", _GROUP, "connector_group.set", "Do new connectors wait for approval?", _set_group,
            ("needs_approval",),
            permission=Permission.CHANGE_CONNECTORS),
    Command("DELETE", _GROUP, "connector_group.remove", "Remove a connector group that is not used.", _remove_group,
            permission=Permission.CHANGE_CONNECTORS),
)  # fmt: skip
