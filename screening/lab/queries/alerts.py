"""Reading alerts: of one tube, and of all that somebody may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from screening.db import fetch
from screening.errors import NotFound
from screening.lab.queries.duty import Unanswered, calls_of, list_unanswered
from screening.lab.queries.labs import cells_in_use, list_labs
from screening.places import queries as places
from screening.places.rules import STREET, Place
from screening.tube.queries import Key, find_keys, list_tubes
from screening.tube.rules import Verb


class NoSuchAlert(NotFound):
    code = "no_such_alert"
    zh = "没有这条预警。"
    en = "There is no such alert."


class AlertRow(NamedTuple):
    """A signal about one tube; open until `settled_at`."""

    cell_id: int
    alert_id: int
    round_id: int
    barcode: str
    kind: str
    outcome: int | None
    lab_id: int | None
    run_id: int | None
    raised_at: datetime
    raised_by: int | None
    seen_by: int | None
    seen_at: datetime | None
    settled_at: datetime | None
    settled_by: int | None
    settled_how: str | None
    asked_by: int | None
    asked_at: datetime | None
    asked_how: str | None
    asked_desk: bytes | None
    reason: str | None
    early: str | None


_ALERT = ", ".join(AlertRow._fields)


def get_alert(cell: int, alert_id: int, *, lock: bool = False) -> AlertRow:
    rows = fetch(
        f"SELECT {_ALERT} FROM alert WHERE cell_id = %s AND alert_id = %s"
        + (" FOR UPDATE" if lock else ""),
        (cell, alert_id),
    )
    if not rows:
        raise NoSuchAlert()
    return AlertRow(*rows[0])


def alerts_of(
    cell: int, round_id: int, barcodes: Collection[str], *, settled: bool = False
) -> dict[str, list[AlertRow]]:
    """The alerts of tubes of one cell and round; only the open ones unless `settled`."""
    out: dict[str, list[AlertRow]] = defaultdict(list)
    rows = fetch(
        f"SELECT {_ALERT} FROM alert WHERE cell_id = %s AND round_id = %s AND barcode = ANY(%s)"
        + ("" if settled else " AND settled_at IS NULL")
        + " ORDER BY raised_at, alert_id",
        (cell, round_id, list(barcodes)),
    )
    for row in rows:
        out[row[3]].append(AlertRow(*row))
    return out


class Reach(NamedTuple):
    """Whose alerts somebody may see: of these laboratories, of all tubes of these cells, and those
    for which one of these areas was called, since members live there."""

    cells: list[int]
    labs: list[int]
    areas: Sequence[int] = ()

    @property
    def where(self) -> list[int]:
        """The cells in which such alerts may lie."""
        return sorted({*self.cells, *(cells_in_use() if self.labs or self.areas else ())})


def reach(labs: Sequence[Place], areas: Sequence[Place]) -> Reach:
    """From the places of laboratory roles and of watching roles. Who watches over less than a
    street sees none, since a cell is a street's."""
    ids = [x.lab_id for x in list_labs(labs)] if labs else []
    nodes = places.TREE.get().by_id.values()
    everywhere = any(p.kind == "all" for p in areas)
    paths = tuple(p.path for p in areas if p.kind == "area")
    own = [n for n in nodes if everywhere or (paths and n.path.startswith(paths))]
    streets = sorted({n.cell_id for n in own if everywhere or n.level == STREET})
    return Reach(streets, ids, sorted(n.area_id for n in own if n.level < STREET))


# Open: a signal that is not settled, or one that was released while a call still waits.
_REACHED = (
    "a.cell_id = ANY(%(cells)s) AND (a.cell_id = ANY(%(own)s) OR a.lab_id = ANY(%(labs)s) "
    "OR EXISTS (SELECT 1 FROM duty_call c WHERE c.cell_id = a.cell_id "
    "AND c.alert_id = a.alert_id AND c.kind = 'area' AND c.place_id = ANY(%(areas)s)))"
)
_UNANSWERED = (
    "EXISTS (SELECT 1 FROM duty_call u WHERE u.cell_id = a.cell_id AND u.alert_id = a.alert_id "
    "AND u.due_at IS NOT NULL)"
)


def _within(reach: Reach, cells: list[int]) -> dict[str, Any]:
    return {"cells": cells, "own": reach.cells, "labs": reach.labs, "areas": list(reach.areas)}


