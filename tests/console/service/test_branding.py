"""What the pages look like, set on a page."""

from __future__ import annotations

import struct
import zlib

from tests.console.conftest import House, Seat


def png() -> bytes:
    """One dot."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"\0abc")) + chunk(b"IEND", b""))


def test_texts_and_pictures(house: House, alice: Seat) -> None:
    """Saved by one form; what is no picture is refused by its key; put back one by one, or all."""
    proof = alice.proof
    tag = alice.see("/branding").text.split('name="tag" value="')[1].split('"')[0]

    def send(fields: dict[str, str], logo: bytes) -> int:
        body = b"".join(f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{text}\r\n'.encode()
                        for key, text in {"proof": proof, **fields}.items())
        body += b'--x\r\nContent-Disposition: form-data; name="logo"; filename="l.png"\r\n\r\n' + logo + b"\r\n--x--\r\n"
        return alice.browser.request("POST", "https://admin.example.org/branding", data=body, headers={
            "origin": "https://admin.example.org", "sec-fetch-site": "same-origin",
            "content-type": "multipart/form-data; boundary=x"}, allow_redirects=True).status

    tag = tag.replace("&#34;", '"')
    assert send({"name": "Works", "tag": tag}, b"<script>") == 422
    assert house.call("GET", "/branding")["name"] == ""
    assert send({"name": "Works", "tag": tag}, png()) == 200
    found = house.call("GET", "/branding")
    assert found["name"] == "Works" and "PNG" in found["logo"].upper()
    assert send({"name": "Other", "tag": tag}, png()) == 412, "somebody has changed it since"
    assert alice.send("/branding/reset", {"key": "logo"}, of="/branding").status == 200
    assert house.call("GET", "/branding")["logo"] == "" and house.call("GET", "/branding")["name"] == "Works"
    assert alice.send("/branding/reset", {}, of="/branding").status == 200
    assert house.call("GET", "/branding")["name"] == ""


def test_a_form_of_another_kind(alice: Seat) -> None:
    """Is none: neither JSON nor what is cut off."""
    for kind, body in (("application/json", b"{}"), ("multipart/form-data; boundary=x", b"--x\r\n")):
        assert alice.browser.request("POST", "https://admin.example.org/branding", data=body, headers={
            "origin": "https://admin.example.org", "sec-fetch-site": "same-origin", "content-type": kind}).status == 400
