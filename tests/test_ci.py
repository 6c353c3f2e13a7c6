"""ringtrue inside of CI: what a run prints and adds there, the HAR of its exchanges, the examples of the docs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import ACCOUNT, ROOT, TOKEN, required, results_of, ringtrue

from harness.emulator import Emulator, EmulatorSettings

FAULT = ("--fault", "accepts-timeout-601", "--only", "timeout.*")
EXAMPLES = ROOT / "docs" / "examples"


def test_results_on_the_standard_output_are_all_that_stands_there(tmp_path: Path) -> None:
    done = ringtrue("run", *FAULT, "--json", "-", cwd=tmp_path, env={"GITHUB_ACTIONS": "true"})
    assert done.returncode == 1
    assert json.loads(done.stdout) == results_of(tmp_path / "reports" / "latest")


@pytest.mark.slow
def test_run_inside_of_github_actions_annotates_and_adds_its_summary(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n", "utf-8")
    done = ringtrue("run", *FAULT, "--json", "copy.json", cwd=tmp_path, env={"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(page)})
    assert "\n::error title=ringtrue%3A timeout.maximum::" in done.stdout
    assert page.read_text("utf-8") == "before\n" + (tmp_path / "reports" / "latest" / "summary.md").read_text("utf-8")
    assert json.loads((tmp_path / "copy.json").read_text("utf-8")) == results_of(tmp_path / "reports" / "latest")
    assert "::error" not in ringtrue("run", *FAULT, "--no-annotations", cwd=tmp_path, env={"GITHUB_ACTIONS": "true"}).stdout


def test_page_that_cannot_be_written_is_said_and_fails_nothing(tmp_path: Path) -> None:
    done = ringtrue("run", "--only", "trim.*", cwd=tmp_path, env={"GITHUB_STEP_SUMMARY": str(tmp_path)})
    assert (done.returncode, "could not be added to $GITHUB_STEP_SUMMARY" in done.stderr) == (0, True)


@pytest.mark.slow
def test_har_holds_every_exchange_and_no_secret(tmp_path: Path) -> None:
    with Emulator(EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN)) as emulator:
        done = ringtrue("run", "--target", emulator.url, "--account-sid", ACCOUNT, "--har", "--output", "out", cwd=tmp_path, env={"RINGTRUE_AUTH_TOKEN": TOKEN})
    assert done.returncode == 0, done.stdout
    text = (tmp_path / "out" / "exchanges.har").read_text("utf-8")
    log = json.loads(text)["log"]
    assert (log["version"], len(log["entries"])) == ("1.2", results_of(tmp_path / "out")["counts"]["requests"])
    assert TOKEN not in text
    assert not re.search(r"(Basic|Bearer) [A-Za-z0-9+/=]{12}", text)
    assert set(re.findall(r"SipAuthPassword=([^&\"]*)", text)) <= {"", "redacted"}
    assert {e["request"]["method"] for e in log["entries"]} >= {"GET", "POST"}
    assert [p.name for p in (tmp_path / "out").iterdir() if p.name.endswith(".tmp")] == []


@pytest.mark.parametrize(("file", "schema"), [
    (EXAMPLES / "github.yml", "vendor.github-workflows"), (ROOT / "action.yml", "vendor.github-actions"), (EXAMPLES / "gitlab.yml", "vendor.gitlab-ci"),
], ids=lambda x: x.name if isinstance(x, Path) else "")
def test_example_for_ci_is_what_its_system_takes(file: Path, schema: str) -> None:
    more = ("--data-transform", "gitlab-ci") if "gitlab" in schema else ()
    done = subprocess.run([sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *more, str(file)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_jenkinsfile_is_a_declarative_pipeline_whose_braces_close() -> None:
    text = re.sub(r"'''.*?'''|'[^']*'", "''", (EXAMPLES / "Jenkinsfile").read_text("utf-8"), flags=re.S)
    depth, sections = 0, []
    for line in text.splitlines():
        if depth == 1 and line.rstrip().endswith("{"):
            sections.append(line.split()[0])
        depth += line.count("{") - line.count("}")
        assert depth >= 0
    assert (text.startswith("pipeline {"), depth, sections) == (True, 0, ["environment", "stages", "post"])


@pytest.mark.parametrize("name", ["github.yml", "gitlab.yml", "Jenkinsfile"])
def test_page_about_ci_shows_the_examples_as_they_are(name: str) -> None:
    assert (EXAMPLES / name).read_text("utf-8") in (ROOT / "docs" / "ci.md").read_text("utf-8")


@pytest.mark.parametrize("name", ["github.yml", "gitlab.yml", "Jenkinsfile"])
def test_commands_of_the_examples_have_options_that_exist(name: str, tmp_path: Path) -> None:
    options = set(re.findall(r"(?<= )--[a-z-]+", " ".join(re.findall(r"ringtrue run((?:[^\n]*\\\n|[^\n]*\n +--)*[^\n]*)", (EXAMPLES / name).read_text("utf-8")))))
    assert "--baseline" in options
    assert [o for o in options if o not in ringtrue("run", "--help", cwd=tmp_path).stdout] == []


def test_dockerfile_has_nothing_that_its_linter_minds() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    if not linter.exists():
        required("hadolint is not installed")
    done = subprocess.run([str(linter), str(ROOT / "Dockerfile")], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "")
