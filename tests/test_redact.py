"""`ringtrue redact`: directories of any kind of file, with planted secrets in any place; nothing else changes."""

from __future__ import annotations

import base64
import gzip
import json
import os
import shutil
import sqlite3
import stat
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import ACCOUNT, TOKEN, at_once, command, grows_no_faster, launched, required, ringtrue

from harness.emulator import Emulator, EmulatorSettings
from harness.errors import Inconclusive
from harness.redacting import Asked, redact
from harness.redaction import ACCOUNT as ACCOUNT_SID
from harness.redaction import CREDENTIALS, NEEDED, NUMBER, PASSWORD, RULES, Cleaner
from harness.redaction import TOKEN as TOKEN_KIND
from harness.secrecy import needles_of

SECRET = "Tr0ub4dor and 3"
OTHER = "qk7Zx0mWv3Rt9LpB2sYd"  # a token that is in no environment
BASIC = base64.b64encode(f"{ACCOUNT}:{OTHER}".encode()).decode()
CALLEE = "+442071838750"
ENV = {"RINGTRUE_AUTH_TOKEN": TOKEN}
FORM = "To=%2B442071838750&SipAuthPassword=Tr0ub4dor+and+3&From=%2B15005550006"


def har(**more: Any) -> str:
    """A recording of one exchange, with secrets wherever a HAR holds them."""
    return json.dumps({"log": {"version": "1.2", "entries": [{
        "request": {
            "method": "POST", "url": f"https://{ACCOUNT}:{OTHER}@api.example.com/2010-04-01/Accounts/{ACCOUNT}/Calls.json",
            "headers": [{"name": "Authorization", "value": f"Basic {BASIC}"}, {"value": "session=4f9a8b7c6d5e", "name": "Cookie"}],
            "postData": {"mimeType": "application/x-www-form-urlencoded", "text": FORM, "params": [{"name": "SipAuthPassword", "value": SECRET}]},
        },
        "response": {"status": 201, "headers": [{"name": "Set-Cookie", "value": "id=0123456789; HttpOnly"}], "content": {"text": f"wrong: {SECRET}"}},
    }]}, **more}, indent=2)


