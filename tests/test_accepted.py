"""Known defects and declared deviations: a run fails on what is new and on what is gone, and on nothing else."""

from __future__ import annotations

import re
import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report.report_samples import finding, result
from support import at_once, results_of, ringtrue

from harness.accepted import deviations_of, read_baseline
from harness.errors import UsageError
from harness.report.baseline_file import baseline_text, told_of_baseline

ONLY = ("--only", "send-digits.*", "--only", "trim.*", "--only", "timeout.*")
DIGITS, TRIM, TIMEOUT = "accepts-send-digits-33", "refuses-trim-do-not-trim", "accepts-timeout-601"
TODAY = date(2030, 6, 1)
HEAD = 'schema-version = 1\ntarget = ""\nprofile = "quick"\n'
ENTRY = '[[accepted]]\nclause = "trim.values"\noutcome = "refused"\nblame = ["Trim=do-not-trim"]\nreason = "old firmware"\n'


def run(tmp_path: Path, *options: str, faults: tuple[str, ...] = (), only: tuple[str, ...] = ONLY) -> tuple[int, str]:
    """(exit code, what was printed) of a run against the emulator with faults."""
    named = [word for fault in faults for word in ("--fault", fault)]
    done = ringtrue("run", *only, *named, *options, cwd=tmp_path)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_baseline_makes_a_red_server_green_and_a_new_or_a_mended_fault_red_again(tmp_path: Path) -> None:
    known = (DIGITS, TRIM)
    assert run(tmp_path, faults=known)[0] == 1
    code, told = run(tmp_path, "--write-baseline", "known.toml", faults=known)
    assert (code, "accepts 2 findings" in told) == (0, True)
    code, told = run(tmp_path, "--baseline", "known.toml", "--seed", "4", faults=known)
    assert (code, "NOTHING NEW: 2 accepted findings" in told) == (0, True)
    code, told = run(tmp_path, "--baseline", "known.toml", faults=(*known, TIMEOUT))
    assert (code, "1 new finding" in told, "timeout.maximum" in told) == (1, True, True)
    code, told = run(tmp_path, "--baseline", "known.toml", faults=(DIGITS,))
    assert (code, "break of trim.values no longer occurs" in " ".join(told.split())) == (1, True)
    code, _ = run(tmp_path, "--baseline", "known.toml", "--write-baseline", "known.toml", faults=(DIGITS,))
    assert (code, [e["clause"] for e in tomllib.loads((tmp_path / "known.toml").read_text())["accepted"]]) == (0, ["send-digits.max-length"])
    assert run(tmp_path, "--baseline", "known.toml", faults=(DIGITS,))[0] == 0


