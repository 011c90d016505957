"""A row of a result list to its call, pure: the laboratory's word, held against its own Ct values."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from hashlib import sha256

import msgspec

from screening.errors import Fault, Problem
from screening.lab.lists import problems as p
from screening.lab.readers.columns import PLAUSIBLE_CT, read_ct
from screening.lab.readers.result_list import RawRow
from screening.lab.readers.run import WellReading
from screening.lab.rules.result_words import meaning
from screening.lab.rules.rule_sets import RuleSet
from screening.lab.rules.well_rules import Outcome, Reason, WellCall, evaluate_well

CLOCKS_APART = timedelta(minutes=15)  # house; a laboratory's own clock against ours
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d{1,2}")
_TIME = re.compile(
    r"(?:(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{4})(\d\d)(\d\d))"
    r"(?:[T ]*(\d{1,2})[:时]?(\d{2})分?(?::?(\d{2})(?:\.\d+)?)?)?"
)
# what a rule set misses in a list is not doubt: the laboratory has judged its own controls
_NOT_TOLD = frozenset(("missing_target", "control_unread", "unknown_silent"))


class ListRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that could be read. `outcome` None: named as open. `at`: when it was tested, ISO."""

    row: int
    barcode: str
    outcome: int | None
    cts: dict[str, float | None] = {}
    kit: str = ""
    at: str | None = None
    operator: str = ""

    @property
    def says(self) -> tuple:
        """The same for the same reading, wherever it stands and in whichever list."""
        cts = tuple(sorted((t, _rounded(ct)) for t, ct in self.cts.items()))
        return (self.barcode, self.outcome, cts, self.kit, self.at)


def _rounded(ct: float | None) -> str:
    return "" if ct is None else f"{ct:.2f}"  # what is shown, and what any export keeps


def content(rows: Iterable[ListRow]) -> bytes:
    """The same for a list that was saved again, in another order, encoding or form."""
    said = sorted([*map(str, r.says[:2]), repr(r.says[2:])] for r in rows)
    return sha256(msgspec.json.encode(["result list", said])).digest()


# --- reading ------------------------------------------------------------------------------------


def read_rows(
    raw: Sequence[RawRow], read_tube: Callable[[str], str], *, zone: tzinfo, now: datetime
) -> tuple[list[ListRow], list[Fault]]:
    """Every row that can be read, and every fault of every row."""
    rows: list[ListRow] = []
    faults: list[Fault] = []
    first: dict[str, int] = {}
    for line in raw:
        found: list[tuple[str, Problem]] = []
        barcode = _tube(line, read_tube, found)
        if barcode and barcode in first:
            found.append(("tube", p.TubeTwice(first=first[barcode])))
        elif barcode:
            first[barcode] = line.row
        outcome = _outcome(line, found)
        cts = {t: _ct(t, text, found) for t, text in line.cts.items()}
        at = _at(line.at, zone, now, found)
        faults += [Fault(problem, row=line.row, column=column) for column, problem in found]
        if not found:
            rows.append(ListRow(
                row=line.row, barcode=barcode, outcome=outcome, cts=cts, kit=line.kit[:80],
                at=at.isoformat() if at else None, operator=line.operator[:40],
            ))  # fmt: skip
    return rows, faults


Found = list[tuple[str, Problem]]


def _tube(line: RawRow, read_tube: Callable[[str], str], found: Found) -> str:
    if not line.tube:
        found.append(("tube", p.NoTube()))
    elif _SCIENTIFIC.fullmatch(line.tube):
        found.append(("tube", p.Scientific()))
    else:
        try:
            return read_tube(line.tube)
        except Problem as why:
            found.append(("tube", p.BadTube(why=why.sentence("zh"), why_en=why.sentence("en"))))
    return ""


def _outcome(line: RawRow, found: Found) -> int | None:
    said = meaning(line.result)
    if said is None:
        found.append(("result", p.UnknownResult() if line.result else p.NoResult()))
    return int(said) if isinstance(said, Outcome) else None


def _ct(target: str, text: str, found: Found) -> float | None:
    ct, measured = read_ct(text)
    low, high = PLAUSIBLE_CT
    if not measured or (ct is not None and not low < ct <= high):
        found.append((f"Ct {target}", p.BadCt(target=target)))
        return None
    return ct


def _at(text: str, zone: tzinfo, now: datetime, found: Found) -> datetime | None:
    if not text:
        return None
    at = read_time(text, zone)
    if at is None:
        found.append(("time", p.BadTime()))
    elif at > now + CLOCKS_APART:
        found.append(("time", p.FutureTime()))
    return at


def read_time(text: str, zone: tzinfo) -> datetime | None:
    """A time as laboratories write it, in `zone` unless it says otherwise; a date alone is its
    midnight. None when it is no time, or one whose day and month would have to be guessed."""
    exact = None
    with contextlib.suppress(ValueError):
        exact = datetime.fromisoformat(text)
    if exact is not None and exact.tzinfo is not None:
        return exact
    parts = _TIME.fullmatch(text.strip())
    if parts is None:
        return None
    year, month, day, hour, minute, second = (
        int(x or 0) for x in (*filter(None, parts.groups()[:6]), *parts.groups()[6:])
    )
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None


def is_before(tested: datetime, received: datetime, zone: tzinfo) -> bool:
    """Whether a test is older than the receipt of its tube; a bare date counts by its day."""
    local = tested.astimezone(zone)
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        return local.date() < received.astimezone(zone).date()
    return tested < received - CLOCKS_APART


# --- judging ------------------------------------------------------------------------------------


def judge(
    row: ListRow, rule: RuleSet, *, pooled: bool = True, cohorts: Iterable[str] = ()
) -> WellCall:
    """The laboratory's word, unless its own Ct values say worse: a signal under a negative or an
    invalid is inconclusive, a lost internal control under a negative is invalid. A word for worse
    always stands. Where both differ a reason tells it, as with an instrument's own call."""
    assert row.outcome is not None
    word = Outcome(row.outcome)
    if not row.cts:
        return WellCall(word)
    readings = [WellReading(well="", target=t, ct=ct) for t, ct in row.cts.items()]
    ours = evaluate_well(rule, readings, pooled=pooled, cohort=cohorts)
    reasons = [r for r in ours.reasons if r.code not in _NOT_TOLD]
    codes = {r.code for r in reasons}
    signal = ours.outcome in (Outcome.POSITIVE, Outcome.INCONCLUSIVE) or "unknown_target" in codes
    if word in (Outcome.NEGATIVE, Outcome.INVALID):
        if signal:
            said = "instrument_negative" if word is Outcome.NEGATIVE else "instrument_doubt"
            return WellCall(Outcome.INCONCLUSIVE, [*reasons, Reason(said)], row.cts)
        if codes & {"control_lost", "impossible_ct"}:
            return WellCall(Outcome.INVALID, reasons, row.cts)
    if word is Outcome.POSITIVE and not signal:
        reasons.append(Reason("instrument_positive"))
    return WellCall(word, reasons, row.cts)
