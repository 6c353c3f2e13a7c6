"""The variants of the emulator: as many as promised, each different, none of them wrong by itself; and faults that are drawn."""

from __future__ import annotations

import http.client
import json
import socket
import time
from datetime import UTC
from email.utils import parsedate_to_datetime
from itertools import permutations

import pytest

from harness.emulator import VARIANTS, Emulator, EmulatorSettings, create_app
from harness.emulator.faults import FAULTS, find_fault
from harness.emulator.faults.drawn import FAMILIES, draw
from harness.emulator.variants import find_variant, settings_of

FORM = "To=%2B442079460018&From=%2B12025550143&Url=https%3A%2F%2Fa.example%2Fx"
TOKEN = "0123456789abcdef0123456789abcdef"


def raw_answer(emulator: Emulator, *headers: str, body: str = FORM) -> bytes:
    """All bytes that come back for one call, until the connection ends."""
    import base64

    credentials = base64.b64encode(f"{emulator.account_sid}:{emulator.auth_token}".encode()).decode()
    lines = [
        f"POST {emulator.settings.base_path}{emulator.settings.collection_path} HTTP/1.1", "Host: a.example", "Connection: close",
        f"Authorization: Basic {credentials}", "Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}", *headers,
    ]
    host, _, port = emulator.url.removeprefix("http://").partition("/")[0].partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
        pieces = []
        while piece := connection.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


def test_there_are_many_variants_of_every_family() -> None:
    families = [v.family for v in VARIANTS.values()]
    assert len(VARIANTS) >= 40
    assert all(families.count(f) >= 5 for f in set(families))
    assert len({v.summary for v in VARIANTS.values()}) == len(VARIANTS)


@pytest.mark.parametrize("name", VARIANTS)
def test_each_variant_is_made_of_hooks_that_there_are(name: str) -> None:
    create_app(settings_of(name, auth_token=TOKEN))


def test_unknown_variant_is_said_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="the nearest is 'minimal'"):
        find_variant("minimall")


def test_variants_together_keep_their_settings_and_what_is_said_besides_wins() -> None:
    settings = settings_of("base-path", "one-number", auth_token=TOKEN, owned_numbers=("+12025550144",))
    assert (settings.base_path, settings.owned_numbers) == ("/voice/api", ("+12025550144",))
    assert settings.variants == ("base-path", "one-number")


@pytest.mark.parametrize(("variant", "start"), [
    ("http-1.0", b"HTTP/1.0 201 Created\r\n"),
    ("early-hints", b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\nHTTP/1.1 201 Created\r\n"),
    ("processing", b"HTTP/1.1 102 Processing\r\n\r\n" * 3 + b"HTTP/1.1 201 Created\r\n"),
])
def test_speech_changes_the_head(variant: str, start: bytes) -> None:
    with Emulator(settings_of(variant)) as emulator:
        answer = raw_answer(emulator)
    assert answer.startswith(start)
    assert json.loads(answer.rpartition(b"\r\n\r\n")[2])["status"] == "queued"


def test_header_names_can_have_capitals() -> None:
    with Emulator(settings_of("title-case-headers")) as emulator:
        assert b"\r\nContent-Type: application/json\r\n" in raw_answer(emulator)


def test_body_comes_in_chunks_and_packed_only_where_the_client_takes_it() -> None:
    with Emulator(settings_of("gzip-chunked")) as emulator:
        plain = raw_answer(emulator)
        packed = raw_answer(emulator, "Accept-Encoding: gzip")
    assert b"transfer-encoding: chunked" in plain.lower()
    assert b"content-encoding" not in plain.lower()
    assert b"content-encoding: gzip" in packed.lower()
    assert packed.endswith(b"0\r\n\r\n")


def test_connection_can_be_closed_unsaid() -> None:
    with Emulator(settings_of("closes-unsaid-after-each")) as emulator:
        host, _, port = emulator.url.removeprefix("http://").partition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=5)
        connection.request("GET", "/")
        answer = connection.getresponse()
        answer.read()
        assert answer.getheader("connection") is None
        assert connection.sock is None or connection.sock.recv(1) == b""
        connection.close()


def test_an_answer_at_once_does_nothing_else() -> None:
    with Emulator(settings_of("rate-limited")) as emulator:
        statuses = [raw_answer(emulator)[9:12] for _ in range(50)]
    assert statuses[49] == b"429"
    assert set(statuses[:49]) == {b"201"}


# --- drawn faults ---------------------------------------------------------------------------------------------------


def test_the_same_seed_draws_the_same_fault() -> None:
    assert [(f.family, f.summary) for f in map(draw, range(40))] == [(f.family, f.summary) for f in map(draw, range(40))]


def test_families_take_turns_and_faults_differ() -> None:
    faults = [draw(seed) for seed in range(400)]
    assert {f.family for f in faults[: len(FAMILIES)]} == set(FAMILIES)
    assert len({f.summary for f in faults}) > 250


def test_each_drawn_fault_can_be_served() -> None:
    for seed in range(400):
        create_app(EmulatorSettings(auth_token=TOKEN, faults=(f"drawn-{seed}",)))


@pytest.mark.parametrize("name", ["drawn-", "drawn-x", "drawn--1", "drawn-99999999999", "drawn-٣"])
def test_what_is_no_seed_draws_nothing(name: str) -> None:
    with pytest.raises(ValueError, match="there is no fault named"):
        find_fault(name)


def test_drawn_faults_have_names_that_no_fault_of_the_catalogue_has() -> None:
    assert not any(name.startswith("drawn-") for name in FAULTS)


@pytest.mark.parametrize("names", [*permutations(("gzip-chunked", "refuses-409"))], ids=" ".join)
def test_what_packs_answers_comes_after_what_changes_them(names: tuple[str, ...]) -> None:
    with Emulator(settings_of(*names)) as emulator:
        assert raw_answer(emulator, "Accept-Encoding: gzip", body="To=x").startswith(b"HTTP/1.1 409")


@pytest.mark.parametrize("written", ["pretty", "raw-utf-8", "escaped", "many-headers", "softswitch", "gateway-in-euro"])
@pytest.mark.parametrize("packs", ["gzip-chunked", "behind-a-gateway"])
def test_what_packs_answers_comes_after_what_writes_them_otherwise(packs: str, written: str) -> None:
    with Emulator(settings_of(packs, written)) as emulator:
        assert raw_answer(emulator, "Accept-Encoding: gzip").startswith((b"HTTP/1.1 201", b"HTTP/1.0 201"))


@pytest.mark.parametrize("names", [*permutations([v for v in VARIANTS if v.startswith("dates-")], 2), ("dates-without-seconds", "clock-ahead")], ids=" ".join)
def test_dates_that_are_written_in_two_odd_ways_at_once_still_are_dates(names: tuple[str, ...]) -> None:
    with Emulator(settings_of(*names)) as emulator:
        document = json.loads(raw_answer(emulator).partition(b"\r\n\r\n")[2])
    assert abs(parsedate_to_datetime(document["date_created"]).replace(tzinfo=UTC).timestamp() - time.time()) < 500
