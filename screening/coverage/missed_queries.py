"""Reading the missed more closely: why a new swab is needed, filters, rounds in a row, who never
came. What a person's state is stands in the equation alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from screening.coverage import equation
from screening.coverage.equation import FAR, Missed
from screening.coverage.missed_rules import Candidate, NewSwab, Wanted, fits, new_swab
from screening.coverage.queries import list_missed
from screening.coverage.swabs import twins_of
from screening.db import by_cell, fetch
from screening.places.queries import Node
from screening.registry.queries import ROUNDS, RoundPolicy, cohorts_of, get_policy, stores_of
from screening.registry.rules import GENERAL, GONE, Flag
from screening.tube.rules import RESAMPLE, Purpose, Verb

AGAIN = "resample"
_TELLS = (Verb.MARK, Verb.REJECT, Verb.LOSE, Verb.RELEASE, Verb.CORRECT)


class Picked(NamedTuple):
    """One missed person with what the lists show beyond the state."""

    missed: Missed
    again: NewSwab | None
    cohorts: frozenset[str]

    def place(self) -> tuple[int, int, int, int, int]:
        """Those who must be swabbed again come first, then by building, household, person."""
        return (self.missed.state != AGAIN, *self.missed.door())


def pick(
    community: Node,
    round_id: int,
    wanted: Wanted = Wanted(),
    *,
    at: datetime,
    inside: Callable[[Missed], bool] | None = None,
) -> list[Picked]:
    """The missed of one community who fit `wanted`, those who need a new swab first."""
    found = [m for m in list_missed(community, round_id, at=at) if inside is None or inside(m)]
    again = new_swabs(round_id, [m for m in found if m.state == AGAIN], at=at)
    cohorts = _cohorts(found, at) if wanted.cohort else {}
    rounds = in_a_row(community, round_id, wanted.rounds, at=at) if wanted.rounds > 1 else {}
    if wanted == Wanted():  # a whole city's list asks nothing of anybody
        plain = [Picked(m, again.get((m.cell_id, m.person_id)), frozenset()) for m in found]
        return sorted(plain, key=Picked.place)
    out = []
    for m in found:
        pair = (m.cell_id, m.person_id)
        own = cohorts.get(pair, frozenset())
        told = again.get(pair)
        candidate = Candidate(
            m.state,
            m.flags,
            m.birth_year,
            own,
            m.added,
            told and told.due_at,
            rounds.get(pair, 1),
            m.residence,
        )
        if fits(candidate, wanted, at=at):
            out.append(Picked(m, told, own))
    return sorted(out, key=Picked.place)


def _cohorts(found: Collection[Missed], at: datetime) -> dict[tuple[int, int], frozenset[str]]:
    """The cohorts of each; who is in none is general public."""
    out: dict[tuple[int, int], frozenset[str]] = {}
    for cell, group in by_cell(sorted((m.cell_id, m.person_id) for m in found)):
        dated = cohorts_of(cell, [p for _, p in group], at)
        out |= {(cell, p): dated.get(p, frozenset()) for _, p in group}
    for m in found:
        pair = (m.cell_id, m.person_id)
        own = out[pair] | ({m.key_group} if m.key_group else frozenset())
        out[pair] = own or frozenset({GENERAL})
    return out


# --- a new swab -----------------------------------------------------------------------------------


def new_swabs(
    round_id: int, missed: Sequence[Missed], *, at: datetime
) -> dict[tuple[int, int], NewSwab]:
    """{(cell, person): why, since and until when} of those whose swab was lost in some way."""
    minutes = get_policy(round_id).limits[AGAIN]
    void = _void_swabs(round_id, missed)
    tubes: dict[int, set[str]] = defaultdict(set)
    for _pair, tube_cell, barcode, *_ in void:
        tubes[tube_cell].add(barcode)
    told = _told(round_id, tubes)
    out: dict[tuple[int, int], NewSwab] = {}
    for pair, tube_cell, barcode, specimen, code, swabbed_at in void:
        lines = told.get((tube_cell, barcode), [])
        own = [x for x in lines if x[0] != Verb.MARK or x[1] == specimen]
        since = max((x[2] for x in own), default=swabbed_at)
        reason = next((x[3] for x in own if x[0] == Verb.REJECT), None)
        this = new_swab(code, reason, since, minutes)
        if pair not in out or out[pair].since < this.since:
            out[pair] = this
    return out


def _void_swabs(round_id: int, missed: Sequence[Missed]) -> list[tuple]:
    """((cell, person), tube's cell, barcode, specimen, void, at) of each, and of those numbers
    that were found to be the same person."""
    out: list[tuple] = []
    codes = [int(v) for v in RESAMPLE]
    for cell, group in by_cell(sorted((m.cell_id, m.person_id) for m in missed)):
        persons = {p for _, p in group}
        numbers = {(cell, p): p for p in persons}
        numbers |= {twin: p for twin, p in twins_of(cell).items() if p in persons}
        for home, own in by_cell(sorted(numbers)):
            rows = fetch(
                "SELECT person_id, tube_cell, barcode, specimen_id, void, at FROM specimen "
                "WHERE cell_id = %s AND round_id = %s AND person_id = ANY(%s) "
                "AND void = ANY(%s) AND purpose <> %s AND NOT of_record",
                (home, round_id, [p for _, p in own], codes, int(Purpose.RECHECK)),
            )
            out += [((cell, numbers[home, r[0]]), *r[1:]) for r in rows]
    return out


def _told(round_id: int, tubes: dict[int, set[str]]) -> dict[tuple[int, str], list[tuple]]:
    """(verb, answers, at, reason) of the lines that can void a swab, by (cell, barcode)."""
    out: dict[tuple[int, str], list[tuple]] = defaultdict(list)
    for cell, barcodes in sorted(tubes.items()):
        for barcode, *line in fetch(
            "SELECT barcode, verb, answers, at, data->>'reason' FROM custody WHERE cell_id = %s "
            "AND round_id = %s AND barcode = ANY(%s) AND verb = ANY(%s)",
            (cell, round_id, sorted(barcodes), [int(v) for v in _TELLS]),
        ):
            out[cell, barcode].append(tuple(line))
    return out


# --- over several rounds --------------------------------------------------------------------------


def rounds_before(policy: RoundPolicy, community: Node, n: int) -> list[RoundPolicy]:
    """The `n` rounds before this one that concern the community, the latest first."""
    return [p for p in rounds_over(community, drill=policy.drill) if _earlier(p, policy)][:n]


def _earlier(a: RoundPolicy, b: RoundPolicy) -> bool:
    return a.started_at is not None and b.started_at is not None and a.started_at < b.started_at


def rounds_over(community: Node, *, drill: bool = False) -> list[RoundPolicy]:
    """Started rounds that concern an area, the latest first."""
    found = [
        p for p in ROUNDS.get().values()
        if p.round_id and p.started_at and p.drill == drill
        and any(community.path.startswith(x) or x.startswith(community.path)
                for x in p.area_paths)
    ]  # fmt: skip
    return sorted(found, key=lambda p: (p.started_at, p.round_id), reverse=True)


def in_a_row(community: Node, round_id: int, n: int, *, at: datetime) -> dict[tuple[int, int], int]:
    """{(cell, person): rounds missed in a row up to this one}, looked for in `n` rounds at most.

    Who was registered only after a round had begun did not miss it."""
    counts: dict[tuple[int, int], int] = {}
    for back, policy in enumerate(rounds_before(get_policy(round_id), community, n - 1), 1):
        for m in list_missed(community, policy.round_id, at=at):
            pair = (m.cell_id, m.person_id)
            if not m.added and counts.get(pair, 1) == back:
                counts[pair] = back + 1
    return counts


class Never(NamedTuple):
    """Somebody of the register whom no round ever reached. `rounds`: how many began after the
    person was registered; `exempt`: excused now."""

    cell_id: int
    person_id: int
    household_id: int | None
    building_id: int | None
    grid_id: int | None
    flags: int
    cohorts: frozenset[str]
    rounds: int
    exempt: bool

    def door(self) -> tuple[int, int, int, int]:
        return (self.building_id or FAR, self.household_id or FAR, self.cell_id, self.person_id)


def list_never(
    community: Node, *, cohort: str = "", drill: bool = False, at: datetime
) -> list[Never]:
    """The easily missed: in the register (or in one list of it) for at least one round and never
    swabbed in any, by building and household."""
    rounds = rounds_over(community, drill=drill)
    found = [
        n
        for cell, _ in stores_of([community])
        for n in _never(cell, community, rounds, at)
        if not cohort or cohort in n.cohorts
    ]
    return sorted(found, key=Never.door)


def _never(cell: int, community: Node, rounds: Sequence[RoundPolicy], at: datetime) -> list[Never]:
    people = fetch(
        "SELECT person_id, household_id, building_id, grid_id, flags, key_group, created_at "
        "FROM person "
        "WHERE cell_id = %s AND community_id = %s AND left_at IS NULL AND flags & %s = 0",
        (cell, community.area_id, int(GONE | Flag.PROVISIONAL)),
    )
    met = _met(cell, [p[0] for p in people], [r.round_id for r in rounds])
    left = [p for p in people if p[0] not in met]
    ids = [p[0] for p in left]
    dated, excused = cohorts_of(cell, ids, at), _excused(cell, ids, at)
    out = []
    for person, household, building, grid, flags, key_group, created_at in left:
        own = dated.get(person, frozenset()) | ({key_group} if key_group else frozenset())
        own = own or frozenset({GENERAL})
        begun = sum(
            r.started_at is not None and created_at <= r.started_at
            and r.covers(community.path, own)
            for r in rounds
        )  # fmt: skip
        if begun:
            excuse = person in excused
            out.append(Never(cell, person, household, building, grid, flags, own, begun, excuse))
    return out


def _met(cell: int, persons: Sequence[int], rounds: Sequence[int]) -> set[int]:
    """Those of one cell who were swabbed in any of the rounds, under whatever number."""
    wanted = set(persons)
    numbers = {(cell, p): p for p in persons}
    numbers |= {twin: p for twin, p in twins_of(cell).items() if p in wanted}
    out: set[int] = set()
    for home, own in by_cell(sorted(numbers)):
        for round_id in rounds:
            rows = fetch(
                "SELECT person_id FROM specimen WHERE cell_id = %s AND round_id = %s "
                "AND person_id = ANY(%s) AND of_record",
                (home, round_id, [p for _, p in own]),
            )
            out |= {numbers[home, r[0]] for r in rows}
    return out


def _excused(cell: int, persons: Sequence[int], at: datetime) -> set[int]:
    rows = fetch(
        "SELECT person_id FROM exemption WHERE cell_id = %s AND person_id = ANY(%s) "
        "AND ended_at IS NULL AND made_at <= %s AND (until IS NULL OR until > %s)",
        (cell, list(persons), at, at),
    )
    return {r[0] for r in rows}


assert AGAIN in equation.MISSED
