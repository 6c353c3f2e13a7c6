"""The journal: a run that is killed at any moment has lost nothing; whatever stands in the file, reading it ends in order."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import ACCOUNT, at_once, changed_somewhere, closed_port, launched, ringtrue, started

from harness.case import Case
from harness.contract import Expected
from harness.emulator import Emulator, EmulatorSettings
from harness.errors import UsageError
from harness.exchange import MAX_BODY, Exchange
from harness.journal import NAME, Attributing, Heading, Journal, Judged, Opening, read_journal
from harness.oracle import Knowledge, expect
from harness.rebuild import Rebuilt
from harness.report.files import write_all
from harness.report.terminal import render
from strategies.drawing import Drawer, Numbers
from strategies.plan import PROFILES, Plan

FAULTS = ("accepts-send-digits-33", "crashes-trim-absent-event", "date-created-iso", "refuses-same-again")
REPORTS = ("report.html", "results.json", "summary.md", "junit.xml", "results.sarif")


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a whole run on a server with several faults."""
    folder = tmp_path_factory.mktemp("journal") / "out"
    faults = [word for name in FAULTS for word in ("--fault", name)]
    done = ringtrue("run", *faults, "--seed", "4", "--output", str(folder), cwd=folder.parent)
    assert done.returncode == 1, done.stderr
    return folder


def lines_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / NAME).read_bytes().splitlines()]


def results_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "results.json").read_text())
    return found


def cut(ended: Path, where: Path, size: int) -> Path:
    """A directory with a journal of just so many bytes."""
    where.mkdir()
    (where / NAME).write_bytes((ended / NAME).read_bytes()[:size])
    return where


