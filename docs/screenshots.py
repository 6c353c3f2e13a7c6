"""Makes docs/images/report.png anew: a run against an emulator that is broken on purpose, and its report in chromium.

Run it with `.venv/bin/python docs/screenshots.py`; it needs `chromium` on the PATH. Nothing else uses it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

IMAGE = Path(__file__).resolve().parent / "images" / "report.png"
FAULTS = ("accepts-send-digits-33", "price-unit-unknown", "refusal-code-text")
SIZE = "1200,1500"
LARGEST = 300_000
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--hide-scrollbars", "--force-color-profile=srgb", "--virtual-time-budget=3000",
)


def report(directory: Path) -> Path:
    """The report of one quick run against the faulty emulator."""
    faults = [word for name in FAULTS for word in ("--fault", name)]
    done = subprocess.run([sys.executable, "-m", "harness", "run", *faults, "--output", "reports/latest"], cwd=directory, check=False)
    if done.returncode != 1:
        sys.exit(f"the run ended with {done.returncode}, not with 1: the faults were not found")
    return directory / "reports" / "latest" / "report.html"


def shoot(page: Path, profile: Path, image: Path) -> None:
    """Writes a picture of the page's top."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("chromium is not on the PATH")
    image.parent.mkdir(parents=True, exist_ok=True)
    command = [chromium, *FLAGS, f"--user-data-dir={profile}", f"--window-size={SIZE}", f"--screenshot={image}", page.as_uri()]
    subprocess.run(command, check=True, timeout=120, stderr=subprocess.DEVNULL)


def main() -> None:
    """Runs, shoots, and checks that the picture is small enough to keep."""
    with tempfile.TemporaryDirectory(prefix="ringtrue-screenshot-") as scratch:
        shoot(report(Path(scratch)), Path(scratch) / "chromium", IMAGE)
    size = IMAGE.stat().st_size
    if size > LARGEST:
        sys.exit(f"{IMAGE} has {size} bytes, more than {LARGEST}")
    print(f"{IMAGE}: {size} bytes")


if __name__ == "__main__":
    main()
