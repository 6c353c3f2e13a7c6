"""Makes the pictures in docs/images anew: runs against emulators that are broken on purpose, their pages in chromium.

Run it with `.venv/bin/python docs/screenshots.py`; it needs `chromium` on the PATH. Nothing else uses it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

IMAGES = Path(__file__).resolve().parent / "images"
FAULTS = ("accepts-send-digits-33", "price-unit-unknown", "refusal-code-text")
LARGEST = 400_000
PHONE = (390, 844)
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--hide-scrollbars", "--force-color-profile=srgb",
)


@dataclass(frozen=True)
class Shot:
    """One picture.

    Args:
        name: of the file in docs/images.
        page: what it shows, a key of `pages`.
        size: of the window, in pixels.
        scheme: light or dark.
        part: selector of the element that it shows; empty for the window.
        place: what stands behind the page's address.
    """

    name: str
    page: str
    size: tuple[int, int]
    scheme: Literal["light", "dark"] = "light"
    part: str = ""
    place: str = ""


SHOTS = (
    Shot("report", "report", (1280, 1250)), Shot("report-dark", "report", (1280, 900), "dark"), Shot("report-phone", "report", PHONE),
    Shot("report-finding", "report", (1280, 900), part="#finding-response\\.price-unit\\.iso-4217"),
    Shot("report-map", "report", (1280, 900), place="#rt-map"), Shot("report-numbers", "report", (1280, 900), "dark", "#rt-numbers"),
    Shot("matrix", "matrix", (1200, 900)),
)


def ringtrue(directory: Path, *arguments: str) -> int:
    """Runs the command in a directory of its own; its exit code."""
    return subprocess.run([sys.executable, "-m", "harness", *arguments], cwd=directory, check=False, stdout=subprocess.DEVNULL).returncode


def pages(directory: Path) -> dict[str, Path]:
    """The report of one quick run against the faulty emulator, and the matrix of three runs."""
    broken = [word for name in FAULTS for word in ("--fault", name)]
    code = ringtrue(directory, "run", *broken, "--output", "reports/latest")
    if code != 1:
        sys.exit(f"the run ended with {code}, not with 1: the faults were not found")
    for name, fault in (("alpha", ()), ("beta", FAULTS[:1]), ("gamma", FAULTS[1:])):
        ringtrue(directory, "run", *(word for f in fault for word in ("--fault", f)), "--output", f"reports/{name}")
    ringtrue(directory, "compare", "reports/alpha", "reports/beta", "reports/gamma", "--matrix")
    return {"report": directory / "reports" / "latest" / "report.html", "matrix": directory / "reports" / "matrix.html"}


def shoot(browser: Browser, page: Path, shot: Shot, image: Path) -> None:
    """Writes one picture."""
    context = browser.new_context(
        viewport={"width": shot.size[0], "height": shot.size[1]}, color_scheme=shot.scheme, is_mobile=shot.size == PHONE,
        device_scale_factor=2 if shot.size == PHONE else 1,
    )
    tab = context.new_page()
    tab.goto(page.as_uri() + shot.place)
    tab.wait_for_timeout(300)
    image.parent.mkdir(parents=True, exist_ok=True)
    if shot.part:
        tab.locator(shot.part).first.screenshot(path=image)
    else:
        tab.screenshot(path=image)
    context.close()


def main() -> None:
    """Runs, shoots, and checks that each picture is small enough to keep."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("chromium is not on the PATH")
    with tempfile.TemporaryDirectory(prefix="ringtrue-screenshot-") as scratch, sync_playwright() as driver:
        made = pages(Path(scratch))
        browser = driver.chromium.launch(executable_path=chromium, args=list(FLAGS))
        for shot in SHOTS:
            image = IMAGES / f"{shot.name}.png"
            shoot(browser, made[shot.page], shot, image)
            if image.stat().st_size > LARGEST:
                sys.exit(f"{image.name} has {image.stat().st_size} bytes, more than {LARGEST}")
            print(f"{image.name}: {image.stat().st_size} bytes")
        browser.close()


if __name__ == "__main__":
    main()
