"""Pictures that can only look."""

from __future__ import annotations

from base64 import b64encode

import pytest

from appproxy.branding import BRAND_START, read_logo
from appproxy.branding.logo import check_logo
from appproxy.branding.picture import LARGEST_PICTURE

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def in_base64(picture: bytes) -> str:
    """As settings keep it."""
    return b64encode(picture).decode("ascii")


@pytest.mark.parametrize(
    ("picture", "kind"),
    [
        (PNG, "image/png"), (b"\xff\xd8\xff\xe0", "image/jpeg"), (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (SVG, "image/svg+xml"), (PNG.ljust(LARGEST_PICTURE, b"x"), "image/png"),
        (SVG.replace(b"1.0\"", b'1.0" encoding="utf-16"'), "image/svg+xml"),
    ],
)  # fmt: skip
def test_the_type_is_by_the_content(picture: bytes, kind: str) -> None:
    """And the path by every byte of it."""
    logo = read_logo(in_base64(picture))
    assert (logo.kind, logo.picture) == (kind, picture)
    assert logo.path.startswith(BRAND_START) and not logo.path.endswith(".css")
    assert len(picture) == LARGEST_PICTURE or read_logo(in_base64(picture + b" ")).path != logo.path
    assert str(logo) == f"{kind}, {len(picture)} bytes, at {logo.path}"
    assert read_logo(check_logo(in_base64(picture))) == logo


@pytest.mark.parametrize(
    "picture",
    [
        b"", b"GIF89a", b"<html><script>alert(1)</script></html>", b'<svg xmlns="http://www.w3.org/1999/xhtml"/>',
        b'<svg xmlns="http://www.w3.org/2000/svg">', SVG.decode().encode("utf-16"), SVG.decode().encode("utf-16-le"),
        SVG.replace(b"alert", b"\xff"), SVG.replace(b"<svg", b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg"),
        b"RIFF\0\0\0\0WAVEfmt ", SVG + SVG,
    ],
)  # fmt: skip
def test_what_is_no_picture(picture: bytes) -> None:
    """Nor an SVG that could grow, or hide what it is."""
    with pytest.raises(ValueError, match="a PNG, JPEG or WebP picture, or an SVG in UTF-8"):
        read_logo(in_base64(picture))


def test_too_large() -> None:
    """By one byte."""
    with pytest.raises(ValueError, match=f"at most {LARGEST_PICTURE} bytes, and has {LARGEST_PICTURE + 1}"):
        read_logo(in_base64(PNG.ljust(LARGEST_PICTURE + 1, b"x")))


@pytest.mark.parametrize("text", ["x", "eHh4\n", "eH h4", "\u00e9"])
def test_what_is_no_base64(text: str) -> None:
    """Strictly: what is kept is what was checked."""
    with pytest.raises(ValueError, match="base64"):
        read_logo(text)
