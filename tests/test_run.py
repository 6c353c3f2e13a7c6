"""`ringtrue run` as a user meets it: exit codes, one sentence for each mistake, reports, and no secret anywhere."""

from __future__ import annotations

import base64
import json
import re
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import adversary
import psutil
import pytest
from adversary import Behaviour, Hostile, as_json, reply
from adversary.wrapped import Act, Turn, Wrapped
from support import ACCOUNT, TOKEN, at_once, closed_port, environment, results_of, ringtrue, started

from harness.contract import CLAUSES
from harness.emulator import Emulator, EmulatorSettings

FILES = {"report.html", "journal.jsonl", "junit.xml", "results.json", "results.sarif", "summary.md"}
ENV = {"RINGTRUE_AUTH_TOKEN": TOKEN, "RINGTRUE_ACCOUNT_SID": ACCOUNT}
REFUSES_ALL = as_json({"code": 21210, "message": "no", "more_info": "", "status": 400}, "400 Bad Request")


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """A faithful emulator with a known token."""
    with Emulator(EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN)) as running:
        yield running


def sentence(stderr: str) -> str:
    """What the command says when it ends early: one line for people; click adds how it is used before its own."""
    assert "Traceback" not in stderr
    assert TOKEN not in stderr
    lines = [line for line in stderr.splitlines() if line.strip()]
    if lines and lines[0].startswith("Usage: "):
        lines = [line for line in lines if line.startswith("Error: ")]
    assert len(lines) == 1, stderr
    return lines[0]


def told(done: Any) -> str:
    """All that a command says, progress aside."""
    text = f"{done.stdout}\n{done.stderr}"
    assert "Traceback" not in text
    assert "an error of its own" not in text
    return text


# --- runs that come to a verdict -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """A run without any option, in an empty directory."""
    directory = tmp_path_factory.mktemp("first")
    return ringtrue("run", cwd=directory), directory


@pytest.mark.slow
def test_run_without_options_conforms_and_writes_every_report(first: tuple[Any, Path]) -> None:
    done, directory = first
    assert done.returncode == 0, told(done)
    written = {p.name for p in (directory / "reports" / "latest").iterdir() if p.is_file()}
    assert written == FILES
    assert [p.name for p in directory.iterdir()] == ["reports"]


@pytest.mark.slow
def test_run_s_results_are_of_schema_1_and_every_clause(first: tuple[Any, Path]) -> None:
    data = results_of(first[1] / "reports" / "latest")
    assert {"schema_version", "tool", "seed", "profile", "started", "duration_s", "target", "verdict", "counts", "clauses", "findings", "notes"} <= set(data)
    assert (data["schema_version"], data["tool"]["name"], data["seed"], data["profile"], data["verdict"]) == (1, "ringtrue", 0, "quick", "conforms")
    assert data["findings"] == []
    assert [c["id"] for c in data["clauses"]] == [c.id for c in CLAUSES]
    assert {c["verdict"] for c in data["clauses"]} == {"PASS"}
    counts = data["counts"]
    assert counts["requests"] >= 1000
    assert counts["accepted"] == counts["accept_expected"] > 0
    assert counts["rejected"] == counts["reject_expected"] > 0


@pytest.mark.slow
def test_run_ends_with_its_verdict_and_the_report_s_path(first: tuple[Any, Path]) -> None:
    lines = first[0].stdout.strip().splitlines()
    assert "CONFORMS" in lines[0]
    assert str(first[1] / "reports" / "latest" / "report.html") in first[0].stdout or "reports/latest/report.html" in lines[-1]
    assert len(lines) < 30


@pytest.mark.slow
def test_run_on_a_fault_exits_1_and_says_where(tmp_path: Path) -> None:
    done = ringtrue("run", "--fault", "accepts-timeout-601", "--only", "timeout.*", "--output", "out", cwd=tmp_path)
    assert done.returncode == 1, told(done)
    assert "timeout.maximum" in done.stdout
    assert {p.name for p in (tmp_path / "out").iterdir()} >= {*FILES, "test_findings.py", "cases"}
    assert [f["clause"] for f in results_of(tmp_path / "out")["findings"]] == ["timeout.maximum"]


@pytest.mark.slow
def test_credentials_that_a_kept_connection_spares_are_replayed_on_one(tmp_path: Path) -> None:
    with Emulator(EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN, faults=("access-trusted-connection",))) as faulty:
        done = ringtrue("run", "--target", faulty.url, "--only", "auth.*", "--output", "out", cwd=tmp_path, env=ENV)
        (finding,) = results_of(tmp_path / "out")["findings"]
        assert finding["cause"].endswith("on a connection on which the right ones came before"), told(done)
        assert " --next " in finding["curl"]
        again = ringtrue("replay", "out/cases/auth.missing.json", cwd=tmp_path, env=ENV)
        assert (again.returncode, again.stdout.split(":")[0]) == (1, "FAILED"), told(again)
    with Emulator(EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN)) as mended:
        fixed = ringtrue("replay", "out/cases/auth.missing.json", "--target", mended.url, cwd=tmp_path, env=ENV)
    assert (fixed.returncode, fixed.stdout.split(":")[0]) == (0, "FIXED"), told(fixed)


