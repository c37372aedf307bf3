"""Our pages in a real browser, usable by everybody: names, order, contrast, on a small screen, by day and by night."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.end_to_end.chromium import sign_in, wait
from tests.end_to_end.test_browser import browser
from tests.end_to_end.world import PASSWORD, World, until

__all__ = ["browser"]

#: Gives what is wrong, one line each. Contrast as WCAG 2.2 computes it (1.4.3), 3 to 1 for large letters.
_FAULTS = """
const faults = [], all = (what) => [...document.querySelectorAll(what)];
if (!document.documentElement.lang) faults.push('no language');
if (!document.title) faults.push('no title');
for (const one of ['main', 'h1']) if (all(one).length !== 1) faults.push(`${all(one).length} of ${one}`);
let level = 0;
for (const heading of all('h1,h2,h3,h4,h5,h6')) {
  const next = Number(heading.tagName[1]);
  if (next > level + 1) faults.push(`a heading of level ${next} after ${level}`);
  level = next;
}
for (const input of all('input:not([type=hidden]),select,textarea'))
  if (!input.labels.length && !input.ariaLabel) faults.push(`no label: ${input.outerHTML}`);
for (const one of all('a,button')) if (!one.textContent.trim() && !one.ariaLabel) faults.push(`no name: ${one.outerHTML}`);
for (const one of all('[aria-describedby]'))
  if (!document.getElementById(one.getAttribute('aria-describedby'))) faults.push(`described by nothing: ${one.outerHTML}`);
const wide = document.documentElement.scrollWidth;
if (wide > innerWidth) faults.push(`${wide} px in ${innerWidth}`);
const parse = (text) => text.match(/[0-9.]+/g).map(Number);
const light = ([r, g, b]) => [r, g, b].map((x) => x / 255).map((x) => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)
  .reduce((sum, x, i) => sum + x * [0.2126, 0.7152, 0.0722][i], 0);
const behind = (one) => {
  for (; one; one = one.parentElement) {
    const colour = parse(getComputedStyle(one).backgroundColor);
    if (colour.length === 3 || colour[3] === 1) return colour;
  }
  return [255, 255, 255];
};
let seen = 0;
for (const one of all('body *')) {
  if (![...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) || !one.getClientRects().length) continue;
  const style = getComputedStyle(one), [a, b] = [light(parse(style.color)), light(behind(one))].sort((x, y) => y - x);
  const size = parseFloat(style.fontSize), large = size >= 24 || size >= 18.66 && Number(style.fontWeight) >= 700;
  const ratio = (a + 0.05) / (b + 0.05);
  seen += 1;
  if (ratio < (large ? 3 : 4.5)) faults.push(`${ratio.toFixed(2)} to 1: ${one.textContent.trim()}`);
}
if (seen < 3) faults.push(`only ${seen} texts were looked at`);
return faults;
"""


def check(browser: Chrome) -> None:
    """The page that is shown, wide and as narrow as WCAG asks for (1.4.10), by day and by night."""
    for width in (1300, 320):
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False})
        for scheme in ("light", "dark"):
            browser.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                    {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
            assert browser.execute_script(_FAULTS) == [], (browser.current_url, width, scheme)
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_page_that_is_hard_to_use_is_noticed(browser: Chrome) -> None:
    """The check itself: each of its rules finds a page that breaks it."""
    browser.get("data:text/html,<h1>a</h1><h3>b</h3><input><a href='x'></a><p style='color:%23999;width:9999px'>c</p>")
    faults = " ".join(browser.execute_script(_FAULTS))
    for words in ("no language", "no title", "0 of main", "level 3 after 1", "no label", "no name", "px in", "2.85 to 1: c"):
        assert words in faults, faults


@pytest.mark.parametrize("path", ["/nothing", "/.appproxy/nothing"])
def test_pages_of_failures(browser: Chrome, world: World, path: str) -> None:
    """Where nothing is published, and where there is no such page of ours."""
    browser.get(world.url("signin" if path == "/nothing" else "sample", path))
    assert browser.find_elements(By.CSS_SELECTOR, "dl code")
    check(browser)


def test_signing_in(browser: Chrome, world: World) -> None:
    """The form, and the form with an error, which both fields name as their description."""
    browser.get(world.url("sample"))
    wait(browser).until(lambda driver: driver.find_elements(By.NAME, "password"))
    check(browser)
    sign_in(browser, "alice", "not the password")
    wait(browser).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, "[role=alert]"))
    assert len(browser.find_elements(By.CSS_SELECTOR, "input[aria-describedby=error]")) == 2
    check(browser)


def test_signed_out(browser: Chrome, world: World) -> None:
    """The page after signing out."""
    browser.get(world.url("signin", "/signed-out"))
    check(browser)


def _closed(browser: Chrome, world: World) -> bool:
    browser.get(world.url("sample"))
    return "MAINTENANCE" in browser.page_source


def test_own_sessions(browser: Chrome, world: World) -> None:
    """Where a user is signed in; and the way out by keyboard alone."""
    browser.get(world.url("apps", "/sign-in/builtin/"))  # other tests may have published with other providers
    wait(browser).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, "[name=password], .apps"))
    if browser.find_elements(By.NAME, "password"):
        sign_in(browser, "alice", PASSWORD)
    wait(browser).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, "a[href='/sessions']"))[0].click()
    wait(browser).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, ".sessions"))
    assert "Chrome on Linux (this browser)" in browser.find_element(By.CSS_SELECTOR, ".sessions").text
    check(browser)
    for _ in range(10):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        focused = browser.switch_to.active_element
        if focused.text.startswith("Sign out"):
            break
    assert "since" in focused.accessible_name, "whoever hears the page knows which session is meant"
    focused.send_keys(Keys.ENTER)
    wait(browser).until(lambda driver: "/signed-out" in driver.current_url)


def test_maintenance(browser: Chrome, world: World) -> None:
    """The page of an application that is closed, with the longest text that an admin can give."""
    world.admin("app", "set", "sample", "maintenance=yes", "maintenance_text=" + "unbroken" * 37)
    try:
        until(lambda: _closed(browser, world), "it is still open")
        check(browser)
    finally:
        world.admin("app", "set", "sample", "maintenance=", "maintenance_text=")


def _shows_brand(browser: Chrome, url: str) -> bool:
    browser.get(url)
    return bool(browser.find_elements(By.CSS_SELECTOR, ".brand"))


def test_with_a_brand(browser: Chrome, world: World) -> None:
    """An organisation's longest texts, and a colour that a dark page needs lighter."""
    world.admin("branding", "set", "name=" + "unbroken" * 8, "accent=#7a1f3d", "sign_in_text=" + "Use your badge. " * 18,
                "help_text=" + "unbroken" * 37, "help_link=mailto:help@example.com", "footer=" + "unbroken" * 15)
    try:
        until(lambda: _shows_brand(browser, world.url("signin", "/nothing")), "the brand is not there")
        check(browser)
        for url in (world.url("sample", "/.appproxy/nothing"), world.url("signin", "/signed-out")):
            assert _shows_brand(browser, url)
            check(browser)
        browser.get(world.url("sample"))
        wait(browser).until(lambda driver: driver.find_elements(By.NAME, "password"))
        assert browser.find_elements(By.CSS_SELECTOR, ".brand")
        by_day = {"features": [{"name": "prefers-color-scheme", "value": "light"}]}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", by_day)
        button = "return getComputedStyle(document.querySelector('button')).backgroundColor"
        assert browser.execute_script(button) == "rgb(122, 31, 61)"
        check(browser)
    finally:
        world.admin("branding", "reset")


