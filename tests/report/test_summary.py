"""summary.md says the verdict, the findings and what was not judged."""

from __future__ import annotations

import re
from dataclasses import replace

from report_samples import HOSTILE, finding, hostile_result, result

from harness.report.summary import summary


def test_summary_begins_with_the_verdict() -> None:
    assert summary(result()).startswith("# ✓ ringtrue: CONFORMS to the contract\n")
    assert summary(result([finding("echo.to")])).startswith("# ✗ ringtrue: VIOLATES the contract: 1 finding (1 MUST)\n")


def test_summary_has_a_row_for_each_finding() -> None:
    text = summary(result([finding("echo.to", '"+1"', '"+2"', cause="every call"), finding("echo.status")]))
    assert '| MUST | echo.to | to is what was sent as To. | "+1" | "+2" | every call; in 1 case |' in text
    assert "| SHOULD | echo.status |" in text


def test_summary_says_each_thing_once_and_leaves_no_gaps() -> None:
    run = result([finding("timeout.integer", also=("time-limit.integer",))])
    run = replace(run, clauses=tuple(replace(c, verdict="FAIL") if c.clause.id == "time-limit.integer" else c for c in run.clauses))
    text = summary(run)
    assert (text.count("timeout.integer"), text.count("| FAIL | time-limit.integer |"), "\n\n\n" in text) == (1, 1, False)


def test_summary_names_what_was_not_judged() -> None:
    text = summary(result())
    assert "- SKIPPED, 1 clause: the target takes no SIP address (to.sip)" in text
    assert "- NOT-EXERCISED, 1 clause: the budget was used up (twiml.unclear)" in text


def test_summary_counts_findings_that_it_leaves_out() -> None:
    many = [replace(finding("echo.to"), id=f"echo.to-{i}") for i in range(230)]
    assert "and 30 more findings in results.json." in summary(result(many))


def test_summary_of_a_hostile_run_has_no_markup_of_its_own() -> None:
    text = summary(hostile_result())
    assert HOSTILE not in text
    assert "<" not in text
    assert "::" not in text
    for row in re.findall(r"^\| MUST .*$", text, re.M):
        assert len(re.findall(r"(?<!\\)\|", row)) == 7
