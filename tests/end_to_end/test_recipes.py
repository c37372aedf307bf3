"""A site that writes its own address before every link, in a real browser: the two ways of the recipe for WordPress."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.end_to_end.chromium import sign_in, wait
from tests.end_to_end.test_browser import browser, complaints
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import PASSWORD, World, until

__all__ = ["browser"]

#: Links of every kind that the recipe's site has: in attributes, in a piece of a page, in a script, and in JSON.
HOME = """<!doctype html><html data-called="{called}"><title>{path}</title>
<link rel="stylesheet" href="{base}/style.css"><body>
<a id="post" href="{base}/post">post</a>
<script type="text/html" id="piece"><a id="inserted" href="{base}/list">list</a></script>
<script>const site = {{"api": "{spelled}\\/api"}};</script><script src="{base}/app.js"></script>"""
SCRIPT = """document.body.insertAdjacentHTML('beforeend', document.getElementById('piece').innerHTML);
fetch(site.api).then((answer) => answer.json()).then(({next}) =>
  document.body.insertAdjacentHTML('beforeend', `<a id="fetched" href="${next}">next</a>`));"""
FEED = '<rss><channel><link>{base}/post</link><image url="{base}/ground.svg"/></channel></rss>'
READ_FEED = "fetch('/feed').then((answer) => answer.text()).then(arguments[0])"
LOADED = "return performance.getEntriesByType('resource').map((one) => [one.name, one.nextHopProtocol])"
MANIFEST = '{{"name": "site", "start_url": "{base}/", "display": "standalone"}}'
INSTALLABLE = '<!doctype html><title>{path}</title><link rel="manifest" href="/manifest.webmanifest"{credentials}>'
LOGIN = """<!doctype html><title>{path}</title><form method="post" action="{base}/login"><button>in</button></form>"""


class Site(BaseHTTPRequestHandler):
    """Calls itself by the name and the scheme that it is told."""

    protocol_version = "HTTP/1.1"

    @property
    def base(self) -> str:
        return f"{self.headers.get('X-Forwarded-Proto', 'http')}://{self.headers['Host']}"

    def do_GET(self) -> None:
        kind, body = "text/html; charset=utf-8", HOME
        if self.path == "/inside" and "site-session=1" not in self.headers.get("Cookie", ""):
            self.say(302, "", location=f"{self.base}/login")
            return
        if self.path == "/login":
            body = LOGIN
        elif self.path == "/style.css":
            kind, body = "text/css", "body {{ background: url({base}/ground.svg) }}"
        elif self.path == "/app.js":
            kind, body = "text/javascript", SCRIPT.replace("{", "{{").replace("}", "}}")
        elif self.path == "/api":
            kind, body = "application/json", '{{"next": "{spelled}\\/next"}}'
        elif self.path.startswith("/installable"):
            credentials = ' crossorigin="use-credentials"' if self.path.endswith("credentials") else ""
            body = INSTALLABLE.replace("{credentials}", credentials)
        elif self.path == "/manifest.webmanifest":
            kind, body = "application/manifest+json", MANIFEST
        elif self.path == "/feed":
            kind, body = "application/rss+xml", FEED
        elif self.path.endswith((".svg", ".ico")):
            kind, body = "image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg"/>'
        spelled = self.base.replace("/", "\\/")
        called = "internal" if self.headers["Host"].startswith("127.") else "public"
        self.say(200, body.format(base=self.base, path=self.path, spelled=spelled, called=called), content_type=kind)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.say(302, "", location=f"{self.base}/inside", set_cookie="site-session=1; Path=/; HttpOnly")

    def say(self, status: int, body: str, **fields: str) -> None:
        data = body.encode()
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture(scope="module")
def site(world: World, browser: Chrome) -> Iterator[str]:
    """The application `site`, into which the browser has signed in; gives its internal address without scheme."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    inside = f"127.0.0.1:{server.server_port}"
    world.publish("site", f"http://{inside}/")
    world.admin("assign", "site", "--user", "alice")
    browser.get(world.url("site"))
    sign_in(browser, "alice", PASSWORD)
    wait(browser).until(lambda driver: driver.current_url == world.url("site"))
    yield inside
    world.admin("app", "remove", "site")
    server.shutdown()
    server.server_close()


def is_live(browser: Chrome, url: str, inside: str, host: str) -> bool:
    """Is the site called by this name now, and its page without the internal address?"""
    browser.get(url)
    return f'data-called="{host}"' in browser.page_source and inside not in browser.page_source


def follow(browser: Chrome, link: str) -> None:
    """Click on a link, once it is there, and wait for where it leads."""
    wait(browser).until(lambda driver: driver.find_elements(By.ID, link))[0].click()
    wait(browser).until(lambda driver: driver.title != "/")


@pytest.mark.parametrize(("view", "translate_body"), [("public", ""), ("internal", "html,css,javascript,json,xml")])
def test_every_link_leads_to_the_public_name(
    world: World, browser: Chrome, site: str, view: str, translate_body: str
) -> None:
    """Those of the page, those that its scripts make, and redirects; and its own login works. All over HTTP/2."""
    world.admin("app", "set", "site", f"view={view}", f"translate_body={translate_body}")
    browser.delete_cookie("site-session")
    until(lambda: is_live(browser, world.url("site"), site, view), "the setting is live", 5)
    complaints(browser)  # what was said while it was not
    for link, path in (("post", "/post"), ("inserted", "/list"), ("fetched", "/next")):
        browser.get(world.url("site"))
        follow(browser, link)
        assert browser.current_url == world.url("site", path)
        assert site not in browser.page_source
    browser.get(world.url("site", "/inside"))
    wait(browser).until(lambda driver: driver.current_url == world.url("site", "/login"))
    browser.find_element(By.TAG_NAME, "button").click()
    wait(browser).until(lambda driver: driver.current_url == world.url("site", "/inside"))
    wanted = {(world.url("site", path), "h2") for path in ("/style.css", "/app.js", "/api", "/ground.svg")}
    until(lambda: wanted <= {(url, protocol) for url, protocol in browser.execute_script(LOADED)}, "all is loaded", 10)
    assert browser.execute_async_script(READ_FEED) == FEED.format(base=world.url("site", ""))
    assert complaints(browser) == []


def manifest(browser: Chrome, url: str) -> str:
    """What the browser gets as the manifest of this page; "" when that fails."""
    browser.get(url)
    found = browser.execute_cdp_cmd("Page.getAppManifest", {})
    return "" if found.get("errors") else str(found.get("data") or "")


def test_an_application_that_can_be_installed(world: World, browser: Chrome, site: str) -> None:
    """Browsers fetch a manifest without cookies: it needs the word `use-credentials`, or a path without sign-in."""
    world.admin("app", "set", "site", "view=public", "translate_body=")
    until(lambda: is_live(browser, world.url("site"), site, "public"), "the setting is live", 5)
    plain, told = world.url("site", "/installable"), world.url("site", "/installable-with-credentials")
    assert manifest(browser, plain) == ""
    assert '"name": "site"' in manifest(browser, told)
    world.admin("app", "publish", "site-manifest", "--external", world.url("site", "/manifest.webmanifest"),
                "--internal", f"http://{site}/manifest.webmanifest", "--preauth", "passthrough", "--set", "view=public")
    until(lambda: '"name": "site"' in manifest(browser, plain), "the manifest is open", 10)
    visitor = Visitor(world.port, world.anchor)
    assert visitor.get(world.url("site", "/manifest.webmanifest")).status == 200
    assert visitor.get(world.url("site", "/installable")).status == 401
    world.admin("app", "remove", "site-manifest")
