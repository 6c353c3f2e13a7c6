"""The page in a real browser: it draws, filters, copies, links, prints, can be read by everybody, and nothing hostile in it runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from browser import DESKTOP, PHONE, Opened, chromium, opened
from playwright.sync_api import Browser
from report_samples import render

from harness.contract import CLAUSES
from harness.report.subjects import topics_of

ROWS = "#results-table tbody:has(.rt-mark)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests here."""
    with chromium() as one:
        yield one


@pytest.fixture
def broken(browser: Browser, broken_page: Path) -> Iterator[Opened]:
    """The page of a broken server, open; nothing may complain until it is closed."""
    with opened(browser, broken_page) as one:
        yield one
        assert one.faults == []
        assert one.loaded == ["file"]


def counts(one: Opened) -> tuple[int, int, int]:
    """How many findings, boxes and rows can be seen."""
    return one.visible(".rt-finding"), one.visible(".rt-box"), one.visible(ROWS)


def said(one: Opened) -> str:
    """What the filter says of itself."""
    return one.page.inner_text("#rt-shown")


def test_page_draws_a_row_for_each_clause(broken: Opened) -> None:
    ids = broken.page.eval_on_selector_all("#results-table tbody", "rows => rows.map(r => r.id)")
    assert ids[: len(CLAUSES)] == [c.id for c in CLAUSES]


def test_page_of_a_hostile_run_stays_what_it_is(browser: Browser, hostile_page: Path) -> None:
    with opened(browser, hostile_page) as one:
        assert one.page.title().startswith("✗ VIOLATES")
        assert one.page.locator("#rt img").count() == 0
        assert one.faults == []
        assert one.loaded == ["file"]


def test_page_runs_no_script_that_is_not_its_own(browser: Browser, broken_page: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.html"
    evil = '<script>document.title = "pwned"</script><img src="https://example.com/x" onerror="document.title = \'pwned\'">'
    changed.write_text(broken_page.read_text("utf-8").replace("</main>", evil + "</main>"), "utf-8")
    with opened(browser, changed) as one:
        assert one.page.title().startswith("✗ VIOLATES")
        assert any("Content Security Policy" in f for f in one.faults)


def test_page_filters_by_verdict_and_level(broken: Opened) -> None:
    broken.page.uncheck('#rt-filters input[value="PASS"]')
    assert counts(broken) == (3, 5, 5)
    broken.page.uncheck('#rt-filters input[value="SHOULD"]')
    assert broken.visible(".rt-finding") == 2
    assert broken.visible(".rt-line") == 2
    assert said(broken).startswith("2 of 3 findings, ")
    broken.page.click("#rt-all")
    assert counts(broken) == (3, len(CLAUSES), len(CLAUSES))


def test_page_filters_by_words_and_keeps_the_filter_when_sorted(broken: Opened) -> None:
    digits = sum(c.parameter == "SendDigits" for c in CLAUSES)
    broken.page.fill("#rt-search", "senddigits")
    assert counts(broken) == (1, digits, digits)
    broken.page.click('#results-table th[data-column-type="verdict"]')
    assert broken.visible(ROWS) == digits
    assert said(broken) == f"1 of 3 findings, {digits} of {len(CLAUSES)} clauses"


@pytest.mark.parametrize("topic", ["SendDigits", "duration", "Said back"])
def test_page_filters_by_what_a_clause_is_about(broken: Opened, topic: str) -> None:
    own = sum(topic in topics_of(c) for c in CLAUSES)
    broken.page.select_option("#rt-about", topic)
    assert own > 1
    assert counts(broken) == (1, own, own)


def test_filter_stands_in_the_address_and_comes_back_from_it(browser: Browser, broken: Opened, broken_page: Path) -> None:
    broken.page.fill("#rt-search", "a&b=#%41 é")
    broken.page.uncheck('#rt-filters input[value="PASS"]')
    broken.page.select_option("#rt-about", "SendDigits")
    broken.page.click('#results-table th[data-column-type="verdict"]')
    address = broken.page.url
    with opened(browser, broken_page, address[address.index("?"):]) as again:
        assert again.page.input_value("#rt-search") == "a&b=#%41 é"
        assert again.page.input_value("#rt-about") == "SendDigits"
        assert not again.page.is_checked('#rt-filters input[value="PASS"]')
        assert again.page.is_checked('#rt-filters input[value="FAIL"]')
        assert again.page.get_attribute('#results-table th[data-column-type="verdict"]', "aria-sort") == "ascending"
        assert again.faults == []


def test_filter_makes_no_entries_in_the_history(broken: Opened) -> None:
    before = broken.page.evaluate("history.length")
    broken.page.fill("#rt-search", "timeout")
    broken.page.click('#results-table th[data-column-type="verdict"]')
    assert broken.page.evaluate("history.length") == before


def test_number_of_what_is_shown_is_announced(broken: Opened) -> None:
    assert broken.page.get_by_role("status").filter(has_text="of 3 findings").count() == 1


def test_page_sorts_by_verdict_on_a_click_or_a_key(broken: Opened) -> None:
    head = broken.page.locator('#results-table th[data-column-type="verdict"]')
    first = broken.page.locator("#results-table .col-verdict .rt-mark").first
    head.click()
    assert (first.inner_text(), head.get_attribute("aria-sort")) == ("✗ FAIL", "ascending")
    head.press("Enter")
    assert (first.inner_text(), head.get_attribute("aria-sort")) == ("? NOT-EXERCISED", "descending")
    assert head.evaluate("head => head === document.activeElement")


def test_copy_button_copies_its_line_and_says_so(browser: Browser, broken: Opened) -> None:
    broken.page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: {writeText: async (text) => { window.copied = text; }}})")
    line = broken.page.locator(".rt-finding .rt-copyable").first
    line.get_by_role("button").click()
    assert broken.page.evaluate("copied") == line.locator("code").inner_text()
    assert broken.page.evaluate("copied").startswith("ringtrue replay ")
    assert line.get_by_role("button").inner_text() == "Copied"
    assert broken.page.inner_text("#rt-said") == "Copied."