def test_journal_of_a_whole_run_gives_the_same_reports(ended: Path, tmp_path: Path) -> None:
    done = ringtrue("report", str(ended), "--output", str(tmp_path), cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    for name in ("results.json", "summary.md", "test_findings.py"):
        assert (tmp_path / name).read_text() == (ended / name).read_text(), name
    assert sorted(p.name for p in (tmp_path / "cases").iterdir()) == sorted(p.name for p in (ended / "cases").iterdir())
    for case in (ended / "cases").iterdir():
        assert (tmp_path / "cases" / case.name).read_text() == case.read_text()
    assert (tmp_path / "report.html").stat().st_size > 100_000
    assert not (tmp_path / NAME).exists()
    assert "nothing was sent" not in done.stdout  # it is the run itself that is shown


def with_result(ended: Path, where: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """A directory with the journal of a whole run whose result was changed."""
    *lines, last = (ended / NAME).read_bytes().splitlines(keepends=True)
    data = json.loads(last)
    change(data)
    where.mkdir()
    (where / NAME).write_bytes(b"".join(lines) + json.dumps(data).encode() + b"\n")
    return where


UNUSABLE: dict[str, Callable[[dict[str, Any]], object]] = {
    **{id_: lambda d, i=id_: d["findings"][0].update(id=i) for id_ in ("../../escaped", "/tmp/escaped", "a\nb", "", "call.created", "..", "send-digits.length\n")},
    "the same id twice": lambda d: d["findings"][1].update(id=d["findings"][0]["id"]),
    "no such finding": lambda d: d["clauses"][0].update(findings=["call.created-77"]),
    "broken without a finding": lambda d: d["clauses"][0].update(verdict="FAIL", findings=[]),
    "breaks another clause, too, that there is not": lambda d: d["findings"][0].update(also=["../x"]),
}


@pytest.mark.parametrize("change", UNUSABLE.values(), ids=list(UNUSABLE))
def test_findings_that_a_result_can_t_have_are_told_and_nothing_is_written(change: Callable[[dict[str, Any]], object], ended: Path, tmp_path: Path) -> None:
    folder = with_result(ended, tmp_path / "a", change)
    done = at_once("report", str(folder), "--output", "b/out", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, f"ringtrue: {folder} is no journal of ringtrue: its findings are unusable\n")
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == [NAME]


@pytest.mark.parametrize("name", ["cases", "test_findings.py", *REPORTS])
def test_reports_of_a_directory_are_not_written_to_where_a_link_in_it_leads(name: str, ended: Path, tmp_path: Path) -> None:
    folder = cut(ended, tmp_path / "a", 100_000)
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "package.json").write_text("{}", "utf-8")
    (folder / name).symlink_to(precious if name == "cases" else precious / "package.json")
    done = at_once("report", str(folder), cwd=tmp_path)
    assert done.returncode == 2
    assert f"{name} is a link" in done.stderr
    assert [(p.name, p.read_text("utf-8")) for p in precious.iterdir()] == [("package.json", "{}")]


def test_every_exchange_is_in_it_once_and_in_order_of_what_came(ended: Path) -> None:
    lines = lines_of(ended)
    numbers = [line["number"] for line in lines if line["kind"] == "exchange"]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert results_of(ended)["counts"]["requests"] == len(numbers)
    assert lines[0]["kind"] == "heading" and lines[-1]["kind"] == "result"
    assert sum(line["kind"] == "judged" for line in lines) == results_of(ended)["counts"]["cases"]


def test_cut_off_just_before_its_end_it_names_the_same_findings(ended: Path, tmp_path: Path) -> None:
    whole = (ended / NAME).read_bytes()
    folder = cut(ended, tmp_path / "cut", whole.rindex(b'{"kind":"result"'))
    done = ringtrue("report", str(folder), cwd=tmp_path)
    assert done.returncode == 130, done.stderr
    before, after = results_of(ended), results_of(folder)
    for key in ("id", "clause", "level", "case", "cause", "actual", "occurrences", "fingerprint"):
        assert [f.get(key) for f in after["findings"]] == [f.get(key) for f in before["findings"]], key
    assert after["clauses"] == before["clauses"]
    assert after["counts"] == before["counts"]
    assert after["verdict"] == "inconclusive" and before["verdict"] == "violates"
    assert "cut off" in done.stdout
    assert "created-calls.txt" not in done.stdout


def test_cut_off_run_that_created_real_calls_points_to_their_list(ended: Path, tmp_path: Path) -> None:
    folder = cut(ended, tmp_path / "cut", 200_000)
    (folder / "created-calls.txt").write_text("CA0\n", "ascii")
    done = ringtrue("report", str(folder / NAME), "--output", "out", cwd=tmp_path)
    assert done.returncode == 130, done.stderr
    assert [n for n in results_of(tmp_path / "out")["notes"] if "created-calls.txt lists the calls" in n]


def test_host_that_a_journal_names_is_not_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def resolve(host: object, *_: object) -> list[object]:
        asked.append(host)
        return []

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    journal = Journal(tmp_path, replace(heading(), url="http://nobody-knows-it.example"))
    journal.close()
    assert Rebuilt(tmp_path).conduct().exit_code == 130
    assert asked == []


def failing_now_and_then(where: Path, every: int, cases: int) -> Path:
    """A journal, cut off before causes were looked for, of a server that answers one request in so many with 500."""
    numbers = Numbers(("+15005550006",), ("+14155550100",))
    journal = Journal(where, heading())
    journal.add(Opening(numbers, Knowledge(frozenset(numbers.own), frozenset(numbers.called))))
    drawer = Drawer(3, numbers)
    steps = Plan(PROFILES["quick"], 3, drawer, lambda _: True).steps()
    number = 0
    for step in (s for s in steps if s.kind in ("one", "again", "sequence")):
        for place, case in enumerate(step.cases):
            number += 1
            verdict = expect(case, Knowledge(frozenset(numbers.own), frozenset(numbers.called)))
            status = 500 if number % every == 0 else 201 if verdict.expected is Expected.ACCEPT else 400
            body = json.dumps({"sid": f"CA{number:032x}"} if status == 201 else {"code": 20001, "message": "no", "more_info": "", "status": status})
            headers = (("Content-Type", "application/json"),)
            journal.add(Exchange(case, number, status, "", headers, body.encode(), path="/", sent_at=1e9, method=case.method))
            journal.add(Judged(number, step.kind, (), place))
        if number >= cases:
            break
    journal.close()
    return where


@pytest.mark.parametrize("every", [10, 25, 50])
@pytest.mark.parametrize("cases", [400, 900, 2500])
def test_cut_off_run_tells_what_comes_now_and_then_as_that(every: int, cases: int, tmp_path: Path) -> None:
    result = Rebuilt(failing_now_and_then(tmp_path, every, cases)).conduct()
    crashes = {f.clause: f for f in result.findings if f.exchange.is_crash}
    assert "call.combination" not in crashes and len(crashes) <= 2
    told = crashes["call.history"]
    assert told.flaky is not None and told.flaky[0] / told.flaky[1] < 2 / every
    assert "now and then" in told.cause
    assert result.clause("call.history").verdict == "FAIL"
    assert result.clause("call.combination").verdict != "FAIL"


def test_cut_off_run_tells_what_shows_each_time_as_no_chance(ended: Path, tmp_path: Path) -> None:
    whole = (ended / NAME).read_bytes()
    result = Rebuilt(cut(ended, tmp_path / "cut", whole.index(b'{"kind":"attributing"'))).conduct()
    found = {f.clause: f for f in result.findings}
    assert {"call.combination", "call.repeatable"} <= found.keys()
    assert found["call.combination"].exchange.is_crash and found["call.combination"].flaky is None


@pytest.mark.parametrize("place", [0, -1])
def test_target_of_a_journal_that_is_none_is_told(place: int, ended: Path, tmp_path: Path) -> None:
    lines = lines_of(ended)
    lines[place]["url"] = "http://[::1"
    (tmp_path / NAME).write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(UsageError, match="its target is unusable"):
        Rebuilt(tmp_path)


@pytest.mark.parametrize("is_unsure", [False, True])
def test_answer_that_was_waited_for_too_short_a_time_is_no_finding_of_a_cut_off_run_either(is_unsure: bool, tmp_path: Path) -> None:
    numbers = Numbers(("+15005550006",), ("+14155550100",))
    journal = Journal(tmp_path, heading())
    journal.add(Opening(numbers, Knowledge(frozenset(numbers.own), frozenset(numbers.called))))
    case = Case((("To", "+14155550100"), ("From", "+15005550006"), ("Url", "http://example.com/voice.xml")), "call.created")
    journal.add(Exchange(case, 1, None, failure="timeout", path="/", elapsed=0.6, sent_at=1e9, method="POST"))
    journal.add(Judged(1, unsure=is_unsure))
    journal.close()
    assert [f.exchange.number for f in Rebuilt(tmp_path).conduct().findings] == ([] if is_unsure else [1])


@pytest.mark.parametrize(("timeout", "is_found"), [(1.0, False), (10.0, True)])
def test_what_is_slow_in_a_cut_off_run_follows_from_its_timeout(timeout: float, is_found: bool, tmp_path: Path) -> None:
    numbers = Numbers(("+15005550006",), ("+14155550100",))
    journal = Journal(tmp_path, replace(heading(), timeout=timeout))
    journal.add(Opening(numbers, Knowledge(frozenset(numbers.own), frozenset(numbers.called))))
    case = Case((("To", "+14155550100"), ("From", "+15005550006"), ("Url", "http://example.com/voice.xml")), "call.created")
    for number in range(1, 40):  # the second comes after 0.7 s, all others never
        answered = {"status": 400, "elapsed": 0.7} if number == 2 else {"status": None, "failure": "timeout", "elapsed": timeout}
        journal.add(Exchange(case, number, path="/", sent_at=1e9, method="POST", **answered))
        journal.add(Judged(number))
    journal.close()
    assert any(f.exchange.failure == "timeout" for f in Rebuilt(tmp_path).conduct().findings) is is_found


@pytest.mark.slow
def test_cut_off_anywhere_the_reports_agree_with_the_journal(ended: Path, tmp_path: Path) -> None:
    size = (ended / NAME).stat().st_size
    last = results_of(ended)
    rng = random.Random(20)
    for turn in range(6):
        folder = cut(ended, tmp_path / str(turn), rng.randrange(1000, size - 20_000))
        rebuilt = Rebuilt(folder)
        result = rebuilt.conduct()
        whole = [json.loads(line) for line in (folder / NAME).read_bytes().split(b"\n")[:-1]]
        assert result.exit_code == 130
        assert result.counts["requests"] == sum(line["kind"] == "exchange" for line in whole)
        assert result.counts["cases"] == sum(line["kind"] == "judged" for line in whole)
        # What was not cut down yet is named by what it was sent for; but each is shown by an exchange that the journal has.
        assert {f.exchange.number for f in result.findings} <= {line["number"] for line in whole if line["kind"] == "exchange"}
        passed = {c.clause.id for c in result.clauses if c.verdict == "PASS"}
        assert passed <= {c["id"] for c in last["clauses"] if c["verdict"] not in ("SKIPPED", "NOT-EXERCISED")}
        assert all(c.cases <= d["cases"] for c, d in zip(result.clauses, last["clauses"], strict=True) if c.verdict == "PASS")


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(7))
def test_killed_at_any_moment_nothing_that_was_learnt_is_lost(turn: int, tmp_path: Path) -> None:
    least = random.Random(turn).randrange(1, 12_000_000)  # bytes; the journal of a whole run has some 15 million
    with run_of_its_own(tmp_path) as process:
        ends = time.monotonic() + 60
        while time.monotonic() < ends and process.poll() is None and journal_size(tmp_path / "out") < least:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
        assert process.returncode == -signal.SIGKILL
    found = found_again(tmp_path, (130,))
    judged = {line["number"] for line in lines_of_whole(tmp_path / "out") if line["kind"] == "judged"}
    taken = [line for line in lines_of_whole(tmp_path / "out") if line["kind"] == "exchange" and line["status"] == 201 and line["number"] in judged]
    digits = [v for line in taken for n, v in line["case"]["pairs"] if n == "SendDigits"]
    if any(len(v) == 33 and v.isdigit() for v in digits):
        assert "send-digits.max-length" in found