@pytest.mark.slow
def test_results_say_what_is_known_and_by_whom_it_was_accepted(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text(HEAD + ENTRY + 'owner = "telephony"\nuntil = 2999-12-31\n', "utf-8")
    assert run(tmp_path, "--baseline", "b.toml", faults=(TRIM,))[0] == 0
    results = results_of(tmp_path / "reports" / "latest")
    (finding,) = results["findings"]
    assert finding["accepted"] == {"kind": "baseline", "reason": "old firmware", "owner": "telephony", "until": "2999-12-31"}
    assert {c["verdict"] for c in results["clauses"] if c["id"] == "trim.values"} == {"KNOWN"}
    assert results["verdict"] == "violates"
    assert "old firmware" in (tmp_path / "reports" / "latest" / "summary.md").read_text("utf-8")
    assert "@pytest.mark.xfail(reason='old firmware', strict=True)" in (tmp_path / "reports/latest/test_findings.py").read_text("utf-8").replace('"', "'")


@pytest.mark.slow
def test_baseline_written_again_keeps_reason_owner_and_day(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text(HEAD + ENTRY + 'owner = "telephony"\nuntil = 2999-12-31\n', "utf-8")
    assert run(tmp_path, "--write-baseline", "b.toml", faults=(TRIM, TIMEOUT))[0] == 0
    entries = {e["clause"]: e for e in tomllib.loads((tmp_path / "b.toml").read_text())["accepted"]}
    assert {entries["trim.values"][k] for k in ("reason", "owner")} == {"old firmware", "telephony"}
    assert entries["trim.values"]["until"] == date(2999, 12, 31)
    assert "say here why" in entries["timeout.maximum"]["reason"]


@pytest.mark.slow
def test_entry_of_a_clause_that_was_left_out_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text(HEAD + ENTRY, "utf-8")
    code, told = run(tmp_path, "--baseline", "b.toml", only=("--only", "timeout.*"))
    assert (code, "is not known: it was left out by --only" in " ".join(told.split())) == (0, True)


@pytest.mark.slow
@pytest.mark.parametrize(("instead", "fault", "code", "word"), [
    ("refused", TRIM, 0, "declared: trim.values"),
    ("accepted", TRIM, 1, "1 finding"),
    ("refused", TIMEOUT, 1, "take the deviation out"),
])
def test_declared_deviation_holds_only_as_it_was_declared(instead: str, fault: str, code: int, word: str, tmp_path: Path) -> None:
    (tmp_path / "ringtrue.toml").write_text(f'[[deviations]]\nclause = "trim.values"\ninstead = "{instead}"\nreason = "one mode only"\n', "utf-8")
    done, told = run(tmp_path, "--only", "trim.*", faults=(fault,), only=())
    assert (done, word in " ".join(told.split())) == (code, True), told
    verdicts = {c["id"]: c["verdict"] for c in results_of(tmp_path / "reports" / "latest")["clauses"]}
    assert verdicts["trim.values"] == ("DECLARED" if code == 0 else "FAIL" if fault == TRIM else "PASS")


WRONG = {
    "not TOML": ("schema-version = ", "TOML"), "another version": ("schema-version = 2", "schema version 1"), "no version": ("", "schema version 1"),
    "an unknown key": (HEAD + "acepted = []", "'accepted'"), "an unknown clause": (HEAD + ENTRY.replace("trim.values", "trim.value"), "'trim.values'"),
    "no clause": (HEAD + '[[accepted]]\nreason = "x"', "no clause"), "no reason": (HEAD + ENTRY.replace("old firmware", " "), "reason"),
    "an expired entry": (HEAD + ENTRY + "until = 2030-05-31", "until 2030-05-31"), "a time": (HEAD + ENTRY + "until = 2030-05-31T00:00:00Z", "a date"),
    "an unknown outcome": (HEAD + ENTRY.replace('"refused"', '"maybe"'), "outcome"), "blame that is a number": (HEAD + ENTRY.replace('["Trim=do-not-trim"]', "[1]"), "list of texts"),
    "entries that are no tables": (HEAD + "accepted = [1]", "[[accepted]]"), "cut short": ((HEAD + ENTRY)[:-8], "TOML"),
}


@pytest.mark.parametrize(("text", "word"), WRONG.values(), ids=list(WRONG))
def test_wrong_baseline_is_refused_in_one_sentence(text: str, word: str, tmp_path: Path) -> None:
    path = tmp_path / "b.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError) as error:
        read_baseline(path, TODAY)
    assert word in str(error.value) and "\n" not in str(error.value) and "b.toml" in str(error.value)


def test_missing_baseline_is_told_how_to_be_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"b\.toml is not there; accept what is broken today with --write-baseline"):
        read_baseline(tmp_path / "b.toml", TODAY)


def test_baseline_of_a_clean_server_is_told_to_accept_nothing() -> None:
    assert told_of_baseline("b.toml", result(), None, TODAY) == ["baseline: b.toml accepts nothing: nothing was found"]


def test_entry_is_good_until_the_end_of_its_last_day(tmp_path: Path) -> None:
    path = tmp_path / "b.toml"
    path.write_text(HEAD + ENTRY + f"until = {TODAY}", "utf-8")
    assert read_baseline(path, TODAY).entries[0].acceptance.until == TODAY
    with pytest.raises(UsageError):
        read_baseline(path, TODAY + timedelta(days=1))


def test_baseline_of_another_target_is_refused_and_nothing_is_sent(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text(HEAD.replace('target = ""', 'target = "https://calls.example.com"'), "utf-8")
    done = at_once("run", "--target", "http://127.0.0.1:9", "--account-sid", "AC" + "0" * 32, "--baseline", "b.toml", cwd=tmp_path)
    assert (done.returncode, "written for https://calls.example.com" in done.stderr) == (2, True)


def test_file_that_is_no_baseline_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text("precious = true\n", "utf-8")
    done = at_once("run", "--write-baseline", "b.toml", cwd=tmp_path)
    assert (done.returncode, (tmp_path / "b.toml").read_text("utf-8")) == (2, "precious = true\n")


def test_baseline_is_not_written_where_nothing_could_be_judged(tmp_path: Path) -> None:
    done = ringtrue("run", "--target", "http://127.0.0.1:9", "--account-sid", "AC" + "0" * 32, "--write-baseline", "b.toml", cwd=tmp_path)
    assert (done.returncode, (tmp_path / "b.toml").exists(), "was not written" in done.stderr) == (3, False, True)


@pytest.mark.parametrize(("row", "word"), [
    ({"clause": "trim.values", "instead": "refused"}, "reason"), ({"clause": "trim.valu", "instead": "refused", "reason": "x"}, "'trim.values'"),
    ({"clause": "trim.values", "reason": "x"}, "instead"), ({"clause": "trim.values", "instead": "(", "reason": "x"}, "regular expression"),
    ({"clause": "trim.values", "instead": 99, "reason": "x"}, "instead"), ({"claus": "trim.values"}, "'clause'"),
    ({"clause": "trim.values", "instead": 200, "reason": "x", "until": date(2030, 1, 1)}, "until 2030-01-01"),
])
def test_wrong_deviation_is_refused_in_one_sentence(row: dict[str, object], word: str) -> None:
    with pytest.raises(UsageError) as error:
        deviations_of([row], "ringtrue.toml", TODAY)
    assert word in str(error.value) and "\n" not in str(error.value)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=80), st.text(max_size=80).map(str.encode), st.sampled_from(sorted(WRONG)).map(lambda k: WRONG[k][0].encode())), st.integers(0, 200))
