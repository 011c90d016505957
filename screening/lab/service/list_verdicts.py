"""What a result list says: held against the tubes as they stand for one that waits, as it was for
the others."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

import msgspec

from screening.errors import Fault, Problem
from screening.i18n import ZONE
from screening.lab import queries
from screening.lab.lists import list_rules
from screening.lab.lists import problems as p
from screening.lab.lists.list_rules import ListRow
from screening.lab.queries import LabRow, NoSuchRun, RunRow
from screening.lab.queries import result_lists as lists
from screening.lab.readers.columns import key
from screening.lab.readers.result_list import NO_TARGET
from screening.lab.rules.rule_sets import GENERAL, RuleSet
from screening.lab.rules.well_rules import Outcome, WellCall, is_alert
from screening.lab.service import rule_sets
from screening.registry.service.persons import ring
from screening.tube.queries import Key, find_keys, list_tubes
from screening.tube.rules import GONE, Stage


class Shown(NamedTuple):
    """A list as people see it: as things stand for one that waits, as it was for the others.

    `already`: this list had been imported before, nothing was done. `lines`: row, barcode, word,
    outcome (None: repeated or open), reasons, cts, kit, at, operator. `open`: tubes received here
    that the list gives no result."""

    run: RunRow
    lab: LabRow
    verdict: dict[str, Any]
    lines: list[dict[str, Any]]
    open: list[str]
    already: bool = False


class Made(NamedTuple):
    """What a list would do now. `repeated` rows say what an earlier list has said already."""

    rows: list[ListRow]
    calls: dict[str, tuple[ListRow, WellCall]]
    repeated: list[str]
    open: list[str]
    keys: dict[str, Key]

    @property
    def signals(self) -> dict[str, Outcome]:
        return {b: c.outcome for b, (_, c) in self.calls.items() if is_alert(c.outcome)}

    def verdict(self) -> dict[str, Any]:
        counts = Counter(int(c.outcome) for _, c in self.calls.values())
        return {
            "counts": {str(k): n for k, n in sorted(counts.items())},
            "tubes": len(self.calls),
            "signals": {b: int(o) for b, o in self.signals.items()},
            "repeated": self.repeated,
            "open": self.open,
        }


# --- kept ---------------------------------------------------------------------------------------

AAD = "list.operators"  # who tested is a person's name: it lies sealed beside the rows
NAMES = "operators"


def kept_rows(rows: Sequence[ListRow]) -> tuple[list[Any], str]:
    """The rows without names, and the names sealed, for one list."""
    names = {str(r.row): r.operator for r in rows if r.operator}
    sealed = b64encode(ring().seal(msgspec.json.encode(names), AAD)).decode()
    bare = [msgspec.structs.replace(r, operator="") for r in rows]
    return msgspec.to_builtins(bare), sealed


def rows_of(found: RunRow) -> list[ListRow]:
    """The stored rows of a list, with the operators' names opened."""
    rows = msgspec.convert(queries.get_readings(found), list[ListRow], strict=False)
    names = msgspec.json.decode(ring().open(b64decode(found.verdict[NAMES]), AAD))
    return [msgspec.structs.replace(r, operator=names.get(str(r.row), "")) for r in rows]


def show(lab_id: int, run_id: int, *, at: datetime) -> Shown:
    """Raises NoSuchRun, and ListFaults where things have changed under a list that waits."""
    lab = queries.get_lab(lab_id)
    found = get_list(lab, run_id)
    rows = rows_of(found)
    if found.state == "previewed":
        made = made_now(lab, rows, at)
        verdict = {**_told(found), **made.verdict()}
        return Shown(found, lab, verdict, _lines(made), made.open)
    calls = {c.barcode: c for c in queries.list_calls(lab.cell_id, run_id)}
    lines = [
        _line(r, calls[r.barcode].outcome, calls[r.barcode].reasons)
        if r.barcode in calls else _line(r)
        for r in rows
    ]  # fmt: skip
    return Shown(found, lab, _told(found), lines, found.verdict["open"])


def _told(found: RunRow) -> dict[str, Any]:
    return {k: v for k, v in found.verdict.items() if k != NAMES}


def get_list(lab: LabRow, run_id: int, *, lock: bool = False) -> RunRow:
    """A run that came as a list. Raises NoSuchRun."""
    found = queries.get_run(lab, run_id, lock=lock)
    if not lists.is_list(found):
        raise NoSuchRun()
    return found


