"""The table of settings: what holds for every row, whatever it is about, also for one that is added tomorrow."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from appproxy.connector.config.configuration import parse_configuration
from appproxy.errors import ConfigError
from appproxy.pki.issuing.authority import create_authority
from appproxy.publish.application import COLUMNS, Application, Url
from appproxy.publish.settings.setting import ApplicationSetting
from appproxy.publish.settings.table import (
    FAMILIES,
    ORIGIN_SETTINGS,
    SETTINGS,
    TOPICS,
    ApplicationSettings,
    OriginSettings,
    check_together,
)
from appproxy.publish.settings.texts import all_keys, check_texts, parse_settings
from appproxy.service.own.connector_view import view_of

PEMS = [create_authority(name, 1.7e9, serial=bytes(16)).certificate for name in ("one", "two")]
WIKI = Application("wiki", "Wiki", Url.parse("https://wiki.example.com/"), Url.parse("http://wiki.corp:8080/"))
every_row = pytest.mark.parametrize("row", SETTINGS.values(), ids=SETTINGS)


def examples(row: ApplicationSetting) -> list[str]:
    """Texts of this setting; certificates are too long for the table."""
    if row.key == "machine_crl":
        return [f"-----BEGIN X509 CRL-----\n{body}\n-----END X509 CRL-----\n" for body in ("MIIB", "MIIC")]
    return PEMS if row.kind.examples == ("@FILE",) else list(row.kind.examples)


def at_the_connector(application: Application) -> OriginSettings:
    """What it has read of a message about this application."""
    message = {"version": 1, "applications": {"wiki": view_of(application)}}
    return parse_configuration(json.dumps(message).encode()).targets["wiki"].settings


def sent(settings: ApplicationSettings) -> OriginSettings:
    """The part of these that goes to connectors."""
    return OriginSettings(**{one.key: getattr(settings, one.key) for one in ORIGIN_SETTINGS})


def test_every_field_can_be_set() -> None:
    """Whatever an application has is a row, a column, a family, or has commands of its own."""
    others = {"id", "assigned_users", "assigned_groups", "maintaining_users", "maintaining_groups", "other_providers",
              "ending_users", "ending_groups",
              "segments", "cors",
              "preauthentication"}  # fmt: skip
    known = {*SETTINGS, *COLUMNS, *(one.field for one in FAMILIES.values()), *others}
    assert {field.name for field in fields(Application)} == known - {"preauth"}
    assert all_keys() == [*COLUMNS, *SETTINGS, "header.NAME", "request.NAME", "response.NAME"]


@every_row
def test_a_row_says_all_that_pages_and_commands_need(row: ApplicationSetting) -> None:
    """A topic of the page, one line of meaning without the default, and two values to try."""
    assert row.topic in TOPICS
    assert row.meaning and row.meaning.isprintable() and not row.meaning.endswith((".", f"({row.default_text})"))
    values = [row.kind.parse(text) for text in examples(row)]
    assert any(value != values[0] for value in values)
    assert row.default_text in row.explanation


@every_row
def test_the_default_is_what_its_text_says(row: ApplicationSetting) -> None:
    """What `app keys` calls the default is the default, and may be typed; else only leaving it out says it."""
    if row.default_text:
        assert row.kind.parse(row.default_text) == row.default
    else:
        assert row.default in ("", None)


@every_row
def test_a_value_is_the_same_at_the_admin_in_the_store_and_at_the_connector(row: ApplicationSetting) -> None:
    """As text, as value, as text again, and through the message to the connector."""
    for text in examples(row):
        (stored,) = check_texts({row.key.upper().replace("_", "-"): text}).items()
        assert stored == (row.key, text)
        values = parse_settings(json.loads(json.dumps(dict([stored]))))
        assert parse_settings({row.key: row.kind.text(values[row.key])}) == values
        application = replace(WIKI, **values)
        if row not in ORIGIN_SETTINGS:
            assert view_of(application) == view_of(WIKI), "only what OriginSettings lists leaves the service"
        assert at_the_connector(application) == sent(application)


@every_row
def test_an_error_names_the_key(row: ApplicationSetting) -> None:
    """And goes on as a sentence after the value."""
    with pytest.raises(ConfigError, match=f"^{row.key}: "):
        parse_settings({row.key: "\n"})


@pytest.mark.parametrize("row", ORIGIN_SETTINGS, ids=lambda row: row.key)
@pytest.mark.parametrize("value", [None, {}, [{}], -1, [1]], ids=repr)
def test_a_connector_takes_no_nonsense(row: ApplicationSetting, value: object) -> None:
    """The error names the application and the key as it is in the message."""
    message = {"version": 1, "applications": {"wiki": {**view_of(WIKI), row.wire: value}}}
    with pytest.raises(ConfigError, match=f"^configuration: wiki: {row.wire}: "):
        parse_configuration(json.dumps(message).encode())


def test_a_service_that_says_nothing_means_the_defaults() -> None:
    """Older services know fewer settings."""
    message = b'{"version": 1, "applications": {"wiki": {"internal": "http://wiki/"}}}'
    assert parse_configuration(message).targets["wiki"].settings == OriginSettings()


def typed(row: ApplicationSetting) -> st.SearchStrategy[tuple[ApplicationSetting, Any]]:
    """A row with a value that somebody could type: an example, or whatever happens to be one."""
    texts = st.sampled_from(examples(row)) | st.from_regex(r"[0-9a-z.,/:-]{1,12}", fullmatch=True) | st.text(max_size=12)
    return texts.map(lambda text: (row, text))


@given(st.lists(st.sampled_from(list(SETTINGS.values())).flatmap(typed), max_size=12))
def test_any_settings_together_come_through(chosen: list[tuple[ApplicationSetting, str]]) -> None:
    """Whatever is accepted is written so that it is read as the same, and reaches the connector as it is."""
    found: dict[str, Any] = {}
    for row, text in chosen:
        try:
            found |= parse_settings({row.key: text})
        except ConfigError:
            continue
    application = replace(WIKI, **found)
    try:
        check_together(application)
    except ConfigError:
        reject()
    texts = {key: SETTINGS[key].kind.text(value) for key, value in found.items()}
    # No text is the default.
    left_out = {key: SETTINGS[key].default for key, text in texts.items() if not text}
    assert {**left_out, **parse_settings({key: text for key, text in texts.items() if text})} == found
    assert at_the_connector(application) == sent(application)
