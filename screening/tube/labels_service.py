"""Label runs: numbers printed, stock of other makers, returns, and patterns of foreign labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from screening.accounts.audit import note
from screening.accounts.rules import Limit
from screening.db import fetch, insert, new_id, run
from screening.errors import Fault, Faults, Problem
from screening.registry.scans import CodeProblem, normalise_scan
from screening.tube.codes import (
    Kind,
    Pattern,
    UnknownCode,
    check_pattern,
    make_codes,
    read_code,
)
from screening.tube.label_queries import MISSING, MOVES, RETURNED, PatternRow, Run, get_run
from screening.tube.labels import PATTERNS

LABEL_LOCK = 720_261_124  # advisory lock: serials of one kind are given out once
MOST = Limit(
    100_000, "house; 2,223 sheets of 45: more is several runs, so that a reel can be voided"
)
MOST_LOOKED_AT = Limit(1_000_000, "house; numbers tried in a foreign range with check digits")
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


class BadRange(Problem):
    status = 422
    code = "bad_range"
    zh = "首号和末号不成一段：要一样长，只有中间的数字不同，首号不大于末号，且不超过 {most} 个。"
    en = (
        "First and last number make no range: they must be alike but for digits in one place, "
        "first not after last, at most {most} numbers."
    )


class AlreadyRegistered(Problem):
    status = 409
    code = "already_registered"
    zh = "有 {count} 个号码已经登记过，例如 {barcode}。"
    en = "{count} of these numbers are registered already, for example {barcode}."


class NoSuchPattern(Problem):
    status = 404
    code = "no_such_pattern"
    zh = "没有这个标签格式。"
    en = "There is no such label pattern."


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
    run_id = _write_run(kind, first, count, None, site_id, by, at, practice)
    if kind == "tube":
        _write_keys(codes, run_id)
    note("label_run_made", "label_run", run_id, detail={"kind": kind, "count": count})
    return get_run(run_id)


def _write_run(
    kind: str, first: int, count: int, pattern_id: int | None, site_id: int | None, by: int,
    at: datetime, practice: bool,
) -> int:  # fmt: skip
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


def _write_keys(codes: Sequence[str], run_id: int) -> None:
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


# --- returns, losses ------------------------------------------------------------------------


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


# --- other makers' labels -------------------------------------------------------------------


def save_pattern(
    name: str, kind: str, regex: str, *, length: int | None, check: str | None, by: int,
    at: datetime,
) -> int:  # fmt: skip
    """A new pattern, or the next version of one; earlier versions stay readable until retired.

    Raises BadPattern."""
    check_pattern(Pattern(name, KINDS[kind], regex, length, check))
    (version,) = fetch(
        "SELECT coalesce(max(version), 0) + 1 FROM code_pattern WHERE name = %s", (name,)
    )[0]
    pattern_id = new_id()
    columns = (
        "pattern_id", "name", "version", "kind", "regex", "length", "check_name", "active",
        "made_by", "made_at",
    )  # fmt: skip
    insert(
        "code_pattern",
        columns,
        [(pattern_id, name, version, kind, regex, length, check or "none", True, by, at)],
    )
    PATTERNS.forget()
    note("pattern_saved", "code_pattern", pattern_id, detail={"version": version})
    return pattern_id


def retire_pattern(pattern_id: int) -> None:
    """New labels of this version are no longer taken. Raises NoSuchPattern."""
    if not run(
        "UPDATE code_pattern SET active = false WHERE pattern_id = %s AND active", (pattern_id,)
    ):
        raise NoSuchPattern()
    PATTERNS.forget()
    note("pattern_retired", "code_pattern", pattern_id)


def get_pattern(pattern_id: int) -> PatternRow:
    rows = fetch(
        "SELECT pattern_id, name, version, kind, regex, length, check_name, active, made_at "
        "FROM code_pattern WHERE pattern_id = %s",
        (pattern_id,),
    )
    if not rows:
        raise NoSuchPattern()
    return PatternRow(*rows[0])


def register_range(
    pattern_id: int, first: str, last: str, site_id: int | None, *, by: int, at: datetime
) -> Run:
    """Foreign stock from a first to a last number: every number between them that the pattern
    takes (check digits thin a range out). Raises BadRange, AlreadyRegistered, CodeProblem."""
    pattern = _pattern(pattern_id)
    codes = [c for c in _between(normalise_scan(first), normalise_scan(last)) if _fits(c, pattern)]
    if not codes:
        raise UnknownCode()
    return _register(pattern_id, pattern, codes, site_id, by, at)


def register_list(
    pattern_id: int, lines: Iterable[str], site_id: int | None, *, by: int, at: datetime
) -> Run:
    """Foreign stock number by number. Raises Faults with the row of every one that does not fit."""
    pattern = _pattern(pattern_id)
    codes: dict[str, int] = {}
    faults = []
    for row, line in enumerate(lines, 1):
        if not (text := normalise_scan(line)):
            continue
        try:
            codes.setdefault(read_code(text, [pattern]).text, row)
        except CodeProblem as p:
            faults.append(Fault(p, row=row))
    if faults:
        raise Faults(faults)
    if not 1 <= len(codes) <= MOST.value:
        raise BadCount(most=MOST.value)
    return _register(pattern_id, pattern, list(codes), site_id, by, at)


def _pattern(pattern_id: int) -> Pattern:
    r = get_pattern(pattern_id)
    return Pattern(r.name, KINDS[r.kind], r.regex, r.length, r.check_name, r.version)


def _fits(code: str, pattern: Pattern) -> bool:
    try:
        return read_code(code, [pattern]).foreign is not None
    except CodeProblem:
        return False


def _between(first: str, last: str) -> Iterable[str]:
    """Every number from `first` to `last`: alike but for one run of digits, which counts up with
    the digits after it."""
    if first == last:
        return [first]
    differ = [i for i, (x, y) in enumerate(zip(first, last, strict=False)) if x != y]
    if len(first) != len(last) or not differ:
        raise BadRange(most=MOST_LOOKED_AT.value)
    start, end = differ[0], differ[-1] + 1
    while end < len(first) and first[end].isdigit():
        end += 1
    a, b = first[start:end], last[start:end]
    if not (a.isdigit() and b.isdigit() and 0 < int(b) - int(a) < MOST_LOOKED_AT.value):
        raise BadRange(most=MOST_LOOKED_AT.value)
    head, tail, width = first[:start], first[end:], end - start
    return (f"{head}{n:0{width}d}{tail}" for n in range(int(a), int(b) + 1))


def _register(
    pattern_id: int, pattern: Pattern, codes: list[str], site_id: int | None, by: int, at: datetime
) -> Run:
    if len(codes) > MOST.value:
        raise BadCount(most=MOST.value)
    known = fetch(
        "SELECT barcode FROM tube_key WHERE barcode = ANY(%s) AND run_id IS NOT NULL "
        "ORDER BY barcode",
        (codes,),
    )
    if known:
        raise AlreadyRegistered(count=len(known), barcode=known[0][0])
    run_id = _write_run(pattern.kind.word, 0, len(codes), pattern_id, site_id, by, at, False)
    if pattern.kind is Kind.TUBE:
        _write_keys(codes, run_id)
    note("stock_registered", "label_run", run_id, detail={"count": len(codes)})
    return get_run(run_id)