@pytest.mark.slow
def test_killed_when_it_prints_every_finding_that_was_printed_is_there_again(tmp_path: Path) -> None:
    with run_of_its_own(tmp_path) as process:
        assert process.stdout is not None
        printed = process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        printed += process.stdout.read()
    found = found_again(tmp_path, (1,))
    told = {line.split()[1] for line in printed.splitlines() if line.startswith("MUST ")}
    assert printed.startswith("✗ VIOLATES")
    assert told <= found == {"send-digits.max-length", "call.combination"}


@contextmanager
def run_of_its_own(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A run into `out`, at a server that it leaves alone when it is killed."""
    with Emulator(EmulatorSettings(faults=FAULTS[:2])) as emulator:
        options = ("--target", emulator.url, "--account-sid", emulator.account_sid, "--output", "out")
        with started("run", *options, cwd=folder, env={"RINGTRUE_AUTH_TOKEN": emulator.auth_token}) as process:
            yield process


def journal_size(out: Path) -> int:
    """Bytes of a journal; -1 where there is none yet."""
    try:
        return (out / NAME).stat().st_size
    except OSError:
        return -1


def found_again(folder: Path, codes: tuple[int, ...]) -> set[str]:
    """The clauses with findings in the reports that are made of a killed run's journal."""
    out = folder / "out"
    done = ringtrue("report", str(out), cwd=folder)
    assert "Traceback" not in done.stderr + done.stdout
    assert done.returncode in codes, done.stderr
    assert all((out / name).stat().st_size for name in REPORTS)
    assert results_of(out)["counts"]["requests"] == sum(line["kind"] == "exchange" for line in lines_of_whole(out))
    assert not list(out.glob("*.tmp"))
    return {f["clause"] for f in results_of(out)["findings"]}


def lines_of_whole(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / NAME).read_bytes().split(b"\n")[:-1]]


