"""Labels of other makers: patterns of their numbers, and stock registered by range or list."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from screening.accounts.audit import note
from screening.accounts.rules import Limit
from screening.db import fetch, insert, new_id, run
from screening.errors import Fault, Faults, Problem
from screening.registry.scans import CodeProblem, normalise_scan
from screening.tube.codes import Kind, Pattern, UnknownCode, check_pattern, read_code
from screening.tube.label_queries import PatternRow, Run, get_run
from screening.tube.labels import PATTERNS
from screening.tube.service.label_runs import KINDS, MOST, BadCount, write_keys, write_run

MOST_LOOKED_AT = Limit(1_000_000, "house; numbers tried in a foreign range with check digits")


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
    """Raises NoSuchPattern."""
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
    run_id = write_run(pattern.kind.word, 0, len(codes), pattern_id, site_id, by, at, False)
    if pattern.kind is Kind.TUBE:
        write_keys(codes, run_id)
    note("stock_registered", "label_run", run_id, detail={"count": len(codes)})
    return get_run(run_id)