def test_copy_button_copies_where_there_is_no_clipboard_to_write(broken: Opened) -> None:
    broken.page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined});"
                         "document.addEventListener('copy', () => { window.copied = getSelection().toString() || document.activeElement.value; })")
    line = broken.page.locator(".rt-run .rt-copyable").first
    line.get_by_role("button").click()
    assert line.get_by_role("button").inner_text() == "Copied"
    assert broken.page.evaluate("copied") == line.locator("code").inner_text() == "http://127.0.0.1:8080"


@pytest.mark.parametrize("place", ["send-digits.max-length", "finding-send-digits.max-length"])
def test_link_to_a_place_shows_marks_and_focuses_it(browser: Browser, broken_page: Path, place: str) -> None:
    with opened(browser, broken_page, f"?verdict=NOT-EXERCISED#{place}") as one:
        target = one.page.locator(f"[id='{place}']")
        assert target.is_visible()
        assert "rt-here" in str(target.get_attribute("class"))
        assert target.evaluate("t => t === document.activeElement")
        box, bar = target.bounding_box(), one.page.locator("#rt-filters").bounding_box()
        assert box is not None and bar is not None
        assert bar["y"] + bar["height"] <= box["y"] < DESKTOP[1]
        assert one.page.url.endswith(f"broken0/report.html#{place}")


def test_slash_goes_to_the_filter_and_escape_empties_it(broken: Opened) -> None:
    broken.page.keyboard.press("/")
    broken.page.keyboard.type("to/")
    assert broken.page.input_value("#rt-search") == "to/"
    broken.page.keyboard.press("Escape")
    assert broken.page.input_value("#rt-search") == ""
    assert broken.visible(".rt-finding") == 3


def test_first_tab_is_a_link_past_all_to_the_findings(broken: Opened) -> None:
    broken.page.keyboard.press("Tab")
    link = broken.page.locator(".rt-skip")
    assert link.evaluate("link => link === document.activeElement")
    box = link.bounding_box()
    assert box is not None and box["y"] >= 0
    broken.page.keyboard.press("Enter")
    assert broken.page.url.endswith("#rt-findings")


def test_whatever_is_reached_by_key_shows_that_it_is(broken: Opened) -> None:
    styles = []
    for _ in range(30):
        broken.page.keyboard.press("Tab")
        styles.append(broken.page.evaluate("(e => [e.tagName, e.id, getComputedStyle(e).outlineStyle])(document.activeElement)"))
    assert [s for s in styles if s[2] == "none"] == []


def test_theme_is_chosen_by_a_button(broken: Opened) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    light = broken.page.evaluate(colour)
    broken.page.click("#rt-theme")
    broken.page.click("#rt-theme")
    assert broken.page.inner_text("#rt-theme") == "Theme: dark"
    assert broken.page.evaluate(colour) != light


