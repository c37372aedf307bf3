"""The logo of an application, on its page."""

from __future__ import annotations

from tests.branding.pictures import in_base64, png
from tests.console.conftest import House, Seat

PATH = "/applications/wiki"


def test_given_and_taken_away(house: House, alice: Seat) -> None:
    """The page shows the picture itself; what is none is refused by its field, and without a choice nothing is sent."""
    proof = alice.proof
    path = f"/applications/{house.call('GET', PATH)['id']}"

    def send(picture: bytes) -> tuple[int, str]:
        tag = alice.see(path).text.split('name="tag" value="')[1].split('"')[0].replace("&#34;", '"')
        body = b"".join(f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{text}\r\n'.encode()
                        for key, text in {"proof": proof, "tag": tag}.items())
        body += b'--x\r\nContent-Disposition: form-data; name="picture"; filename="l.png"\r\n\r\n' + picture + b"\r\n--x--\r\n"
        answer = alice.browser.request("POST", f"https://admin.example.org{path}/logo", data=body, headers={
            "origin": "https://admin.example.org", "sec-fetch-site": "same-origin",
            "content-type": "multipart/form-data; boundary=x"}, allow_redirects=True)
        return answer.status, answer.text

    status, text = send(b"<svg/>")
    assert status == 422 and "an SVG can hold scripts" in text and 'name="picture"' in text
    assert send(b"")[1].count("choose a file") == 1
    status, text = send(png(12, 34))
    assert status == 200 and f'src="data:image/png;base64,{in_base64(png(12, 34))}"' in text and "12 × 34" in text
    assert alice.send(f"{path}/logo/remove", {}).status == 412, "nobody knows what was shown"
    assert alice.send(f"{path}/logo/remove", {}, of=PATH).status == 200
    assert house.call("GET", PATH)["logo"] == ""