# name of the file → its text, and what is replaced in it without a token, an account or numbers being asked for
PLANTED: dict[str, tuple[str, dict[str, int]]] = {
    "exchanges.har": (har(), {TOKEN_KIND: 1, CREDENTIALS: 3, PASSWORD: 3}),
    "results.json": (json.dumps({"case": {"pairs": [["To", CALLEE], ["SipAuthPassword", SECRET]]}}, indent=2), {PASSWORD: 1}),
    "results of one line": (json.dumps({"case": {"pairs": [["SipAuthPassword", SECRET]]}, "more": json.dumps({"SipAuthPassword": SECRET})}), {PASSWORD: 2}),
    "journal.jsonl": (json.dumps({"headers": {"Authorization": f"Basic {BASIC}"}, "body": FORM}) + "\n", {CREDENTIALS: 1, PASSWORD: 1}),
    "log.txt": (f"> Authorization: Bearer {OTHER}\n> {FORM}\nsent Basic {BASIC} twice\n", {CREDENTIALS: 2, PASSWORD: 1}),
    "serve.log": (f"token (made up for this start): {OTHER.lower()}\n  RINGTRUE_AUTH_TOKEN={OTHER} ringtrue run\n", {TOKEN_KIND: 2}),
    "curl.sh": (f"curl -u {ACCOUNT}:{OTHER} -d '{FORM}' https://api.example.com\n", {TOKEN_KIND: 1, PASSWORD: 1}),
    "report.html": (f"<tr><th>SipAuthPassword</th><td><code>{SECRET}</code></td></tr><pre>authorization: basic {BASIC}</pre>", {CREDENTIALS: 1, PASSWORD: 1}),
    "junit.xml": (f'<system-out>SipAuthPassword={SECRET.replace(" ", "%20")}</system-out>', {PASSWORD: 1}),
    "test_findings.py": (f"send(b'{FORM}', headers={{'Authorization': 'Basic {BASIC}'}})\n", {CREDENTIALS: 1, PASSWORD: 1}),
    "upload.txt": (f'Content-Disposition: form-data; name="SipAuthPassword"\r\n\r\n{SECRET}\r\n--', {PASSWORD: 1}),
    "config.yaml": (f'sip_auth_password: "{SECRET}"\nother: 1\n', {PASSWORD: 1}),
    "plain.yaml": (f"- sip_auth_password: {SECRET}\n  auth_token: '{OTHER}'\n", {PASSWORD: 1, TOKEN_KIND: 1}),
    "settings.py": (f"call(sip_auth_password='{SECRET}', url='https://me:{OTHER}@example.com/')\n", {PASSWORD: 1, CREDENTIALS: 1}),
    "nested.json": (json.dumps({"text": json.dumps({"auth_token": OTHER, "sip_auth_password": SECRET})}), {PASSWORD: 1, TOKEN_KIND: 1}),
    "pairs.json": (json.dumps([{"name": "auth_token", "value": OTHER}, json.dumps({"value": OTHER, "name": "AuthToken"})]), {TOKEN_KIND: 2}),
    "table.html": (f"<tr><td>auth_token</td><td>{OTHER}</td></tr>", {TOKEN_KIND: 1}),
    "headers.txt": (f"< x-api-key: {OTHER}\r\nX-Auth-Token:{OTHER}\r\n", {CREDENTIALS: 2}),
    "address.txt": (f"GET https://user:{OTHER}@example.com/a?b=%3A%2F%2Fme%3A{OTHER}%40example.com\n", {CREDENTIALS: 2}),
    "address.sip": (f"To: <sip:me:{OTHER}@example.com:5060;transport=udp>\nFrom: sip:me@example.com:5060\n", {CREDENTIALS: 1}),
    "number.json": (json.dumps({"sip_auth_password": 90210777, "other": json.dumps({"SipAuthPassword": 90210777})}), {PASSWORD: 2}),
    "history.txt": (
        f"curl -sSu user:{OTHER} http://a.example\ncurl -X POST \\\n  --user 'me:{SECRET}' http://a.example\ncurl --proxy-user \"me:{OTHER}\" -u me:{OTHER}\n",
        {CREDENTIALS: 4},
    ),
    "log.json": (json.dumps({"a": f'curl -u "me:{OTHER}" x', "b": ["curl", "-u", f"me:{OTHER}"], "c": f'sip_auth_password: "{SECRET}"'}),
                 {CREDENTIALS: 2, PASSWORD: 1}),
    ".exchanges.har.77.tmp": (har()[:700], {TOKEN_KIND: 1, CREDENTIALS: 2}),
}
# What ringtrue itself writes where a secret would be, and words that are none.
HARMLESS = (
    'curl -sS -u "AC5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a:$RINGTRUE_AUTH_TOKEN" --data-raw \'SipAuthPassword=%3Cpassword%3E\'',
    'curl -u "AC5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a:${RINGTRUE_AUTH_TOKEN%?}" -H "Authorization: Bearer $RINGTRUE_AUTH_TOKEN"',
    "-H 'Authorization: Basic !!no*base64!!' -u \"AC5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a:wrong\"", '{"name": "Authorization", "value": "[redacted]"}',
    '["SipAuthPassword", "[redacted]"], ["SipAuthPassword", "redacted"]', "b'SipAuthPassword=xX0-xxx+0&To='", "Basic authentication is asked for",
    "the bearer of this message", 'auth-token-env = "SANDBOX_TOKEN"', 'TOKEN = os.environ.get("RINGTRUE_AUTH_TOKEN")', "SipAuthPassword is not said back.",
    "<option>SipAuthPassword</option><option>SipAuthUsername</option>", "SipAuthPassword</small></td></tr><tr id='a'><td>other</td></tr>",
    "docker run -u 1000:1000 image", "curl http://a.example | docker run -u 1000:1000 image", "curl -u user:$PASSWORD -u 'user:<password>'",
    "http://127.0.0.1:8080/@me, https://{user}:{password}@host, https://user:pass@example.com/, Url=http://h.example:8080&To=sip:a@b.example",
    "SipAuthPassword: the password of the SIP address", '["SipAuthPassword:", "at most 40 characters"]', "send('SipAuthPassword=' + word + 'x')",
    '{"auth_token": {"type": "string"}, "name": "auth_token", "value": "words that are 1 sentence"}', "<td>auth_token</td><td>the account's 32 letters</td>",
    "x-api-key: required", "the x-api-key header, which is not read", "SipAuthPassword:\n  type: string\n  maxLength: 100\n",
)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory with every planted file, one of them in a folder."""
    for name, (text, _) in PLANTED.items():
        (tmp_path / "run" / "cases").mkdir(parents=True, exist_ok=True)
        (tmp_path / "run" / name).write_text(text, "utf-8", newline="")
    (tmp_path / "run" / "cases" / "a.json").write_text(json.dumps({"said": TOKEN, "sip": SECRET}), "utf-8")
    return tmp_path / "run"


def all_bytes(directory: Path) -> bytes:
    """Everything that is in a directory, names of files included."""
    return b"\n".join(os.fsencode(p.name) + b"\n" + (p.read_bytes() if p.is_file() else b"") for p in sorted(directory.rglob("*")))


def no_secret_in(data: bytes) -> bool:
    """Whether none of the planted secrets is in the data."""
    forms = (SECRET, "Tr0ub4dor+and+3", "Tr0ub4dor%20and%203", "4f9a8b7c6d5e", "id=0123456789", OTHER.lower())
    return not (needles_of(TOKEN) | needles_of(OTHER)).are_in(data) and not any(f.encode() in data for f in forms)


@pytest.mark.parametrize("name", PLANTED)
def test_secrets_that_nobody_named_are_taken_out_and_counted(name: str) -> None:
    text, expected = PLANTED[name]
    cleaner = Cleaner()
    cleaner.learn(text.encode())
    clean, counts = cleaner.clean(text.encode())
    assert counts == Counter(expected)
    assert no_secret_in(clean), clean
    assert cleaner.clean(clean) == (clean, Counter())


@pytest.mark.parametrize("text", HARMLESS)
def test_placeholders_and_words_stay(text: str) -> None:
    cleaner = Cleaner(needles_of(TOKEN))
    cleaner.learn(text.encode())
    assert cleaner.clean(text.encode()) == (text.encode(), Counter())


@pytest.mark.parametrize("name", ["exchanges.har", "results.json", "nested.json", "pairs.json", "log.json"])
def test_json_stays_json(name: str) -> None:
    assert json.loads(Cleaner().clean(PLANTED[name][0].encode())[0])


def test_token_of_digits_alone_stays_a_number_in_json() -> None:
    cleaner = Cleaner()
    clean, counts = cleaner.clean(b'{"auth_token": 98765432109876, "more": "1"}')
    assert json.loads(clean) == {"auth_token": 10000000000000, "more": "1"} and counts == Counter({TOKEN_KIND: 1})
    assert cleaner.clean(clean) == (clean, Counter())


def test_copy_is_clean_and_the_original_is_as_it_was(directory: Path, tmp_path: Path) -> None:
    before = all_bytes(directory)
    done = at_once("redact", "run", "--output", "clean", cwd=tmp_path, env=ENV)
    assert (done.returncode, done.stderr) == (0, "")
    assert all_bytes(directory) == before
    assert no_secret_in(all_bytes(tmp_path / "clean")) and no_secret_in(done.stdout.encode())
    assert sorted(p.name for p in (tmp_path / "clean").rglob("*")) == sorted(p.name for p in directory.rglob("*"))
    assert "exchanges.har: 1 token, 3 credentials, 3 SIP passwords\n" in done.stdout
    assert "cases/a.json: 1 token, 1 SIP password\n" in done.stdout
    assert done.stdout.splitlines()[-2].startswith("replaced ")
    for name in ("exchanges.har", "results.json", "cases/a.json"):
        json.loads((tmp_path / "clean" / name).read_text("utf-8"))
    compile((tmp_path / "clean" / "test_findings.py").read_text("utf-8"), "test_findings.py", "exec")


def test_directory_is_cleaned_in_place_and_the_second_time_there_is_nothing(directory: Path, tmp_path: Path) -> None:
    (directory / "results.json").chmod(0o640)
    first = at_once("redact", "run", "--in-place", cwd=tmp_path, env=ENV)
    data = all_bytes(directory)
    second = at_once("redact", "run", "--in-place", cwd=tmp_path, env=ENV)
    assert (first.returncode, second.returncode) == (0, 0)
    assert no_secret_in(data) and all_bytes(directory) == data
    assert stat.S_IMODE((directory / "results.json").stat().st_mode) == 0o640
    assert second.stdout == f"replaced nothing, in 0 of {len(PLANTED) + 1} files\n"


def test_without_a_token_in_the_environment_it_says_so(directory: Path, tmp_path: Path) -> None:
    done = at_once("redact", "run", "--output", "clean", cwd=tmp_path)
    assert done.returncode == 0 and "no token is in the environment" in done.stdout


def test_several_tokens_are_named_by_their_variables(directory: Path, tmp_path: Path) -> None:
    (directory / "both").write_text(f"{TOKEN} {OTHER}", "utf-8")
    done = at_once("redact", "run", "--output", "clean", "--auth-token-env", "A", "--auth-token-env", "B", cwd=tmp_path, env={"A": TOKEN, "B": OTHER})
    assert done.returncode == 0
    assert (tmp_path / "clean" / "both").read_text("utf-8") == "[redacted] [redacted]"


NUMBERS = json.dumps({
    "to": CALLEE, "form": "To=%2B442071838750", "bare": "442071838750", "to_formatted": "+44 20 7183 8750", "national": "(207) 183-8750",
    "escaped": CALLEE.replace("+", "\\u002b"), "number": 442071838750, "list": [2071838750, -2071838750], "fiction": "+15005550006", "seconds": 1700000000, "sid": "CA" + "442071838750" + "0" * 20,
})


def test_numbers_and_accounts_go_where_they_are_asked_for(directory: Path, tmp_path: Path) -> None:
    (directory / "numbers.json").write_text(NUMBERS, "utf-8")
    (directory / f"{ACCOUNT}.txt").write_text(ACCOUNT, "utf-8")
    done = at_once("redact", "run", "--output", "clean", "--account", "--numbers", cwd=tmp_path, env=ENV)
    assert done.returncode == 0
    data = all_bytes(tmp_path / "clean")
    assert ACCOUNT.encode() not in data and CALLEE[1:].encode() not in data.replace(b"CA442071838750", b"")
    told = json.loads((tmp_path / "clean" / "numbers.json").read_text("utf-8"))
    assert told == {
        "to": "+" + "0" * 12, "form": "To=%2B" + "0" * 12, "bare": "0" * 12, "to_formatted": "+00 00 0000 0000", "national": "(000) 000-0000",
        "escaped": "\\u002b" + "0" * 12, "number": 10**11, "list": [10**9, -10**9], "fiction": "+15005550006", "seconds": 1700000000, "sid": "CA" + "442071838750" + "0" * 20,
    }
    assert (tmp_path / "clean" / f"AC{'0' * 32}.txt").read_text("utf-8") == "AC" + "0" * 32
    assert NUMBER in done.stdout and ACCOUNT_SID in done.stdout


def test_bodies_inside_of_a_journal_or_a_har_are_cleaned(tmp_path: Path) -> None:
    body = f"{ACCOUNT} says {SECRET}, {TOKEN}, {FORM} ".encode() * 400
    lines = [{"packed": base64.b64encode(zlib.compress(body)).decode()}, {"base64": base64.b64encode(b"\xff" + body).decode()},
             {"text": base64.b64encode(b"\xff" + body).decode(), "encoding": "base64"}, {"base64": "bm90aGluZyBoZXJl"}, {"packed": "AAAAAAAAAAAA"}]
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "journal.jsonl").write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    done = at_once("redact", "run", "--in-place", "--account", cwd=tmp_path, env=ENV)
    assert done.returncode == 0 and "tokens" in done.stdout and "SIP passwords" in done.stdout
    clean = [json.loads(line) for line in (tmp_path / "run" / "journal.jsonl").read_text("utf-8").splitlines()]
    assert clean[3:] == lines[3:]
    bodies = [zlib.decompress(base64.b64decode(clean[0]["packed"])), *(base64.b64decode(clean[i].get("base64") or clean[i]["text"]) for i in (1, 2))]
    assert all(no_secret_in(b) and ACCOUNT.encode() not in b for b in bodies)
    assert [len(b) for b in bodies] == [len(body), len(body) + 1, len(body) + 1]


def test_database_with_a_secret_is_still_one(directory: Path, tmp_path: Path) -> None:
    with sqlite3.connect(directory / "examples.db") as database:
        database.execute("create table data (key blob, value blob)")
        database.executemany("insert into data values (?, ?)", [(b"a", TOKEN.encode()), (b"b", b"\xff\x00" + f"Basic {BASIC}".encode())])
    database.close()
    size = (directory / "examples.db").stat().st_size
    assert at_once("redact", "run", "--in-place", cwd=tmp_path, env=ENV).returncode == 0
    with sqlite3.connect(directory / "examples.db") as database:
        rows = database.execute("select value from data order by key").fetchall()
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
    database.close()
    assert (directory / "examples.db").stat().st_size == size
    assert rows == [(b"*" * 32,), (b"\xff\x00Basic " + b"*" * len(BASIC),)]


@pytest.mark.parametrize("code", ["UTF-8", "UTF-16le", "UTF-16be"])
def test_database_in_any_encoding_keeps_all_but_the_secrets(code: str, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    rows = [f"row {i} x%41 \\u0042 &amp; ü" for i in range(300)]
    with sqlite3.connect(tmp_path / "run" / "rows.db") as database:
        database.execute(f'pragma encoding = "{code}"')
        database.execute("create table data (row text)")
        database.executemany("insert into data values (?)", [(row,) for row in rows])
        database.executemany("insert into data values (?)", [(f"token {TOKEN} &",), (f"password {SECRET} &",)])
    database.close()
    (tmp_path / "run" / "form.txt").write_text(FORM, "utf-8")
    size = (tmp_path / "run" / "rows.db").stat().st_size
    assert at_once("redact", "run", "--in-place", cwd=tmp_path, env=ENV).returncode == 0
    with sqlite3.connect(tmp_path / "run" / "rows.db") as database:
        clean = [row for (row,) in database.execute("select row from data")]
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
    database.close()
    assert (tmp_path / "run" / "rows.db").stat().st_size == size
    assert clean[:300] == rows
    assert clean[300:] == [f"token {'*' * len(TOKEN)} &", f"password {'*' * len(SECRET)} &"]


@pytest.mark.parametrize("code", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be with a mark"])
@pytest.mark.parametrize("rest", [b"", b"\0"])
def test_text_in_utf_16_is_cleaned_as_text_and_stays_in_utf_16(code: str, rest: bytes, tmp_path: Path) -> None:
    text = f"POST x €\r\nAuthorization: Basic {BASIC}\r\nSipAuthPassword=hunter2hunter3\r\n\U0001f600 said hunter2hunter3\r\n"
    clean = "POST x €\r\nAuthorization: Basic [redacted]\r\nSipAuthPassword=[redacted]\r\n\U0001f600 said [redacted]\r\n"
    code, _, marked = code.partition(" with a ")
    mark = "\ufeff" if marked else ""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "ps.log").write_bytes((mark + text).encode(code) + rest)
    done = at_once("redact", "run", "--in-place", cwd=tmp_path)
    assert done.returncode == 0 and "ps.log: 1 credentials, 2 SIP passwords\n" in done.stdout
    assert (tmp_path / "run" / "ps.log").read_bytes() == (mark + clean).encode(code) + rest


@pytest.mark.parametrize("data", [b"", b"a", b"\0", b"\xff\xfe", b"\xff\xfea", b"\xff\xfe\0\0\xff\xff\xff\xff", b"a\0\0\xd8b\0", b"\xfe\xff\xd8\0\0a" + b"\0b" * 20])
def test_what_only_looks_like_utf_16_stays_as_it_is(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "odd").write_bytes(data)
    assert at_once("redact", "run", "--in-place", cwd=tmp_path, env=ENV).returncode == 0
    assert (tmp_path / "run" / "odd").read_bytes() == data


def test_packed_files_are_not_copied_and_in_place_they_are_named_with_exit_3(directory: Path, tmp_path: Path) -> None:
    (directory / "old.har.gz").write_bytes(gzip.compress(TOKEN.encode()))
    copied = at_once("redact", "run", "--output", "clean", cwd=tmp_path, env=ENV)
    assert copied.returncode == 0 and "left out: old.har.gz, since it is packed (gzip)" in copied.stdout
    assert not (tmp_path / "clean" / "old.har.gz").exists()
    there = at_once("redact", "run", "--in-place", cwd=tmp_path, env=ENV)
    assert there.returncode == 3 and "1 file could not be looked into" in there.stderr and there.stderr.count("\n") == 1


def test_what_is_no_regular_file_is_not_opened(directory: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text(TOKEN, "utf-8")
    (directory / "link").symlink_to(outside)
    (directory / "loop").symlink_to(directory, target_is_directory=True)
    os.mkfifo(directory / "fifo")
    done = at_once("redact", "run", "--output", "clean", cwd=tmp_path, env=ENV)
    assert done.returncode == 0 and "left out: fifo, since it is no regular file" in done.stdout
    assert not any((tmp_path / "clean" / n).exists() for n in ("link", "loop", "fifo"))
    assert outside.read_text("utf-8") == TOKEN


def test_unreadable_file_is_named(directory: Path, tmp_path: Path) -> None:
    (directory / "closed").write_text(TOKEN, "utf-8")
    (directory / "closed").chmod(0)
    argv = command("redact", "run", "--in-place")
    if os.geteuid() == 0:  # root may read every file, unless it lays that right down
        if shutil.which("setpriv") is None:
            required("this user may read every file, and there is no setpriv to change that")
        argv = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *argv]
    with launched(argv, tmp_path, ENV) as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 3 and "left as it is: closed, since Permission denied" in said


def test_name_of_a_file_is_cleaned_and_shown_harmlessly(directory: Path, tmp_path: Path) -> None:
    (directory / f"a\x1b[31m{TOKEN}.json").write_text(TOKEN, "utf-8")
    (directory / TOKEN).mkdir()
    (directory / TOKEN / "b").write_text("b", "utf-8")
    done = at_once("redact", "run", "--output", "clean", cwd=tmp_path, env=ENV)
    assert done.returncode == 0 and "\x1b" not in done.stdout and no_secret_in(done.stdout.encode())
    assert no_secret_in(all_bytes(tmp_path / "clean"))


@pytest.mark.parametrize("arguments, words", [
    ((), ("--output", "--in-place")), (("--output", "clean", "--in-place"), ("--output", "--in-place")), (("--output", "run/inside"), ("inside",)),
    (("--output", "full"), ("full", "already")), (("--output", "full/file/below"), ("can't be written",)),
])
def test_wrong_usage_exits_2_and_changes_nothing(arguments: tuple[str, ...], words: tuple[str, ...], directory: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("x", "utf-8")
    before = all_bytes(directory)
    done = at_once("redact", "run", *arguments, cwd=tmp_path, env=ENV)
    assert done.returncode == 2 and all(w in done.stderr for w in words) and done.stderr.count("\n") == 1
    assert all_bytes(directory) == before


def test_no_directory_exits_2(tmp_path: Path) -> None:
    done = at_once("redact", "nowhere", "--in-place", cwd=tmp_path)
    assert done.returncode == 2 and "nowhere is no directory" in done.stderr


@given(st.binary(max_size=300), st.sampled_from([TOKEN.encode(), FORM.encode(), f"Authorization: Basic {BASIC}".encode(), CALLEE.encode()]), st.binary(max_size=300))
def test_any_bytes_around_a_secret_are_cleaned_once_and_for_all(before: bytes, secret: bytes, after: bytes) -> None:
    cleaner = Cleaner(needles_of(TOKEN), True, True)
    data = before + secret + after
    cleaner.learn(data)
    for binary in (False, True):
        clean, _ = cleaner.clean(data, binary)
        assert not needles_of(TOKEN).are_in(clean)
        assert len(clean) == len(data) or not binary
        assert cleaner.clean(clean, binary)[0] == clean


def clean(data: bytes) -> None:
    cleaner = Cleaner()
    cleaner.learn(data)
    cleaner.clean(data)


@pytest.mark.parametrize("before", ["", '"sip_auth_password":"', '\\"sip_auth_password\\":\\"', "'auth_token': '", "curl -u a:", "curl -u ", "https://a:", "x-api-key: "])
@pytest.mark.parametrize("unit", ["sip:", "sip:a:", "\\", '\\"', '"', "'", " ", "%25", "&#", "=", "curl ", "<td>", '"value":"'])
def test_time_grows_no_faster_than_a_file_of_the_same_again_and_again(before: str, unit: str) -> None:
    data = (before + unit * (50_000 // len(unit)) + "!").encode()
    assert grows_no_faster(clean, data, data * 4)


def test_what_a_rule_finds_has_the_words_without_which_it_is_not_tried() -> None:
    found = {rule: [m[0].lower() for text, _ in PLANTED.values() for m in rule.finditer(text.encode())] for _, rule in RULES}
    assert all(any(word in match for word in words) for rule, matches in found.items() for match in matches for words in NEEDED[rule])
    assert sum(bool(matches) for matches in found.values()) > len(RULES) // 2


def test_work_that_grows_faster_is_told() -> None:
    assert not grows_no_faster(lambda n: sum(range(n * n)), 1500, 6000)


def test_time_of_escaped_texts_in_each_other_grows_no_faster_than_they() -> None:
    data = [b"".join(rb'%b"sip_auth_password%b":%b"x' % ((b"\\" * n,) * 3) for n in range(1, most)) for most in (450, 900)]
    assert grows_no_faster(clean, *data)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize("secret", [SECRET, 'my "pass" word', "ends in \\", 'quoted "', 'a\\"b'])
def test_json_in_json_stays_json_without_the_password(depth: int, secret: str) -> None:
    text = json.dumps({"sip_auth_password": secret, "more": 1})
    for _ in range(depth):
        text = json.dumps({"text": text})
    cleaner = Cleaner()
    clean, counts = cleaner.clean(text.encode())
    value: Any = json.loads(clean)
    for _ in range(depth):
        value = json.loads(value["text"])
    assert counts == Counter({PASSWORD: 1}) and value["more"] == 1
    assert value["sip_auth_password"].rstrip("\\") == "[redacted]"


@pytest.mark.slow
def test_directory_of_a_run_holds_nothing_to_take_out(tmp_path: Path) -> None:
    settings = EmulatorSettings(account_sid=ACCOUNT, auth_token=TOKEN, faults=("secrets-token-in-call", "accepts-timeout-601", "secrets-token-in-message"))
    with Emulator(settings) as emulator:
        ringtrue("run", "--target", emulator.url, "--account-sid", ACCOUNT, "--har", "--output", "run", cwd=tmp_path, env=ENV)
    done = at_once("redact", "run", "--in-place", cwd=tmp_path, env=ENV)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("replaced nothing, in 0 of ")


@pytest.mark.parametrize("place", ["name", "goal", "folder", "below"])
def test_secret_in_a_link_or_an_empty_folder_s_name_is_told(place: str, tmp_path: Path) -> None:
    directory = tmp_path / "d"
    directory.mkdir()
    if place == "name":
        (directory / f"l-{TOKEN}").symlink_to("a.txt")
    elif place == "goal":
        (directory / "link").symlink_to(f"/tmp/{TOKEN}")
    else:
        (directory / f"empty-{TOKEN}" / ("sub" if place == "below" else "")).mkdir(parents=True)
    lines: list[str] = []
    with pytest.raises(Inconclusive, match="1 file could not"):
        redact(directory, None, Asked((TOKEN,)), lines.append)
    assert any("its name, or what it leads to, holds a secret" in line for line in lines)
    assert all(TOKEN not in line for line in lines)
