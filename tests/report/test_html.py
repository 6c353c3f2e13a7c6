"""report.html, made by pytest-html: the page says everything, and nothing hostile in it comes alive."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from report_samples import HOSTILE, call, finding, render, result

from harness import report
from harness.accepted import UNREASONED, Acceptance
from harness.case import Case
from harness.contract import ATTRIBUTES, CLAUSE, CLAUSES, GROUPS, PARAMETERS
from harness.exchange import Exchange
from harness.report.answers import Line, answer, cropped, request
from harness.report.subjects import topics_of

OWN_ATTRIBUTES = re.compile(r"on\w+", re.I)


@lru_cache(maxsize=4)
def soup(page: Path) -> BeautifulSoup:
    """A page as a tree."""
    return BeautifulSoup(page.read_text("utf-8"), "html.parser")


def rows(page: Path) -> dict[str, dict[str, str]]:
    """pytest-html's rows, by clause."""
    data = json.loads(soup(page).find(id="data-container")["data-jsonblob"])
    return {k: v for tests in data["tests"].values() for v in tests for k in [v["testId"]]}


def test_page_begins_with_verdict_and_counts(broken_page: Path) -> None:
    page = soup(broken_page)
    assert page.find(id="title").text == page.title.text == "✗ VIOLATES the contract: 3 findings (2 MUST, 1 SHOULD)"
    tiles = [re.sub(r"\s+", " ", t.get_text(" ")) for t in page.select(".rt-tile")]
    assert "✗ 2 FAIL a MUST is broken" in tiles
    assert "– 1 SKIPPED left out" in tiles


def test_page_shows_findings_before_the_map(broken_page: Path) -> None:
    ids = [s.get("id") for s in soup(broken_page).select("#rt > section, #rt > h2") if s.get("id")]
    assert ids == ["rt-top", "rt-findings", "rt-map", "rt-left-out", "rt-numbers", "rt-run", "rt-clauses"]


def test_finding_says_rule_sent_expected_actual_and_how_to_repeat(broken_page: Path) -> None:
    block = soup(broken_page).find(id="finding-send-digits.max-length")
    words = block.get_text(" ")
    for part in ("MUST", "SendDigits refuses more than 32 characters.", "Expected 4xx", "Actual 201 Created", "Body, SendDigits"):
        assert part in words
    lines = [c.text for c in block.select(".rt-copyable code")]
    assert lines[0].endswith("cases/send-digits.max-length.json")
    assert lines[0].startswith("ringtrue replay ")
    assert lines[1].startswith("curl -sS -i http://127.0.0.1:8080/2010-04-01/Accounts/")
    assert lines[2] == "ringtrue explain send-digits.max-length"


def test_finding_marks_the_wrong_place(broken_page: Path) -> None:
    page = soup(broken_page)
    mark = page.find(id="finding-response.duration.type").find("mark")
    assert mark.get_text(" ").split() == ["wrong", "place:", '"duration":', "0"]
    assert "HTTP 201" in page.find(id="finding-send-digits.max-length").find("mark").text


def test_page_tells_when_findings_first_showed(broken_page: Path) -> None:
    page = soup(broken_page)
    assert "in 1 case, first at request 40" in page.find(id="finding-send-digits.max-length").get_text(" ")
    words = "3 findings, the first at request 40; the last 2,330 requests showed nothing new"
    assert page.select_one(".rt-steps")["aria-label"] == words
    assert words in page.find(id="rt-numbers").get_text(" ")


def test_times_are_a_histogram_with_its_numbers(broken_page: Path) -> None:
    figure = next(f for f in soup(broken_page).select("#rt-numbers figure") if "Time for an answer" in f.get_text(" "))
    columns = [r for r in figure.select("rect") if float(r["height"]) > 0]
    assert [c.get_text("") for c in columns] == ["up to 1.2 ms: 50", "up to 3.9 ms: 3", "up to 22 ms: 1"]
    assert max(columns, key=lambda c: float(c["height"])) is columns[0]
    assert figure.svg["aria-label"] == "median 1.2 ms, 95 % 3.4 ms, longest 21 ms"
    assert ["1.2 ms", "50"] in [[c.get_text("") for c in row.select("th, td")] for row in figure.select("tbody tr")]


def test_outcomes_tell_what_was_not_as_it_had_to_be(broken_page: Path) -> None:
    rows = [row.get_text(" ") for row in soup(broken_page).select("#rt-numbers figure")[0].select("tr")]
    assert [re.sub(r" +", " ", r) for r in rows] == ["must be taken 1,290 were, 10 not 1,300", "must be refused 870 were, 30 not 900", "either is right 200"]