def test_page_without_a_result_complains_of_nothing(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, render(None, tmp_path)) as one:
        one.page.click("#rt-theme")
        assert one.page.inner_text("#rt-theme") == "Theme: light"
        assert one.faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_page_has_nothing_that_axe_objects_to(browser: Browser, accepting_page: Path, size: tuple[int, int], scheme: Literal["light", "dark"]) -> None:
    with opened(browser, accepting_page, size=size, scheme=scheme) as one:
        one.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        assert one.violations() == []


@pytest.mark.slow
@pytest.mark.parametrize(("name", "scheme"), [("comparison", "light"), ("comparison", "dark"), ("matrix", "dark")])
def test_other_page_has_nothing_that_axe_objects_to(
    browser: Browser, other_pages: dict[str, Path], name: str, scheme: Literal["light", "dark"]
) -> None:
    with opened(browser, other_pages[name], scheme=scheme) as one:
        assert one.violations() == []
        assert one.faults == []


def test_axe_sees_what_is_wrong(browser: Browser, accepting_page: Path) -> None:
    with opened(browser, accepting_page) as one:
        one.page.evaluate("document.querySelector('.rt-rule').style.color = '#bbb'; document.querySelector('#rt-search').closest('label').replaceWith(document.querySelector('#rt-search'))")
        assert {v.partition(":")[0] for v in one.violations()} >= {"color-contrast"}


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_page_never_scrolls_sideways(browser: Browser, hostile_page: Path, broken_page: Path, size: tuple[int, int]) -> None:
    for page in (hostile_page, broken_page):
        with opened(browser, page, size=size) as one:
            one.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
            assert one.page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth") <= 0


def test_page_does_not_move_while_it_loads(browser: Browser, broken_page: Path, tmp_path: Path) -> None:
    with opened(browser, broken_page) as one:
        one.page.wait_for_timeout(200)
        moved = one.page.evaluate(
            "new Promise(done => { new PerformanceObserver(list => done(list.getEntries().map(e => e.value)))"
            ".observe({type: 'layout-shift', buffered: true}); setTimeout(() => done([]), 300); })"
        )
        assert sum(moved) < 0.01


def test_paper_has_everything_open_and_no_controls(browser: Browser, broken_page: Path) -> None:
    with opened(browser, broken_page, "?text=senddigits") as one:
        one.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        one.page.emulate_media(media="print")
        assert one.page.locator("details:not([open])").count() == one.page.locator(".rt-as-numbers").count()
        assert one.visible(".rt-as-numbers") == 0
        assert [one.visible(s) for s in ("#rt-filters", ".rt-contents", ".rt-copy", ".rt-finding")] == [0, 0, 0, 3]
        one.page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert one.page.locator("details:not([open])").count() > 0


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_page_without_scripts_still_has_all_clauses(browser: Browser, broken_page: Path, size: tuple[int, int]) -> None:
    with opened(browser, broken_page, scripts=False, size=size) as one:
        assert [one.visible(s) for s in ("#rt-filters", ".rt-copy", "#rt-theme")] == [0, 0, 0]
        assert one.page.locator("noscript tbody tr").count() == len(CLAUSES)
        box = one.page.locator("noscript table").bounding_box()
        assert box is not None and 200 < box["width"] < size[0]
        assert one.visible(".rt-finding") == 3


def test_accepted_findings_are_closed_after_the_new_ones_and_open_for_a_link(browser: Browser, accepting_page: Path) -> None:
    with opened(browser, accepting_page) as one:
        assert one.visible(".rt-finding") == 1
        assert one.page.locator("#rt-accepted .rt-finding").count() == 2
    with opened(browser, accepting_page, "#finding-echo.status") as one:
        assert one.visible("#finding-echo\\.status")
        words = one.page.inner_text("#finding-echo\\.status .rt-acceptance")
        assert [w for w in ("A known defect", "the queue is rewritten", "team-voice", "2027-12-31") if w not in words] == []


def test_filter_finds_accepted_findings_by_their_verdict(browser: Browser, accepting_page: Path) -> None:
    with opened(browser, accepting_page, "?verdict=KNOWN") as one:
        shown = one.page.eval_on_selector_all(".rt-finding:not(.rt-out)", "all => all.map(f => f.id)")
        assert json.dumps(shown) == '["finding-echo.status"]'
