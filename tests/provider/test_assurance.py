"""What a sign-in amounts to, and what clients may ask of it."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.provider.assurance import ACR, AskedAssurance, Level, Method, Unmet, acr_of, amr_of, level_of, read_demand

#: Section 2 of RFC 8176.
REGISTERED = {
    "face", "fpt", "geo", "hwk", "iris", "kba", "mca", "mfa", "otp", "pin", "pop", "pwd", "rba", "retina", "sc", "sms", "swk",
    "tel", "user", "vbm", "wia",
}  # fmt: skip
MFA = ACR[Level.MFA]
STRONGEST = ACR[Level.PHISHING_RESISTANT]


@pytest.mark.parametrize(
    ("methods", "level", "amr"),
    [
        ([Method.PASSWORD], Level.PASSWORD, ["pwd"]),
        ([Method.PASSWORD, Method.TOTP], Level.MFA, ["pwd", "otp", "mfa"]),
        ([Method.PASSWORD, Method.RECOVERY_CODE], Level.MFA, ["pwd", "mfa"]),
        ([Method.PASSKEY], Level.PHISHING_RESISTANT, ["pop", "user", "mfa"]),
        ([Method.PASSWORD, Method.PASSKEY], Level.PHISHING_RESISTANT, ["pwd", "pop", "user", "mfa"]),
        ([Method.PASSWORD, Method.TOTP, Method.PASSKEY], Level.PHISHING_RESISTANT, ["pwd", "otp", "pop", "user", "mfa"]),
        ([Method.PASSWORD, Method.PASSWORD], Level.PASSWORD, ["pwd", "pwd"]),
    ],
)
def test_what_is_told(methods: list[Method], level: Level, amr: list[str]) -> None:
    """Nothing that was not proved, in registered words; the same method twice is one."""
    assert (level_of(methods), acr_of(methods), amr_of(methods)) == (level, ACR[level], amr)
    assert set(amr) <= REGISTERED


@pytest.mark.parametrize(
    ("acr_values", "claims", "demand"),
    [
        ("", "", AskedAssurance()),
        (MFA, "", AskedAssurance(Level.MFA)),
        (f"{STRONGEST} {MFA}", "", AskedAssurance(Level.MFA)),
        (f"unknown {STRONGEST}", "", AskedAssurance(Level.PHISHING_RESISTANT)),
        ("unknown", "", AskedAssurance()),
        ("", json.dumps({"id_token": {"acr": {"essential": True, "values": [MFA, "x"]}}}), AskedAssurance(Level.MFA, True)),
        ("", json.dumps({"id_token": {"acr": {"essential": True, "value": STRONGEST}}}),
         AskedAssurance(Level.PHISHING_RESISTANT, True)),
        (MFA, json.dumps({"id_token": {"acr": {"essential": True}}}), AskedAssurance(Level.MFA, True)),
        (MFA, json.dumps({"id_token": {"acr": {"values": [STRONGEST]}}}), AskedAssurance(Level.PHISHING_RESISTANT)),
        ("", json.dumps({"id_token": {"acr": None, "auth_time": {"essential": True}, "email": None}}), AskedAssurance()),
        ("", json.dumps({"id_token": {"acr": {"values": [5, None, {}]}}}), AskedAssurance()),
        ("", json.dumps({"userinfo": {"acr": {"essential": True, "value": "x"}}}), AskedAssurance()),
        ("", json.dumps({"id_token": {"sub": {"value": "ann"}}}), AskedAssurance(subject="ann")),
    ],
)
def test_demands(acr_values: str, claims: str, demand: AskedAssurance) -> None:
    """Any of several values will do; `claims` say more than `acr_values`; what is unknown is left out."""
    assert read_demand(acr_values, claims) == demand


def test_nobody_can_be_signed_in_so() -> None:
    """What is essential and unknown is an error of its own."""
    with pytest.raises(Unmet):
        read_demand("", json.dumps({"id_token": {"acr": {"essential": True, "values": ["unknown"]}}}))


@pytest.mark.parametrize(
    "claims", ["x", "[]", "1", '{"id_token": []}', "{", "[" * 100, '{"a": "' + "x" * 3000 + '"}', "\ud800"])
def test_rubbish(claims: str) -> None:
    """Is refused as such."""
    with pytest.raises(ValueError):
        read_demand("", claims)


_NAMES = st.sampled_from(["id_token", "acr", "sub", "essential", "value", "values", "x"])
_json = st.recursive(
    st.none() | st.booleans() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4), max_leaves=12)


@given(st.text(max_size=60), _json)
def test_any_request_is_read_or_refused(acr_values: str, claims: object) -> None:
    """Whatever JSON comes."""
    with suppress(ValueError):
        assert read_demand(acr_values, json.dumps(claims)).level in Level
