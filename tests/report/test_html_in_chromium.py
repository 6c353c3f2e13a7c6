"""The page in a real browser: it draws its table, filters, copies, and nothing hostile in it runs."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from report_samples import required

from harness.contract import CLAUSES
from harness.report.words import subject_of

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--allow-file-access-from-files",
    "--virtual-time-budget=20000", "--window-size=1200,2000", "--enable-logging=stderr", "--dump-dom",
)
Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Opens a page, runs a function body in it after it has loaded, and gives what that returns."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        required("chromium is not installed")

    def run(page: Path, code: str, *flags: str, before: str = "") -> dict[str, Any]:
        directory = tmp_path_factory.mktemp("chromium")
        script = (
            "<script>window.faults = []; addEventListener('error', e => faults.push(e.message)); addEventListener('load', () => setTimeout("
            f"async () => {{ const said = await (async () => {{ {code} }})(); const p = document.createElement('pre'); p.id = 'said';"
            "p.textContent = JSON.stringify({...said, title: document.title, faults}); document.body.append(p); }, 200));</script>"
        )
        copy = directory / "page.html"
        copy.write_text(page.read_text("utf-8").replace("<head>", "<head>" + before + script, 1), "utf-8")
        command = [str(chromium), *FLAGS, *flags, f"--user-data-dir={directory / 'profile'}", copy.as_uri()]
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        found = re.search(r'<pre id="said">(.*?)</pre>', done.stdout.decode("utf-8", "replace"), re.S)
        assert found, done.stderr[-2000:]
        assert b"CONSOLE" not in re.sub(rb"[^\n]*CONSOLE[^\n]*Info[^\n]*", b"", done.stderr), done.stderr[-2000:]
        return dict(json.loads(html.unescape(found[1])))

    return run


def test_page_draws_a_row_for_each_clause_without_an_error(ask: Ask, broken_page: Path) -> None:
    said = ask(broken_page, "return {ids: [...document.querySelectorAll('#results-table tbody')].map(b => b.id)}")
    assert said["ids"][: len(CLAUSES)] == [c.id for c in CLAUSES]
    assert said["faults"] == []


def test_page_of_a_hostile_run_stays_what_it_is(ask: Ask, hostile_page: Path) -> None:
    said = ask(hostile_page, "return {images: document.querySelectorAll('#rt img').length}")
    assert said["title"].startswith("✗ VIOLATES")
    assert said["images"] == 0
    assert said["faults"] == []


def test_page_filters_findings_map_and_table(ask: Ask, broken_page: Path) -> None:
    said = ask(broken_page, """
        const shown = (s) => [...document.querySelectorAll(s)].filter(e => e.offsetParent).length;
        const form = document.getElementById('rt-filters');
        const tick = (value, on) => { const box = form.querySelector(`input[value="${value}"]`); if (box.checked !== on) box.click(); };
        tick('PASS', false);
        const unpassed = [shown('.rt-finding'), shown('.rt-box'), shown('#results-table tbody:has(.rt-mark)')];
        tick('SHOULD', false);
        const must = shown('.rt-finding');
        form.reset(); await new Promise(r => setTimeout(r, 50));
        document.getElementById('rt-search').value = 'senddigits';
        form.dispatchEvent(new Event('input'));
        const found = [shown('.rt-finding'), shown('.rt-box'), shown('#results-table tbody:has(.rt-mark)')];
        document.querySelector('#results-table th[data-column-type="verdict"]').click();
        await new Promise(r => setTimeout(r, 50));
        const sorted = shown('#results-table tbody:has(.rt-mark)');
        return {unpassed, must, found, sorted, words: document.getElementById('rt-shown').textContent};
    """)
    digits = sum(c.parameter == "SendDigits" for c in CLAUSES)
    assert said["unpassed"] == [3, 5, 5]
    assert said["must"] == 2
    assert said["found"] == [1, digits, digits]
    assert said["sorted"] == digits
    assert said["words"].startswith("1 of 3 findings")


def test_page_filters_by_parameter_and_by_attribute(ask: Ask, broken_page: Path) -> None:
    said = ask(broken_page, """
        const shown = (s) => [...document.querySelectorAll(s)].filter(e => e.offsetParent).length;
        const choice = document.getElementById('rt-subject');
        const choose = (value) => { choice.value = value; choice.dispatchEvent(new Event('input', {bubbles: true})); return [shown('.rt-box'), shown('#results-table tbody:has(.rt-mark)')]; };
        return {to: choose('To'), sid: choose('sid'), all: choose(' ')};
    """)
    to, sid = (sum(subject_of(c) == name for c in CLAUSES) for name in ("To", "sid"))
    assert (said["to"], said["sid"], said["all"]) == ([to, to], [sid, sid], [len(CLAUSES)] * 2)


AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
LOOKS = {"light": (), "dark": ("--blink-settings=preferredColorScheme=0",), "phone": ("--window-size=500,2000",)}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "look"), [
    ("broken", "light"), ("broken", "dark"), ("broken", "phone"), ("accepting", "light"), ("comparison", "dark"), ("matrix", "light"),
])
def test_page_has_nothing_that_axe_minds(ask: Ask, name: str, look: str, broken_page: Path, accepting_page: Path, other_pages: dict[str, Path]) -> None:
    if not AXE.is_file():
        required("axe-core is not installed; npm ci")
    page = {"broken": broken_page, "accepting": accepting_page, **other_pages}[name]
    axe = "<script>" + AXE.read_text("utf-8").replace("</script", "<\\/script") + "</script>"
    code = "const r = await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']});" \
           "return {passes: r.passes.length, wrong: r.violations.map(v => [v.id, v.nodes[0].html.slice(0, 200)])}"
    said = ask(page, code, *LOOKS[look], before=axe)
    assert said["wrong"] == []
    assert said["passes"] > 15


def test_accepted_findings_are_folded_up_and_open_for_a_link(ask: Ask, accepting_page: Path) -> None:
    said = ask(accepting_page, """
        const box = document.querySelector('.rt-accepted');
        const before = box.open;
        location.hash = '#' + box.querySelector('article').id; await new Promise(r => setTimeout(r, 200));
        return {before, after: box.open, words: box.textContent, heading: document.querySelector('#rt-findings h2').textContent};
    """)
    assert (said["before"], said["after"]) == (False, True)
    assert "old firmware (telephony)" in said["words"] and said["heading"] == "2 new findings"


def test_page_sorts_by_verdict_on_a_click_or_a_key(ask: Ask, broken_page: Path) -> None:
    said = ask(broken_page, """
        const first = () => document.querySelector('#results-table .col-verdict .rt-mark').textContent.trim();
        const head = () => document.querySelector('#results-table th[data-column-type="verdict"]');
        head().click(); await new Promise(r => setTimeout(r, 50));
        const once = [first(), head().getAttribute('aria-sort')];
        head().dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true})); await new Promise(r => setTimeout(r, 50));
        return {once, twice: [first(), head().getAttribute('aria-sort')]};
    """)
    assert said["once"] == ["✗ FAIL", "ascending"]
    assert said["twice"] == ["? NOT-EXERCISED", "descending"]


def test_copy_button_copies_its_line(ask: Ask, broken_page: Path) -> None:
    said = ask(broken_page, """
        let copied = '';
        Object.defineProperty(navigator, 'clipboard', {value: {writeText: async (text) => { copied = text; }}});
        const line = document.querySelector('.rt-copyable');
        line.querySelector('button').click(); await new Promise(r => setTimeout(r, 50));
        return {copied, line: line.querySelector('code').textContent, button: line.querySelector('button').textContent};
    """)
    assert said["copied"] == said["line"]
    assert said["line"].startswith("ringtrue replay ")
    assert said["button"] == "Copied"


def test_link_to_a_clause_brings_it_back_from_the_filters(ask: Ask, broken_page: Path) -> None:
    said = ask(broken_page, """
        const form = document.getElementById('rt-filters');
        form.querySelector('input[value="PASS"]').click();
        location.hash = '#to.e164'; await new Promise(r => setTimeout(r, 200));
        const row = document.getElementById('to.e164');
        return {shown: row.offsetParent !== null, here: row.classList.contains('rt-here'), top: row.getBoundingClientRect().top};
    """)
    assert said["shown"]
    assert said["here"]
    assert 0 <= said["top"] < 2000


@pytest.mark.parametrize("width", [390, 1200])
def test_page_never_scrolls_sideways(ask: Ask, hostile_page: Path, broken_page: Path, width: int, tmp_path: Path) -> None:
    for page in (hostile_page, broken_page):
        frame = tmp_path / "frame.html"
        inner = f'<iframe style="width:{width}px;height:800px" src="{page.as_uri()}"></iframe>'
        frame.write_text(f"<!DOCTYPE html><html><head></head><body>{inner}</body></html>", "utf-8")
        said = ask(frame, """
            const page = document.querySelector('iframe').contentDocument.scrollingElement;
            return {over: page.scrollWidth - page.clientWidth};
        """)
        assert said["over"] <= 0


def test_page_without_scripts_still_has_all_clauses(broken_page: Path) -> None:
    page = BeautifulSoup(broken_page.read_text("utf-8"), "html.parser")
    assert page.find(id="rt-filters").has_attr("hidden")
    assert all(button.has_attr("hidden") for button in page.select(".rt-copy"))
    assert len(page.select("noscript tbody tr")) == len(CLAUSES)
