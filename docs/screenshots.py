"""Makes the pictures in docs/images anew: runs against emulators that are broken on purpose, their pages in chromium.

Run it with `.venv/bin/python docs/screenshots.py`; it needs `chromium` on the PATH. Nothing else uses it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

IMAGES = Path(__file__).resolve().parent / "images"
FAULTS = ("accepts-send-digits-33", "price-unit-unknown", "refusal-code-text")
DARK = "--blink-settings=preferredColorScheme=0"
LARGEST = 400_000
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--hide-scrollbars", "--force-color-profile=srgb", "--virtual-time-budget=3000",
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


def shoot(page: Path, profile: Path, image: Path, size: str, *more: str) -> None:
    """Writes a picture of the page's top."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("chromium is not on the PATH")
    image.parent.mkdir(parents=True, exist_ok=True)
    command = [chromium, *FLAGS, *more, f"--user-data-dir={profile}", f"--window-size={size}", f"--screenshot={image}", page.as_uri()]
    subprocess.run(command, check=True, timeout=120, stderr=subprocess.DEVNULL)


def main() -> None:
    """Runs, shoots, and checks that each picture is small enough to keep."""
    with tempfile.TemporaryDirectory(prefix="ringtrue-screenshot-") as scratch:
        made = pages(Path(scratch))
        for name, page, size, more in (
            ("report", "report", "1200,1500", ()), ("report-dark", "report", "1200,900", (DARK,)), ("report-phone", "report", "500,1000", ()),
            ("matrix", "matrix", "1200,900", ()),
        ):
            image = IMAGES / f"{name}.png"
            shoot(made[page], Path(scratch) / f"chromium-{name}", image, size, *more)
            if image.stat().st_size > LARGEST:
                sys.exit(f"{image.name} has {image.stat().st_size} bytes, more than {LARGEST}")
            print(f"{image.name}: {image.stat().st_size} bytes")


if __name__ == "__main__":
    main()