def test_long_answers_are_open_around_the_wrong_place_alone() -> None:
    body = call(**{f"key{i}": i for i in range(60)})
    tree = BeautifulSoup(answer(finding("echo.status", path="$.key30", body=body), 5000), "html.parser")
    closed = [re.search(r"\d+", d.summary.text)[0] for d in tree.select("details")]  # type: ignore[index]
    assert len(closed) == 2
    opened_ = [line for pre in tree.select(".rt-answer > pre") for line in pre.get_text("").split("\n")]
    assert any("key30" in line for line in opened_)
    assert len(opened_) == 12
    whole = sum(len(pre.get_text("").split("\n")) for pre in tree.select("pre"))
    assert whole == len(opened_) + sum(map(int, closed))


def test_request_has_the_body_as_it_was_sent_without_the_password() -> None:
    case = Case((("To", "sip:a@b.c"), ("SipAuthPassword", "hunter2hunter2")), "to.sip")
    wire = BeautifulSoup(request(case, "http://x", "AC", 600), "html.parser").select_one(".rt-wire pre").text
    assert wire.startswith("To=sip%3Aa%40b.c&SipAuthPassword=")
    assert "hunter2" not in wire


def test_settings_can_be_copied_and_the_run_repeated(tmp_path: Path) -> None:
    page = soup(render(result(settings={"again": "ringtrue run --seed 3", "workers": "8"}), tmp_path))
    lines = {c.select_one(".rt-label").text: c.code.text for c in page.select("#rt-run .rt-copyable")}
    assert lines == {"target": "http://127.0.0.1:8080", "account": "AC" + "5f" * 16, "seed": "3", "run again": "ringtrue run --seed 3"}
    assert page.find(id="rt-run").dl.get_text(" ").count("again") == 0


def test_accepted_findings_that_are_gone_are_told_before_the_accepted_ones(accepting_page: Path) -> None:
    page = soup(accepting_page)
    ids = [s["id"] for s in page.select("#rt > section") if s.get("id")]
    assert ids[:5] == ["rt-top", "rt-notes", "rt-findings", "rt-stale", "rt-accepted"]
    assert "to.sip no longer occurs" in page.find(id="rt-stale").text
    assert page.select("#rt-accepted details[open]") == []


def test_topics_of_clauses_have_names_of_their_own() -> None:
    names = [*GROUPS, *(p.name for p in PARAMETERS), *(a.name for a in ATTRIBUTES)]
    assert len(set(names)) == len(names)
    assert topics_of(CLAUSE["echo.date-created"]) == ("date_created", "Said back")
    assert topics_of(CLAUSE["send-digits.max-length"]) == ("SendDigits", "Parameters")
    assert all(set(topics_of(c)) <= set(names) for c in CLAUSES)


def test_map_has_every_clause_in_its_group(broken_page: Path) -> None:
    page = soup(broken_page)
    assert [h.contents[0] for h in page.select("#rt-map h3")] == list(GROUPS)
    assert len(page.select("#rt-map .rt-box")) == len(CLAUSES)


def test_map_links_lead_to_a_finding_or_a_row(broken_page: Path) -> None:
    page = soup(broken_page)
    known = {tag["id"] for tag in page.select("[id]")} | set(rows(broken_page))
    assert {link["href"][1:] for link in page.select("#rt-map a")} <= known


def test_verdict_is_never_told_by_colour_alone(broken_page: Path) -> None:
    for box in soup(broken_page).select("#rt-map .rt-box"):
        assert box["data-verdict"] in box.select_one(".rt-sr").text
        assert box.select_one(".rt-sign").text in "✗▲ℹ✓–?"


def test_table_has_a_row_for_each_clause_in_our_columns(broken_page: Path) -> None:
    table = rows(broken_page)
    assert set(table) >= {c.id for c in CLAUSES}
    heads = [th.text for th in soup(broken_page).select("#results-table th")]
    assert heads == ["Result", "Clause", "Level", "Verdict", "Cases", "Rule"]
    row = BeautifulSoup("".join(table["send-digits.max-length"]["resultsTableRow"]), "html.parser")
    cells = [td.get_text("") for td in row.select("td")]
    assert cells[0] == "Failed"
    assert cells[1] == "send-digits.max-length"
    assert cells[5].startswith("SendDigits refuses more than 32 characters.")


def test_table_sorts_numbers_as_numbers(broken_page: Path) -> None:
    table = rows(broken_page)
    assert table["to.e164"]["cases"] > table["twiml.unclear"]["cases"]
    assert table["to.e164"]["cases"].endswith("</i>12")


