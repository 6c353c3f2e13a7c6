"""Clauses for a person at a terminal: `ringtrue explain` and the lists of `ringtrue contract`, in 80 columns.

The reasons are tables: what a caller loses with a parameter, what clients use an attribute for, what each kind of break
leads to. Not here: the clauses themselves, and anything that a run found out. Nothing in the contract imports this.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from difflib import get_close_matches
from fnmatch import fnmatchcase

from harness.case import Case, Pairs
from harness.contract import CLAUSE, CLAUSES, GROUPS, PARAMETER, VALUE_CLASS, Attribute, Clause, Expected, Level
from harness.contract.attributes import BY_NAME
from harness.contract.model import ValueClass
from harness.curl import curl_line
from harness.errors import UsageError
from strategies.domains import edges

WIDTH = 80
_ACCOUNT = "AC" + "X" * 32
_SERVER = "https://api.example.com"
_TO, _FROM, _URL = "+14155550100", "+15005550006", "https://example.com/voice.xml"
_CALL: Pairs = (("To", _TO), ("From", _FROM), ("Url", _URL))
_AP = "AP" + "0123456789abcdef" * 2

_MEANS: dict[Level, str] = {
    Level.MUST: "FAIL. A server that keeps the contract does this; a run that finds a break ends with exit code 1.",
    Level.SHOULD: "NON-STRICT. The contract is less plain here; a break is told, and the run ends with 1 only with --strict.",
    Level.OBSERVED: "INFO. Common practice, not in the description; a break is told and never changes the exit code.",
}

# --- why: parameters ---------------------------------------------------------------------------------

# (what a caller can't do if a right value is refused, what happens if a wrong one is taken)
_STAKES: dict[str, tuple[str, str]] = {
    "ApplicationSid": ("calls can't be handed to an application set up beforehand", "nobody handles the call once it is answered"),
    "AsyncAmd": ("the choice between waiting for detection and going on at once is lost",
        "the person called hears silence while detection runs"),
    "AsyncAmdStatusCallback": ("the result of background detection can't be received", "the result of background detection goes nowhere"),
    "AsyncAmdStatusCallbackMethod": ("receivers that take only one method get no detection result",
        "the detection result comes by a method that the receiver refuses"),
    "Byoc": ("calls can't go over one's own carrier", "the call goes over another carrier, at another price"),
    "CallReason": ("the person called can't be told what the call is about", "a phone shows a reason that nobody wrote"),
    "CallToken": ("a forwarded call can't keep its first caller's number", "a forwarded call shows a number that nobody vouches for"),
    "CallerId": ("the number shown can't be chosen among one's own", "the call shows a number that is not the caller's"),
    "FallbackMethod": ("a spare server that takes only one method is never used", "the spare server is asked by a method that it refuses"),
    "FallbackUrl": ("there is no second source of instructions when the first fails", "the call drops just when the first server is down"),
    "From": ("the call can't be placed under the caller's own name", "the call comes from nobody, or from somebody else"),
    "MachineDetection": ("humans and answering machines can't be told apart", "a message meant for a human is read to a machine"),
    "MachineDetectionSilenceTimeout": ("detection can't be tuned to silence at the start",
        "detection gives up at another moment than was asked for"),
    "MachineDetectionSpeechEndThreshold": ("detection can't be tuned to pauses in speech",
        "a greeting is cut off at its first pause, or never ends"),
    "MachineDetectionSpeechThreshold": ("detection can't be tuned to the length of greetings",
        "humans are taken for machines, or machines for humans"),
    "MachineDetectionTimeout": ("the time spent on detection can't be set", "the person called waits longer than anybody meant"),
    "Method": ("servers that take only one method give no instructions", "instructions are asked for by a method that the server refuses"),
    "Record": ("calls can't be recorded on demand", "a call is recorded against the law, or not recorded against it"),
    "RecordingChannels": ("the two sides of a recording can't be had apart", "both sides end in one channel, and can't be parted later"),
    "RecordingStatusCallback": ("nobody is told when a recording is ready", "recordings pile up that no program knows of"),
    "RecordingStatusCallbackEvent": ("a program can't choose which news of a recording it gets",
        "the news of a recording that a program waits for never comes"),
    "RecordingStatusCallbackMethod": ("receivers that take only one method get no news of recordings",
        "news of recordings come by a method that the receiver refuses"),
    "RecordingTrack": ("one side alone can't be recorded", "a side is recorded that must not be"),
    "SendDigits": ("extensions and menus behind a number can't be reached", "the call ends in another extension, or in a menu"),
    "SipAuthPassword": ("SIP endpoints that ask for a password can't be called", "the SIP endpoint turns the call away"),
    "SipAuthUsername": ("SIP endpoints that ask for a user can't be called", "the SIP endpoint turns the call away"),
    "StatusCallback": ("a program can't follow how the call goes on", "a program waits for news of a call that went on without it"),
    "StatusCallbackEvent": ("a program can't choose which news of the call it gets", "the moment that a program waits for passes untold"),
    "StatusCallbackMethod": ("receivers that take only one method get no news of the call",
        "news of the call come by a method that the receiver refuses"),
    "TimeLimit": ("a call can't be kept from running for hours", "a forgotten call runs on, and is paid for"),
    "Timeout": ("the caller can't hang up before voicemail picks up", "the phone rings for another time than was asked for"),
    "To": ("a person or an endpoint can't be called at all", "a call is paid for that reaches nobody, or a stranger"),
    "Trim": ("silence at a recording's ends can't be kept or cut", "a recording is shorter than the call, as evidence of no use"),
    "Twiml": ("instructions can't be sent with the call, without a web server", "the call is answered and says nothing"),
    "Url": ("instructions can't be fetched from the caller's own server", "the call is answered and says nothing"),
}

_CLASS_WHY: dict[str, str] = {
    "values": "The listed values are what every client library offers. Turned away, {lost}.",
    "range": "Settings are tuned within the documented range, up to its very ends. Turned away, {lost}.",
    "absolute": "Real endpoints have ports, queries and encoded paths. Where one of them is refused, {lost}.",
    "long": "Signed and tracked URLs grow to hundreds of characters. Where a column is too short for {name}, {lost}.",
    "keys": "Menus need every key, and half-second pauses between them. Where one is refused, {lost}.",
    "document": "Whatever the limit promises must fit, also with accents, which are one character and two bytes. Turned away, {lost}.",
    "text": "Names and words come as people write them. Where ordinary text is refused, {lost}.",
    "e164": "E.164 is the form that address books and carriers share, for every country. Where a valid number is refused, {lost}.",
    "sip": "Office phones and call centres are SIP endpoints. Where their addresses are refused, {lost}.",
    "client": "Browser and app phones have names, no numbers. Where a name is refused as {name}, {lost}.",
    "own-number": "A number that the account owns is the plainest {name} there is. Where it is refused, {lost}.",
    "well-formed:Sid": "Hexadecimal digits mean the same in either letter case, and stores change it. Turned away, {lost}.",
    "well-formed": "What is no URL can't be requested, and this shows only once the call is under way: {harm}.",
    "unknown-value": "A misspelt word is read as the default or as nothing, in silence: {harm}.",
    "letter-case": "Servers that guess at letter case don't guess alike; what works here fails on the next one, where {harm}.",
    "control-character": "A newline from a file or an input field came along. Taken unseen, it can forge log lines, and {harm}.",
    "minimum": "A number below the range can't be obeyed, so something else is done in silence: {harm}.",
    "maximum": "A number above the range is cut, wraps around or is dropped in silence: {harm}.",
    "integer": "Text that is no number is read as some number, or as none: {harm}.",
    "decimal": "A fraction is cut off or rounded without a word, so {harm}.",
    "relative": "A relative URL names no server to go to, and only the caller can mend it: {harm}.",
    "host-name": "No resolver finds a host of that name, and the description rules it out. Taken, {harm}.",
    "prefix": "An identifier of another kind of resource was pasted in. Taken, {harm}.",
    "length": "An identifier was cut short or gained a character on the way. Taken, {harm}.",
    "hex-digits": "An O for a 0 is easily typed, and the identifier then names nothing. Taken, {harm}.",
    "characters": "There is no such key on a phone; the server dials something else or skips it: {harm}.",
    "max-length": "What is beyond the limit is cut off in silence, and {harm}.",
    "required": "Nothing can stand in for {name}. Where a server makes one up, {harm}.",
    "known-form": "A name or a typing error ended up in {name}. Taken, {harm}.",
    "leading-zero": "No country code begins with 0: a national number was joined to a plus. Taken, {harm}.",
    "max-digits": "E.164 numbers end at 15 digits: two numbers ran together, or an extension was glued on. Taken, {harm}.",
    "client-name": "The name was lost, often an empty variable. Taken, {harm}.",
    "phone-for-phone": "A phone network carries numbers only as caller ids. Taken, {harm}.",
    "unclear": "Nobody can rely on what such a value of {name} does, so either answer will do. A server error or silence will "
               "not: the client can't tell its own mistake from an outage, and sends the same again.",
    "consistent": "Whether a call works would depend on the digits of an identifier that the server does not look up. Where some "
                  "are refused, {lost}.",
}

# --- why: answers --------------------------------------------------------------------------------------

_USES: dict[str, str] = {
    "account_sid": "programs that serve several accounts file the call by it",
    "answered_by": "call flows branch on it between human and machine",
    "api_version": "tools choose by it how to read the rest",
    "caller_name": "it is shown to people as the name of who called",
    "date_created": "calls are sorted, and reports are cut, by it",
    "date_updated": "programs that poll see by it that something changed",
    "direction": "outgoing and incoming calls are counted apart by it",
    "duration": "bills and reports add it up",
    "end_time": "a program takes a call that has one for finished",
    "forwarded_from": "calls are traced back to a forwarding number by it",
    "from": "the call is matched with its caller by it",
    "from_formatted": "it is shown to people as it is",
    "group_sid": "calls are grouped by it",
    "parent_call_sid": "the legs of a call are joined by it",
    "phone_number_sid": "the number used is looked up, and paid for, by it",
    "price": "bills add it up",
    "price_unit": "a price without its currency is worth nothing",
    "queue_time": "waiting times are watched by it",
    "sid": "every later request about the call needs it",
    "start_time": "a program takes a call that has one for begun",
    "status": "programs decide by it what to do with the call next",
    "subresource_uris": "recordings and events of the call are found through it",
    "to": "the call is matched with the person called by it",
    "to_formatted": "it is shown to people as it is",
    "trunk_sid": "traffic is counted by trunk with it",
    "uri": "the call is read and ended at this address",
}

_RULE_WHY: dict[str, str] = {
    "type": "Typed clients expect {form} or null in {name}; on anything else they fail, often with the whole answer. {use}.",
    "values": "A word outside of the list falls through every switch that a client has for {name}. {use}.",
    "pattern": "Clients and databases check identifiers by their two letters and their length before they store {name}. {use}.",
    "format:date": "A date in another form or zone is misread by hours or not read at all. {use}.",
    "format:integer-text": "Clients turn {name} into a whole number; a sign, a fraction or a unit in it breaks them. {use}.",
    "format:decimal-text": "Clients turn {name} into a decimal; a currency sign or a comma in it breaks them. {use}.",
    "format:currency": "Symbols and names of currencies are ambiguous; three letters are not. {use}.",
    "format:uri": "Clients put the server's root before it, so an absolute address or one of another call leads astray. {use}.",
    "format:uri-map": "Clients put the server's root before each; an absolute address leads astray. {use}.",
    "present": "Without {name} a client has nothing to go on. {use}.",
}

_WHY: dict[str, str] = {
    "encoding.hex-case": "Libraries differ in the case of hexadecimal digits; a + of a phone number is %2B in one and %2b in the other.",
    "encoding.unreserved": "Careful libraries encode more than they must; a name or value so sent means the same.",
    "encoding.literal": "Hand-written clients and shell scripts send a URL's : and / as they are.",
    "encoding.utf-8": "Most names and messages of the world are not ASCII; they would be turned away or garbled.",
    "encoding.charset": "Several HTTP libraries add a charset to every form; all calls of such a client would fail.",
    "encoding.headers": "HTTP libraries differ in what they say of themselves; some close each connection, some accept any type.",
    "encoding.segments": "Networks cut bodies where they like; on a slow line, calls would fail at random.",
    "response.status": "Clients ask for exactly 201; another 2xx makes an SDK raise an error for a call that is ringing.",
    "response.content-type": "Clients choose the parser by it; JSON under another type is handed over as plain text.",
    "response.unique-keys": "Parsers differ in which of two equal keys they keep, so two clients read two different calls.",
    "response.read-back": "A uri that shows nothing, or another call, leaves no way to follow what was created.",
    "response.price-unit.iso-4217": "A currency that is in no list can't be converted, booked or shown.",
    "response.answered-by.without-detection": "A client that never asked for detection takes it for a finding and hangs up on people.",
    "response.caller-name.empty": "There is no incoming caller; the name must belong to another call, and privacy with it.",
    "response.forwarded-from.empty": "Nobody forwarded an outgoing call; the number must belong to another call.",
    "response.end-time.unfinished": "Programs take a call with an end time for finished, and stop following one that still rings.",
    "response.price.unfinished": "A price before the end is booked, and the real one is booked again.",
    "response.start-time.queued": "Waiting time and talking time are told apart by it; before dialling there is no start.",
    "response.api-version.path": "A client that asked for one version and reads another can't trust the meaning of any key.",
    "echo.account-sid": "A call under another account is billed, shown and deleted there.",
    "echo.from": "People call back the number that they saw; the client must know which one it was.",
    "echo.direction": "A call that was asked for over the API is counted as an incoming one.",
    "echo.status": "A call that is over before it began is not waited for, though the phone rings.",
    "echo.date-created": "A clock that is days off puts calls into another bill and breaks every search by date.",
    "echo.date-updated": "Programs that poll for changes skip a call whose last change seems to lie in the past.",
    "secrets.auth-token": "Answers are logged and shown; whoever reads one could call at the account's expense.",
    "auth.missing": "Without this anybody can place calls at somebody's expense.",
    "auth.wrong": "A token that isn't compared protects nothing, and calls cost money.",
    "auth.almost-right": "Comparing a part of the token, or in any letter case, makes guessing it far easier.",
    "auth.user": "The token of one account would open another.",
    "auth.scheme": "What the server can't read it must not let pass; some servers take what fails to parse for no check at all.",
    "auth.other-account": "One customer could place calls at another's expense.",
    "method.not-created": "A retry or a crawler with another method would ring somebody's phone.",
    "method.answers": "Monitors and browsers send HEAD and OPTIONS; a server error looks like an outage to them.",
    "malformed.content-type": "JSON instead of a form is the commonest first mistake; a server error hides what it was.",
    "malformed.empty": "A client that forgot its body must learn so; a server error makes it send the same again.",
    "malformed.huge": "If one big body takes a worker down, anybody can stop the service.",
    "malformed.form": "Hand-made forms come broken; a server error says that the service is ill, and is retried.",
    "malformed.utf-8": "Older systems send Latin-1; a name with an accent must not look like an outage.",
    "malformed.unknown-parameter": "Newer clients know parameters that an older server does not; that must not take it down.",
    "malformed.repeated": "Libraries that merge defaults with arguments send a parameter twice; that must not take a server down.",
}


def reason(clause: Clause) -> str:
    """Why a clause matters to whoever calls the operation, in one to three sentences."""
    if clause.parameter is not None:
        return _parameter_reason(clause, clause.parameter)
    if clause.id in _WHY:
        return _WHY[clause.id]
    attribute, rule = _attribute_of(clause)
    if attribute is None:
        return clause.why
    form = "an object" if attribute.kind == "uri-map" else "text"
    template = _RULE_WHY.get(f"{rule}:{attribute.kind}") or _RULE_WHY[rule]
    return template.format(name=attribute.name, form=form, use=_sentence(_USES[attribute.name]))


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _parameter_reason(clause: Clause, name: str) -> str:
    slug = clause.id.partition(".")[2]
    lost, harm = _STAKES[name]
    kind = type(PARAMETER[name].domain).__name__
    template = _CLASS_WHY.get(f"{slug}:{kind}") or _CLASS_WHY[slug]
    return template.format(name=name, lost=lost, harm=harm)


def _attribute_of(clause: Clause) -> tuple[Attribute | None, str]:
    """The attribute that a `response.…` clause is about, and its rule."""
    parts = clause.id.split(".")
    if clause.group != "Attributes" or len(parts) != 3:
        return None, ""
    return BY_NAME[parts[1].replace("-", "_")], parts[2]


# --- examples: requests --------------------------------------------------------------------------------


def _with(*pairs: tuple[str, str], call: Pairs = _CALL, styles: tuple[str, ...] = ()) -> Case:
    return Case((*call, *pairs), styles=styles)


_REASON = ("CallReason", "Your order is ready")
_JSON_BODY = json.dumps(dict(_CALL)).encode()
_IGNORED: Pairs = (("To", _TO), ("From", _FROM), ("ApplicationSid", _AP), ("FallbackMethod", "GET"))

# What to expect, then the request.
_REQUESTS: dict[str, tuple[str, Case]] = {
    "call.created": ("must be created", Case(_CALL)),
    "call.combination": ("must be created", _with(("Record", "true"), ("RecordingChannels", "dual"), ("Timeout", "15"))),
    "call.ignored-parameter": ("must be created, with and without FallbackMethod", Case(_IGNORED)),
    "call.parameter-order": ("must be created in this order too", Case(_CALL[::-1])),
    "call.repeatable": ("sent twice, must be created twice", Case(_CALL)),
    "call.history": ("must be created, also right after a refused request", Case(_CALL)),
    "call.concurrency": ("sent twice at once, must be created twice", Case(_CALL)),
    "server.http": ("may be taken or refused, and must be answered", Case(_CALL, head="chunked")),
    "server.answers": ("may be taken or refused, and must be answered", _with(("Timeout", "-1"))),
    "encoding.space": ("must be created, said with %20 or with +", _with(_REASON, styles=("plain",) * 3 + ("percent20",))),
    "encoding.hex-case": ("must be created", Case(_CALL, styles=("lower-hex",) * 3)),
    "encoding.unreserved": ("must be created", Case(_CALL, styles=("unreserved", "plain", "plain"))),
    "encoding.literal": ("must be created", Case(_CALL, styles=("plain", "plain", "literal"))),
    "encoding.utf-8": ("must be created", _with(("CallReason", "Déjà vu"))),
    "encoding.charset": ("must be created", Case(_CALL, content_type="application/x-www-form-urlencoded; charset=UTF-8")),
    "encoding.headers": ("must be created, also if its connection is to be closed", Case(_CALL, head="close")),
    "encoding.segments": ("must be created, also if its body comes byte by byte", Case(_CALL, segments=1)),
    "refusal.repeatable": ("must be refused each time it is sent", _with(("Timeout", "601"))),
    "refusal.status": ("must be refused with a 4xx, not with a 2xx, 3xx or 5xx", _with(("Timeout", "601"))),
    "refusal.body": ("must be refused; then the body counts", _with(("Timeout", "601"))),
    "response.read-back": ("what it creates can be read at its uri", Case(_CALL)),
    "auth.missing": ("must be answered with 401", Case(_CALL, credentials="none")),
    "auth.wrong": ("must be answered with 401", Case(_CALL, credentials="wrong")),
    "auth.almost-right": ("must be answered with 401", Case(_CALL, credentials="longer")),
    "auth.user": ("must be answered with 401", Case(_CALL, credentials="other-user")),
    "auth.scheme": ("must be answered with 401", Case(_CALL, credentials="other-scheme")),
    "auth.other-account": ("must be answered with 401, 403 or 404", Case(_CALL, account="other")),
    "method.not-created": ("must create no call", Case(_CALL, method="PUT")),
    "method.answers": ("must be answered, not with a server error", Case((), method="HEAD", body=b"")),
    "malformed.content-type": ("must be answered, not with a server error", Case((), content_type="application/json", body=_JSON_BODY)),
    "malformed.empty": ("must be answered, not with a server error", Case((), body=b"")),
    "malformed.huge": ("must be answered, not with a server error", Case((), body=b"a" * (2 << 20))),
    "malformed.form": ("must be answered, not with a server error", Case((), body=b"To=%zz&&From")),
    "malformed.utf-8": ("must be answered, not with a server error", _with(("CallReason", "caf\udce9"))),
    "malformed.unknown-parameter": ("must be answered, not with a server error", _with(("Colour", "blue"))),
    "malformed.repeated": ("must be answered, not with a server error", _with(("Timeout", "15"), ("Timeout", "20"))),
    "secrets.sip-password": ("its answer must not have the password", _with(("SipAuthUsername", "alice"), ("SipAuthPassword", "x"))),
    "secrets.auth-token": ("its answer must not have the token", Case(_CALL)),
    "secrets.stack-trace": ("its answer must not have a stack trace", _with(("Timeout", "12abc"))),
}


def _expectation(value_class: ValueClass) -> str:
    word = "must" if value_class.level is Level.MUST else "should"
    if value_class.expected is Expected.ACCEPT:
        return f"{word} be created"
    if value_class.expected is Expected.REJECT:
        return f"{word} be refused with a 4xx"
    return "may be taken or refused, but must be answered, not with a server error"


def _class_case(name: str, slug: str) -> Case:
    """A call with a value of a class of a parameter, in company in which the parameter counts."""
    values = edges(name, slug) or (_FROM,)
    value = next((v for v in values if v), "")
    parameter = PARAMETER[name]
    company = {**dict(_CALL), **{n: v or _usual(n) for n, v in parameter.useless_without}}
    if name == "From" and slug == "client":
        company["To"] = "client:bob"
    for left_out in (name, *parameter.ignored_with):
        company.pop(left_out, None)
    return Case((*company.items(), *(() if slug == "required" else ((name, value),))))


def _usual(name: str) -> str:
    return edges(name, PARAMETER[name].classes[0].slug)[0]


def _consistent_cases(name: str) -> list[Case]:
    first, second = edges(name, "well-formed")[:2]
    return [_with((name, value)) for value in (first, second)]


def _requests(clause: Clause) -> tuple[str, list[Case]]:
    if clause.id in _REQUESTS:
        expected, case = _REQUESTS[clause.id]
        return expected, [case]
    if clause.parameter is None:
        return "", []
    slug = clause.id.partition(".")[2]
    if slug == "consistent":
        return "must be answered alike, whatever the digits", _consistent_cases(clause.parameter)
    value_class = VALUE_CLASS[clause.parameter, slug]
    return _expectation(value_class), [_class_case(clause.parameter, slug)]


_RUN = re.compile(r"([A-Za-z0-9])\1{63,}")


def _curl(case: Case) -> str:
    """The case as a curl line; long runs of one letter are left to the shell to write."""
    line = curl_line(case, _SERVER, _ACCOUNT)
    return _RUN.sub(lambda m: f"""'"$(printf '{m[1]}%.0s' $(seq {len(m[0])}))"'""", line)


# --- examples: answers ---------------------------------------------------------------------------------

_BROKEN: dict[str, object] = {
    "type": 42,
    "values": "perhaps",
    "pattern": "12345",
    "format:date": "2027-08-18T20:01:40Z",
    "format:integer-text": "12.5",
    "format:decimal-text": "$0.01",
    "format:currency": "US dollars",
    "format:uri": "https://api.example.com/Calls/1.json",
    "format:uri-map": {"recordings": "https://api.example.com/Recordings.json"},
    "present": None,
}

_GMT = "Wed, 18 Aug 2027 20:01:40 +0000"
_FRAGMENTS: dict[str, str] = {
    "response.status": "HTTP/1.1 200 OK",
    "response.content-type": "Content-Type: text/html",
    "response.json": '["sid", "CA…"]',
    "response.attributes": '{"call": {"sid": "CA…", "status": "queued"}}',
    "response.unique-keys": '{"status": "queued", "status": "ringing"}',
    "response.price-unit.iso-4217": '{"price_unit": "XQZ"}',
    "response.answered-by.without-detection": '{"answered_by": "human"}',
    "response.caller-name.empty": '{"caller_name": "ALICE"}',
    "response.forwarded-from.empty": '{"forwarded_from": "+14155550100"}',
    "response.end-time.unfinished": f'{{"status": "queued", "end_time": "{_GMT}"}}',
    "response.price.unfinished": '{"status": "queued", "price": "-0.01"}',
    "response.start-time.queued": f'{{"status": "queued", "start_time": "{_GMT}"}}',
    "response.api-version.path": '{"api_version": "2008-08-01"}',
    "echo.account-sid": '{"account_sid": "AC…"}, and not the one in the path',
    "echo.to": '{"to": "+14155550199"}, where To was +14155550100',
    "echo.from": '{"from": "+14155550100"}, where From was +15005550006',
    "echo.direction": '{"direction": "inbound"}',
    "echo.status": '{"status": "completed"}',
    "echo.sid-unique": '{"sid": "CA…"}, the same in the answers to two calls',
    "echo.own-call": '{"to": "+14155550199", …}, the other call that was in flight',
    "echo.date-created": '{"date_created": "Thu, 01 Jan 1970 00:00:00 +0000"}',
    "echo.date-updated": '{"date_updated": "Thu, 01 Jan 1970 00:00:00 +0000"}',
    "refusal.body": '{"error": "Timeout is too long"}',
    "refusal.status": "HTTP/1.1 500 Internal Server Error",
    "secrets.sip-password": '{"message": "can\'t sign in as alice with <password>"}',
    "secrets.auth-token": '{"message": "no account AC… with token <token>"}',
    "secrets.stack-trace": "Traceback (most recent call last): …",
}


def _fragment(clause: Clause) -> str:
    """A piece of an answer that breaks the clause, or nothing where a request shows it."""
    if clause.id in _FRAGMENTS:
        return _FRAGMENTS[clause.id]
    attribute, rule = _attribute_of(clause)
    if attribute is None:
        return ""
    value = _BROKEN.get(f"{rule}:{attribute.kind}", _BROKEN.get(rule))
    return json.dumps({attribute.name: value})


# --- text ----------------------------------------------------------------------------------------------


def explain(clause_id: str) -> str:
    """A clause for a terminal: what it says, what a break of it counts as, why it matters, an example, its source.

    Args:
        clause_id: id of a clause.

    Returns:
        Lines of at most 80 columns, except for curl lines, which stay whole so that they can be copied.

    Raises:
        UsageError: there is no such clause; the text names the nearest.
    """
    clause = CLAUSE.get(clause_id)
    if clause is None:
        raise UsageError(_unknown("clause", clause_id, CLAUSE))
    parts = [
        f"{clause.id}\n\n{_wrap(clause.statement)}",
        _section(f"Level {clause.level.value}: a break is", _wrap(_MEANS[clause.level])),
        _section("Why it matters", _wrap(reason(clause))),
        *_examples(clause),
        _section("Where it is said", _wrap(_place(clause))),
    ]
    return "\n\n".join(parts) + "\n"


def _examples(clause: Clause) -> list[str]:
    out = []
    expected, cases = _requests(clause)
    if cases:
        out.append(_section(f"A request: it {expected}" if len(cases) == 1 else f"Requests: they {expected}", "\n".join(map(_curl, cases))))
    fragment = _fragment(clause)
    if fragment:
        out.append(_section("An answer that breaks it", _wrap(fragment)))
    if clause.example:
        out.append(_section("Example", _wrap(clause.example)))
    return out


def _place(clause: Clause) -> str:
    if clause.source.startswith(("RFC", "Public")):
        return f"{clause.source}."
    return f"The description of the operation: {clause.source}."


def _section(title: str, text: str) -> str:
    return f"{textwrap.fill(title, WIDTH)}\n{text}"


def _wrap(text: str, indent: str = "  ") -> str:
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def _unknown(kind: str, given: str, known: Iterable[str]) -> str:
    """Says that a name is unknown, and which ones are near. What was given is shown escaped and cut."""
    names = list(known)
    lower = {n.lower(): n for n in names}
    near = [lower[n] for n in get_close_matches(given.lower(), lower, n=3, cutoff=0.5)]
    near += [n for n in names if given and n.lower().startswith(given.lower()) and n not in near][: 5 - len(near)]
    shown = ascii(given[:60])
    if near:
        return f"There is no {kind} {shown}. Near to it: {', '.join(near)}."
    return f"There is no {kind} {shown}. `ringtrue contract` lists all clauses."


# --- lists ---------------------------------------------------------------------------------------------


def select(
    pattern: str | None = None, level: str | None = None, group: str | None = None, parameter: str | None = None
) -> list[Clause]:
    """The clauses that all given filters let through, in the order of the contract.

    Args:
        pattern: glob on ids; without *, ? or [ a part of the id.
        level: MUST, SHOULD or OBSERVED, in any letter case.
        group: heading, in any letter case.
        parameter: name of a request parameter, in any letter case.

    Raises:
        UsageError: there is no such level, group or parameter.
    """
    wanted_level = _known("level", level, [v.value for v in Level])
    wanted_group = _known("group", group, GROUPS)
    wanted_parameter = _known("parameter", parameter, PARAMETER)
    glob = pattern if pattern is None or re.search(r"[*?\[]", pattern) else f"*{pattern}*"
    return [
        c for c in CLAUSES
        if (glob is None or fnmatchcase(c.id, glob)) and wanted_level in (None, c.level.value)
        and wanted_group in (None, c.group) and wanted_parameter in (None, c.parameter)
    ]


def _known(kind: str, given: str | None, names: Iterable[str]) -> str | None:
    if given is None:
        return None
    known = {n.lower(): n for n in names}
    if given.lower() not in known:
        raise UsageError(_unknown(kind, given, known.values()))
    return known[given.lower()]


def listing(
    pattern: str | None = None, level: str | None = None, group: str | None = None, parameter: str | None = None
) -> str:
    """Clauses by group, level and id in columns, statements wrapped below, in 80 columns. See `select`."""
    chosen = select(pattern, level, group, parameter)
    blocks = []
    for heading in GROUPS:
        rows = [_row(c) for c in chosen if c.group == heading]
        if rows:
            blocks.append("\n".join((heading, *rows)))
    return "\n\n".join((*blocks, _count(chosen))) + "\n"


def _row(clause: Clause) -> str:
    return f"  {clause.level.value:<8}  {clause.id}\n{_wrap(clause.statement, ' ' * 12)}"


def _count(chosen: list[Clause]) -> str:
    if not chosen:
        return "No clause fits."
    levels = Counter(c.level.value for c in chosen)
    parts = ", ".join(f"{levels[v.value]} {v.value}" for v in Level if levels[v.value])
    return f"{len(chosen)} clause{'' if len(chosen) == 1 else 's'}: {parts}"


def as_json(
    pattern: str | None = None, level: str | None = None, group: str | None = None, parameter: str | None = None
) -> str:
    """The same clauses as a JSON list of objects with id, level, statement, source, group, parameter and why."""
    rows = [{**asdict(c), "why": reason(c)} for c in select(pattern, level, group, parameter)]
    for row in rows:
        del row["example"]
    return json.dumps(rows, indent=2, ensure_ascii=False)


__all__ = ["as_json", "explain", "listing", "reason", "select"]