@pytest.mark.slow
def test_saved_case_of_a_finding_is_replayed(tmp_path: Path) -> None:
    with Emulator(EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN, faults=("accepts-timeout-601",))) as faulty:
        done = ringtrue("run", "--target", faulty.url, "--only", "timeout.*", "--output", "out", cwd=tmp_path, env=ENV)
        assert done.returncode == 1, told(done)
        again = ringtrue("replay", "out/cases/timeout.maximum.json", cwd=tmp_path, env=ENV)
        assert (again.returncode, again.stdout.split(":")[0]) == (1, "FAILED"), told(again)
    with Emulator(EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN)) as mended:
        fixed = ringtrue("replay", "out/cases/timeout.maximum.json", "--target", mended.url, cwd=tmp_path, env=ENV)
    assert (fixed.returncode, fixed.stdout.split(":")[0]) == (0, "FIXED"), told(fixed)
    gone = ringtrue("replay", "out/cases/timeout.maximum.json", cwd=tmp_path, env=ENV)
    assert (gone.returncode, gone.stdout.split(":")[0]) == (3, "ERROR"), told(gone)


def test_case_of_the_embedded_emulator_is_replayed_on_another_one_like_it(tmp_path: Path) -> None:
    done = ringtrue("run", "--fault", "accepts-timeout-601", "--only", "timeout.*", "--output", "out", cwd=tmp_path)
    file = tmp_path / "out" / "cases" / "timeout.maximum.json"
    assert f"again:  ringtrue replay out/cases/{file.name}" in done.stdout, told(done)
    again = ringtrue("replay", f"out/cases/{file.name}", cwd=tmp_path)
    assert (again.returncode, again.stdout.split(":")[0]) == (1, "FAILED"), told(again)
    saved = json.loads(file.read_text())
    for faults, code, words in (([], 0, "FIXED: "), (["accepts-timeout-602x"], 2, "there is no fault named 'accepts-timeout-602x'"), ([[1]], 2, "no fault named"), (7, 2, "is no saved case")):
        saved["target"]["faults"] = faults
        file.write_text(json.dumps(saved))
        other = ringtrue("replay", f"out/cases/{file.name}", cwd=tmp_path)
        assert (other.returncode, other.stdout.count("\n") + other.stderr.count("\n")) == (code, 1), told(other)
        assert words in other.stdout + other.stderr


@pytest.mark.slow
def test_broken_should_exits_0_and_with_strict_1(tmp_path: Path) -> None:
    for strict, code in ((), 0), (("--strict",), 1):
        done = ringtrue("run", "--fault", "status-completed", "--only", "echo.*", "--only", "call.created", "--output", "out", *strict, cwd=tmp_path)
        assert done.returncode == code, told(done)
        assert "echo.status" in done.stdout
        verdicts = {c["id"]: c["verdict"] for c in results_of(tmp_path / "out")["clauses"]}
        assert verdicts["echo.status"] == "NON-STRICT"


def test_max_requests_leaves_clauses_unexercised_and_says_so(tmp_path: Path, emulator: Emulator) -> None:
    done = ringtrue("run", "--target", emulator.url, "--max-requests", "50", "--output", "out", cwd=tmp_path, env=ENV)
    assert done.returncode == 0, told(done)
    data = results_of(tmp_path / "out")
    idle = [c for c in data["clauses"] if c["verdict"] == "NOT-EXERCISED"]
    assert data["counts"]["requests"] <= 50
    assert len(idle) > 100
    assert all("50 requests" in c["reason"] for c in idle)
    assert any("50 requests" in n for n in data["notes"])
    assert f"{len(idle)} clauses were not exercised" in done.stdout or "not exercised" in done.stdout.lower()
    assert "not exercised" in (tmp_path / "out" / "summary.md").read_text("utf-8").lower().replace("-", " ")


@pytest.mark.slow
def test_max_time_ends_a_run(tmp_path: Path, emulator: Emulator) -> None:
    done = ringtrue("run", "--target", emulator.url, "--max-time", "0.5", "--output", "out", cwd=tmp_path, env=ENV)
    data = results_of(tmp_path / "out")
    assert done.returncode == 0, told(done)
    assert any("time of 0.5 s" in n for n in data["notes"])
    assert "NOT-EXERCISED" in {c["verdict"] for c in data["clauses"]}


@pytest.mark.slow
def test_rate_is_not_exceeded(tmp_path: Path, emulator: Emulator) -> None:
    done = ringtrue("run", "--target", emulator.url, "--max-requests", "41", "--rate", "20/s", "--output", "out", cwd=tmp_path, env=ENV)
    assert done.returncode == 0, told(done)
    assert results_of(tmp_path / "out")["duration_s"] >= 2.0


@pytest.mark.slow
def test_only_and_skip_choose_clauses(tmp_path: Path, emulator: Emulator) -> None:
    done = ringtrue("run", "--target", emulator.url, "--only", "timeout.*", "--skip", "timeout.integer", "--output", "out", cwd=tmp_path, env=ENV)
    data = results_of(tmp_path / "out")
    assert done.returncode == 0, told(done)
    judged = {c["id"] for c in data["clauses"] if c["verdict"] == "PASS"}
    assert {"timeout.maximum", "timeout.range"} <= judged
    assert all(i.startswith("timeout.") for i in judged) and "timeout.integer" not in judged
    assert {c["verdict"] for c in data["clauses"] if not c["id"].startswith("timeout.")} == {"SKIPPED"}