def _lines(made: Made) -> list[dict[str, Any]]:
    out = []
    for row in made.rows:
        if row.barcode in made.calls:
            call = made.calls[row.barcode][1]
            out.append(_line(row, int(call.outcome), msgspec.to_builtins(call.reasons)))
        else:
            out.append(_line(row))
    return out


def _line(
    row: ListRow, outcome: int | None = None, reasons: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    return {**msgspec.to_builtins(row), "word": row.outcome, "outcome": outcome,
            "reasons": list(reasons)}  # fmt: skip


def refuse(faults: list[Fault]) -> None:
    """Raises ListFaults with all faults in the order of rows, if there are any."""
    if faults:
        raise p.ListFaults(sorted(faults, key=lambda f: f.row or 0))


# --- against rules and tubes -----------------------------------------------------------------


class Rules:
    """The rule sets in force, by the kits that people name; the general one for every other kit,
    which only asks whether there is a signal at all."""

    def __init__(self, at: datetime) -> None:
        found = rule_sets.list_in_force(at=at)
        self._by_name: dict[str, RuleSet] = {}
        for version in found:
            self._by_name |= {key(version.name): version.rule, key(version.rule.kit): version.rule}
        self._general = self._by_name.get(key(GENERAL.name), GENERAL)

    def of(self, kit: str) -> RuleSet:
        return self._by_name.get(key(kit), self._general)

    def faults(self, rows: list[ListRow]) -> list[Fault]:
        """Targets that a row's kit does not have, each once: a Ct that nobody can judge would
        either hide a signal or make one of an internal control."""
        seen: dict[tuple[str, str], int] = {}
        for row in rows:
            for target in row.cts:
                seen.setdefault((row.kit, target), row.row)
        return [
            Fault(p.UnknownTarget(target=target), row=n, column=f"Ct {target}")
            for (kit, target), n in seen.items()
            if target != NO_TARGET
            and not any(t.answers_to(target) for t in self.of(kit).every_target)
        ]


def standing(
    lab: LabRow, rows: list[ListRow], rules: Rules, zone: tzinfo = ZONE
) -> tuple[set[str], list[Fault]]:
    """Which rows only repeat an earlier list, and every row that may not give its tube a result."""
    keys = find_keys([r.barcode for r in rows])
    tubes = {t["barcode"]: t for t in list_tubes(keys.values())}
    told = msgspec.convert(lists.said_before(lab, keys.values()), list[ListRow], strict=False)
    before = {r.says for r in told}
    repeated, faults = set(), []
    for row in rows:
        tube = tubes.get(row.barcode)
        if tube is not None and tube["lab_id"] == lab.lab_id and row.says in before:
            repeated.add(row.barcode)
        elif (problem := _against(row, tube, lab, zone)) is not None:
            faults.append(Fault(problem, row=row.row, column="tube"))
    return repeated, faults + rules.faults(rows)


RESULT = (Stage.TESTED, Stage.REVIEWED, Stage.RELEASED)


def _against(
    row: ListRow, tube: Mapping[str, Any] | None, lab: LabRow, zone: tzinfo
) -> Problem | None:
    """Where a tube of another laboratory stands is not told."""
    if tube is None or tube["lab_id"] != lab.lab_id or tube["stage"] < Stage.RECEIVED:
        return p.NotReceivedHere()
    stage = Stage(tube["stage"])
    if stage in GONE:
        return p.OutOfUse()
    if stage in RESULT:
        return p.HasResult() if row.outcome is not None else None
    if stage is not Stage.RECEIVED:
        return p.OnAPlate() if row.outcome is not None else None
    received = tube["received_at"]
    tested = datetime.fromisoformat(row.at) if row.at else None
    if tested and received and list_rules.is_before(tested, received, zone):
        return p.BeforeReceipt()
    return None


def made_now(lab: LabRow, rows: list[ListRow], at: datetime) -> Made:
    """What a list would do now: calls, repeats, faults. Raises ListFaults."""
    rules = Rules(at)
    repeated, faults = standing(lab, rows, rules)
    refuse(faults)
    new = [r for r in rows if r.outcome is not None and r.barcode not in repeated]
    keys = find_keys([r.barcode for r in new])
    about = queries.contents(list_tubes(keys.values()), at)
    calls = {
        r.barcode: (
            r,
            list_rules.judge(
                r, rules.of(r.kit), pooled=about[r.barcode].pooled,
                cohorts=about[r.barcode].cohorts,
            ),
        )
        for r in new
    }  # fmt: skip
    still = [o.barcode for o in lists.list_owed(lab) if o.barcode not in calls]
    return Made(rows, calls, sorted(repeated), still, keys)