def test_table_is_there_without_scripts(broken_page: Path) -> None:
    inner = soup(broken_page).find("noscript")
    assert len(inner.select("tbody tr")) == len(CLAUSES)
    assert inner.find(id="send-digits.max-length") is not None


def test_somebody_elses_test_is_escaped(broken_page: Path) -> None:
    other = next(v for k, v in rows(broken_page).items() if "somebody" in k)
    assert "<b>hi</b>" not in "".join(other["resultsTableRow"])


def test_page_tells_nothing_of_the_machine(broken_page: Path) -> None:
    data = json.loads(soup(broken_page).find(id="data-container")["data-jsonblob"])
    assert data["environment"] == {}
    text = broken_page.read_text("utf-8")
    for place in (str(broken_page.parent), str(Path.home()), str(Path(report.__file__).parent), tempfile.gettempdir(), "site-packages"):
        assert place not in text


def test_page_loads_nothing_from_elsewhere(broken_page: Path) -> None:
    page = soup(broken_page)
    assert not page.select("link, iframe, object, embed, base")
    assert [tag for tag in page.select("[src]") if tag["src"]] == []
    assert not re.search(r"url\(|@import", page.find("style").text)


def test_hostile_run_brings_no_element_or_handler_of_its_own(hostile_page: Path, broken_page: Path) -> None:
    hostile, usual = soup(hostile_page), soup(broken_page)
    assert len(hostile.find_all("script")) == len(usual.find_all("script")) == 3
    assert {t.name for t in hostile.find_all(True)} - {t.name for t in usual.find_all(True)} <= {"h5", "i", "section", "li"}
    inside = hostile.find(id="rt")
    assert [t for t in inside.find_all(True) if any(OWN_ATTRIBUTES.fullmatch(a) for a in t.attrs)] == []
    assert all(a["href"].startswith("#") for a in inside.find_all("a"))


def test_hostile_text_is_shown_with_its_codes(hostile_page: Path) -> None:
    text = hostile_page.read_text("utf-8")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "⟨U+202E⟩evil⟨U+2066⟩⟨U+200B⟩⟨U+2028⟩" in text
    assert HOSTILE not in text


@pytest.mark.slow
def test_page_of_two_hundred_findings_is_under_two_megabytes(tmp_path: Path) -> None:
    body = call(**{f"key{i}": '"<&>' * 400 for i in range(60)})
    pairs = tuple((f"Parameter{i}", "<\u202e" * 900) for i in range(40))
    many = [replace(finding("echo.to", path="$.to", body=body, pairs=pairs, cause="<" * 5000), id=f"echo.to-{i}") for i in range(200)]
    page = render(result(many), tmp_path)
    assert page.stat().st_size < 2_000_000
    assert page.read_text("utf-8").count('<article class="rt-finding') == 200


def test_page_says_that_there_was_no_result(tmp_path: Path) -> None:
    assert "The run gave no result." in soup(render(None, tmp_path)).text


@pytest.mark.parametrize(("path", "marked"), [
    ("$.status", '  "status": "queued",'), ("$.nothing", "  (no nothing here)"), ("$.map.b", '    "b": 2'),
])
def test_answer_marks_the_line_of_the_path(path: str, marked: str) -> None:
    body = json.dumps({"status": "queued", "map": {"a": 1, "b": 2}}, separators=(", ", ": ")).encode()
    mark = BeautifulSoup(answer(finding("echo.to", path=path, body=body), 5000), "html.parser").find_all("mark")
    assert [m.get_text("").removeprefix("wrong place: ").rstrip(",") for m in mark] == [marked.rstrip(",")]


def test_answer_to_another_call_has_both_ends_marked() -> None:
    marks = BeautifulSoup(answer(finding("echo.own-call", check="check_own_call"), 5000), "html.parser").find_all("mark")
    assert [m.get_text("").split('"')[1] for m in marks] == ["to", "from"]


TRACE = "Traceback (most recent call last):\n  File app.py"


@pytest.mark.parametrize(("clause", "actual", "body", "marked"), [
    ("secrets.stack-trace", "Traceback (most recent call last)", json.dumps({"code": 1, "message": TRACE}).encode(), "Traceback (most recent"),
    ("secrets.stack-trace", "Traceback (most recent call last)", f"<pre>\n{TRACE}\n</pre>".encode(), "Traceback (most recent"),
    ("secrets.stack-trace", "Traceback (most recent call last)", json.dumps({"code": 1, "map": dict.fromkeys("abc", TRACE)}).encode(), "Traceback"),
    ("secrets.auth-token", "it comes back", json.dumps({"code": 1, "message": "not [redacted]"}).encode(), "not [redacted]"),
])
def test_answer_marks_what_must_not_be_in_it(clause: str, actual: str, body: bytes, marked: str) -> None:
    item = finding(clause, actual=actual, body=body, status=400, check="check_secrets")
    (mark,) = BeautifulSoup(answer(item, 5000), "html.parser").find_all("mark")
    assert marked in mark.text