def test_any_bytes_give_a_baseline_or_one_sentence(tmp_path_factory: pytest.TempPathFactory, data: bytes, keep: int) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(data[:keep])
    try:
        read_baseline(path, TODAY)
    except UsageError as error:
        assert not re.search(r"[\x00-\x1f]", str(error).replace(str(path), ""))


@pytest.mark.slow
def test_baseline_written_anew_keeps_what_the_run_could_not_judge(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text(HEAD + ENTRY + 'owner = "telephony"\n', "utf-8")
    code, told = run(tmp_path, "--write-baseline", "b.toml", faults=(TIMEOUT,), only=("--only", "timeout.*"))
    assert (code, "accepts 2 findings, 1 of them kept since this run could not judge them" in told) == (0, True)
    entries = {e["clause"]: e for e in tomllib.loads((tmp_path / "b.toml").read_text())["accepted"]}
    assert (list(entries), entries["trim.values"]["owner"]) == (["timeout.maximum", "trim.values"], "telephony")
    assert run(tmp_path, "--baseline", "b.toml", faults=(TIMEOUT, TRIM))[0] == 0
    assert run(tmp_path, "--write-baseline", "b.toml", faults=(TIMEOUT,))[0] == 0
    assert [e["clause"] for e in tomllib.loads((tmp_path / "b.toml").read_text())["accepted"]] == ["timeout.maximum"]


@pytest.mark.slow
def test_baseline_of_the_config_file_can_be_written_for_the_first_time_and_after_its_days_are_over(tmp_path: Path) -> None:
    (tmp_path / "ringtrue.toml").write_text('baseline = "b.toml"\n', "utf-8")
    assert run(tmp_path, faults=(TRIM,))[0] == 2
    assert run(tmp_path, "--write-baseline", "b.toml", faults=(TRIM,))[0] == 0
    assert run(tmp_path, faults=(TRIM,))[0] == 0
    text = (tmp_path / "b.toml").read_text("utf-8") + "until = 2020-01-31\n"
    (tmp_path / "b.toml").write_text(text, "utf-8")
    assert run(tmp_path, faults=(TRIM,))[0] == 2
    code, told = run(tmp_path, "--write-baseline", "b.toml", faults=(TRIM,))
    assert (code, "the last day of trim.values is over" in told) == (0, True)
    assert (run(tmp_path, "--write-baseline", "b.toml")[0], "accepted]]" in (tmp_path / "b.toml").read_text("utf-8")) == (0, False)


def test_baseline_of_a_wider_profile_stays_one_where_its_entries_are_kept(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text((HEAD + ENTRY).replace('"quick"', '"deep"'), "utf-8")
    text = baseline_text(result([finding("timeout.maximum")]), read_baseline(tmp_path / "b.toml", TODAY))
    assert (tomllib.loads(text)["profile"], len(tomllib.loads(text)["accepted"])) == ("deep", 2)