def test_secrets_are_not_in_it(tmp_path: Path) -> None:
    token = "7d93e1a64f0b58c2d7e9"
    with Emulator(EmulatorSettings(faults=("secrets-token-in-message",), auth_token=token)) as emulator:
        ringtrue(
            "run", "--target", emulator.url, "--account-sid", emulator.account_sid, "--output", str(tmp_path / "out"), cwd=tmp_path,
            env={"RINGTRUE_AUTH_TOKEN": token},
        )
    text = (tmp_path / "out" / NAME).read_text("ascii")
    assert '"exchange"' in text
    assert not any(token[i : i + 12] in text for i in range(len(token) - 11))
    sent = [v for line in lines_of(tmp_path / "out") if line["kind"] == "exchange" for n, v in line["case"]["pairs"] if n == "SipAuthPassword"]
    assert len(sent) > 10
    assert all(set(v) <= set("xX0é") or not v.isalnum() for v in sent)


def test_run_that_reached_nothing_has_a_journal_too(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    done = ringtrue("run", "--target", url, "--account-sid", ACCOUNT, "--output", "out", cwd=tmp_path)
    assert done.returncode == 3
    again = ringtrue("report", "out", cwd=tmp_path)
    assert again.returncode == 3
    assert "nothing listens" in again.stdout


def test_without_room_the_journal_ends_and_the_run_goes_on(tmp_path: Path) -> None:
    # A file that may not grow further stands for a full disk: the system says so in the same place.
    import resource

    def small() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, 2 << 20))

    done = ringtrue("run", "--output", "out", cwd=tmp_path, preexec_fn=small)
    assert done.returncode == 0, done.stderr
    assert any(n.startswith("journal.jsonl does not hold everything: ") for n in results_of(tmp_path / "out")["notes"])
    assert Rebuilt(tmp_path / "out").conduct().exit_code == 130