#: What it draws is as wide as it says; what it would run changes its title.
LOGO = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 40" width="160" height="40"><title>quiet</title>
<style>rect { fill: #7a1fa2 }</style><rect width="40" height="40" rx="8"/><circle cx="20" cy="20" r="10" fill="#fff"/>
<text x="52" y="28" font-family="sans-serif" font-size="24" fill="#7a1fa2">Works</text>
<script>document.querySelector("title").textContent = "ran"</script></svg>"""
#: The width of a picture once it is there.
WHEN_DRAWN = "const [image, done] = arguments; image.decode().then(() => done(image.naturalWidth), () => done(0));"


def test_a_logo(browser: Chrome, world: World, tmp_path: Path) -> None:
    """It is drawn on each page, by day and by night, and its script runs neither there nor when it is opened by itself."""
    (tmp_path / "logo.svg").write_text(LOGO)
    try:
        world.admin("branding", "set", "name=Example Works", "accent=#7a1fa2", f"logo=@{tmp_path}/logo.svg")
        logo = (By.CSS_SELECTOR, ".logo img")
        until(lambda: bool(_has(browser, world.url("signin", "/nothing"), *logo)), "the logo is not there")
        for url in (world.url("sample"), world.url("sample", "/.appproxy/nothing"), world.url("signin", "/signed-out")):
            assert _has(browser, url, *logo)
            image = browser.find_element(*logo)
            assert browser.execute_async_script(WHEN_DRAWN, image) == 160
            assert image.accessible_name == "Example Works"
            check(browser)
        browser.get(str(browser.find_element(*logo).get_attribute("src")))
        assert browser.execute_script("return document.querySelector('title').textContent") == "quiet"
        assert browser.execute_script("return document.querySelector('rect').getBBox().width") == 40
    finally:
        world.admin("branding", "reset")


def _has(browser: Chrome, url: str, by: str, what: str) -> bool:
    browser.get(url)
    wait(browser).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, "main h1"))
    return bool(browser.find_elements(by, what))
