"""Faults that depend on what came before, or on what comes at the same time.

For rows of (slug, what is wrong, hooks).
"""



from __future__ import annotations

from harness.emulator import errors
from harness.emulator.faults.conditions import (
    after,
    after_denials,
    after_no_form,
    after_refusal,
    after_refusals,
    both,
    every,
    from_form,
    lately,
    overtaken,
    same_again,
    sent,
    to_the_same,
    trusted,
    value,
)
from harness.emulator.faults.effects import from_last_call, from_newest_form, put
from harness.emulator.faults.model import Fault
from harness.emulator.hooks import Edit, Hook, Inherit, Pause, Refuse, Waive
from harness.emulator.ledger import KEPT_FORMS
from harness.emulator.rules import RULES

FAMILY = "state"

# Long enough for a second request to come in, short enough to cost a run little.
GAP_S = 0.004
_GAP = Pause(GAP_S)

_ROWS: tuple[tuple[str, str, tuple[Hook, ...]], ...] = (
    ("sid-repeated-at-once", "the same call again gets the sid of the first", (Edit(from_last_call("sid", "uri"), same_again),)),
    ("sid-repeated-every-10th", "every 10th call gets the sid before", (Edit(from_last_call("sid", "uri"), every(10)),)),
    ("sid-repeated-every-97th", "every 97th call gets the sid before", (Edit(from_last_call("sid", "uri"), every(97)),)),
    ("sid-repeated-when-recorded", "recorded calls get the sid before", (Edit(from_last_call("sid", "uri"), value("Record", "true")),)),
    ("sid-repeated-after-refusal", "after a refusal, the sid before comes again", (Edit(from_last_call("sid", "uri"), after_refusal),)),
    ("stale-to-every-9th", "every 9th call says back the To before", (Edit(from_last_call("to"), every(9)),)),
    ("stale-from-after-refusal", "after a refusal, the From before is said back", (Edit(from_last_call("from"), after_refusal),)),
    ("stale-to-after-refusal", "after a refusal, the To before is said back", (Edit(from_last_call("to"), after_refusal),)),
    ("stale-uri-every-8th", "every 8th call has the uri before", (Edit(from_last_call("uri"), every(8)),)),
    ("stale-to-with-reason", "with CallReason the To before is said back", (Edit(from_last_call("to"), sent("CallReason")),)),
    ("other-to-on-used-connection", "another To is said back if a call came before on the connection", (Edit(put("to", "+13125550142"), trusted),)),
    ("keeps-parameters", "what a form leaves out is as it was in the form before", (Inherit(),)),
    ("keeps-parameters-on-connection", "what a form leaves out is as it was in the form before on the connection", (Inherit(trusted),)),
    ("keeps-parameters-after-refusal", "after a refusal, what a form leaves out is as it was in the refused one",
     (Inherit(lambda turn: turn.ledger.refused_in_a_row > 0),)),
    ("refuses-same-again", "the same call again is refused", (Refuse(same_again),)),
    ("refuses-same-lately", f"a call that is the same as one of the last {KEPT_FORMS} is refused", (Refuse(lately),)),
    ("refuses-same-again-409", "the same call again is refused as a conflict", (Refuse(same_again, 409),)),
    ("refuses-after-refusal", "a valid call after a refusal is refused", (Refuse(after_refusal),)),
    ("refuses-after-4-refusals", "a valid call after four refusals in a row is refused", (Refuse(after_refusals(4)),)),
    ("refuses-after-5-denials", "a valid call after five wrong credentials in a row is refused", (Refuse(after_denials(5), 403),)),
    ("refuses-every-20th", "every 20th valid call is refused", (Refuse(every(20)),)),
    ("refuses-from-200th", "all valid calls from the 200th on are refused", (Refuse(from_form(200)),)),
    ("refuses-after-record", "a call without Record after one with it is refused", (Refuse(after("Record")),)),
    ("refuses-after-no-form", "a valid call after a body that is no form is refused", (Refuse(after_no_form),)),
    ("crashes-every-50th", "every 50th valid call fails", (Refuse(every(50), 500, errors.CRASH),)),
    ("crashes-after-refusal", "a valid call after a refusal fails", (Refuse(after_refusal, 500, errors.CRASH),)),
    ("crashes-after-detection", "a call without MachineDetection after one with it fails", (Refuse(after("MachineDetection"), 500, errors.CRASH),)),
    ("crashes-same-again", "the same call again fails", (Refuse(same_again, 500, errors.CRASH),)),
    ("accepts-refused-again", "a refused Timeout is accepted when sent again", (Waive("Timeout", both(same_again, after_refusal)),)),
    ("accepts-what-was-refused", "a call that was refused a moment ago is accepted when sent again",
     tuple(Waive(name, lately) for name in (*RULES, "To", "From"))),
    ("accepts-any-to-from-300th", "from the 300th call on any To is accepted", (Waive("To", both(from_form(300), sent("To"))),)),
    ("accepts-digits-after-refusal", "bad SendDigits are accepted after a refusal", (Waive("SendDigits", after_refusal),)),
    ("status-after-refusal", "after a refusal, status is an unknown word", (Edit(put("status", "error"), after_refusal),)),
    ("status-same-again", "the same call again has an unknown status", (Edit(put("status", "duplicate"), same_again),)),
    ("concurrent-to", "of two calls at once, the first says back the second's To", (_GAP, Edit(from_newest_form("to", "To"), overtaken))),
    ("concurrent-from", "of two calls at once, the first says back the second's From", (_GAP, Edit(from_newest_form("from", "From"), overtaken))),
    ("concurrent-sid", "of two calls at once, the first gets the sid of the call before", (_GAP, Edit(from_last_call("sid", "uri"), overtaken))),
    ("concurrent-refused", "of two calls at once, the first is refused", (_GAP, Refuse(overtaken))),
    ("concurrent-same-to-409", "of two calls at once to one person, the first is refused as a conflict",
     (_GAP, Refuse(both(overtaken, to_the_same), 409))),
    ("concurrent-accepts", "of two calls at once, the first is accepted whatever is wrong with it",
     (_GAP, *(Waive(name, overtaken) for name in (*RULES, "To", "From")))),
    ("concurrent-crash", "of two calls at once, the first fails", (_GAP, Refuse(overtaken, 500, errors.CRASH))),
)  # fmt: skip

FAULTS = tuple(Fault(slug, FAMILY, f"{what[0].upper()}{what[1:]}", hooks) for slug, what, hooks in _ROWS)
