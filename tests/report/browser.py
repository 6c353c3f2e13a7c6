"""A headless Chromium for the tests of pages: each page is opened from disk, and whatever it complains of is kept."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright
from support import ROOT, required

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
         "--disable-sync")
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
DESKTOP, PHONE = (1280, 900), (390, 844)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser that this machine has."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        required("chromium is not installed")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class Opened:
    """An open page.

    Args:
        page: Playwright's.
        faults: what the console said of errors and warnings, and errors that nothing caught.
        loaded: every address that was asked for.
    """

    page: Page
    faults: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)

    def visible(self, selector: str) -> int:
        """How many elements can be seen."""
        return self.page.locator(selector).filter(visible=True).count()

    def violations(self) -> list[str]:
        """What axe finds wrong with the page as it is now: rule, and where."""
        if not AXE.is_file():
            required("axe-core is not in node_modules")
        self.page.evaluate(AXE.read_text("utf-8"))  # evaluated by the debugger, which the page's policy does not bind
        found: dict[str, Any] = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [f"{v['id']}: {n['target']} {n['failureSummary']}" for v in found["violations"] for n in v["nodes"]]


@contextmanager
def opened(
    browser: Browser, path: Path, after: str = "", *, size: tuple[int, int] = DESKTOP, scheme: Literal["light", "dark"] = "light", scripts: bool = True
) -> Iterator[Opened]:
    """A page from disk in a browser without memory.

    Args:
        path: of the page.
        after: what stands behind the path in the address: `?…#…`.
        size: of the window, in pixels.
        scheme: what the reader prefers.
        scripts: whether they run.
    """
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, java_script_enabled=scripts, is_mobile=size == PHONE,
        has_touch=size == PHONE,
    )
    page = context.new_page()
    one = Opened(page)
    page.on("console", lambda m: one.faults.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: one.faults.append(str(e)))
    page.on("request", lambda r: one.loaded.append(urlsplit(r.url).scheme if re.match("file|data", r.url) else r.url))
    page.goto(path.as_uri() + after)
    yield one
    context.close()
