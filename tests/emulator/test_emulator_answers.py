"""What the emulator answers: the call, read-back, credentials, routes."""

from __future__ import annotations

import json
import re
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

ATTRIBUTES = (
    "account_sid answered_by api_version caller_name date_created date_updated direction "
    "duration end_time forwarded_from from from_formatted group_sid parent_call_sid "
    "phone_number_sid price price_unit queue_time sid start_time status "
    "subresource_uris to to_formatted trunk_sid uri"
)
CALL = [("To", "+12025550199"), ("From", "+15005550006"), ("Url", "https://a.example/x")]


def create(caller: Any, *pairs: tuple[str, str]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(caller.post([*CALL, *pairs]).body)
    return document


def test_created_call_has_every_documented_attribute(caller: Any) -> None:
    document = create(caller)
    assert len(ATTRIBUTES.split()) == 26
    assert set(document) >= set(ATTRIBUTES.split())


def test_created_call_says_back_what_was_sent(caller: Any) -> None:
    document = create(caller)
    assert (document["to"], document["from"]) == ("+12025550199", "+15005550006")
    assert document["account_sid"] == caller.settings.account_sid
    assert (document["direction"], document["status"]) == ("outbound-api", "queued")
    assert document["to_formatted"] == "(202) 555-0199"


@pytest.mark.parametrize("to", ["client:Joe_1", "sip:bob@example.com", "+442079460018"])
def test_created_call_says_back_every_kind_of_party(to: str, caller: Any) -> None:
    assert json.loads(caller.post([("To", to), *CALL[1:]]).body)["to"] == to


def test_created_calls_have_well_formed_sids_and_uris(caller: Any) -> None:
    one, other = create(caller), create(caller)
    assert one["sid"] != other["sid"]
    assert re.fullmatch("CA[0-9a-f]{32}", one["sid"])
    assert one["uri"] == f"/2010-04-01/Accounts/{caller.settings.account_sid}/Calls/{one['sid']}.json"
    assert all(uri.startswith(one["uri"].removesuffix(".json")) for uri in one["subresource_uris"].values())


def test_created_call_has_dates_in_gmt(caller: Any) -> None:
    date = parsedate_to_datetime(create(caller)["date_created"])
    assert date.utcoffset() is not None
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} \+0000", create(caller)["date_created"])


def test_created_call_holds_no_secret(caller: Any) -> None:
    body = caller.post([*CALL, ("SipAuthUsername", "bob"), ("SipAuthPassword", "s3cret!")]).body
    assert b"s3cret!" not in body
    assert caller.settings.auth_token.encode() not in body


def test_created_call_is_read_back_at_its_uri(caller: Any) -> None:
    answer = caller.post(CALL)
    again = caller.send("GET", path=json.loads(answer.body)["uri"])
    assert (again.status, again.body) == (200, answer.body)


@pytest.mark.parametrize("status", ["completed", "canceled"])
def test_created_call_is_ended_at_its_uri(status: str, caller: Any) -> None:
    call = create(caller)
    answer = caller.post([("Status", status)], path=call["uri"])
    ended = json.loads(answer.body)
    assert answer.status == 200
    assert ended == {**call, **{name: ended[name] for name in ("status", "date_updated", "end_time", "duration")}}
    assert (ended["status"], ended["duration"], ended["end_time"]) == (status, "0", ended["date_updated"])
    assert caller.send("GET", path=call["uri"]).body == answer.body


def test_call_is_ended_once(caller: Any) -> None:
    uri = create(caller)["uri"]
    answers = [caller.post([("Status", "completed")], path=uri) for _ in range(2)]
    assert [(a.status, json.loads(a.body).get("code")) for a in answers] == [(200, None), (400, 21220)]


