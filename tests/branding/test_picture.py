"""Pictures are told by what is in them, and how large they are by what they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.branding.picture import LARGEST_PICTURE, MOST_PIXELS, check_picture, read_picture
from tests.branding.pictures import in_base64, jpeg, png, webp

STARTS = (png()[:24], jpeg(1, 1)[:4], webp(b"VP8 ", b"")[:16], webp(b"VP8L", b"\x2f"), webp(b"VP8X", b""))


@pytest.mark.parametrize(
    ("data", "kind", "size"),
    [
        (png(3, 5), "image/png", (3, 5)),
        (jpeg(300, 20), "image/jpeg", (300, 20)),
        (jpeg(7, 9, b"\xff\xd0\xff\x01\xff\xff\xff\xc4\x00\x02"), "image/jpeg", (7, 9)),
        (webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a\x40\x41\x20\x00"), "image/webp", (0x140, 32)),
        (webp(b"VP8L", b"\x2f" + ((99 << 14) | 49).to_bytes(4, "little")), "image/webp", (50, 100)),
        (webp(b"VP8X", b"\0\0\0\0\x0f\0\0\x1f\0\0"), "image/webp", (16, 32)),
        (png(MOST_PIXELS, 1), "image/png", (MOST_PIXELS, 1)),
    ],
)  # fmt: skip
def test_kind_and_size(data: bytes, kind: str, size: tuple[int, int]) -> None:
    """Of each of the three, in all forms that say it at different places."""
    found = read_picture(in_base64(data))
    assert (found.kind, (found.width, found.height), found.data) == (kind, size, data)
    assert found.digest != check_picture(data + b" ").digest, "another picture has another address"
    assert str(found) == f"{kind}, {size[0]} x {size[1]}, {len(data)} bytes"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "must be a PNG, JPEG or WebP"), (b"GIF89a", "must be a PNG"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG can hold scripts"),
        (b"<html><script>alert(1)</script>", "must be a PNG"), (b"RIFF\0\0\0\0WAVE", "must be a PNG"),
        (png()[:18], "cut short"), (png()[:8] + b"x" * 20, "header is not the first"),
        (jpeg(1, 1)[:12], "cut short"), (b"\xff\xd8<svg", "where a segment should begin"),
        (b"\xff\xd8\xff\xe0\x00\x01", "nothing in it says"), (b"\xff\xd8\xff\xda\x00\x08", "nothing in it says"),
        (webp(b"ALPH", b"x" * 20), "first chunk"), (webp(b"VP8 ", b"x" * 20), "first chunk"),
        (png(MOST_PIXELS + 1, 1), "1 to 1024 pixels a side, and has 1025 x 1"), (jpeg(0, 4), "has 0 x 4"),
        (png().ljust(LARGEST_PICTURE + 1, b"x"), f"at most {LARGEST_PICTURE} bytes, and has {LARGEST_PICTURE + 1}"),
    ],
)  # fmt: skip
def test_what_is_refused(data: bytes, why: str) -> None:
    """And what the mend is."""
    with pytest.raises(ValueError, match=why):
        check_picture(data)


@pytest.mark.parametrize("text", ["x", "eHh4\n", "\u00e9"])
def test_no_base64(text: str) -> None:
    """Nothing is passed over in it."""
    with pytest.raises(ValueError, match="in base64"):
        read_picture(text)


@given(st.sampled_from(STARTS), st.binary(max_size=64))
def test_whatever_comes_is_a_picture_or_an_error_that_says_so(start: bytes, rest: bytes) -> None:
    """Nothing else is raised, and what is a picture is small enough to be shown."""
    try:
        found = check_picture(start + rest)
    except ValueError:
        return
    assert 0 < found.width <= MOST_PIXELS and 0 < found.height <= MOST_PIXELS