def test_answer_without_a_wrong_place_is_open_from_its_beginning() -> None:
    item = finding("refusal.body", body=json.dumps({"error": {"text": "no"}, "at": 1}).encode(), status=400, check="check_refusal_body")
    assert BeautifulSoup(answer(item, 5000), "html.parser").find("details") is None


def test_answer_marks_where_the_json_ends() -> None:
    body = b'{"sid": "CA"' + b" " * 900 + b"oops}"
    item = finding("response.json", actual="no JSON: Expecting ',' delimiter: line 1 column 913 (char 912)", body=body)
    marks = BeautifulSoup(answer(item, 600), "html.parser").find_all("mark")
    assert len(marks) == 1
    assert "oops" in marks[0].text


def test_answer_marks_the_end_of_a_body_that_is_cut_off() -> None:
    item = finding("response.json", actual="no JSON: Expecting ',' delimiter: line 1 column 13 (char 12)", body=b'{"sid": "CA"')
    assert "(the body ends here)" in BeautifulSoup(answer(item, 600), "html.parser").find("mark").text


def test_answer_closes_an_object_that_is_not_the_wrong_place() -> None:
    body = json.dumps({"to": 1, "map": dict.fromkeys("abcdef")}).encode()
    assert '"map": { … 6 entries … }' in BeautifulSoup(answer(finding("echo.to", path="$.to", body=body), 600), "html.parser").text


def test_request_marks_the_parameter_to_blame(broken_page: Path) -> None:
    assert soup(broken_page).select("#finding-echo\\.status .rt-blamed") == []
    case = Case((("To", "sip:a@b.c"), ("From", "+15005550006")), "to.sip")
    marked = BeautifulSoup(request(case, "http://x", "AC", 600, frozenset(("To",))), "html.parser").select(".rt-blamed th")
    assert [th.get_text("") for th in marked] == ["▶ to blame: To"]


def test_answer_tells_of_a_connection_that_was_closed() -> None:
    case = Case(())
    item = replace(finding("call.created", check="check_outcome"), exchange=Exchange(case, 1, None, failure="closed", detail="Reset"))
    assert "the connection was closed without an answer (Reset)" in BeautifulSoup(answer(item, 500), "html.parser").find("mark").text


def test_cropped_lines_keep_the_marked_one_and_count_the_rest() -> None:
    lines = [Line(f"line {i}", i == 70) for i in range(100)]
    shown = [line.text for line in cropped(lines, 60)]
    assert "line 70" in shown
    assert shown[0].startswith("… ")
    kept = len(shown) - 2
    assert sum(int(re.search(r"\d+", s)[0]) for s in (shown[0], shown[-1])) == 100 - kept  # type: ignore[index]


def test_cropped_lines_stay_whole_where_there_is_room() -> None:
    lines = [Line("a"), Line("b", True)]
    assert cropped(lines, 100) == lines


def test_glance_tells_what_breaks_a_clause_and_how_many_more_it_breaks(tmp_path: Path) -> None:
    run = result([
        finding("timeout.integer", "4xx", "201 Created", cause="Timeout=abc", also=("time-limit.integer",)), finding("echo.to", "a", "b"),
    ])
    line, other = soup(render(run, tmp_path)).select("#rt-findings .rt-line")
    assert (line.select_one(".rt-col-cause").text, line.select_one("th small").text) == ("Timeout=abc", "and 1 more clause")
    assert (other.select_one(".rt-col-cause").text, other.select_one("th small")) == ("", None)


def test_accepted_findings_are_told_with_reason_owner_and_day_before_they_are_opened(accepting_page: Path) -> None:
    page = soup(accepting_page)
    lines = [[td.text for td in tr.select("td")[1:]] for tr in page.select("#rt-accepted > table .rt-line")]
    assert lines == [["failed", "the queue is rewritten", "team-voice", "2027-12-31"], ["a number: 0", "numbers are numbers here", "", ""]]


def test_reason_that_nobody_has_given_is_told_as_such(tmp_path: Path) -> None:
    run = result([finding("trim.values", accepted=Acceptance("baseline", UNREASONED))])
    assert "no reason given yet" in soup(render(run, tmp_path)).select_one("#rt-accepted .rt-line").text