# -- the file as input ---------------------------------------------------------------------------------


def heading() -> Heading:
    from datetime import UTC, datetime

    return Heading("0", datetime.now(UTC), 1, "quick", "", "http://127.0.0.1:1", ACCOUNT)


@given(st.builds(
    Exchange, case=st.builds(Case, st.lists(st.tuples(st.text(max_size=8), st.text(max_size=30)), max_size=4).map(tuple)),
    number=st.integers(1, 10**6), status=st.integers(100, 999), reason=st.text(max_size=20),
    headers=st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9)), max_size=4).map(tuple),
    body=st.binary(max_size=200) | st.binary(min_size=17_000, max_size=18_000), elapsed=st.floats(0, 100).map(lambda x: round(x, 6)),
    sent_at=st.floats(0, 2e9), method=st.just("POST"), path=st.text(max_size=20), truncated=st.booleans(),
    leaks=st.sampled_from([(), ("auth-token",)]),
))
@settings(max_examples=60)
def test_exchange_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, exchange: Exchange) -> None:
    folder = tmp_path_factory.mktemp("j")
    journal = Journal(folder, heading())
    journal.add(exchange)
    journal.close()
    back = list(read_journal(folder))[1]
    assert isinstance(back, Exchange)
    assert (back.body, back.headers, back.reason, back.status, back.number, back.leaks, back.path) == (
        exchange.body, exchange.headers, exchange.reason, exchange.status, exchange.number, exchange.leaks, exchange.path)
    assert [v for n, v in back.case.pairs if n != "SipAuthPassword"] == [v for n, v in exchange.case.pairs if n != "SipAuthPassword"]


