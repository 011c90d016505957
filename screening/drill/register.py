"""Brings a plan's made residents into the register: through the import, as an office would."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from screening.accounts.roles import Actor
from screening.db import db
from screening.drill.city import AreaRow
from screening.drill.day_plan import DayPlan
from screening.drill.population import PersonRow, make_people
from screening.drill.register_files import HEADER, cells
from screening.drill.scenery import at_hour
from screening.errors import Problem
from screening.places import queries as places
from screening.registry.readers.columns import find_columns
from screening.registry.readers.register import Entry, RegisterReader
from screening.registry.service import exemptions, imports
from screening.registry.service.loading import identity
from screening.registry.service.persons import person_id_of, ring

Found = dict[str, tuple[int, int]]  # ref → (cell, person_id)
Tick = Callable[[int], None]  # told how many persons more are in


class NotLoaded(Problem):
    status = 500
    code = "drill_register_not_loaded"
    zh = "演练底册未能全部导入：{faults} 处有误。"
    en = "The drill's register did not go in whole: {faults} faults."


def people_of(plan: DayPlan) -> list[PersonRow]:
    """The residents of the plan's communities; the same for the same plan."""
    homes = [AreaRow(c.code12, c.name, "community", c.street) for c in plan.communities]
    return list(make_people(homes, plan.per_community, plan.seed, day=plan.day))


def load_people(rows: Sequence[PersonRow], *, by: Actor, at: datetime, tick: Tick) -> Found:
    """Import the rows, one file a community, and tell who became whom. Commits file by file.

    Raises NotLoaded."""
    files: dict[str, list[PersonRow]] = defaultdict(list)
    for row in rows:
        files[row.community].append(row)
    found: Found = {}
    for group in files.values():
        _bring(group, by, at)
        found |= _ids(group, at)
        tick(len(group))
    return found


def _bring(group: Sequence[PersonRow], by: Actor, at: datetime) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    writer.writerows(cells(person) for person in group)
    made = imports.upload(text.getvalue().encode(), None, by=by, at=at, queued=False)
    db.session.commit()
    imports.check(made, at=at)
    imports.start(made, queued=False)
    db.session.commit()
    imports.load(made, at=at)
    done = imports.get_import(made)
    if done.state != imports.DONE or done.faults:
        raise NotLoaded(faults=done.faults)


def _ids(group: Iterable[PersonRow], at: datetime) -> Found:
    """Read the rows as the import does: the same row is the same person."""
    tree, keys = places.TREE.get().by_code, ring()
    reader = RegisterReader(find_columns(HEADER), len(HEADER), tree, "/", at.date())
    found: Found = {}
    for number, person in enumerate(group, start=2):
        entry = reader.read(number, cells(person))
        assert isinstance(entry, Entry)
        found[person.ref] = (entry.home.cell_id, person_id_of(identity(keys, entry)))
    return found


def exempt_people(
    rows: Iterable[PersonRow], found: Mapping[str, tuple[int, int]], *, by: Actor, at: datetime
) -> int:
    """Grant what the rows say; those under quarantine also join that cohort. How many."""
    groups: dict[tuple[str, datetime], list[tuple[int, int]]] = defaultdict(list)
    for row in rows:
        if row.exempt_code and row.exempt_until:
            until = at_hour(row.exempt_until, 0)
            if until > at:
                groups[row.exempt_code, until].append(found[row.ref])
    for (code, until), persons in sorted(groups.items()):
        exemptions.exempt(persons, code, until=until, by=by.staff_id, at=at)
        if code == "quarantined":
            exemptions.put_in_cohort(persons, code, since=at, until=until)
    return sum(map(len, groups.values()))
