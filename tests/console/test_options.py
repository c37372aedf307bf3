"""Every option of every command has a field in the form of a page, or a reason why it has none."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

import click
import pytest
from twisted.web.resource import Resource

from appproxy.cli.main import appproxy_command
from appproxy.testing import Playground
from tests.console.conftest import PASSWORD, House, Seat
from tests.console.test_commands import REASONS as WITHOUT_PAGE
from tests.console.test_waiting import ask
from tests.pki.authorities import authority, server

#: Of every command.
_EVERYWHERE = {"as_json": "programs ask the API", "state": "pages are those of one service",
               "help": "each page explains itself"}
_APP, _REPLAY = "/applications/{wiki}", "/policy-replay"
_PROVIDER, _DIRECTORY, _DEVICES = "/providers/corp", "/directories/ad", "/device-authorities/mdm"
#: By a command: the page, and where its form is sent to.
FORMS = {
    "access approve": ("/access-requests/{request}", "/access-requests/{request}/approve"),
    "access deny": ("/access-requests/{request}", "/access-requests/{request}/deny"),
    "app cors add": (f"{_APP}/parts", f"{_APP}/cors"), "app cors remove": (f"{_APP}/parts", f"{_APP}/cors/remove"),
    "app cors set": (f"{_APP}/parts", f"{_APP}/cors/change"), "app publish": ("/applications/new", "/applications/new"),
    "app segment add": (f"{_APP}/parts", f"{_APP}/segments"), "app set": (f"{_APP}/settings", f"{_APP}/settings"),
    "apply": ("/configuration", "/configuration"), "assign": (_APP, f"{_APP}/assign"),
    "audit": ("/audit", "/audit"), "audit export add": ("/audit-exports/new", "/audit-exports/new"),
    "certificate add": ("/certificates/new", "/certificates/new"),
    "certificate authority": ("/certificates", "/certificates/authority"),
    "certificate order": ("/certificates", "/certificates/order"),
    "certificate renew": ("/certificates/{certificate}", "/certificates/{certificate}/replace"),
    "client add": ("/clients/new", "/clients/new"), "client rotate": ("/clients/crm", "/clients/crm/rotate"),
    "client set": ("/clients/crm", "/clients/crm"),
    "connector move": ("/connectors/{connector}", "/connectors/{connector}/move"),
    "connector token": ("/connectors", "/connectors/join"),
    "connector-group add": ("/connectors", "/connector-groups"),
    "connector-group set": ("/connectors", "/connector-groups/default"),
    "device add": ("/users/rita", "/users/rita/devices"),
    "device authority add": ("/device-authorities/new", "/device-authorities/new"),
    "device authority set": (_DEVICES, _DEVICES), "directory add": ("/directories/new", "/directories/new"),
    "directory add-group": (_DIRECTORY, f"{_DIRECTORY}/groups"), "directory set": (_DIRECTORY, _DIRECTORY),
    "native-client add": ("/native-clients/new", "/native-clients/new"),
    "native-client set": ("/native-clients/cli", "/native-clients/cli"),
    "policy explain": ("/policies/night", "/policies/night"), "policy replay": (_REPLAY, _REPLAY),
    "policy results": ("/policies/night?days=7", "/policies/night"), "policy set": ("/policies/night", "/policies/night"),
    "provider add": ("/providers/new", "/providers/new"), "provider set": (_PROVIDER, _PROVIDER),
    "risk confirm": ("/risk/users", "/risk/users/confirm"), "risk list": ("/risk/sign-ins", "/risk/sign-ins"),
    "role assign": ("/role-assignments/new", "/role-assignments/new"),
    "role entitle": ("/role-entitlements/new", "/role-entitlements/new"),
    "role request": ("/role-requests/new", "/role-requests/new"),
    "second-factor require": ("/second-factors/new", "/second-factors/new"),
    "session list": ("/sessions", "/sessions"), "session revoke": ("/sessions", "/sessions"),
    "token add": ("/service-tokens/new", "/service-tokens/new"),
    "token rotate": ("/service-tokens/ci", "/service-tokens/ci/rotate"),
    "unassign": (_APP, f"{_APP}/unassign"), "user add": ("/users/new", "/users/new"),
    "user invite": ("/users/new", "/users/new"), "user password": ("/users/rita", "/users/rita/password"),
    "user password-link": ("/users/rita", "/users/rita/link"), "user set": ("/users/rita", "/users/rita"),
}
#: By a command and an option: the field, where it is called something else.
FIELDS = {
    ("app publish", "group"): "connector_group",
    ("app publish", "pairs"): "settings", ("assign", "user"): "who", ("assign", "group"): "who",
    ("unassign", "user"): "value", ("unassign", "group"): "value", ("audit export add", "format_name"): "format",
    ("certificate add", "chain"): "certificate", ("certificate renew", "chain"): "certificate",
    ("certificate authority", "binding_key_stdin"): "binding_key", ("connector-group set", "needs_approval"): "do",
    ("device add", "file"): "request", ("device authority add", "file"): "certificate",
    ("device authority add", "lists"): "crl", ("device authority add", "no_crl_url"): "crl_urls",
    ("device authority add", "no_ocsp"): "ocsp", ("device authority set", "no_crl_url"): "crl_urls",
    ("device authority set", "no_ocsp"): "ocsp", ("directory add", "bind_password_stdin"): "bind_password",
    ("directory set", "bind_password_stdin"): "bind_password", ("directory add-group", "called"): "name",
    ("policy replay", "since"): "age", ("provider add", "client_secret_stdin"): "client_secret",
    ("provider add", "public"): "client_secret", ("provider add", "pairs"): "settings",
    ("provider set", "client_secret_stdin"): "client_secret", ("provider set", "pairs"): "settings",
    ("risk list", "all_"): "all", ("session revoke", "session_id"): "session", ("user add", "password_stdin"): "password",
    ("user password", "password_stdin"): "password",
}
#: By a command and an option: the page, and the form that does it alone.
ACTS = {
    ("device authority set", "lists"): (_DEVICES, f"{_DEVICES}/crl"),
    ("device authority set", "no_crl"): (_DEVICES, f"{_DEVICES}/crl-remove"),
    ("device authority set", "older"): (_DEVICES, f"{_DEVICES}/crl"),
    ("certificate order", "uncovered"): ("/certificates", "/certificates/order-uncovered"),
    ("provider set", "public"): (_PROVIDER, f"{_PROVIDER}/public"),
    ("role entitle", "remove"): ("/role-entitlements/{entitlement}", "/role-entitlements/{entitlement}/remove"),
}
#: Forms whose second step has the fields: what is sent first.
STEPS = {"/configuration": {"do": "compare", "document": "format: 1\ngroups:\n- name: choir\n"}}
_NARROWED = "its page goes on to the next rows"
_ROW = "it is the row of a list that is opened, which knows whose it is"
#: By a command and an option: why it has no field.
REASONS = {
    ("app logo show", "output"): "browsers save the picture that the page shows",
    ("apply", "dry_run"): "to compare is the first step of the page", ("apply", "yes"): "the button is the answer",
    ("apply", "directories"): "files of the machine that it is typed on",
    ("audit", "limit"): _NARROWED, ("audit follow", "after"): "the page has the newest, as they come",
    ("audit follow", "limit"): "the same", ("context show", "document"): "the page shows nothing else",
    ("export", "output"): "the browser asks where", ("export", "as_schema"): "a button of its own beside it",
    ("location show", "document"): "the page shows nothing else", ("policy show", "document"): "the same",
    ("strength show", "document"): "the same", ("policy replay", "logs"): "files of the machine that it is typed on",
    ("risk dismiss", "user"): _ROW, ("risk dismiss", "subject"): _ROW, ("risk dismiss", "provider"): _ROW,
    ("risk list", "limit"): _NARROWED, ("role list", "assigned"): "a page of its own",
    ("role requests", "entitled"): "a page of its own", ("role requests", "mine"): "the choices of the form that asks",
    ("role unassign", "user"): _ROW, ("role unassign", "group"): _ROW, ("role unassign", "token"): _ROW,
    ("role unassign", "provider"): _ROW, ("role unassign", "application"): _ROW,
    ("second-factor waive", "group"): _ROW, ("session list", "limit"): _NARROWED,
}


class Forms(HTMLParser):
    """The names of the fields of a page, by where its forms are sent."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, set[str]] = {}
        self._inside: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called by HTMLParser."""
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = self.fields.setdefault(values["action"].partition("#")[0], set())
        elif tag in ("input", "select", "textarea", "button") and values.get("name"):
            self._inside.add(values["name"])


def options(group: click.Group = appproxy_command, above: str = "") -> Iterator[tuple[str, str]]:
    """All commands that do something with all of their options, by the name that Python has for them."""
    for name, one in group.commands.items():
        called = f"{above} {name}".strip()
        if isinstance(one, click.Group):
            yield from options(one, called)
        if called not in WITHOUT_PAGE and not one.hidden and (not isinstance(one, click.Group) or one.invoke_without_command):
            for each in one.params:
                if isinstance(each, click.Option) and each.name and each.name not in _EVERYWHERE and not each.hidden:
                    yield called, each.name


@pytest.fixture(scope="module")
def names() -> Iterator[tuple[Seat, dict[str, str]]]:
    """The browser of an administrator, where there is one of everything; and the ids of what is named by one."""
    with Playground(admin_api=True) as made:
        house = House(made)
        for name in ("alice", "hal", "rita"):
            made.add_user(name, PASSWORD)
        house.call("POST", "/role-assignments", {"role": "administrator", "user": "alice"})
        made.publish("wiki", Resource(), users=["rita"], requestable="yes")
        yield house.seat("alice"), furnish(house)


def furnish(house: House) -> dict[str, str]:
    """Make one of everything that has a page of its own; gives the ids of what is named by one."""
    call, now = house.call, house.playground.wall_clock()
    issuer = authority(now=now)
    for path, body in (
        ("/providers", {"name": "corp", "issuer": "https://corp.example/", "client_id": "us", "client_secret": "x"}),
        ("/directories", {"name": "ad", "kind": "ad", "servers": ["ldaps://dc.corp"], "bind_name": "s@corp",
                          "bind_password": "x", "user_base": "dc=corp"}),
        ("/device-authorities", {"name": "mdm", "certificate": issuer.certificate}),
        ("/clients", {"name": "crm", "redirect_uris": ["https://crm.example/back"]}),
        ("/native-clients", {"name": "cli", "applications": ["wiki"], "redirect_uris": ["http://127.0.0.1/a"]}),
        ("/service-tokens", {"name": "ci", "applications": ["wiki"]}),
        ("/applications/wiki/cors", {"origins": ["https://a.example"]}),
    ):
        call("POST", path, body)
    call("PATCH", "/applications/wiki", {"settings": {"provider": "builtin,corp"}})
    call("PUT", "/policies/night", {"document": {
        "state": "report-only", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
        "grant": {"require": ["mfa"]}}})
    shop = server(issuer, "shop.example.org", now=now)
    return {
        "wiki": call("GET", "/applications/wiki")["id"], "connector": call("GET", "/connectors")[0]["id"],
        "entitlement": call("POST", "/role-entitlements", {"role": "reader", "user": "hal"})["id"],
        "request": ask(house, "wiki", "hal"),
        "certificate": call("POST", "/certificates", {
            "name": "shop", "certificate": shop.certificate, "key": shop.key, "authority": issuer.certificate})["id"],
    }


@pytest.fixture(scope="module")
def known() -> dict[str, dict[str, set[str]]]:
    """The fields of pages that were looked at, by form."""
    return {}


@pytest.mark.parametrize(("command", "option"), sorted(options()))
def test_every_option_has_a_field(
    names: tuple[Seat, dict[str, str]], known: dict[str, dict[str, set[str]]], command: str, option: str,
) -> None:
    """In the very form that does what the command does; a reason is given by who has decided that there need be none."""
    if (command, option) in REASONS:
        return
    assert command in FORMS or (command, option) in ACTS, f"{command} --{option}: say which form does it, or why none does"
    alice, ids = names
    page, form = (part.format(**ids) for part in ACTS.get((command, option)) or FORMS[command])
    if page not in known:
        answer = alice.send(page, STEPS[page], of=page) if page in STEPS else alice.see(page)
        assert answer.status == 200, (page, answer.text)
        known[page] = Forms(answer.text).fields
    assert form in known[page], f"{page} has no form for {form}: {sorted(known[page])}"
    if (command, option) not in ACTS:
        assert FIELDS.get((command, option), option) in known[page][form], f"{page} has no field for {command} --{option}"


def test_nothing_is_said_of_what_there_is_not() -> None:
    """Forms, fields and reasons are of options that there are, and none has both a reason and a field."""
    every = set(options())
    assert sorted(FORMS.keys() - {command for command, _ in every}) == []
    for table in (FIELDS, ACTS, REASONS):
        assert sorted(table.keys() - every) == []
    assert sorted(REASONS.keys() & (FIELDS.keys() | ACTS.keys())) == []
    assert [one for one, field in FIELDS.items() if one[1] == field] == [], "a field is called so without being said"