@pytest.mark.parametrize(("content", "words"), [
    (b"", "is empty: the run that made it had not begun; run it again"), (b"\x00\xff", "cut off"), (b"[]\n", "line 1"), (b"{}\n", "line 1"), (b"null\n", "line 1"), (b"[" * 9_000_000, "too long"),
    (b'{"kind":"exchange"}\n', "line 1"), (b'{"kind":"heading","journal":2}\n', "another version"), (b'{"kind":"heading","journal":1}\n', "unusable"),
    (b"[" * 100_000 + b"\n", "line 1"),
])
def test_what_is_no_journal_is_told_in_one_sentence(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(content)
    done = at_once("report", str(tmp_path), cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_pipe_in_the_place_of_a_journal_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / NAME)
    done = at_once("report", str(tmp_path), cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "is no file" in done.stderr


@pytest.mark.parametrize("name", [NAME, "created-calls.txt"])
@pytest.mark.parametrize("is_read", [False, True])
def test_pipe_where_a_run_writes_as_it_goes_is_told_before_anything_is_sent(tmp_path: Path, name: str, is_read: bool) -> None:
    (tmp_path / "out").mkdir()
    os.mkfifo(tmp_path / "out" / name)
    reader = os.open(tmp_path / "out" / name, os.O_RDONLY | os.O_NONBLOCK) if is_read else None
    try:
        with Emulator(EmulatorSettings()) as emulator:
            env = {"RINGTRUE_AUTH_TOKEN": emulator.auth_token}
            options = ("--target", emulator.url, "--account-sid", emulator.account_sid, "--allow-real-calls", "3", "--output", "out")
            with started("run", *options, cwd=tmp_path, env=env) as process:
                _, err = process.communicate(timeout=30)
        assert (process.returncode, err.count("\n")) == (2, 1), err
        assert f"out/{name} can't be written (it is no regular file)" in err
        assert [p.name for p in (tmp_path / "out").iterdir()] == [name]
    finally:
        if reader is not None:
            os.close(reader)


def test_pipe_in_the_place_of_a_journal_is_no_wait_for_its_reader(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / NAME)
    with pytest.raises(OSError, match="no regular file"):
        Journal(tmp_path, heading())


def test_directory_without_a_journal_is_told(tmp_path: Path) -> None:
    done = at_once("report", ".", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "ringtrue: journal.jsonl can't be read (No such file or directory); name the directory that `ringtrue run` wrote into\n"


@given(st.data())
@settings(max_examples=80)
def test_changed_journals_give_a_result_or_one_sentence(ended: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    raw = (ended / NAME).read_bytes().splitlines(keepends=True)
    some = raw[:60] + raw[-60:-50] + ([raw[-1]] if data.draw(st.booleans()) else [])
    place = data.draw(st.integers(0, len(some) - 1))
    some[place] = json.dumps(changed_somewhere(data, json.loads(some[place]))).encode() + b"\n"
    folder = tmp_path_factory.mktemp("changed")
    try:
        (folder / NAME).write_bytes(b"".join(some))
        try:
            result = Rebuilt(folder).conduct()
        except UsageError as error:
            assert "\n" not in str(error)
        else:
            assert result.exit_code in (1, 130)
            write_all(result, folder)
            render(result, folder)
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("is_probing", [False, True])
def test_many_long_answers_are_rebuilt_in_bounded_room(tmp_path: Path, is_probing: bool) -> None:
    journal = Journal(tmp_path, heading())
    journal.add(Opening(Numbers(("+15005550006",), ("+14155550100",)), Knowledge()))
    if is_probing:
        journal.add(Attributing())
    for number in range(1, 601):
        case = Case((("To", "+14155550100"), ("Url", f"http://example.com/{number}")), "call.created")
        body = b'{"a":"' + random.Random(number).randbytes(100_000).hex().encode() + b"x" * 800_000 + b'"}'
        journal.add(Exchange(case, number, 201, body=body, path="/", sent_at=1e9))
        if not is_probing and number % 20 == 0:
            journal.add(Judged(number))
    journal.close()
    script = (
        "import re, sys; from pathlib import Path; from harness.rebuild import Rebuilt; r = Rebuilt(Path(sys.argv[1])).conduct(); "
        "room = re.search('VmHWM:[ \\t]*([0-9]+)', Path('/proc/self/status').read_text())[1]; "
        "print(room, r.counts['cases'], any('too much to keep' in n for n in r.notes))"
    )
    with launched([sys.executable, "-c", script, str(tmp_path)], tmp_path) as process:
        out, err = process.communicate(timeout=120)
    room, cases, is_told = out.split()
    assert int(room) < 300 << 10, err
    assert (cases, is_told) == (("0", "True") if is_probing else ("30", "False"))


def test_what_is_worked_out_of_an_answer_is_not_kept(tmp_path: Path) -> None:
    journal = Journal(tmp_path, heading())
    journal.add(Exchange(Case((("To", "+14155550100"),)), 1, 500, body=b"[[],[]]", path="/", sent_at=1e9))
    journal.add(Judged(1))
    journal.close()
    seen = Rebuilt(tmp_path)._session.seen
    assert seen and not any({"text", "parsed"} & set(vars(s.exchange)) for s in seen)


def test_bomb_in_a_body_is_bounded(tmp_path: Path) -> None:
    import base64
    import zlib

    journal = Journal(tmp_path, heading())
    journal.close()
    line = {
        "kind": "exchange", "number": 1, "case": {"pairs": []}, "method": "POST", "path": "/", "sent_at": 0, "elapsed": 0, "status": 201,
        "packed": base64.b64encode(zlib.compress(b"0" * (64 << 20), 9)).decode(),
    }
    with (tmp_path / NAME).open("ab") as stream:
        stream.write(json.dumps(line).encode() + b"\n")
    found = list(read_journal(tmp_path))[1]
    assert isinstance(found, Exchange)
    assert len(found.body) == MAX_BODY
