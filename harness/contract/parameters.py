"""The 35 parameters of the request body, each a row: domain, meaning, what makes it ignored or without effect.

A new parameter is a new row. What the rows imply (classes of values, clauses) is derived in `classes` and `clauses`.
"""

from __future__ import annotations

from harness.contract.model import (
    Address,
    Digits,
    Events,
    Integer,
    Level,
    Methods,
    Parameter,
    Sid,
    Text,
    Twiml,
    Url,
    Words,
)

_RECORD = (("Record", "true"),)
_RECORD_CALLBACK = (*_RECORD, ("RecordingStatusCallback", None))
_DETECTION = (("MachineDetection", None),)
_ASYNC = (*_DETECTION, ("AsyncAmd", "true"))
_LOOSE_URL = Url(malformed=Level.SHOULD, relative=None, spaces_only=True)

ROWS: tuple[Parameter, ...] = (
    Parameter(
        "ApplicationSid", Sid("AP"), "The application that handles the call.",
    ),
    Parameter(
        "AsyncAmd", Words(("true", "false")), "Whether answering machine detection runs beside the call.",
        useless_without=_DETECTION, useless_with=("SendDigits",),
    ),
    Parameter(
        "AsyncAmdStatusCallback", _LOOSE_URL, "Where the result of detection in the background is sent.",
        useless_without=_ASYNC, useless_with=("SendDigits",),
    ),
    Parameter(
        "AsyncAmdStatusCallbackMethod", Methods(), "The HTTP method for AsyncAmdStatusCallback.", default="POST",
        useless_without=(*_ASYNC, ("AsyncAmdStatusCallback", None)), useless_with=("SendDigits",),
    ),
    Parameter("Byoc", Sid("BY"), "The trunk of one's own carrier that routes the call.", phone_only=True),
    Parameter("CallReason", Text(50, any_script=True), "The purpose of the call, shown to the person called."),
    Parameter("CallToken", Text(0), "The token of an incoming call that is forwarded."),
    Parameter("CallerId", Address("caller-id"), "The number, SIP address or client that made the call."),
    Parameter(
        "FallbackMethod", Methods(), "The HTTP method for FallbackUrl.", default="POST",
        ignored_with=("ApplicationSid",), useless_without=(("FallbackUrl", None), ("Url", None)),
    ),
    Parameter(
        "FallbackUrl", Url(relative=Level.SHOULD), "Requested when Url's TwiML can't be fetched or run.",
        ignored_with=("ApplicationSid",), useless_without=(("Url", None),),
    ),
    Parameter("From", Address("from"), "The caller id: a number of the account or a client.", required=True),
    Parameter(
        "MachineDetection", Words(("Enable", "DetectMessageEnd")), "Whether and how to tell a human from a machine.",
        ignored_with=("SendDigits",),
    ),
    Parameter(
        "MachineDetectionSilenceTimeout", Integer((2000, 10000), 2000, 10000),
        "Milliseconds of silence at the start after which detection gives up.", default="5000",
        useless_without=_DETECTION, useless_with=("SendDigits",),
    ),
    Parameter(
        "MachineDetectionSpeechEndThreshold", Integer((500, 5000), 500, 5000),
        "Milliseconds of silence after speech that end it.", default="1200",
        useless_without=_DETECTION, useless_with=("SendDigits",),
    ),
    Parameter(
        "MachineDetectionSpeechThreshold", Integer((1000, 6000), 1000, 6000),
        "Milliseconds of speech that part a human from a machine.", default="2400",
        useless_without=_DETECTION, useless_with=("SendDigits",),
    ),
    Parameter(
        "MachineDetectionTimeout", Integer((30, 30)), "Seconds that detection may take.", default="30",
        useless_without=_DETECTION, useless_with=("SendDigits",),
    ),
    Parameter(
        "Method", Methods(), "The HTTP method for Url.", default="POST",
        ignored_with=("ApplicationSid",), useless_without=(("Url", None),),
    ),
    Parameter("Record", Words(("true", "false")), "Whether the call is recorded.", default="false"),
    Parameter(
        "RecordingChannels", Words(("mono", "dual")), "One channel for both legs, or one for each.", default="mono",
        useless_without=_RECORD,
    ),
    Parameter(
        "RecordingStatusCallback", _LOOSE_URL, "Where news of the recording is sent.", useless_without=_RECORD,
    ),
    Parameter(
        "RecordingStatusCallbackEvent", Events(("in-progress", "completed", "absent"), repeated=False),
        "Which news of the recording are sent: one value, words parted by a space.", default="completed",
        useless_without=_RECORD_CALLBACK,
    ),
    Parameter(
        "RecordingStatusCallbackMethod", Methods(), "The HTTP method for RecordingStatusCallback.", default="POST",
        useless_without=_RECORD_CALLBACK,
    ),
    Parameter(
        "RecordingTrack", Words(("inbound", "outbound", "both")), "Whose sound is recorded.", default="both",
        useless_without=_RECORD,
    ),
    Parameter("SendDigits", Digits(), "Keys that are dialled once the call is connected."),
    Parameter("SipAuthPassword", Text(50), "The password of the SIP account."),
    Parameter("SipAuthUsername", Text(50), "The user name of the SIP account."),
    Parameter(
        "StatusCallback", Url(strict_host=True), "Where news of the call are sent.", ignored_with=("ApplicationSid",),
    ),
    Parameter(
        "StatusCallbackEvent", Events(("initiated", "ringing", "answered", "completed"), repeated=True),
        "Which news of the call are sent: each in a parameter of its own.", default="completed",
        ignored_with=("ApplicationSid",), useless_without=(("StatusCallback", None),),
    ),
    Parameter(
        "StatusCallbackMethod", Methods(), "The HTTP method for StatusCallback.", default="POST",
        ignored_with=("ApplicationSid",), useless_without=(("StatusCallback", None),),
    ),
    Parameter("TimeLimit", Integer((60, 3600)), "The longest that the call may last, in seconds."),
    Parameter("Timeout", Integer((1, 600), None, 600), "How long the phone may ring, in seconds.", default="60"),
    Parameter("To", Address("to"), "The number, SIP address or client that is called.", required=True),
    Parameter(
        "Trim", Words(("trim-silence", "do-not-trim")), "Whether silence is cut from the recording's ends.",
        default="trim-silence", useless_without=_RECORD,
    ),
    Parameter("Twiml", Twiml(), "Instructions for the call, given with the request.", ignored_with=("Url",)),
    Parameter("Url", Url(), "Where the instructions for the call are fetched.",
              useless_without=()),
)

