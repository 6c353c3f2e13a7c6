"""Calls that schemathesis draws: forms as ringtrue sends them, at hosts that belong to nobody, judged in `deep`."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from harness.case import Case
from harness.emulator import Emulator, EmulatorSettings
from harness.generated import _at_home, _pairs, generated_calls
from harness.oracle import Knowledge, expect
from harness.properties import run_properties
from harness.session import Session
from harness.target import Target, TargetConfig
from harness.wire import body_of
from strategies import Numbers
from strategies.plan import Profile

KNOWN = Knowledge(frozenset(("+15005550006",)), frozenset(("+12025550199",)))


def drawn(mode: str, count: int) -> list[Case]:
    """Some calls of a mode."""
    found: list[Case] = []

    @settings(max_examples=count, database=None, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.generate,))
    @given(generated_calls()[mode])
    def collect(case: Case) -> None:
        found.append(case)

    collect()
    return found


def test_lists_are_repeated_and_other_values_are_text() -> None:
    form = {"A": ["x", 1], "B": True, "C": None, "D": {"e": 1.5}, "E\ud800": "\udc80"}
    assert _pairs(form) == [("A", "x"), ("A", "1"), ("B", "true"), ("C", ""), ("D", '{"e": 1.5}'), ("E?", "?")]


@pytest.mark.parametrize(("text", "home"), [
    ("https://abc.dev/x?a=b", "https://abc.dev.example/x?a=b"),
    ("http://10.0.0.1:80/", "http://10.0.0.1.example:80/"),
    ("sip:bob@host.com", "sip:bob@host.com.example"),
    ("sip:bob@x", "sip:bob@x.example"),
    ("https://example.com/voice", "https://example.com/voice"),
    ("https://a.example/", "https://a.example/"),
    ("client:bob", "client:bob"),
    ("https://", "https://"),
])
def test_hosts_are_put_under_a_reserved_name(text: str, home: str) -> None:
    assert _at_home(text) == home


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_calls_can_be_sent_and_judged_and_name_no_stranger_s_host(mode: str) -> None:
    cases = drawn(mode, 80)
    assert len({c.pairs for c in cases}) > 20
    for case in cases:
        body_of(case)
        expect(case, KNOWN)
        for _, value in case.pairs:
            host = re.match(r"https?://([A-Za-z0-9.-]+)", value)
            assert host is None or host[1].lower().endswith((".example", "example.com", "example.org", "example.net", ".invalid", ".test")), value


@pytest.mark.slow
def test_the_profile_says_how_many_are_sent_and_the_faithful_emulator_keeps_silent() -> None:
    profile = Profile("deep", 0, 0, 0, 0, 0, 0, 0, 0, 60)
    with Emulator(EmulatorSettings()) as emulator:
        session = Session(Target(TargetConfig(emulator.url, emulator.account_sid, emulator.auth_token)))
        session.learn(KNOWN)
        run_properties(session, Numbers(("+15005550006",), ("+12025550199",)), frozenset(), profile, 1)
        session.close()
    assert session.counts.requests > 100
    assert session.seen == []


def test_no_folder_for_temporary_files_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_get_default_tempdir", none)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with Emulator(EmulatorSettings()) as emulator:
        session = Session(Target(TargetConfig(emulator.url, emulator.account_sid, emulator.auth_token)))
        session.learn(KNOWN)
        numbers = Numbers(("+15005550006",), ("+12025550199",))
        run_properties(session, numbers, frozenset(), Profile("deep", 0, 0, 0, 0, 0, 0, 0, 1, 3), 1)
        session.close()
    assert session.counts.requests > 10
    assert list(tmp_path.iterdir()) == []
