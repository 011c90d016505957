"""Merging facts into tubes: the same set of facts gives the same rows, in any order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from screening.registry import queries as registry
from screening.tube import folding
from screening.tube.queries import Key, Row, list_binds, list_lines, lock_rows
from screening.tube.rules import Bind, Line
from screening.tube.service.homes import claim, go_home
from screening.tube.service.merged import Facts, Limits, Merged, MergedSet
from screening.tube.service.writing import write_custody, write_specimens, write_tubes


def merge(
    facts: Mapping[str, Facts], *, recorded_at: datetime, limits: Limits | None = None
) -> MergedSet:
    """Add facts to tubes, whatever came before: the same set of facts gives the same rows.

    Claims blank numbers, keeps every line and swab (a replay writes nothing), folds, and brings
    stage, deadline, voids and of-record flags up to date. Three to eight statements a batch."""
    merged = MergedSet()
    if not facts:
        return merged
    keys, fresh = claim(facts)
    stored, lines, binds = _load(keys, fresh)
    moved = go_home(facts, keys, lines, binds)
    for barcode, fact in facts.items():
        merged[barcode] = _fold_one(
            keys[barcode], fact, stored.get(barcode), lines.get(barcode), binds.get(barcode)
        )
        merged[barcode].moved_from = moved.get(barcode)
    write_custody(merged, recorded_at)
    write_specimens(merged)
    write_tubes(merged.values(), limits or limits_of)
    return merged


def limits_of(round_id: int) -> Mapping[str, int]:
    """Minutes by link of a round; none for facts that belong to no round."""
    policy = registry.find_policy(round_id)
    return policy.limits if policy is not None else {}


def _load(
    keys: Mapping[str, Key], fresh: set[str]
) -> tuple[dict[str, Row], dict[str, list[Line]], dict[str, list[Bind]]]:
    """All that is stored of the tubes that existed before, locked."""
    groups: dict[tuple[int, int], list[str]] = defaultdict(list)
    for barcode, key in keys.items():
        if barcode not in fresh:
            groups[key.cell_id, key.round_id].append(barcode)
    stored: dict[str, Row] = {}
    lines: dict[str, list[Line]] = {}
    binds: dict[str, list[Bind]] = {}
    for (cell, round_id), barcodes in sorted(groups.items()):
        rows = lock_rows(cell, round_id, barcodes)
        stored |= {r.barcode: r for r in rows}
        lines |= list_lines(cell, round_id, barcodes)
        homes = {c for r in rows for c in r.home_cells}
        binds |= list_binds(homes, round_id, barcodes)
    return stored, lines, binds


def _fold_one(
    key: Key,
    fact: Facts,
    before: Row | None,
    lines: list[Line] | None,
    binds: list[Bind] | None,
) -> Merged:
    if lines or binds:
        known_lines = {ln.line_id for ln in lines or ()}
        known = {b.specimen_id: b for b in binds or ()}
        new_lines = [ln for ln in fact.lines if ln.line_id not in known_lines]
        new_binds = [b for b in fact.binds if b.specimen_id not in known]
        all_lines, all_binds = (lines or []) + new_lines, (binds or []) + new_binds
    else:
        known = {}
        new_lines, new_binds = fact.lines, fact.binds
        all_lines, all_binds = fact.lines, fact.binds
    state = folding.fold(all_lines, all_binds, round_id=key.round_id)
    changed = [b for s, b in known.items() if state.voids[s] != b.void]
    return Merged(key, state, before, new_lines, new_binds, changed, all_binds)
