"""Releasing results: per tube, gated, idempotent; callbacks and packages in the same transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from screening.accounts.roles import Actor, Role
from screening.db import by_cell, insert, run
from screening.errors import NotAllowed, Problem
from screening.lab.queries.labs import LabRow
from screening.lab.rules.well_rules import Outcome
from screening.places.queries import place_of_lab
from screening.reporting import gates, refusals, rules
from screening.reporting.queries import Standing
from screening.reporting.service import callbacks, packages
from screening.reporting.service.callbacks import Answer, Called
from screening.reporting.service.desk import act, bench, by_round, refuse, tell_doubts
from screening.reporting.service.packages import Package
from screening.reporting.service.reviews import mark_one_desk
from screening.tube.rules import Verb

_COLUMNS = (
    "cell_id", "round_id", "barcode", "version", "outcome", "run_id", "released_at", "released_by",
    "second_by", "reason", "command_id", "members",
)  # fmt: skip


class Released(NamedTuple):
    """Which tubes went out now, which had gone out before (nothing is done again), which may not
    and why, and how many callbacks run because of it."""

    released: list[str]
    repeated: list[str]
    refused: list[Problem]
    callbacks: int


def release(
    barcodes: Collection[str],
    *,
    lab_id: int,
    by: Actor,
    at: datetime,
    run_id: int | None = None,
    desk: bytes | None = None,
) -> Released:
    """Release the reviewed results of these tubes of one laboratory.

    Each tube stands for itself: one that is held does not keep the others. `desk`: the browser
    that releases; where another person signed at it shortly before, the auditor is told. Raises
    NotAllowed, and Refused (every reason of every tube) when not one could go out."""
    if not by.may((Role.LAB_REVIEWER,), place_of_lab(lab_id)):
        raise NotAllowed()
    lab, found, refused = bench(barcodes, lab_id, run_id)
    ready: list[Standing] = []
    repeated: list[str] = []
    for s in found.values():
        codes = [] if s.version else gates.refusals(s.gate)
        if codes:
            refused += [refusals.problem(code, s) for code in codes]
        elif s.version:
            repeated.append(s.barcode)
        else:
            ready.append(s)
    if not ready and not repeated:
        refuse(refused, "发布", "released")
    tell_doubts([s for s in found.values() if not s.version], at=at)
    called = 0
    for round_id, group in by_round(ready).items():
        called += _release(group, lab, round_id, by.staff_id, at)
    mark_one_desk(ready, "release", by.staff_id, at, desk)
    return Released([s.barcode for s in ready], repeated, refused, called)


def _release(group: Sequence[Standing], lab: LabRow, round_id: int, by: int, at: datetime) -> int:
    lines = {s.barcode: {"data": line_data(_outcome(s), 1)} for s in group}
    body = {"members": {s.barcode: [b.specimen_id for b in s.inside] for s in group}}
    command, _ = act(
        Verb.RELEASE, lines, kind="release", lab=lab, round_id=round_id, by=by, at=at, body=body
    )
    write(
        [
            (s.key.cell_id, round_id, s.barcode, 1, _outcome(s), s.test and s.test.run_id, at, by,
             _second(s, by), None, command, body["members"][s.barcode])
            for s in group
        ]
    )  # fmt: skip
    settle_alerts(group, by, "released", at)
    packages.send(
        [package("release", s, 1, _outcome(s), lab.lab_id, command) for s in group], at=at
    )
    return follow(group, {s.barcode: _outcome(s) for s in group}, at)


def _outcome(s: Standing) -> int:
    assert s.test is not None
    return s.test.outcome


def line_data(outcome: int, version: int) -> dict:
    """What the custody line says; an invalid result asks for a new swab of all members."""
    data = {"outcome": int(outcome), "version": version}
    return data | {"resample": True} if outcome == Outcome.INVALID else data


def _second(s: Standing, by: int) -> int:
    """The other pair of eyes: of the two reviewers the one who does not release."""
    return next((who for _, who in sorted(s.reviews.items()) if who != by), by)


def write(rows: Sequence[tuple]) -> None:
    """Result rows, by cell; a version that is there is not written again."""
    for _, group in by_cell(rows):
        insert("result", _COLUMNS, group, "ON CONFLICT DO NOTHING")


def settle_alerts(
    group: Sequence[Standing], by: int, how: str, at: datetime, *, told: bool = False
) -> None:
    """The signal was answered by a result that two persons stand for. `told`: it was raised just
    now. Whoever was called has to answer all the same."""
    for s in group:
        if s.gate.alerts or told:
            run(
                "UPDATE alert SET settled_at = %s, settled_by = %s, settled_how = %s "
                "WHERE cell_id = %s AND round_id = %s AND barcode = %s AND settled_at IS NULL",
                (at, by, how, s.key.cell_id, s.key.round_id, s.barcode),
            )


def package(
    what: str,
    s: Standing,
    version: int,
    outcome: int,
    lab_id: int,
    command: int,
    reason: str | None = None,
) -> Package:
    """What the authority's package says of a released version."""
    run_id = s.test.run_id if s.test else None
    return Package(what, s.key, version, outcome, lab_id, run_id, command, s.inside, reason)


def follow(group: Sequence[Standing], outcomes: dict[str, int], at: datetime) -> int:
    """What a result means for its members: callbacks answered, and made; how many run."""
    answers = [Answer(s.key, s.inside, outcomes[s.barcode]) for s in group]
    done = callbacks.answer(answers, at=at)
    called = []
    for s in group:
        if outcomes[s.barcode] in rules.CALLS_BACK:
            rest = [b for b in s.inside if (b.home_cell, b.person_id, s.barcode) not in done]
            called.append(Called(s.key, rest, outcomes[s.barcode]))
    return callbacks.call_back([c for c in called if c.binds], at=at)
