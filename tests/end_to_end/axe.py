"""axe, the accessibility checker of Deque, run in a real browser on the page that is shown."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome

from tests.end_to_end import network

#: From npm's registry, or from its cache.
_PACKAGE = "axe-core@4.14.1"
#: Which rules: all of WCAG 2.2 to level AA, and what axe takes for good practice.
_RUN = """
const [done] = arguments;
axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(
  (found) => done(found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ").slice(0, 400)}`)),
  (error) => done([String(error)]));
"""


def fetch(directory: Path) -> str:
    """The script. Skips the test where npm cannot be reached."""
    with network.outside():
        packed: Any = subprocess.run(
            ["npm", "pack", "--silent", "--prefer-offline", _PACKAGE], cwd=directory, capture_output=True, text=True,
            timeout=180, check=False)
    if packed.returncode:
        pytest.skip(f"npm could not fetch axe: {packed.stderr[-500:]}")
    with tarfile.open(directory / packed.stdout.strip()) as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode()


def violations(browser: Chrome, script: str) -> list[str]:
    """What axe finds on the page that is shown, wide and narrow, by day and by night."""
    found = []
    for width in (1300, 360):
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})
        for scheme in ("light", "dark"):
            browser.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                    {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
            browser.execute_script(script)
            found += [f"{width} {scheme} {one}" for one in browser.execute_async_script(_RUN)]
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    return found
