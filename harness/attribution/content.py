"""Answers whose content is wrong: one finding a clause, with the smallest case whose answer still shows it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from difflib import SequenceMatcher
from urllib.parse import parse_qsl

from harness.attribution.minimise import minimise
from harness.attribution.prober import MANY, ROUNDS, Ledger, Prober, Spent, Styled, finding_as_seen, short, styled
from harness.case import HEAD_IN_WORDS, Case, Pairs
from harness.checks import Breach, judge
from harness.checks.refusals import EARLIER_PASSWORD, PREVIOUS_PASSWORD
from harness.contract import ATTRIBUTES, CLAUSE, FORM_TYPE, PARAMETER, Expected
from harness.exchange import Exchange
from harness.findings import Finding, joined
from harness.session import AT_ONCE, Seen

_TRIES = 4
_REFUSED = ("auth.", "refusal.")
_BODY_PAIRS = 12
_LONG = 500  # characters of an address that is not compared any more
_UNKNOWN = "malformed.unknown-parameter"
_CONTENT_TYPE = "malformed.content-type"
_OF_SEVERAL = ("echo.sid-unique", "response.read-back")
_MIXED = ("echo.own-call", "echo.to", "echo.from")
_PASSWORDS = (PREVIOUS_PASSWORD, EARLIER_PASSWORD)
_ON_USED = "on a connection on which another call came before"
_CLIENT = "client:alice"
_OTHER = ("To", _CLIENT)
_SIP_USER = (("SipAuthUsername", "alice"), ("SipAuthPassword", "Zq3-vT8_wL1.xB6"))

# Kinds of attributes that one function usually writes.
_KINDS = {a.slug: a.kind for a in ATTRIBUTES if a.kind in ("date", "sid")}


def _is_exchanged(exchange: Exchange) -> bool:
    """Whether an answer has a call's two ends the other way round."""
    document = exchange.document or {}
    ends = exchange.case.get("To"), exchange.case.get("From")
    return ends[0] != ends[1] and (document.get("from"), document.get("to")) == ends


def _tells_of_no_call(exchange: Exchange) -> bool:
    """Whether a 2xx has none of what every call has."""
    document = exchange.document
    return exchange.is_created and document is not None and document.keys().isdisjoint(("sid", "account_sid", "uri", "direction", "to", "from"))


def _change(finding: Finding) -> str:
    """In what way one of a call's ends comes back: cut after so many characters, in other letters, or with something put for something inside."""
    end = "To" if finding.clause == "echo.to" else "From"
    sent, back = finding.case.get(end) or "", (finding.exchange.document or {}).get(end.lower())
    if not isinstance(back, str) or not back or back == sent:
        return ""
    if back.casefold() == sent.casefold():
        return "letters"
    if sent.startswith(back):
        return f"cut after {len(back)}"
    if len(back) > _LONG or len(sent) > _LONG:
        return ""
    changes = SequenceMatcher(None, sent, back, autojunk=False).get_opcodes()
    return ", ".join(f"{back[k:m]} for {sent[i:j]}" for kind, i, j, k, m in changes if kind != "equal")


