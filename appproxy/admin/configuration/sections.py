"""What a document of the whole configuration is made of: its sections, and the fields of their entries.

An entry says everything of one thing: what it leaves out has its default. `id` tells a thing that has another name now from
a new one. Secrets are never in a document: in their place it says where one is found when the thing is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, Final

#: The version of the form, which is the first thing that a document says.
FORMAT, FORMAT_KEY = 1, "format"
#: Parts of a reference to a secret: a variable of the environment of whoever applies the document, or a file there.
REFERENCES = ("environment", "file")
#: Of an entry of a list: when it ends by itself, "" for never.
EXPIRES = "expires"

Entry = dict[str, Any]
Document = dict[str, Any]


class FieldForm(Enum):
    """What JSON has for a field."""

    TEXT = "a text"
    FLAG = "true or false"
    WHOLE = "a whole number"
    NUMBER = "a number"
    TEXTS = "a list of texts"
    #: Texts by names; those whose names begin with `request.` may be secret.
    SETTINGS = "an object of texts"
    #: A reference, and in calls the text that it leads to.
    SECRET = "{environment: NAME} or {file: PATH}"
    ENTRIES = "a list of entries"
    #: What conditional access reads by itself.
    PART = "part of a policy"


class Unsaid:
    """The default of a field that is left alone where a document leaves it out."""

    def __repr__(self) -> str:
        return "what the service chooses"


UNSAID: Final = Unsaid()
NEEDED: Final = None


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `default`: NEEDED where there is none; `section`: of which it names something; `fixed`: cannot change."""

    name: str
    form: FieldForm
    meaning: str
    default: Any = NEEDED
    section: str = ""
    fixed: bool = False
    fields: tuple[Field, ...] = ()
    #: Of entries: the fields that tell one from the others.
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """One section. `one`: what an entry of it is called; `key`: the fields that tell one from the others."""

    name: str
    one: str
    meaning: str
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ("name",)

    @property
    def by_name(self) -> Mapping[str, Field]:
        """Its fields."""
        return MappingProxyType({field.name: field for field in self.fields})

    @property
    def has_ids(self) -> bool:
        """Can its entries be given other names?"""
        return self.key == ("name",)


_T, _F, _N = FieldForm.TEXT, FieldForm.FLAG, FieldForm.NUMBER
ID = Field("id", _T, "which one it is, whatever its name; leave it out of what is new", UNSAID)
_NAME = (ID, Field("name", _T, "what it is called"))
_PEM = "PEM of the authorities that alone vouch for its TLS certificate; empty: the system's"
_URIS = FieldForm.TEXTS


def _who(*more: Field) -> tuple[Field, ...]:
    return (Field("user", _T, "a user, by name; of another provider the subject", ""),
            Field("group", _T, "a group, by name; of another provider the value in the groups claim", "", "groups"), *more)


_SEGMENT = (Field("external", _T, "the URL that users type"), Field("internal", _T, "the URL that the connector calls"))
_CORS = (
    Field("resource", _T, "a path, or a URL of one host", "/"),
    Field("origins", FieldForm.TEXTS, "origins whose pages may call it"),
    Field("methods", FieldForm.TEXTS, "methods beside GET, HEAD and POST", ()),
    Field("headers", FieldForm.TEXTS, "fields that pages may send", ()),
    Field("exposed", FieldForm.TEXTS, "fields that pages may read", ()),
    Field("credentials", _F, "may they send cookies?", False),
    Field("max_age", FieldForm.WHOLE, "seconds for which browsers remember it", 5),
)
_APPLICATION = (
    *_NAME, Field("external", _T, "the URL that users type"), Field("internal", _T, "the URL that the connector calls"),
    Field("preauth", _T, "oidc: users sign in first; passthrough: everybody gets through", "oidc"),
    Field("connector_group", _T, "which connectors can reach it", "default", "connector_groups"),
    Field("providers", FieldForm.TEXTS, "the identity providers, the first one first", ("builtin",), "providers"),
    Field("settings", FieldForm.SETTINGS, "its settings (docs/application-settings.md)", MappingProxyType({})),
    Field("logo", _T, "its picture in users' lists, in base64; empty: none", ""),
    Field("segments", FieldForm.ENTRIES, "more pairs of URLs", (), fields=_SEGMENT, key=("external",)),
    Field("cors", FieldForm.ENTRIES, "what pages of other origins may do", (), fields=_CORS, key=("resource",)),
    Field("assignments", FieldForm.ENTRIES, "who may use it", (), fields=_who(
        Field("provider", _T, "of which provider; left out: the first", "", "providers"),
        Field("maintainer", _F, "also while it is being maintained?", False),
        Field(EXPIRES, _T, "when it ends by itself, such as 2026-12-24T18:00:00Z; left out: never", "")),
        key=("user", "group", "provider")),
)  # fmt: skip
_PROVIDER = (
    *_NAME, Field("kind", _T, "oidc, or a kind that another distribution brings", "oidc", fixed=True),
    Field("issuer", _T, "as its tokens write it", fixed=True), Field("client_id", _T, "what we are called there"),
    Field("client_secret", FieldForm.SECRET, "where our secret there is found when the provider is added", ""),
    Field("scopes", FieldForm.TEXTS, "what we ask for", ("openid", "profile", "email")),
    Field("groups_claim", _T, "the claim that has the groups", "groups"),
    Field("algorithms", FieldForm.TEXTS, "how its tokens may be signed", ("RS256", "ES256")),
    Field("ca_bundle", _T, _PEM, ""), Field("pushed_requests", _T, "auto or always", "auto"),
    Field("session_hours", _N, "how long a session lasts", 12.0),
    Field("idle_minutes", _N, "and how long without a request; 0: as long as the session", 240.0),
    Field("fetch_groups", _F, "may groups be fetched from where the token says?", False),
    Field("settings", FieldForm.SETTINGS, "how OpenID Connect is spoken with it (docs/providers.md)", MappingProxyType({})),
)
#: What an entry of the built-in provider has.
OF_BUILTIN = ("id", "name", "session_hours", "idle_minutes")
_DIRECTORY = (
    *_NAME, Field("kind", _T, "ad or openldap", fixed=True), Field("servers", FieldForm.TEXTS, "ldaps://HOST or ldap://HOST"),
    Field("bind_name", _T, "the account by which it is asked"),
    Field("bind_password", FieldForm.SECRET, "where its password is found when the directory is added"),
    Field("user_base", _T, "where users are"), Field("group_base", _T, "where groups are", UNSAID),
    Field("ca_bundle", _T, _PEM, ""), Field("realms", FieldForm.TEXTS, "what stands behind @ in names of this directory", ()),
    Field("sign_in", FieldForm.TEXTS, "by which attributes people sign in", UNSAID),
    Field("user_filter", _T, "whom of those that are there", ""),
    Field("subject_attribute", _T, "what an entry is known by for ever", UNSAID, fixed=True),
    Field("refresh_minutes", _N, "how old may be what is known of a user?", 5.0),
    Field("wrong_passwords", FieldForm.WHOLE, "how many in half an hour are passed on", 5),
)
_CLIENT = (
    *_NAME, Field("redirect_uris", _URIS, "where it takes codes"),
    Field("secret", FieldForm.SECRET, "where its secret is found when it is added; left out: one is made, and shown once", ""),
    Field("post_logout_redirect_uris", _URIS, "where users go after signing out", ()),
    Field("backchannel_logout_uri", _T, "where it hears that a session has ended", ""),
    Field("backchannel_logout_session_required", _F, "must it be told which one?", False),
    Field("ca_bundle", _T, _PEM, ""),
    Field("frontchannel_logout_uri", _T, "what a frame of the browser loads then", ""),
)
_DEVICE_AUTHORITY = (
    *_NAME, Field("certificate", _T, "PEM of it, and of those below it that issue; of builtin left out", "", fixed=True),
    Field("crl_urls", FieldForm.TEXTS, "where the service fetches lists of revoked certificates", ()),
    Field("ocsp", FieldForm.TEXTS, "URLs of responders that it asks about each device", ()),
    Field("ocsp_soft", _F, "does a device count whose responder does not answer?", False),
)
_PARTS = {
    "locations": ("networks", "countries", "trusted"), "strengths": ("any_of",),
    "contexts": ("applications", "paths", "methods"),
    "policies": ("state", "message", "users", "applications", "conditions", "grant", "session"),
}