def test_config_file_chooses_the_target_and_flags_beat_it(tmp_path: Path, emulator: Emulator) -> None:
    (tmp_path / "ringtrue.toml").write_text(
        f'seed = 5\nonly = ["timeout.*"]\noutput = "from-file"\n[targets.staging]\nurl = "{emulator.url}"\naccount-sid = "{ACCOUNT}"\n'
        'auth-token-env = "STAGING_TOKEN"\nmax-requests = 90\n[targets.other]\nurl = "http://127.0.0.1:9"\n', "utf-8")
    done = ringtrue("run", "--target", "staging", "--seed", "6", cwd=tmp_path, env={"STAGING_TOKEN": TOKEN})
    assert done.returncode == 0, told(done)
    data = results_of(tmp_path / "from-file")
    assert (data["seed"], data["target"]["url"]) == (6, emulator.url)
    assert data["counts"]["requests"] <= 90


@pytest.mark.slow
def test_single_target_of_a_config_file_is_taken(tmp_path: Path, emulator: Emulator) -> None:
    (tmp_path / "mine.toml").write_text(f'[target]\nurl = "{emulator.url}"\naccount-sid = "{ACCOUNT}"\nmax-requests = 60\n', "utf-8")
    done = ringtrue("run", "--config", "mine.toml", "--output", "out", cwd=tmp_path, env={"RINGTRUE_AUTH_TOKEN": TOKEN})
    assert done.returncode == 0, told(done)
    assert results_of(tmp_path / "out")["target"] == {"url": emulator.url, "account_sid": ACCOUNT}


def repeatable(directory: Path) -> Any:
    """results.json without what may differ between two runs of a seed: times, sids, and the emulator's port."""
    data = results_of(directory)
    for key in ("started", "duration_s"):
        del data[key]
    text = re.sub(r"CA[0-9a-fA-F]{32}", "CA…", json.dumps(data, indent=1, sort_keys=True))
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:…", text)
    return re.sub(r"\d\d:\d\d:\d\d", "…", text)


@pytest.mark.slow
@pytest.mark.parametrize("faults", [(), ("accepts-timeout-601", "to-lower", "refuses-recorded-dual-untrimmed")], ids=["none", "three"])
def test_same_seed_gives_the_same_results(faults: tuple[str, ...], tmp_path: Path) -> None:
    for name in ("a", "b"):
        options = [x for f in faults for x in ("--fault", f)]
        told(ringtrue("run", "--seed", "7", "--output", name, *options, cwd=tmp_path))
    assert repeatable(tmp_path / "a") == repeatable(tmp_path / "b")


@pytest.mark.slow
def test_another_seed_sends_something_else(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        told(ringtrue("run", "--seed", seed, "--fault", "refuses-to-sip-with-digits", "--output", seed, cwd=tmp_path))
    counts = [results_of(tmp_path / s)["counts"] for s in ("1", "2")]
    assert counts[0] != counts[1]


# --- wrong usage: exit 2 -------------------------------------------------------------------------------------

USAGE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "no URL": (("--target", "example"), ("--target", "example")),
    "another scheme": (("--target", "ftp://127.0.0.1"), ("--target",)),
    "no host": (("--target", "http://"), ("--target",)),
    "a bad port": (("--target", "http://127.0.0.1:99999"), ("--target",)),
    "a password in the URL": (("--target", "http://a:b@127.0.0.1"), ("--target", "RINGTRUE_AUTH_TOKEN")),
    "unknown clause": (("--only", "send-digit.max-length"), ("--only", "'send-digits.max-length'")),
    "unknown clause to skip": (("--skip", "timeout.maximun"), ("--skip", "'timeout.maximum'")),
    "nothing left": (("--only", "timeout.*", "--skip", "timeout.*"), ("--only", "--skip")),
    "unknown profile": (("--profile", "quik"), ("--profile", "'quick'")),
    "no requests": (("--max-requests", "0"), ("--max-requests", "0")),
    "negative requests": (("--max-requests", "-5"), ("--max-requests", "-5")),
    "negative time": (("--max-time", "-1"), ("--max-time", "-1")),
    "time that is no number": (("--max-time", "nan"), ("--max-time",)),
    "negative rate": (("--rate", "-1/s"), ("--rate", "-1")),
    "a rate of words": (("--rate", "fast"), ("--rate", "fast")),
    "a rate without end": (("--rate", "nan"), ("--rate",)),
    "no workers": (("--workers", "0"), ("--workers", "0")),
    "timeout of 0": (("--timeout", "0"), ("--timeout", "0")),
    "requests in words": (("--max-requests", "many"), ("--max-requests", "many")),
    "seed in words": (("--seed", "x"), ("--seed",)),
    "an unknown option": (("--profle", "quick"), ("--profle", "--profile")),
    "a From of letters": (("--from", "banana"), ("--from", "banana")),
    "a To without plus": (("--to", "14155550100"), ("--to", "14155550100")),
    "unknown fault": (("--fault", "accepts-timeout-602"), ("--fault", "'accepts-timeout-601'")),
    "no certificates": (("--ca-bundle", "nowhere.pem"), ("--ca-bundle", "nowhere.pem")),
    "no config file": (("--config", "nowhere.toml"), ("--config", "nowhere.toml")),
    "a config that is a directory": (("--config", "."), ("--config",)),
    "no account": (("--target", "http://127.0.0.1:9"), ("--account-sid", "RINGTRUE_ACCOUNT_SID")),
    "a bad account": (("--target", "http://127.0.0.1:9", "--account-sid", "AC1"), ("--account-sid", "AC1")),
    "http off this machine": (("--target", "http://192.0.2.1", "--account-sid", ACCOUNT), ("--allow-http", "https")),
}


