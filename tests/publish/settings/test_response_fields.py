"""How response fields are written; the keys themselves are tried in test_application_settings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.errors import ConfigError
from appproxy.http.fields import check_block
from appproxy.publish.response_policy import ResponseField, response_policy
from appproxy.publish.settings.response_fields import RESPONSE, removed_fields, response_field, response_fields


def test_fields_come_in_the_order_of_their_names() -> None:
    """So that the same settings make the same answer."""
    fields = [ResponseField("x-b", "1"), ResponseField("x-a", "2")]
    assert response_fields(fields) == (fields[1], fields[0])


def test_not_too_many() -> None:
    """A head has room for the application's own fields too."""
    fields = [ResponseField(f"x-{n}", "1") for n in range(31)]
    assert len(response_fields(fields[:30])) == 30
    with pytest.raises(ConfigError, match="31 fields are set, 30 are possible"):
        response_fields(fields)


@given(st.text(max_size=20), st.text(max_size=20))
def test_whatever_is_accepted_makes_one_good_line(name: str, value: str) -> None:
    """No text of an admin can begin a second field, nor break the first."""
    try:
        field = response_field(RESPONSE + name, value)
    except ConfigError:
        return
    made = response_policy(robots_disallow=False, hsts_max_age=None, hsts_subdomains=False, fields=[field], removed=())
    check_block(made.added, 1)
    assert made.added == b"%b: %b\n" % (field.name.encode(), value.encode())


@given(st.text("abc-:, \n\u00fc", max_size=12))
def test_removed_names_are_names(text: str) -> None:
    """What cannot be a field's name is refused."""
    try:
        names = removed_fields(text)
    except ValueError:
        return
    assert all(name and set(name) <= set("abc-") for name in names)