def _document(name: str, one: str, meaning: str) -> Section:
    parts = (Field(part, FieldForm.PART, "see docs/policies.md", UNSAID) for part in _PARTS[name])
    return Section(name, one, meaning, (*_NAME, *parts))


#: In the order in which things are made: what comes later may name what comes before.
SECTIONS: Mapping[str, Section] = {one.name: one for one in (
    Section("connector_groups", "connector group", "Which connectors serve which applications.", (
        *_NAME, Field("needs_approval", _F, "do new connectors wait for approval?", False))),
    Section("groups", "group", "Groups of the built-in provider; who is in them is no configuration.", _NAME),
    Section("providers", "identity provider",
            "Who people sign in with; of the built-in one only the hours are set.", _PROVIDER),
    Section("directories", "directory", "LDAP directories that users of the built-in provider come from.", _DIRECTORY),
    Section("device_authorities", "device authority", "Whose certificates prove a device. Lists that were given are no "
            "configuration.", _DEVICE_AUTHORITY),
    _document("locations", "location", "Named locations of policies."),
    _document("strengths", "strength", "Authentication strengths of one's own."),
    Section("applications", "application", "What is published.", _APPLICATION),
    _document("contexts", "context", "Authentication contexts."),
    _document("policies", "policy", "Conditional access."),
    Section("second_factors", "second-factor rule", "Who must have a second factor: all, or a group.", (
        Field("group", _T, "of which group; left out: of all users", "", "groups"),
        Field("grace", _N, "seconds in which they may do without", 0.0)), key=("group",)),
    Section("break_glass", "break-glass user", "Whom no policy concerns.", (
        Field("user", _T, "a user of the built-in provider"),), key=("user",)),
    Section("native_clients", "native client", "Programs on people's machines that sign them in.", (
        *_NAME, Field("applications", FieldForm.TEXTS, "which applications its tokens are for", section="applications"),
        Field("redirect_uris", _URIS, "where it takes codes; none: device codes only", ()),
        Field("device_codes", _F, "may it sign people in by codes that they type elsewhere?", False))),
    Section("clients", "client", "Applications elsewhere that sign people in here.", _CLIENT),
    Section("roles", "role assignment", "Who administers the service for good.", (
        Field("role", _T, "which role (docs/administration.md)"), *_who(
            Field("provider", _T, "of which provider", "builtin", "providers"),
            Field("application", _T, "for this application alone", "", "applications"))),
        key=("role", "user", "group", "provider", "application")),
)}  # fmt: skip
#: The one section that is no list: keys and texts of `branding`.
BRANDING = "branding"


def label(section: Section, entry: Mapping[str, Any]) -> str:
    """What tells an entry from the others of its section, for people."""
    return key_text(section.key, entry) or ("all users" if section.name == "second_factors" else "")


def key_text(key: tuple[str, ...], entry: Mapping[str, Any]) -> str:
    """The same of any entries: the value of a single field, else each as `name value`."""
    if len(key) == 1:
        return str(entry.get(key[0], ""))
    return " ".join(f"{name} {entry[name]}" for name in key if entry.get(name))
