"""Codes of authenticator apps, against the vectors of RFC 6238, and the picture."""

from __future__ import annotations

import base64
import re
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.provider.factors import recovery, totp

#: Appendix B: the secret in ASCII, and the last six of its eight digits.
SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037"),
           (20000000000, "353130")]


@pytest.mark.parametrize(("now", "code"), VECTORS)
def test_the_vectors(now: int, code: str) -> None:
    """Of RFC 6238, and the step that they are of; one step to each side, and no further."""
    step = now // 30
    assert totp.step_of(SECRET, code, float(now)) == step
    assert [totp.step_of(SECRET, code, float(now + 30 * off)) for off in (-2, -1, 1, 2)] == [None, step, step, None]


@given(st.text(max_size=12))
def test_what_is_a_code(text: str) -> None:
    """Six ASCII digits, and nothing else."""
    assert totp.is_code(text) == bool(re.fullmatch("[0-9]{6}", text))


def test_what_an_app_reads() -> None:
    """The address has the secret, whose it is and from where, whatever their names."""
    secret = totp.new_secret(bytes(range(20)))
    parts = urlsplit(totp.app_uri(secret, "ann&b=c/d", "Müller & Co: x"))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    query = parse_qs(parts.query)
    assert query == {"secret": [secret], "issuer": ["Müller & Co: x"]}
    assert totp.grouped(secret).replace(" ", "") == secret and len(secret) == 32


def test_the_picture_is_only_a_picture() -> None:
    """SVG without script, style, text or address: the strict policy of our pages lets nothing else be shown."""
    root = ElementTree.fromstring(str(totp.qr_code(totp.app_uri(SECRET, "<script>", "<b>"))))
    assert {one.tag for one in root.iter()} == {"svg", "g", "path"}
    assert {name for one in root.iter() for name in one.attrib} <= {"viewBox", "class", "transform", "fill", "stroke", "d"}


class TestRecoveryCodes:
    @given(st.binary(min_size=100, max_size=100))
    def test_read_as_they_are_shown(self, random: bytes) -> None:
        """With or without dashes and spaces, in any capitals."""
        codes = recovery.new_codes(random)
        assert len(codes) == recovery.COUNT
        for code in codes:
            shown = recovery.shown(code)
            assert {recovery.read(text) for text in (code, shown, shown.upper(), f" {shown.replace('-', ' ')} ")} == {code}

    def test_signs_that_look_alike(self) -> None:
        """Base32 has no 0 and no 1, which are read as the letters; of 8 and 9 nothing can be made."""
        assert recovery.read("0123-4567-abcd-efgh") == "oi234567abcdefgh"
        assert recovery.read("8123-4567-abcd-efgh") is None

    @given(st.text(max_size=80))
    def test_anything_else_is_none(self, text: str) -> None:
        """Whatever is typed."""
        read = recovery.read(text)
        assert read is None or re.fullmatch("[a-z2-7]{16}", read)