def reaches(reach: Reach, found: AlertRow) -> bool:
    """Whether this alert is within reach."""
    if found.lab_id in reach.labs or found.cell_id in reach.cells:
        return True
    return any(
        c.kind == "area" and c.place_id in reach.areas
        for c in calls_of(found.cell_id, found.alert_id)
    )


def list_alerts(
    reach: Reach, *, open_only: bool = True, before: int | None = None, limit: int = 100
) -> list[AlertRow]:
    """Alerts within reach, newest first, paged by number (numbers rise in time)."""
    if not (cells := reach.where):
        return []
    rows = fetch(
        "SELECT /* fan-out: alerts lie in the cells of their tubes, open ones are few */ "
        f"{_ALERT} FROM alert a WHERE {_REACHED} "
        + (f"AND (settled_at IS NULL OR {_UNANSWERED}) " if open_only else "")
        + "AND alert_id < %(before)s ORDER BY alert_id DESC LIMIT %(limit)s",
        {**_within(reach, cells), "before": before or 2**62, "limit": limit},
    )
    return [AlertRow(*r) for r in rows]


def count_alerts(reach: Reach) -> tuple[int, int]:
    """Open alerts within reach, and how many of them wait for an answer."""
    if not (cells := reach.where):
        return 0, 0
    rows = fetch(
        "SELECT /* fan-out: open alerts are few and have an index of their own */ count(*), "
        f"count(*) FILTER (WHERE {_UNANSWERED}) FROM alert a WHERE {_REACHED} "
        f"AND (settled_at IS NULL OR {_UNANSWERED})",
        _within(reach, cells),
    )
    return rows[0]


def list_unacknowledged(reach: Reach, *, limit: int = 100) -> list[Unanswered]:
    """Calls that nobody has answered, of alerts within reach: place, level, who was called there,
    how often and since when; the highest level first, then the oldest."""
    if not (cells := reach.where):
        return []
    return list_unanswered(cells, reach.cells, reach.labs, reach.areas, limit)


class Neighbour(NamedTuple):
    """A tube handled just before or after another one."""

    barcode: str
    site_id: int | None
    opened_at: datetime | None
    members: int


def neighbours_of(key: Key, *, each_side: int = 2) -> list[Neighbour]:
    """Tubes opened before and after this one on the same device, or, where nobody opened it, its
    neighbours on the label roll: whoever lies in a tube without a list is found through them."""
    opened = fetch(
        "SELECT device_id, journal_id, seq FROM custody WHERE cell_id = %s AND round_id = %s "
        "AND barcode = %s AND verb = %s ORDER BY at LIMIT 1",
        (key.cell_id, key.round_id, key.barcode, int(Verb.OPEN)),
    )
    names = _on_device(key, opened[0], each_side) if opened else _on_roll(key, each_side)
    found = list_tubes(find_keys(names).values())
    rows = [Neighbour(t["barcode"], t["site_id"], t["opened_at"], t["members"]) for t in found]
    return sorted(rows, key=lambda n: names.index(n.barcode))


def _on_device(key: Key, line: tuple, n: int) -> list[str]:
    device, journal, seq = line
    out: list[str] = []
    for sign, order in (("<", "DESC"), (">", "ASC")):
        rows = fetch(
            "SELECT barcode FROM custody WHERE cell_id = %s AND round_id = %s AND device_id = %s "
            f"AND journal_id = %s AND verb = %s AND seq {sign} %s ORDER BY seq {order} LIMIT %s",
            (key.cell_id, key.round_id, device, journal, int(Verb.OPEN), seq, n),
        )
        out += [r[0] for r in rows] if sign == ">" else [r[0] for r in reversed(rows)]
    return out


def _on_roll(key: Key, n: int) -> list[str]:
    out: list[str] = []
    for sign, order in (("<", "DESC"), (">", "ASC")):
        rows = fetch(
            "SELECT barcode FROM tube_key WHERE run_id = (SELECT run_id FROM tube_key "
            f"WHERE barcode = %s) AND barcode {sign} %s AND round_id IS NOT NULL "
            f"ORDER BY barcode {order} LIMIT %s",
            (key.barcode, key.barcode, n),
        )
        out += [r[0] for r in rows] if sign == ">" else [r[0] for r in reversed(rows)]
    return out


def site_names(ids: Collection[int | None]) -> dict[int, str]:
    """Names of sites by id."""
    wanted = sorted({i for i in ids if i is not None})
    return dict(fetch("SELECT site_id, name FROM site WHERE site_id = ANY(%s)", (wanted,)))