@pytest.mark.parametrize("form", [[], [("Status", "")], [("Status", "busy")], [("status", "completed")], CALL])
def test_call_is_ended_by_nothing_else(form: list[tuple[str, str]], caller: Any) -> None:
    call = create(caller)
    answer = caller.post(form, path=call["uri"])
    assert (answer.status, json.loads(answer.body)["code"]) == (400, 20001)
    assert caller.post([("Status", "completed")], path=call["uri"], content_type="text/plain").status == 400
    assert json.loads(caller.send("GET", path=call["uri"]).body) == call


def test_call_that_was_never_created_is_not_ended(caller: Any) -> None:
    answer = caller.post([("Status", "completed")], path=caller.path.replace(".json", f"/CA{'0' * 32}.json"))
    assert (answer.status, json.loads(answer.body)["code"]) == (404, 20404)


def test_strangers_end_no_call(caller: Any) -> None:
    uri = create(caller)["uri"]
    assert caller.post([("Status", "completed")], path=uri, authorization=None).status == 401


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_call_knows_no_other_method(method: str, caller: Any) -> None:
    answer = caller.send(method, b"Status=completed", path=create(caller)["uri"])
    assert (answer.status, dict(answer.headers)[b"allow"]) == (405, b"GET, HEAD, POST")


def test_call_that_was_never_created_is_not_found(caller: Any) -> None:
    answer = caller.send("GET", path=caller.path.replace(".json", f"/CA{'0' * 32}.json"))
    assert (answer.status, json.loads(answer.body)["code"]) == (404, 20404)


def test_collection_lists_newest_first(caller: Any) -> None:
    sid = create(caller)["sid"]
    assert json.loads(caller.send("GET").body)["calls"][0]["sid"] == sid


def test_memory_of_calls_is_bounded(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.emulator.ledger.KEPT_CALLS", 3)
    caller = start()
    uris = [create(caller)["uri"] for _ in range(4)]
    assert [caller.send("GET", path=uri).status for uri in uris] == [404, 200, 200, 200]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "FOO"])
def test_other_method_creates_nothing(method: str, caller: Any) -> None:
    answer = caller.send(method, b"To=%2B12025550199&From=%2B15005550006&Url=https://a.example/")
    assert (answer.status, json.loads(answer.body)["status"]) == (405, 405)
    assert dict(answer.headers)[b"allow"] == b"GET, HEAD, POST"


def test_own_credentials_are_needed(caller: Any) -> None:
    token, sid = caller.settings.auth_token, caller.settings.account_sid
    tokens = ["", token[:-1], token + "0", token.upper()]
    users = ["AC" + "0" * 32, sid.upper()]
    wrong = [None, "", "Basic", "Basic ???", f"Bearer {token}", caller.basic()[6:], "Basic \u00e9"]
    wrong += [caller.basic(token=other) for other in tokens] + [caller.basic(user=other) for other in users]
    for header in wrong:
        answer = caller.send("POST", b"To=x", authorization=header)
        assert (answer.status, json.loads(answer.body)["code"]) == (401, 20003)
        assert b"www-authenticate" in dict(answer.headers)
        assert token.encode() not in answer.body


def test_letter_case_of_the_scheme_does_not_matter(caller: Any) -> None:
    assert caller.post(CALL, authorization=caller.basic().replace("Basic", "bASIC")).status == 201


def test_other_path_is_not_found(caller: Any) -> None:
    other = caller.path.replace(caller.settings.account_sid, "AC" + "0" * 32)
    for path in (other, "/", "/2010-04-01", caller.path + "/", caller.path.removesuffix(".json"), "/x" + caller.path):
        assert caller.post(CALL, path=path).status == 404


def test_body_over_a_mebibyte_is_too_large(caller: Any) -> None:
    assert caller.send("POST", b"a" * ((1 << 20) + 1)).status == 413


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded; charset=UTF-8", "Application/X-WWW-Form-Urlencoded"]
)
def test_charset_and_letter_case_of_the_content_type_do_not_matter(content_type: str, caller: Any) -> None:
    assert caller.post(CALL, content_type=content_type).status == 201
