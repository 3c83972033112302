"""A page in a real headless Chromium: what it says on its console, what it asks of a network, what it looks like."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--force-device-scale-factor=1",
)


@contextmanager
def opened(page: Path, width: int = 1280, height: int = 900, *, dark: bool = False, fragment: str = "") -> Iterator:
    """A selenium driver that has opened a file from disk; the test is skipped where there is no Chromium."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("no chromium and chromedriver on the path")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for word in (*QUIET, f"--window-size={width},{height}"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        # The window has borders, even without a head; a phone is narrower than Chromium makes a window.
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
        browser.get(page.resolve().as_uri() + fragment)
        yield browser
    finally:
        browser.quit()


def complaints(browser) -> list[str]:
    """What the page wrote on its console as an error or a warning."""
    return [line["message"] for line in browser.get_log("browser") if line["level"] in ("SEVERE", "WARNING")]


def requests(browser) -> list[str]:
    """The addresses that the page asked for, other than its own file and what it carries in itself."""
    import json

    found = []
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            found.append(message["params"]["request"]["url"])
    return [url for url in found if not url.startswith(("data:", "blob:", "file:"))]


def violations(browser) -> list[str]:
    """What axe-core finds serious or critical: the rule and the first element that breaks it."""
    from axe_core_python.selenium import Axe

    found = Axe().run(browser)["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found if v["impact"] in ("serious", "critical")]
