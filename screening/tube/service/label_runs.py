"""Label runs: numbers given out once, printed, returned, voided, missing, found again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from screening.accounts.audit import note
from screening.accounts.rules import Limit
from screening.db import fetch, insert, new_id, run
from screening.errors import Problem
from screening.registry.scans import normalise_scan
from screening.tube.codes import Kind, make_codes
from screening.tube.label_queries import MISSING, MOVES, RETURNED, Run, get_run

LABEL_LOCK = 720_261_124  # advisory lock: serials of one kind are given out once
MOST = Limit(
    100_000, "house; 2,223 sheets of 45: more is several runs, so that a reel can be voided"
)
KINDS = {k.word: k for k in Kind}
PRINTED = ("tube", "box", "seal")


class BadCount(Problem):
    status = 422
    code = "bad_count"
    zh = "数量要在 1 到 {most} 之间。"
    en = "The count must lie between 1 and {most}."


class NumbersUsedUp(Problem):
    status = 409
    code = "numbers_used_up"
    zh = "这一类码的号段已经用完。"
    en = "The numbers of this kind are used up."


class NotOfRun(Problem):
    status = 422
    code = "not_of_run"
    zh = "号码 {barcode} 不在这个批次里。"
    en = "Number {barcode} does not belong to this run."


class NothingMoved(Problem):
    status = 409
    code = "nothing_moved"
    zh = "这一段里没有可以登记的空白标签。"
    en = "There is no blank label in this range."


def make_run(
    kind: str,
    count: int,
    site_id: int | None,
    *,
    by: int,
    at: datetime,
    practice: bool = False,
) -> Run:
    """Give out the next `count` serials of a kind (tube, box, seal) and write their directory.

    Raises BadCount, NumbersUsedUp. Ten thousand numbers are one statement."""
    if not 1 <= count <= MOST.value:
        raise BadCount(most=MOST.value)
    fetch("SELECT pg_advisory_xact_lock(%s, %s)::text", (LABEL_LOCK, int(KINDS[kind])))
    (first,) = fetch(
        "SELECT coalesce(max(first + count), 1) FROM label_run WHERE kind = %s AND practice = %s "
        "AND pattern_id IS NULL",
        (kind, practice),
    )[0]
    try:
        codes = make_codes(KINDS[kind], range(first, first + count), practice=practice)
    except ValueError:
        raise NumbersUsedUp() from None
    run_id = write_run(kind, first, count, None, site_id, by, at, practice)
    if kind == "tube":
        write_keys(codes, run_id)
    note("label_run_made", "label_run", run_id, detail={"kind": kind, "count": count})
    return get_run(run_id)


def write_run(
    kind: str, first: int, count: int, pattern_id: int | None, site_id: int | None, by: int,
    at: datetime, practice: bool,
) -> int:  # fmt: skip
    """One row of the directory of runs. Returns its id."""
    run_id = new_id()
    columns = (
        "run_id", "kind", "first", "count", "pattern_id", "site_id", "made_by", "made_at",
        "practice",
    )  # fmt: skip
    insert(
        "label_run",
        columns,
        [(run_id, kind, first, count, pattern_id, site_id, by, at, practice)],
    )
    return run_id


def write_keys(codes: Sequence[str], run_id: int) -> None:
    """Numbers that a first scan had claimed as foreign join the run that now explains them."""
    run(
        "INSERT INTO tube_key (barcode, run_id, state) SELECT c, %s, 0 FROM unnest(%s::text[]) c "
        "ON CONFLICT (barcode) DO UPDATE SET run_id = EXCLUDED.run_id "
        "WHERE tube_key.run_id IS NULL",
        (run_id, list(codes)),
    )


def numbers_of(found: Run) -> list[str]:
    """Every number of an own run, in order; foreign stock is asked of the directory."""
    serials = range(found.first, found.first + found.count)
    return make_codes(KINDS[found.kind], serials, practice=found.practice)


def move(run_id: int, what: str, first: str, last: str, *, by: int, at: datetime) -> int:
    """The blank labels from `first` to `last` are returned, void or missing; or `found` again.

    Used ones in between stay as they are. Returns how many moved. Raises NotOfRun, NothingMoved."""
    low, high = sorted((normalise_scan(first), normalise_scan(last)))
    known = {
        r[0]
        for r in fetch(
            "SELECT barcode FROM tube_key WHERE run_id = %s AND barcode = ANY(%s)",
            (run_id, [low, high]),
        )
    }
    for barcode in (low, high):
        if barcode not in known:
            raise NotOfRun(barcode=barcode)
    from_states = [RETURNED, MISSING] if what == "found" else [0, *_others(what)]
    count = run(
        "UPDATE tube_key SET state = %s WHERE run_id = %s "
        'AND barcode COLLATE "C" BETWEEN %s AND %s '
        "AND length(barcode) = %s AND round_id IS NULL AND state = ANY(%s)",
        (MOVES.get(what, 0), run_id, low, high, len(low), from_states),
    )
    if count == 0:
        raise NothingMoved()
    columns = ("move_id", "run_id", "what", "first", "last", "count", "made_by", "made_at")
    insert("label_move", columns, [(new_id(), run_id, what, low, high, count, by, at)])
    note(f"labels_{what}", "label_run", run_id, detail={"count": count})
    return count


def _others(what: str) -> list[int]:
    """A missing label may still be returned or voided; a void one stays void."""
    return [s for s in (RETURNED, MISSING) if s != MOVES[what]]