@pytest.mark.parametrize(("options", "words"), USAGE.values(), ids=list(USAGE))
def test_wrong_usage_exits_2_and_names_what_is_wrong(options: tuple[str, ...], words: tuple[str, ...], tmp_path: Path) -> None:
    done = at_once("run", *options, cwd=tmp_path)
    text = sentence(done.stderr)
    assert done.returncode == 2, text
    assert [w for w in words if w not in text] == [], text
    assert list(tmp_path.iterdir()) == []


CONFIGS: dict[str, tuple[str, tuple[str, ...]]] = {
    "unknown key": ('profle = "quick"', ("profle", "'profile'")),
    "unknown key of a target": ('[targets.a]\nurl = "http://127.0.0.1"\nacount-sid = "x"', ("acount-sid", "'account-sid'")),
    "a token": (f'auth-token = "{TOKEN}"', ("auth-token-env",)), "a wrong type": ('seed = "7"', ("seed", "whole number")),
    "a bool for a number": ("max-requests = true", ("max-requests",)), "a list of numbers": ("only = [1]", ("only", "text")),
    "no TOML": ("[target\n", ("TOML",)), "an unknown profile": ('profile = "quik"', ("'quick'",)), "target that is no table": ("target = 5", ("target",)),
}


@pytest.mark.parametrize(("text", "words"), CONFIGS.values(), ids=list(CONFIGS))
def test_wrong_config_file_exits_2_and_names_the_key(text: str, words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "ringtrue.toml").write_text(text, "utf-8")
    done = at_once("run", cwd=tmp_path)
    said = sentence(done.stderr)
    assert done.returncode == 2, said
    assert [w for w in words if w not in said] == [], said


def test_config_file_that_is_no_utf_8_exits_2(tmp_path: Path) -> None:
    (tmp_path / "ringtrue.toml").write_bytes(b'output = "\xff"')
    done = ringtrue("run", cwd=tmp_path)
    assert (done.returncode, "UTF-8" in sentence(done.stderr)) == (2, True)


@pytest.mark.parametrize("option", ["--auth-token", "--token"])
@pytest.mark.parametrize("joined", [True, False])
def test_token_on_the_command_line_is_refused_with_where_it_goes(option: str, joined: bool, tmp_path: Path) -> None:
    done = at_once("run", *((f"{option}={TOKEN}",) if joined else (option, TOKEN)), cwd=tmp_path)
    text = sentence(done.stderr)
    assert done.returncode == 2
    assert "RINGTRUE_AUTH_TOKEN" in text and "command line" in text


def test_token_with_a_line_break_exits_2_and_is_not_shown(tmp_path: Path, emulator: Emulator) -> None:
    done = ringtrue("run", "--target", emulator.url, cwd=tmp_path, env={**ENV, "RINGTRUE_AUTH_TOKEN": TOKEN + "\n"})
    assert (done.returncode, "RINGTRUE_AUTH_TOKEN" in sentence(done.stderr)) == (2, True)


@pytest.mark.parametrize("output", ["taken", *(pytest.param(o, marks=pytest.mark.slow) for o in ("taken/below", "/proc/nowhere", "/dev/null/x"))])
def test_output_that_cannot_be_written_exits_2_before_anything_is_sent(output: str, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine", "utf-8")
    with Hostile((reply(),)) as server:
        done = ringtrue("run", "--target", server.url, "--output", output, cwd=tmp_path, env=ENV)
        assert (server.requests, server.connections) == ([], 0)
    assert (done.returncode, "--output" in sentence(done.stderr)) == (2, True)
    assert (tmp_path / "taken").read_text("utf-8") == "mine"


def test_disk_that_fills_up_during_the_run_is_said_and_no_verdict_is_given(tmp_path: Path) -> None:
    def few_bytes() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (70_000, 70_000))

    done = ringtrue("run", "--max-requests", "120", "--output", "out", cwd=tmp_path, preexec_fn=few_bytes)
    assert done.returncode in (2, 3), told(done)
    assert "written" in told(done)


# --- nothing to judge: exit 3 --------------------------------------------------------------------------------

