"""Obeying a desk: the command is checked, kept, and becomes lines of its tubes."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from screening.crypto import hash_id
from screening.db import insert, new_id
from screening.tube import rules
from screening.tube.queries import Key, NoSuchTube, find_keys, lock_rows
from screening.tube.rules import Line, Verb
from screening.tube.service.merged import Facts, MergedSet
from screening.tube.service.merging import merge


def record_command(
    kind: str,
    body: Mapping[str, Any],
    *,
    cell: int,
    round_id: int,
    by: int | None,
    at: datetime,
    recorded_at: datetime,
) -> int:
    """Append what a desk decided; returns its id. `body` is plain JSON without personal values."""
    command_id = new_id()
    text = msgspec.json.encode(body, order="sorted")
    digest = hashlib.sha256(f"{command_id}\n{kind}\n{round_id}\n{by}\n".encode() + text).digest()
    insert(
        "command",
        ("cell_id", "command_id", "kind", "round_id", "at", "recorded_at", "staff_id", "body",
         "digest"),
        [(cell, command_id, kind, round_id, at, recorded_at, by, Jsonb(dict(body)), digest)],
    )  # fmt: skip
    return command_id


def command_line(command_id: int, barcode: str, verb: Verb, *, at: datetime, **more: Any) -> Line:
    """A custody line that a command makes; its id derives from the command and the tube."""
    stage = rules.STAGE_OF.get(verb, 0)
    return Line(
        hash_id(command_id, barcode, int(verb)), int(verb), int(stage), at, 0, command_id, 0, **more
    )


def advance(
    verb: Verb,
    tubes: Mapping[str, Mapping[str, Any]],
    *,
    kind: str,
    cell: int,
    round_id: int,
    by: int | None,
    at: datetime,
    recorded_at: datetime,
    body: Mapping[str, Any] | None = None,
) -> tuple[int, MergedSet]:
    """Obey one command for a set of tubes: check each move, record the command, merge its lines.

    `tubes` maps barcode to the line's own fields (n, data, answers, lab_id, batch_id, …), which
    are stored in the command's body too, so that a recount can repeat it. `cell` and `round_id`
    are the desk's. Raises NoSuchTube, WrongStage for the first tube that may not move."""
    keys = find_keys(tubes)
    missing = sorted(set(tubes) - set(keys))
    if missing and verb not in (Verb.RECEIVE, Verb.PLATE):
        raise NoSuchTube(barcode=missing[0])
    for (c, r), barcodes in _grouped(keys).items():
        for row in lock_rows(c, r, barcodes):
            rules.check_move(row.barcode, row.stage, verb)
    full = {
        **(body or {}),
        "verb": int(verb),
        "tubes": {b: {k: _plain(v) for k, v in f.items()} for b, f in tubes.items()},
    }
    command_id = record_command(
        kind, full, cell=cell, round_id=round_id, by=by, at=at, recorded_at=recorded_at
    )
    facts = {
        b: Facts(
            b,
            keys[b].cell_id if b in keys else cell,
            keys[b].round_id if b in keys else round_id,
            [command_line(command_id, b, verb, at=at, staff_id=by, **f)],
        )
        for b, f in tubes.items()
    }
    return command_id, merge(facts, recorded_at=recorded_at)


def _grouped(keys: Mapping[str, Key]) -> dict[tuple[int, int], list[str]]:
    out: dict[tuple[int, int], list[str]] = defaultdict(list)
    for key in keys.values():
        out[key.cell_id, key.round_id].append(key.barcode)
    return dict(sorted(out.items()))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
