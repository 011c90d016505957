"""Where a tube lives: claimed by the first fact that names it, moved home by its capture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from psycopg.types.json import Jsonb

from screening.db import fetch, insert, run
from screening.tube.queries import Key, find_keys
from screening.tube.rules import Bind, Line, Verb
from screening.tube.service.merged import Facts
from screening.tube.service.writing import CUSTODY


def claim(facts: Mapping[str, Facts]) -> tuple[dict[str, Key], set[str]]:
    """Where each tube lives, and which of them nobody had named before this batch."""
    # a tube whose opening is not in the batch has mostly been named by its first scan
    older = [b for b, f in facts.items() if not any(ln.verb == Verb.OPEN for ln in f.lines)]
    keys = find_keys(older) if older else {}
    fresh = _claim_free([f for b, f in facts.items() if b not in keys], keys)
    rest = [b for b in facts if b not in keys]
    if rest:
        keys |= find_keys(rest)
        foreign = sorted(b for b in rest if b not in keys)
        if foreign:
            fresh |= _claim_foreign(facts, foreign, keys)
    return keys, fresh


def _claim_free(wanted: Sequence[Facts], keys: dict[str, Key]) -> set[str]:
    """Numbers of our own runs that nobody has named yet."""
    groups: dict[tuple[int, int], list[str]] = defaultdict(list)
    for f in wanted:
        groups[f.cell_id, f.round_id].append(f.barcode)
    claimed = set()
    for (cell, round_id), barcodes in sorted(groups.items()):
        barcodes.sort()
        for (barcode,) in fetch(
            "UPDATE tube_key SET cell_id = %s, round_id = %s "
            "WHERE barcode = ANY(%s) AND round_id IS NULL RETURNING barcode",
            (cell, round_id, barcodes),
        ):
            keys[barcode] = Key(barcode, cell, round_id)
            claimed.add(barcode)
    return claimed


def _claim_foreign(
    facts: Mapping[str, Facts], barcodes: Sequence[str], keys: dict[str, Key]
) -> set[str]:
    """Numbers outside any run are claimed too, as foreign ones (run_id null)."""
    rows = insert(
        "tube_key",
        ("barcode", "cell_id", "round_id", "state"),
        [(b, facts[b].cell_id, facts[b].round_id, 0) for b in barcodes],
        "ON CONFLICT (barcode) DO NOTHING RETURNING barcode, cell_id, round_id",
        returning=True,
    )
    keys |= {r[0]: Key(*r) for r in rows}
    lost = [b for b in barcodes if b not in keys]
    if lost:  # somebody else claimed it while we waited
        keys |= find_keys(lost)
    return {r[0] for r in rows}


def go_home(
    facts: Mapping[str, Facts],
    keys: dict[str, Key],
    lines: Mapping[str, list[Line]],
    binds: Mapping[str, list[Bind]],
) -> dict[str, Key]:
    """A tube that packers or a laboratory named before its capture came moves to where it was
    opened. Once it stands on a plate, or under an alert, it stays: wells and alerts name its place."""
    moved = {}
    for barcode, fact in facts.items():
        old = keys[barcode]
        home = Key(barcode, fact.cell_id, fact.round_id)
        stored = lines.get(barcode)
        if not stored or home == old or binds.get(barcode):
            continue
        opened = any(ln.verb == Verb.OPEN for ln in fact.lines)
        if not opened or any(
            ln.verb == Verb.OPEN or (ln.verb >= Verb.PLATE and ln.verb < Verb.LOSE) for ln in stored
        ):
            continue
        if _alerted(old):
            continue
        _move(old, home)
        keys[barcode], moved[barcode] = home, old
    return moved


# Alerts stand above this floor: their table is read here as it is.
def _alerted(key: Key) -> bool:
    return bool(
        fetch("SELECT FROM alert WHERE cell_id = %s AND round_id = %s AND barcode = %s LIMIT 1",
              (key.cell_id, key.round_id, key.barcode))
    )  # fmt: skip


def _move(old: Key, home: Key) -> None:
    where = "WHERE cell_id = %s AND round_id = %s AND barcode = %s"
    key = (old.cell_id, old.round_id, old.barcode)
    run(
        "UPDATE tube_key SET cell_id = %s, round_id = %s WHERE barcode = %s",
        (home.cell_id, home.round_id, home.barcode),
    )
    run(f"DELETE FROM tube {where}", key)
    rows = fetch(f"DELETE FROM custody {where} RETURNING {', '.join(CUSTODY[3:])}", key)
    data = CUSTODY.index("data") - 3
    insert(
        "custody",
        CUSTODY,
        [
            (home.cell_id, home.round_id, home.barcode, *r[:data],
             Jsonb(r[data]) if r[data] is not None else None, *r[data + 1 :])
            for r in rows
        ],
    )  # fmt: skip
