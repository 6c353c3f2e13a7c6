"""The emulator as a process: real sockets, an unchanged SDK, starting and stopping."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from harness.emulator import AddressUnavailable, Emulator, EmulatorError, EmulatorSettings, serve

CALL = {"To": "+442079460018", "From": "+15005550006", "Url": "https://a.example/x"}
ROOT = Path(__file__).parents[2]


def collection(emulator: Emulator) -> str:
    return emulator.url + emulator.settings.collection_path


def session(emulator: Emulator) -> requests.Session:
    made = requests.Session()
    made.auth = (emulator.account_sid, emulator.auth_token)
    made.trust_env = False
    return made


def sdk(emulator: Emulator, token: str | None = None) -> Client:
    client = Client(emulator.account_sid, emulator.auth_token if token is None else token)
    client.api.base_url = emulator.url
    return client


def test_call_made_with_requests_is_created_and_read_back(emulator: Emulator) -> None:
    with session(emulator) as http_session:
        created = http_session.post(collection(emulator), data=CALL)
        assert (created.status_code, created.headers["content-type"]) == (201, "application/json")
        assert http_session.get(emulator.url + created.json()["uri"]).json() == created.json()


def test_sdk_creates_a_call_and_fetches_it(emulator: Emulator) -> None:
    client = sdk(emulator)
    call = client.calls.create(
        to=CALL["To"],
        from_=CALL["From"],
        url=CALL["Url"],
        status_callback_event=["initiated", "completed"],
        record=True,
        timeout=20,
    )
    assert (call.status, call.direction, call.to) == ("queued", "outbound-api", CALL["To"])
    assert client.calls(call.sid).fetch().date_created == call.date_created


def test_sdk_lists_calls(emulator: Emulator) -> None:
    client = sdk(emulator)
    call = client.calls.create(to="client:joe", from_=CALL["From"], twiml="<Response/>")
    assert client.calls.list(limit=1)[0].sid == call.sid


def test_sdk_raises_the_code_of_a_refusal(emulator: Emulator) -> None:
    with pytest.raises(TwilioRestException) as caught:
        sdk(emulator).calls.create(to="nobody", from_=CALL["From"], url=CALL["Url"])
    assert (caught.value.status, caught.value.code) == (400, 21211)


def test_sdk_raises_the_code_of_wrong_credentials(emulator: Emulator) -> None:
    with pytest.raises(TwilioRestException) as caught:
        sdk(emulator, token="wrong").calls.create(to=CALL["To"], from_=CALL["From"], url=CALL["Url"])
    assert (caught.value.status, caught.value.code) == (401, 20003)


@pytest.mark.parametrize("size", [(1 << 20) + 1, 5 << 20])
def test_body_too_large_is_answered(size: int, emulator: Emulator) -> None:
    with session(emulator) as http_session:
        answer = http_session.post(collection(emulator), data=b"a" * size)
    assert answer.status_code == 413


def test_long_body_that_comes_with_its_head_is_no_head(emulator: Emulator) -> None:
    with session(emulator) as http_session:
        prepared = http_session.prepare_request(requests.Request("POST", collection(emulator), data={**CALL, "Unknown": "x" * 200_000}))
    assert isinstance(prepared.body, str)
    head = "".join(f"{name}: {value}\r\n" for name, value in prepared.headers.items())
    raw = f"POST {emulator.settings.collection_path} HTTP/1.1\r\nHost: a\r\n{head}\r\n{prepared.body}".encode()
    host, port = emulator.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        for _ in range(3):
            connection.sendall(raw)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            assert (answer.status, json.loads(answer.read())["status"]) == (201, "queued")


def test_request_in_many_segments_is_read_whole(emulator: Emulator) -> None:
    with session(emulator) as http_session:
        prepared = http_session.prepare_request(requests.Request("POST", collection(emulator), data=CALL))
    assert isinstance(prepared.body, str)
    head = "".join(f"{name}: {value}\r\n" for name, value in prepared.headers.items())
    raw = f"POST {emulator.settings.collection_path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n".encode()
    raw += head.replace("Connection: keep-alive\r\n", "").encode() + b"\r\n" + prepared.body.encode()
    host, port = emulator.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        for start in range(0, len(raw), 40):
            connection.sendall(raw[start : start + 40])
            time.sleep(0.001)
        assert connection.makefile("rb").read().startswith(b"HTTP/1.1 201")


def test_hundred_connections_at_once_are_all_answered(emulator: Emulator) -> None:
    def calls(number: int) -> list[tuple[int, str]]:
        with session(emulator) as http_session:
            answers = [
                http_session.post(collection(emulator), data={**CALL, "To": f"client:c{number}"}) for _ in range(5)
            ]
        return [(answer.status_code, answer.json()["to"]) for answer in answers]

    with ThreadPoolExecutor(100) as pool:
        for number, answers in enumerate(pool.map(calls, range(100))):
            assert answers == [(201, f"client:c{number}")] * 5


def test_base_path_stands_before_every_path() -> None:
    with Emulator(EmulatorSettings(base_path="/voice")) as emulator, session(emulator) as http_session:
        assert emulator.url.endswith("/voice")
        created = http_session.post(collection(emulator), data=CALL)
        assert http_session.get(emulator.url + created.json()["uri"]).status_code == 200


def test_settings_reach_the_process() -> None:
    settings = EmulatorSettings("AC" + "1" * 32, "t0ken", ("+12025550150",), faults=("envelope-status-200",), seed=3)
    with Emulator(settings) as emulator, session(emulator) as http_session:
        answer = http_session.post(collection(emulator), data={**CALL, "From": "+12025550150"})
        assert answer.status_code == 200
        assert http_session.post(collection(emulator), data=CALL).status_code == 400


def test_fault_that_hangs_up_closes_the_connection() -> None:
    with Emulator(EmulatorSettings(faults=("hangs-up-on-dual",))) as emulator, session(emulator) as http_session:
        with pytest.raises(requests.ConnectionError):
            http_session.post(collection(emulator), data={**CALL, "RecordingChannels": "dual"})
        assert http_session.post(collection(emulator), data=CALL).status_code == 201


def test_fault_that_cuts_off_ends_before_the_announced_length() -> None:
    broken = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
    settings = EmulatorSettings(faults=("envelope-cut-off",))
    with Emulator(settings) as emulator, session(emulator) as http_session, pytest.raises(broken):
        http_session.post(collection(emulator), data=CALL)


def test_fault_that_hangs_keeps_others_answered_and_stops_in_time() -> None:
    with Emulator(EmulatorSettings(faults=("hangs-on-sip",))) as emulator, session(emulator) as http_session:
        with pytest.raises(requests.Timeout):
            http_session.post(collection(emulator), data={**CALL, "To": "sip:a@example.com"}, timeout=0.2)
        assert http_session.post(collection(emulator), data=CALL).status_code == 201
        started = time.monotonic()
        emulator.stop()
        assert time.monotonic() - started < 4


def test_start_and_stop_are_quick() -> None:
    started = time.monotonic()
    with Emulator():
        assert time.monotonic() - started < 2
    assert time.monotonic() - started < 4


def test_port_in_use_is_said_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressUnavailable, match=f"cannot listen at 127.0.0.1 port {port}"):
            Emulator(port=port).start()
        with pytest.raises(AddressUnavailable, match="choose another"):
            serve(EmulatorSettings(), port=port)


def test_unknown_fault_is_said_and_no_process_is_left() -> None:
    emulator = Emulator(EmulatorSettings(faults=("accept-timeout-601",)))
    with pytest.raises(ValueError, match="nearest is 'accepts-timeout-601'"):
        emulator.start()
    assert emulator.pid is None


def test_package_of_the_same_name_in_the_working_directory_is_not_taken_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "harness").mkdir()
    (tmp_path / "harness" / "__init__.py").write_text("raise SystemExit('somebody else')")
    monkeypatch.chdir(tmp_path)
    with Emulator(EmulatorSettings()) as emulator:
        assert emulator.url.startswith("http://127.0.0.1:")


def test_emulator_that_is_not_running_has_no_url() -> None:
    emulator = Emulator()
    with pytest.raises(EmulatorError, match="not running"):
        _ = emulator.url
    emulator.stop()


def test_token_is_on_no_command_line_and_in_no_repr(emulator: Emulator) -> None:
    assert emulator.auth_token not in Path(f"/proc/{emulator.pid}/cmdline").read_text()
    assert emulator.auth_token not in repr(emulator.settings)


def test_process_ends_when_its_parent_does() -> None:
    start = "import os; from harness.emulator import Emulator; e = Emulator(); e.start(); print(e.url, flush=True)"
    parent = subprocess.run(
        [sys.executable, "-c", start + "; os._exit(0)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    host, port = parent.stdout.strip().removeprefix("http://").split(":")
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            return
        time.sleep(0.05)
    pytest.fail("the emulator outlived its parent")


def test_command_line_stops_quietly_on_a_signal() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "harness.emulator"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    assert b'"url"' in process.stdout.readline()
    process.terminate()
    rest, errors = process.communicate(timeout=10)
    assert (process.returncode, rest, errors) == (0, b"", b"")


def test_command_line_lists_faults() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "harness.emulator", "--list-faults"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "accepts-timeout-601" in listed.stdout


def test_process_loads_no_heavy_library() -> None:
    code = "import sys, harness.emulator.__main__, harness.emulator.listener; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"pytest", "hypothesis", "requests", "phonenumbers", "twilio"} & set(loaded)


def test_package_imports_nothing_of_the_harness_outside_itself() -> None:
    for module in (ROOT / "harness" / "emulator").rglob("*.py"):
        imports = [
            line
            for line in module.read_text().splitlines()
            if line.lstrip().startswith(("from harness", "import harness"))
        ]
        assert [line for line in imports if not line.lstrip().startswith("from harness.emulator")] == []


def test_serve_runs_in_a_thread_too() -> None:
    # In a thread there are no signals; the loop is left to end with the process.
    url: list[str] = []
    ready = threading.Event()

    def told(text: str) -> None:
        url.append(text)
        ready.set()

    threading.Thread(target=serve, args=(EmulatorSettings(),), kwargs={"ready": told}, daemon=True).start()
    assert ready.wait(5)
    connection = http.client.HTTPConnection(url[0].removeprefix("http://"))
    connection.request("GET", "/")
    assert connection.getresponse().status == 404
    connection.close()