UNREACHABLE: dict[str, tuple[Behaviour, tuple[str, ...]]] = {
    "closes": (adversary.CLOSES, ("closes the connection",)),
    "no HTTP": (adversary.NOISE, ("no HTTP",)),
    "never-ending headers": (adversary.ENDLESS_HEADERS, ("a head without end",)),
    "refuses every call": (REFUSES_ALL, ("--from", "21210", "clauses could not be judged")),
    "401": (as_json({"code": 20003}, "401 Unauthorized"), ("401", "RINGTRUE_AUTH_TOKEN", ACCOUNT)),
    "404": (as_json({"code": 20404}, "404 Not Found"), ("404", "--account-sid", "base URL")),
    "an HTML page": (reply(b"<html>no such page</html>", "404 Not Found", kind="text/html"), ("404",)),
    "an HTML page with 400": (reply(b"<html>bad request</html>", "400 Bad Request", kind="text/html"), ("HTML",)),
    "a redirect": (reply(b"", "302 Found", "Location: https://127.0.0.1/"), ("302", "redirect")),
    "403": (as_json({"code": 20003}, "403 Forbidden"), ("403",)),
    "a proxy": (reply(b"", "407 Proxy Authentication Required"), ("407", "proxy")),
}


@pytest.mark.parametrize(("behaviour", "words"), [
    pytest.param(*row, id=name, marks=[] if name in ("refuses every call", "401") else pytest.mark.slow)
    for name, row in UNREACHABLE.items()
])
def test_target_that_creates_nothing_exits_3_with_the_way_out(behaviour: Behaviour, words: tuple[str, ...], tmp_path: Path) -> None:
    begun = time.monotonic()
    with Hostile((behaviour,)) as server:
        done = ringtrue("run", "--target", server.url, "--output", "out", cwd=tmp_path, env=ENV)
        sent = len(server.requests)
    text = told(done)
    assert done.returncode == 3, text
    assert [w for w in words if w not in text] == [], text
    assert time.monotonic() - begun < 15
    assert sent < 60
    assert results_of(tmp_path / "out")["verdict"] == "inconclusive"
    assert "CONFORMS" not in text


def test_port_at_which_nothing_listens_exits_3(tmp_path: Path) -> None:
    begun = time.monotonic()
    done = ringtrue("run", "--target", f"http://127.0.0.1:{closed_port()}", "--output", "out", cwd=tmp_path, env=ENV)
    assert done.returncode == 3
    assert "nothing listens" in told(done)
    assert time.monotonic() - begun < 15


@pytest.mark.slow
def test_host_name_that_does_not_exist_exits_3(tmp_path: Path) -> None:
    done = ringtrue("run", "--target", "http://no-such-host.invalid", "--output", "out", cwd=tmp_path, env=ENV)
    assert done.returncode == 3, told(done)
    assert "no-such-host.invalid" in told(done)


@pytest.mark.slow
def test_plain_http_behind_an_https_url_exits_3(tmp_path: Path) -> None:
    with Hostile((reply(status="400 Bad Request", end="close"),), at_accept=True) as server:
        done = ringtrue("run", "--target", server.url.replace("http:", "https:"), "--output", "out", cwd=tmp_path, env=ENV)
    assert done.returncode == 3
    assert "TLS" in told(done)


@pytest.mark.slow
def test_port_that_never_answers_exits_3_soon_after_the_time_limit(tmp_path: Path) -> None:
    begun = time.monotonic()
    with Hostile((adversary.SILENT,)) as server:
        done = ringtrue("run", "--target", server.url, "--timeout", "3", "--output", "out", cwd=tmp_path, env=ENV)
    assert done.returncode == 3
    assert "no whole answer" in told(done)
    assert time.monotonic() - begun < 12


def test_wrong_token_exits_3_and_names_its_variable(tmp_path: Path, emulator: Emulator) -> None:
    env = {"MY_TOKEN": "0123456789abcdefghij", "RINGTRUE_ACCOUNT_SID": ACCOUNT}
    done = ringtrue("run", "--target", emulator.url, "--auth-token-env", "MY_TOKEN", "--output", "out", cwd=tmp_path, env=env)
    text = told(done)
    assert done.returncode == 3
    assert "MY_TOKEN" in text and "0123456789ab" not in text


@pytest.mark.slow
def test_missing_token_exits_3_and_names_its_variable(tmp_path: Path, emulator: Emulator) -> None:
    done = ringtrue("run", "--target", emulator.url, "--output", "out", cwd=tmp_path, env={"RINGTRUE_ACCOUNT_SID": ACCOUNT})
    assert done.returncode == 3
    assert "RINGTRUE_AUTH_TOKEN" in told(done)


@pytest.mark.slow
def test_wrong_account_and_wrong_base_path_exit_3_and_say_what_to_check(tmp_path: Path, emulator: Emulator) -> None:
    other = ringtrue("run", "--target", emulator.url, "--account-sid", "AC" + "0" * 32, "--output", "out", cwd=tmp_path, env=ENV)
    assert other.returncode == 3
    assert "account" in told(other)
    elsewhere = ringtrue("run", "--target", emulator.url + "/elsewhere", "--output", "out", cwd=tmp_path, env=ENV)
    assert elsewhere.returncode == 3
    assert "404" in told(elsewhere) and "base URL" in told(elsewhere)


@pytest.mark.slow
def test_number_that_the_account_does_not_own_exits_3_and_says_from(tmp_path: Path, emulator: Emulator) -> None:
    done = ringtrue("run", "--target", emulator.url, "--from", "+12025550199", "--output", "out", cwd=tmp_path, env=ENV)
    assert done.returncode == 3
    assert "--from" in told(done)