class Content:
    """Findings for wrong content."""

    def __init__(self, prober: Prober, ledger: Ledger) -> None:
        self.prober = prober
        self.ledger = ledger
        self._own: dict[Pairs, str] = {}

    def attribute(self, seen: list[Seen]) -> None:
        """One finding a clause."""
        groups: dict[str, list[Seen]] = {}
        seen = [s for s in seen if s.exchange.case.is_plain_form or not s.exchange.is_crash or not self._crashes_anyway()]
        seen = [s for s in seen if not self._is_cut(s)]
        for s in seen:
            if s.breach.check != "check_malformed" or not self._is_known(s):
                groups.setdefault(s.breach.clause, []).append(s)
        for clause, group in groups.items():
            kept = [s for s in group if not clause.startswith("auth.") or not self._is_of_the_call(s)]
            if kept:
                self._one(clause, kept)
        self._fold_no_call()
        self._fold_mixed()
        self._fold_content_type()
        self._fold_attributes()
        self._fold_sequels()

    def _fold_no_call(self) -> None:
        """A 2xx that tells of no call at all, whether one was to be created or not: one finding."""
        empty = [f for f in self.ledger.findings if f.clause.startswith("response.") and _tells_of_no_call(f.exchange)]
        said = {f.exchange.body for f in empty}
        group = [*empty, *(f for f in self.ledger.findings if f.clause == "refusal.status" and f.exchange.body in said)]
        group = [f for f in group if f.clause not in self.ledger.apart]
        if len(group) > 1:
            first = min(group, key=lambda f: (f.level.rank, f.flaky is not None))
            self._put_one_for(joined(first, [f for f in group if f is not first]), first, group)

    def _fold_sequels(self) -> None:
        """What is wrong with one answer to one call after the same other one: one finding."""
        groups: dict[tuple[object, ...], list[Finding]] = {}
        for f in self.ledger.findings:
            if f.before and f.flaky is None and f.exchange.is_created and f.clause not in self.ledger.apart:
                groups.setdefault((f.before, f.case, f.together), []).append(f)
        for group in groups.values():
            if len(group) > 1:
                first = min(group, key=lambda f: f.level.rank)
                self._put_one_for(joined(first, [f for f in group if f is not first]), first, group)

    def _put_one_for(self, whole: Finding, first: Finding, group: list[Finding]) -> None:
        """One finding in the place of the first of several."""
        rest = [f for f in group if f is not first]
        self.ledger.findings[:] = [whole if f is first else f for f in self.ledger.findings if not any(f is g for g in rest)]

    def _fold_content_type(self) -> None:
        """A body that crashes only with an odd content type crashes for that: one finding; else it is shown with the usual one."""
        findings = self.ledger.findings
        for f in [f for f in findings if f.check == "check_malformed" and f.clause != _CONTENT_TYPE and f.case.content_type != FORM_TYPE]:
            try:
                exchange = self.prober.send(replace(f.case, content_type=FORM_TYPE))
            except Spent:
                return
            place = next(i for i, g in enumerate(findings) if g is f)
            if exchange.is_crash:
                findings[place] = replace(f, case=exchange.case, exchange=exchange, cause=_oddity(exchange.case))
                continue
            whole = next((g for g in findings if g.clause == _CONTENT_TYPE and g.case.content_type == f.case.content_type), None)
            if whole is not None and whole.actual == f.actual and not self.ledger.apart.intersection((f.clause, whole.clause)):
                both = joined(whole, [f])
                findings[:] = [both if g is whole else g for g in findings if g is not f]

    def _fold_attributes(self) -> None:
        """The same rule of several attributes of one kind that is broken in as many answers: dates, say, that one function wrote."""
        groups: dict[tuple[object, ...], list[Finding]] = {}
        for f in self.ledger.findings:
            of, attribute, rule = (*f.clause.split("."), "", "")[:3]
            kind = _KINDS.get(attribute) if of == "response" or attribute.startswith("date-") else None
            if kind is not None and f.clause not in self.ledger.apart:
                groups.setdefault((of, kind, rule, f.level, f.cause, f.occurrences, f.flaky, f.before, f.together), []).append(f)
        for first, *rest in groups.values():
            if rest:
                names = ", ".join(f.path.removeprefix("$.") for f in rest)
                whole = replace(joined(first, rest), occurrences=first.occurrences, cause=f"{first.cause}{', ' if first.cause else ''}as in {names}")
                self._put_one_for(whole, first, rest)

    def _crashes_anyway(self) -> bool:
        """Whether every call crashes, so that one with other credentials, another method or a malformed body does too."""
        return any(c.kind == "crashed" and not c.names and not c.transport and c.trait is None and c.size < MANY for c in self.ledger.causes)

    def _is_known(self, s: Seen) -> bool:
        """Whether a malformed body fails for what is known already: all that is refused does, or a parameter of it in any form."""
        if s.breach.actual in self.ledger.systemic:
            return True
        crashed = [f for f in self.ledger.findings if f.exchange.is_crash]
        crashing = {CLAUSE[clause].parameter for f in crashed for clause in (f.clause, *f.also)}
        crashing.update(*(c.names for c in self.ledger.causes if c.kind == "crashed"))
        unknown = any(f.clause == _UNKNOWN or _UNKNOWN in f.also for f in crashed)
        pairs = parse_qsl((s.exchange.case.body or b"")[:4096].decode("latin-1"), keep_blank_values=True)
        if any(f.clause.endswith(".required") and all(n != CLAUSE[f.clause].parameter for n, _ in pairs) for f in crashed):
            return True  # whatever else is wrong with it, what must be there is not
        blamed = [p for p in dict.fromkeys(pairs[:_BODY_PAIRS]) if p[0] in crashing or (unknown and p[0] not in PARAMETER)]
        try:
            return any(self.prober.send(self.prober.plain_on_base([p])).is_crash for p in blamed)
        except Spent:
            return bool(blamed)

    def _fold_mixed(self) -> None:
        """Another call's data shows as a wrong to or from too, now and then: one finding."""
        self._fold_own_call()
        self._fold_at_once()
        self._fold_exchanged()
        mixed = [f for f in self.ledger.findings if f.clause in ("echo.own-call", "call.concurrency") and f.check == "check_own_call"]
        folded = [f for f in self.ledger.findings if mixed and f.clause in ("echo.to", "echo.from", "call.concurrency") and f is not mixed[0]]
        folded = [f for f in folded if f.flaky is not None or f.before or f.clause == "call.concurrency" and f.check == "check_echo"]
        if not folded:
            return
        whole = joined(mixed[0], folded)
        kept = [f for f in self.ledger.findings if f is not mixed[0] and all(f is not g for g in folded)]
        self.ledger.findings[:] = [*kept, whole]

    def _is_cut(self, s: Seen) -> bool:
        """Whether a call is as large as those that are refused for their size, so that it is not looked at, or not at all of it."""
        about = "echo." if s.exchange.is_created else _REFUSED
        return s.breach.clause.startswith(about) and self.ledger.is_too_large(s.exchange.case)

    def _is_of_the_call(self, s: Seen) -> bool:
        """Whether a wrong refusal of wrong credentials, or of another account, is what the call itself gets with the right ones too."""
        if s.exchange.is_created or not s.exchange.case.pairs or not self.ledger.causes:
            return False
        if (key := s.exchange.case.pairs) not in self._own:
            try:
                self._own[key] = self.prober.send(replace(s.exchange.case, credentials="right", account="own")).describe()
            except Spent:
                return False
        return self._own[key] == s.exchange.describe()

    def _fold_at_once(self) -> None:
        """A sid that comes again only where calls are at once, and calls at once that get each other's data: one finding."""
        mixed = next((f for f in self.ledger.findings if f.clause == "call.concurrency" and f.check != "check_outcome"), None)
        again = [f for f in self.ledger.findings if f.clause == "echo.sid-unique" and f.together and f.clause not in self.ledger.apart]
        if mixed is not None and again and mixed.clause not in self.ledger.apart:
            self._put_one_for(joined(mixed, again), mixed, [mixed, *again])

    def _fold_exchanged(self) -> None:
        """To said back as from and from as to, or both changed in one way: one finding."""
        ends = {f.clause: f for f in self.ledger.findings if f.clause in ("echo.to", "echo.from")}
        if len(ends) < 2 or self.ledger.apart.intersection(ends):
            return
        to, sender = ends["echo.to"], ends["echo.from"]
        if all(_is_exchanged(f.exchange) for f in (to, sender)) or _change(to) == _change(sender) != "":
            whole = replace(joined(to, [sender]), occurrences=max(to.occurrences, sender.occurrences))
            self._put_one_for(whole, to, [sender])

    def _fold_own_call(self) -> None:
        """A to or from that is wrong with a certain request may by chance be another call's: one finding."""
        twins = [f for f in self.ledger.findings if f.check == "check_echo" and f.clause == "echo.to" and "echo.to" not in self.ledger.apart]
        if len(twins) > 1:
            first = min(twins, key=lambda f: len(f.case.pairs))
            whole = joined(first, [f for f in twins if f is not first])
            self._put_one_for(replace(whole, occurrences=max(f.occurrences for f in twins)), first, twins)
        said_back = [f for f in self.ledger.findings if f.check == "check_echo" and f.clause in ("echo.to", "echo.from")]
        steady = next((f for f in said_back if f.flaky is None and (not f.before or f.cause == _ON_USED)), None)
        chance = next((f for f in self.ledger.findings if f.check == "check_own_call" and f.flaky is not None), None)
        if steady is None or chance is None:
            return
        self._put_one_for(joined(steady, [chance]), steady, [chance])

    def _one(self, clause: str, group: list[Seen]) -> None:
        level = min((s.breach.level for s in group), key=lambda x: x.rank)
        total = max(self.prober.session.occurrences[clause, "content"], len(group))
        s = min(group, key=lambda s: (
            s.breach.actual in _PASSWORDS, s.step in AT_ONCE, not s.exchange.case.is_plain_form, len(s.exchange.case.pairs), s.exchange.number))
        finding = finding_as_seen(s.breach, s.exchange)
        if s.breach.actual in _PASSWORDS:
            finding = self._of_password(finding, s, total)
        elif clause in _OF_SEVERAL or (s.step in AT_ONCE and clause in _MIXED and not self._alone(s)):
            finding = self._of_several(finding, s)
        elif s.exchange.case.is_plain_form:
            finding = self._of_one(finding, s, total)
        elif (rate := self._now_and_then(s)) is not None:
            if s.exchange.describe() in {t.exchange.describe() for t in self.ledger.transient}:
                return  # the answer that other requests get now and then
            flaky = rate if rate[0] else (total, max(self.prober.session.counts.cases, total))
            finding = replace(finding, flaky=flaky, cause=f"{_oddity(s.exchange.case)}, now and then")
        else:
            finding = replace(finding, cause=_oddity(s.exchange.case))
            if s.breach.check == "check_credentials" and s.exchange.is_created:
                finding = self._on_kept_connection(finding)
        self.ledger.findings.append(replace(finding, occurrences=total, level=level))

    def _on_kept_connection(self, finding: Finding) -> Finding:
        """The finding, after a call with the right credentials where wrong ones are only taken on that call's connection."""
        try:
            self.prober.session.target.close()
            alone = self.prober.send_next(finding.case)
            before = self.prober.send_next(self.prober.plain_on_base([]))
            after = self.prober.send_next(finding.case)
        except Spent:
            return finding
        if not alone.is_refused or not before.is_created or not after.is_created:
            return finding
        return replace(finding, before=(before.case,), cause=f"{finding.cause}, on a connection on which the right ones came before")

    def _of_several(self, finding: Finding, s: Seen) -> Finding:
        """Breaks that only several calls together show."""
        if s.step in AT_ONCE and finding.clause in _MIXED:
            statement = CLAUSE["call.concurrency"].statement
            return replace(finding, clause="call.concurrency", message=statement, together=s.partners, cause="only with two calls at once")
        before = (s.exchange.previous,) if s.exchange.previous is not None and s.step not in AT_ONCE else ()
        return replace(finding, before=before, together=s.partners if s.step in AT_ONCE else ())

    def _of_password(self, finding: Finding, s: Seen, total: int) -> Finding:
        """A SIP password of another call comes back: the simplest two calls that show it."""
        first = self.prober.plain_on_base([*_SIP_USER])
        finding = replace(finding, before=(first,), cause="after a call with a SipAuthPassword")

        def shows(exchange: Exchange) -> bool:
            return any(b.actual == PREVIOUS_PASSWORD for b in self._judged(exchange))

        with suppress(Spent):
            for case in dict.fromkeys((self.prober.plain_on_base([]), s.exchange.case)):
                exchange = self.prober.every_time((first,), case, shows)
                if exchange is not None:
                    return replace(finding, case=case, exchange=exchange, actual=PREVIOUS_PASSWORD)
        return replace(finding, flaky=(total, max(self.prober.session.counts.cases, total)), cause=f"now and then {finding.cause}")

    def _alone(self, s: Seen) -> bool:
        """Whether the case shows the break when it is sent alone."""
        try:
            return any(b.clause == s.breach.clause for _ in range(2) for b in self._judged(self.prober.send(s.exchange.case)))
        except Spent:
            return False

    def _now_and_then(self, s: Seen) -> tuple[int, int] | None:
        """(shown, tries) of the case right after a call that was created; nothing where it shows each time or can't be asked."""

        def shows(exchange: Exchange) -> bool:
            return exchange.is_crash if s.exchange.is_crash else s.breach.clause in {b.clause for b in self._judged(exchange)}

        if not shows(s.exchange):
            return None
        tries = 1 if s.exchange.failure == "timeout" else ROUNDS
        shown = 0
        try:
            for _ in range(tries):
                self.prober.send(self.prober.plain_on_base([]))
                shown += shows(self.prober.send_next(s.exchange.case))
        except Spent:
            return None
        return (shown, tries) if shown < tries else None

    def _of_one(self, finding: Finding, s: Seen, total: int) -> Finding:
        try:
            exchange, found, shown, tries = self._smallest(s)
        except Spent:
            return finding
        if shown < tries:
            if not shown and (sequel := self._after_another(s)) is not None:
                return sequel
            flaky = (shown, tries) if shown else (total, max(self.prober.session.counts.cases, total))
            return replace(finding_as_seen(found, exchange), flaky=flaky, cause="now and then")
        finding = replace(finding_as_seen(found, exchange), cause=_condition(exchange.case, self.prober.on_base([], Case(()))))
        is_alone = self.prober.session.target.always_fresh
        return self._on_used_connection(finding, s.exchange.previous) if exchange.is_created and not is_alone else finding

    def _on_used_connection(self, finding: Finding, previous: Case | None) -> Finding:
        """The finding, after another call where its own is created and right on a connection of its own."""
        usual = self.prober.plain_on_base([])
        other = self.prober.plain_on_base([_OTHER]) if finding.case.pairs == usual.pairs else usual

        def shown(first: Case | None = None) -> tuple[Exchange, Breach | None]:
            self.prober.session.target.close()
            if first is not None:
                self.prober.send_next(first)
            exchange = self.prober.send_next(finding.case)
            return exchange, next((b for b in self._judged(exchange) if b.clause == finding.clause), None)

        with suppress(Spent):
            for _ in range(2):
                self.prober.send_next(other)
                alone, found = shown()
                if found is not None or not alone.is_created:
                    return finding
            for first in (other, previous):
                if first is None or first.pairs == finding.case.pairs:
                    continue
                tries = [shown(first) for _ in range(2)]
                exchange, found = tries[0]
                if found is not None and tries[1][1] is not None:
                    return replace(finding_as_seen(found, exchange), before=(first,), cause=_ON_USED)
        return finding

    def _smallest(self, s: Seen) -> tuple[Exchange, Breach, int, int]:
        """(exchange, its breach, how often shown, of how many tries) of the smallest case that breaks the same clause."""
        best, best_breach = s.exchange, s.breach
        wanted = self.prober.expect(s.exchange.case).expected
        allowed = {wanted, Expected.ACCEPT} if wanted is Expected.EITHER else {wanted}

        def breaks(case: Case) -> bool:
            nonlocal best, best_breach
            exchange = self.prober.send(case)
            for b in self._judged(exchange):
                if _is_alike(b, s):
                    best, best_breach = exchange, b
                    return True
            return False

        base = self.prober.on_base([], Case(()))
        if wanted is not Expected.REJECT and all(breaks(base) for _ in range(2)):
            return best, best_breach, 1, 1
        shown = sum(breaks(s.exchange.case) for _ in range(_TRIES))
        if shown < _TRIES:
            return best, best_breach, shown, _TRIES
        case = s.exchange.case
        plain = case.plainly_sent
        case = plain if plain != case and breaks(plain) else case
        sent_so = replace(base, pause=case.pause, head=case.head)
        if sent_so != base and wanted is not Expected.REJECT and breaks(sent_so):
            return best, best_breach, 1, 1

        def same(kept: list[Styled]) -> bool:
            candidate = case.with_pairs(tuple(p for p, _ in kept), tuple(t for _, t in kept))
            return self.prober.expect(candidate).expected in allowed and breaks(candidate)

        for end, value in (("From", base.get("From")), ("To", base.get("To")), ("To", _CLIENT)):
            named = case.with_pairs(tuple((n, value or "" if n == end else v) for n, v in case.pairs), case.styles)
            if case.get(end) != base.get(end) and self.prober.expect(named).expected in allowed and breaks(named):
                case = named
        minimise(styled(case), same)
        return best, best_breach, 1, 1

    def _after_another(self, s: Seen) -> Finding | None:
        """The finding, if what a call does not show alone it shows each time after another one: the simplest two that show it."""
        case, previous = s.exchange.case, s.exchange.previous
        simple = self.prober.on_base([], Case(()))
        cases = [simple, case] if self.prober.expect(case).expected is not Expected.REJECT else [case]
        refused = simple.with_pairs(tuple(p for p in simple.pairs if p[0] != "To"), ())
        firsts = {refused: "after a call that is refused"}
        if previous is not None:
            odd = previous.method != "POST" or previous.credentials != "right"
            firsts.setdefault(previous, f"after a request ({_oddity(previous)})" if odd else "after the request before it")
        if s.breach.clause in _MIXED and case.get("To") != _CLIENT:
            firsts.setdefault(self.prober.plain_on_base([_OTHER]), "after another call")
        last: list[Breach] = []

        def shows(exchange: Exchange) -> bool:
            last[:] = [b for b in self._judged(exchange) if _is_alike(b, s)]
            return bool(last)

        try:
            for first, cause in firsts.items():
                for one in dict.fromkeys(cases):
                    exchange = self.prober.every_time((first,), one, shows)
                    if exchange is not None:
                        found = replace(last[0], clause=s.breach.clause, check=s.breach.check)
                        return replace(finding_as_seen(found, exchange), before=(first,), cause=cause)
        except Spent:
            pass
        return None

    def _judged(self, exchange: Exchange) -> list[Breach]:
        return judge(exchange, self.prober.expect(exchange.case), self.prober.session.target.config.account_sid)[0]


