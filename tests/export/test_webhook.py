"""Batches that are posted, and what their answers mean."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode

import pytest

from appproxy.export.webhook import (
    DeliveryVerdict,
    batch,
    is_suspect,
    key_of,
    key_text,
    signature,
    signed_fields,
    verdict_on,
)

KEY, NOW = bytes(range(32)), 1782864000.9


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """HMAC-SHA256 over id, time and body, as a receiver's library counts it; each of the three is under it."""
    body = batch([b'{"a":1}', b'{"a":2}'])
    assert json.loads(body) == [{"a": 1}, {"a": 2}]
    fields = signed_fields(KEY, "m-1", NOW, body)
    expected = hmac.digest(KEY, b"m-1.1782864000." + body, "sha256")
    assert fields["webhook-signature"] == "v1," + b64encode(expected).decode()
    assert (fields["webhook-id"], fields["webhook-timestamp"]) == ("m-1", "1782864000")
    assert fields["content-type"] == "application/json"
    others = {signature(KEY, "m-2", NOW, body), signature(KEY, "m-1", NOW + 1, body), signature(KEY, "m-1", NOW, body + b" "),
              signature(KEY[::-1], "m-1", NOW, body)}
    assert len(others) == 4 and fields["webhook-signature"] not in others


def test_the_key_that_is_shown() -> None:
    """With the prefix that receivers' libraries look for."""
    assert key_text(KEY).startswith("whsec_") and key_of(key_text(KEY)) == KEY


@pytest.mark.parametrize(("statuses", "verdict"), [
    ((200, 202, 204), DeliveryVerdict.TAKEN),
    ((400, 413, 415, 422), DeliveryVerdict.REFUSED),
    ((301, 307, 401, 403, 404, 408, 410, 425, 429, 500, 502, 503, 504), DeliveryVerdict.LATER),
])
def test_answers(statuses: tuple[int, ...], verdict: DeliveryVerdict) -> None:
    """Only what is the content's own fault is never tried again; what an administrator can mend waits."""
    assert {verdict_on(status) for status in statuses} == {verdict}


def test_what_may_speak_against_the_content() -> None:
    """What firewalls answer to what looks like an attack; nothing that says when to come again."""
    assert all(is_suspect(status) for status in (400, 403, 404, 406, 451))
    assert not any(is_suspect(status) for status in (200, 301, 408, 425, 429, 500, 503))