@pytest.mark.slow
def test_server_that_dies_in_mid_run_exits_3_with_reports(tmp_path: Path) -> None:
    with Emulator(EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN)) as dying:
        arguments = ("run", "--target", dying.url, "--rate", "100", "--output", "out")
        with started(*arguments, cwd=tmp_path, env=ENV) as process:
            time.sleep(3)
            dying.stop()
            out, err = process.communicate(timeout=60)
    assert "Traceback" not in out + err
    assert process.returncode == 3, out + err
    assert results_of(tmp_path / "out")["verdict"] == "inconclusive"
    assert {p.name for p in (tmp_path / "out").iterdir()} >= FILES


# --- broken as a whole: exit 1, one finding ------------------------------------------------------------------


def test_server_that_fails_on_every_call_is_one_finding(tmp_path: Path) -> None:
    with Hostile((reply(b"oops", "500 Internal Server Error", kind="text/plain"),)) as server:
        done = ringtrue("run", "--target", server.url, "--output", "out", cwd=tmp_path, env=ENV)
    assert done.returncode == 1, told(done)
    findings = results_of(tmp_path / "out")["findings"]
    assert [(f["clause"], f["level"]) for f in findings] == [("call.created", "MUST")]


@pytest.mark.slow
def test_created_calls_with_an_empty_answer_are_one_finding(tmp_path: Path) -> None:
    done = ringtrue("run", "--fault", "envelope-empty", "--output", "out", cwd=tmp_path)
    assert done.returncode == 1, told(done)
    assert [f["clause"] for f in results_of(tmp_path / "out")["findings"]] == ["response.json"]


HOSTILE: dict[str, tuple[Behaviour, str]] = {
    "500 MB": (adversary.HUGE_BODY, "response.json"), "a gzip bomb": (adversary.GZIP_BOMB, "response.json"),
    "invalid JSON": (reply(b"{no"), "response.json"), "very deep JSON": (reply(b"[" * 10_000 + b"]" * 10_000), "response.json"),
    "a key twice": (reply(b'{"sid": 1, "sid": 2}'), "response.unique-keys"), "NaN": (reply(b'{"sid": NaN}'), "response.json"),
    "another charset": (reply('{"sid": "é"}'.encode("latin-1"), kind="application/json; charset=latin-1"), "response.json"),
    "HTML and escapes": (as_json({"sid": "<script>alert(1)</script>\x1b[31m", "to": "\u202e\x07", "status": "]]>'\"&"}), "response.sid.pattern"),
}


@pytest.mark.parametrize(("behaviour", "clause"), [
    pytest.param(*row, id=name, marks=[] if name == "HTML and escapes" else pytest.mark.slow) for name, row in HOSTILE.items()
])
def test_hostile_answers_are_findings_in_bounded_memory(behaviour: Behaviour, clause: str, tmp_path: Path) -> None:
    with Hostile((behaviour,)) as server, (tmp_path / "said").open("w+b") as said:
        arguments = ("run", "--target", server.url, "--max-requests", "60", "--output", "out")
        with started(*arguments, cwd=tmp_path, env=ENV, stdout=said, stderr=said) as process:
            largest = 0
            while process.poll() is None:
                with suppress(psutil.Error):
                    largest = max(largest, psutil.Process(process.pid).memory_info().rss)
                time.sleep(0.02)
    text = (tmp_path / "said").read_text("utf-8")
    assert "Traceback" not in text and "an error of its own" not in text
    assert process.returncode == 1, text
    assert clause in {f["clause"] for f in results_of(tmp_path / "out")["findings"]}
    assert {p.name for p in (tmp_path / "out").iterdir()} >= FILES
    assert "\x1b" not in text and "\x07" not in text and "\u202e" not in text
    assert max(p.stat().st_size for p in (tmp_path / "out").rglob("*") if p.is_file()) < 20 << 20
    assert 1 << 20 < largest < 250 << 20


# --- interrupted: exit 130 -----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("after", ["at once", pytest.param("later", marks=pytest.mark.slow)])
def test_signal_ends_a_run_with_130_and_what_was_learnt(number: signal.Signals, after: str, tmp_path: Path, emulator: Emulator) -> None:
    arguments = ("run", "--target", emulator.url, "--rate", "60", "--output", "out")
    with started(*arguments, cwd=tmp_path, env=ENV) as process:
        deadline = time.monotonic() + 30
        while not psutil.Process(process.pid).net_connections() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3 if after == "at once" else 4)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert "Traceback" not in out + err
    assert process.returncode == 130, out + err
    data = results_of(tmp_path / "out")
    assert {p.name for p in (tmp_path / "out").iterdir()} >= FILES
    assert (data["schema_version"], data["verdict"]) == (1, "inconclusive")
    assert len(data["clauses"]) == len(CLAUSES)
    if after == "later":
        assert data["counts"]["requests"] > 30
        assert "PASS" in {c["verdict"] for c in data["clauses"]}
    assert "NOT-EXERCISED" in {c["verdict"] for c in data["clauses"]}