def _is_alike(b: Breach, s: Seen) -> bool:
    """Whether a probe's answer shows what was seen; whose call it tells of instead of its own is not asked again."""
    return b.clause == s.breach.clause or (s.breach.check == "check_own_call" and b.clause == "echo.to")


def _oddity(case: Case) -> str:
    """What is special about a case that is no ordinary form."""
    if case.credentials != "right":
        return f"credentials: {case.credentials}"
    if case.account != "own":
        return {"other-end": "an account that differs in its last digit", "other-start": "an account that differs in its first digit"}.get(
            case.account, "another account's path",
        )
    if case.method != "POST":
        return case.method
    if case.head in HEAD_IN_WORDS:
        return HEAD_IN_WORDS[case.head]
    return f"content type {case.content_type or 'none'}, a body of {len(case.body or b'')} bytes"


def _condition(case: Case, base: Case) -> str:
    """What the smallest case has beyond the simplest call."""
    if case.pause:
        return f"after {case.pause:g} s without a request"
    if case.head in HEAD_IN_WORDS:
        return HEAD_IN_WORDS[case.head]
    ends = {n: case.get(n) or base.get(n) or "" for n in ("To", "From")}
    odd = [n for n, v in ends.items() if v != base.get(n)]
    if "From" in odd and ends["To"] == _CLIENT:
        odd = ["From"]  # beside which To can be no number
    extra = [n for n, _ in case.pairs if n not in ("To", "From", "Url")]
    if odd:
        extra = [*(f"{n}={short(ends[n])}" for n in odd), *(n for n in extra if n != "Twiml" or "Url" in dict(case.pairs))]
    return f"with {', '.join(dict.fromkeys(extra))}" if extra else ""