@pytest.mark.slow
def test_interrupted_run_stops_its_emulator(tmp_path: Path) -> None:
    with started("run", "--rate", "30", "--output", "out", cwd=tmp_path) as process:
        deadline = time.monotonic() + 20
        children: list[psutil.Process] = []
        while not children and time.monotonic() < deadline:
            children = psutil.Process(process.pid).children(recursive=True)
            time.sleep(0.1)
        time.sleep(1.5)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert children
    assert psutil.wait_procs(children, timeout=10)[1] == []


# --- secrets -------------------------------------------------------------------------------------------------


def parts_of(secret: str) -> list[bytes]:
    """Every twelve characters in a row of a secret."""
    return [secret[i:i + 12].encode() for i in range(len(secret) - 11)]


@pytest.mark.parametrize("fault", [
    "secrets-token-in-call", *(pytest.param(f, marks=pytest.mark.slow) for f in (
        "secrets-token-in-refusal", "secrets-token-in-denial", "secrets-token-in-message", "accepts-timeout-601", "access-any-token")),
])
def test_token_is_in_no_byte_that_a_run_writes(fault: str, tmp_path: Path) -> None:
    settings = EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN, faults=(fault,))
    with Emulator(settings) as emulator:
        done = ringtrue("run", "--target", emulator.url, "--max-requests", "700", "--output", "out", cwd=tmp_path, env=ENV)
    assert done.returncode in (0, 1), told(done)
    assert results_of(tmp_path / "out")["findings"] != []
    basic = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()[50:]
    written = {str(p): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    written["stdout"], written["stderr"] = done.stdout.encode("utf-8", "replace"), done.stderr.encode("utf-8", "replace")
    assert len(written) > 6
    for place, data in written.items():
        assert [p for p in (*parts_of(TOKEN), *parts_of(basic)) if p in data] == [], place


# --- terminals and environments ------------------------------------------------------------------------------


def test_closed_stdout_never_means_a_broken_contract(tmp_path: Path, emulator: Emulator) -> None:
    arguments = ("run", "--target", emulator.url, "--max-requests", "60", "--output", "out")
    with started(*arguments, cwd=tmp_path, env=ENV) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
        process.wait(60)
    assert process.returncode in (0, 3), err
    assert "Traceback" not in err and "Exception ignored" not in err
    assert results_of(tmp_path / "out")["verdict"] == "conforms"


@pytest.mark.slow
def test_closed_stderr_does_not_end_a_run(tmp_path: Path, emulator: Emulator) -> None:
    arguments = ("run", "--target", emulator.url, "--max-requests", "60", "--output", "out")
    with started(*arguments, cwd=tmp_path, env=ENV) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stderr.close()
        out = process.stdout.read()
        process.wait(60)
    assert (process.returncode, "CONFORMS" in out) == (0, True)


@pytest.mark.parametrize("env", [
    pytest.param({"LANG": "C"}, id="LANG=C", marks=pytest.mark.slow), pytest.param({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, id="ASCII"),
    pytest.param({"PYTHONIOENCODING": "latin-1"}, id="Latin-1", marks=pytest.mark.slow), pytest.param({"TERM": "dumb"}, id="dumb", marks=pytest.mark.slow),
])
def test_run_works_without_home_in_any_locale(env: dict[str, str], tmp_path: Path, emulator: Emulator) -> None:
    assert "HOME" not in environment()
    done = ringtrue("run", "--target", emulator.url, "--max-requests", "60", "--output", "out", cwd=tmp_path, env={**ENV, **env})
    assert done.returncode == 0, told(done)
    assert "CONFORMS" in done.stdout


@pytest.mark.slow
def test_user_s_own_pytest_settings_do_not_reach_a_run(tmp_path: Path, emulator: Emulator) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n", "utf-8")
    (tmp_path / "conftest.py").write_text("raise SystemExit(9)\n", "utf-8")
    env = {**ENV, "PYTEST_ADDOPTS": "--no-such-option", "PYTEST_PLUGINS": "no_such_plugin"}
    done = ringtrue("run", "--target", emulator.url, "--max-requests", "60", "--output", "out", cwd=tmp_path, env=env)
    assert done.returncode == 0, told(done)


@pytest.mark.slow
def test_second_run_takes_the_place_of_the_first_one_s_reports(tmp_path: Path) -> None:
    options = ("run", "--only", "timeout.*", "--max-requests", "700", "--output", "out")
    assert ringtrue(*options, "--fault", "accepts-timeout-601", cwd=tmp_path).returncode == 1
    assert (tmp_path / "out" / "cases" / "timeout.maximum.json").is_file()
    assert ringtrue(*options, cwd=tmp_path).returncode == 0
    assert results_of(tmp_path / "out")["findings"] == []
    assert not (tmp_path / "out" / "cases" / "timeout.maximum.json").exists()
    assert not (tmp_path / "out" / "test_findings.py").exists()
    assert [p.name for p in (tmp_path / "out").rglob("*") if ".part" in p.name] == []


# --- servers that take a plain call in another form alone ------------------------------------------------------------


ONLY: dict[str, tuple[Callable[[Turn], bool], str, str]] = {
    "another order": (lambda t: t.request.split(b"\r\n\r\n")[1].startswith(b"To="), "call.parameter-order", "only taken the other way round"),
    "Twiml": (lambda t: b"Url=" in t.request, "call.created", "only taken with Twiml in the place of Url"),
    "a method": (lambda t: b"Method=" not in t.request, "call.created", "only taken with Method and Timeout"),
}


@pytest.mark.parametrize("name", ONLY)
def test_server_that_refuses_each_plain_call_and_takes_it_in_another_form_is_one_finding(name: str, tmp_path: Path) -> None:
    refused, clause, cause = ONLY[name]
    with refusing(refused) as url:
        options = ("--target", url, "--account-sid", ACCOUNT, "--output", "out")
        done = ringtrue("run", *options, cwd=tmp_path, env=ENV)
        again = ringtrue("replay", f"out/cases/{clause}.json", cwd=tmp_path, env=ENV)
    rebuilt = ringtrue("report", "out", "--output", "again", cwd=tmp_path)
    assert (done.returncode, again.returncode, rebuilt.returncode) == (1, 1, 1), done.stderr
    results = results_of(tmp_path / "out")
    assert [(f["clause"], f["cause"]) for f in results["findings"]] == [(clause, cause)]
    assert ("url.absolute" in {c["id"] for c in results["clauses"] if c["verdict"] == "PASS"}) is (name != "Twiml")
    assert results_of(tmp_path / "again")["findings"] == results["findings"]
    journal = tmp_path / "out" / "journal.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))
    cut = ringtrue("report", "out", "--output", "cut", cwd=tmp_path)
    assert (cut.returncode, [f["clause"] for f in results_of(tmp_path / "cut")["findings"]]) == (130, [clause])


@pytest.mark.parametrize("options", [("--skip", "call.parameter-order"), ("--only", "echo.*")])
def test_what_was_left_out_is_no_finding_of_calls_in_another_form_either(options: tuple[str, ...], tmp_path: Path) -> None:
    with refusing(ONLY["another order"][0]) as url:
        done = ringtrue("run", "--target", url, "--account-sid", ACCOUNT, *options, cwd=tmp_path, env=ENV)
    assert done.returncode == 3
    assert "a plain call is refused; it is only taken the other way round" in " ".join(done.stdout.split())


def test_what_the_call_in_another_form_shows_is_told_too(tmp_path: Path) -> None:
    def how(turn: Turn) -> Behaviour:
        return REFUSES_ALL if ONLY["another order"][0](turn) else as_json({"sid": "xyz"})

    with Wrapped(act_of=Act(how=how), settings=EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN)) as server:
        done = ringtrue("run", "--target", server.url, "--account-sid", ACCOUNT, "--output", "out", cwd=tmp_path, env=ENV)
    verdicts = {c["id"]: c["verdict"] for c in results_of(tmp_path / "out")["clauses"]}
    assert done.returncode == 1
    assert {verdicts[c] for c in ("call.parameter-order", "response.sid.pattern")} == {"FAIL"}


@pytest.mark.parametrize(("is_refused", "clause"), [
    (lambda t: t.number % 2 == 1, "call.history"), (lambda t: t.number != 2, None), (lambda t: t.number in (1, 3), "call.history"),
], ids=["every second", "but the second", "the first and the third"])
def test_refusals_that_have_nothing_to_do_with_the_form_are_not_told_as_such(
    is_refused: Callable[[Turn], bool], clause: str | None, tmp_path: Path
) -> None:
    with refusing(is_refused) as url:
        options = ("--from", "+15005550006", "--to", "+14155550100", "--output", "out", "--max-requests", "400")
        done = ringtrue("run", "--target", url, "--account-sid", ACCOUNT, *options, cwd=tmp_path, env=ENV)
    found = [f["clause"] for f in results_of(tmp_path / "out")["findings"]]
    assert done.returncode == 1 and "call.parameter-order" not in found, done.stdout
    assert clause is None or clause in found or "call.repeatable" in found


def test_limited_rate_is_no_refusal_of_a_form(tmp_path: Path) -> None:
    limited = as_json({"code": 20429, "message": "slow down", "more_info": "", "status": 429}, "429 Too Many Requests", "Retry-After: 60")
    act = Act(how=lambda _: limited, when=lambda t: t.number % 2 == 1)
    with Wrapped(act_of=act, settings=EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN)) as server:
        options = ("--from", "+15005550006", "--to", "+14155550100", "--output", "out", "--max-requests", "100")
        done = ringtrue("run", "--target", server.url, "--account-sid", ACCOUNT, *options, cwd=tmp_path, env=ENV)
    assert done.returncode in (0, 3) and results_of(tmp_path / "out")["findings"] == []


@contextmanager
def refusing(when: Callable[[Turn], bool]) -> Iterator[str]:
    """The address of a server that keeps the contract, but refuses some requests."""
    with Wrapped(act_of=Act(how=lambda _: REFUSES_ALL, when=when), settings=EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN)) as server:
        yield server.url


def test_server_that_refuses_its_first_calls_is_judged_by_the_plain_one(tmp_path: Path) -> None:
    with refusing(lambda t: t.number < 22) as url:
        options = ("--target", url, "--account-sid", ACCOUNT, "--output", "out", "--max-requests", "300")
        done = ringtrue("run", *options, cwd=tmp_path, env=ENV)
    results = results_of(tmp_path / "out")
    assert done.returncode == 1 and results["counts"]["requests"] > 200, done.stdout
    assert [f["clause"] for f in results["findings"]] == ["call.history"]
