"""Reading alerts: of one tube, and of all that somebody may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from screening.db import fetch
from screening.errors import NotFound
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
    """Whose alerts somebody may see: of these laboratories, or of all tubes of these cells."""

    cells: list[int]
    labs: list[int]


def reach(labs: Sequence[Place], areas: Sequence[Place]) -> Reach:
    """From the places of laboratory roles and of watching roles; who watches over less than a
    street sees none, since a cell is a street's."""
    ids = [x.lab_id for x in list_labs(labs)] if labs else []
    nodes = places.TREE.get().by_id.values()
    if any(p.kind == "all" for p in areas):
        return Reach(sorted({n.cell_id for n in nodes}), ids)
    paths = tuple(p.path for p in areas if p.kind == "area")
    streets = {n.cell_id for n in nodes if n.level == STREET and n.path.startswith(paths)}
    return Reach(sorted(streets) if paths else [], ids)


def list_alerts(
    reach: Reach, *, open_only: bool = True, before: int | None = None, limit: int = 100
) -> list[AlertRow]:
    """Alerts within reach, newest first, paged by number (numbers rise in time)."""
    cells = sorted({*reach.cells, *(cells_in_use() if reach.labs else ())})
    if not cells:
        return []
    rows = fetch(
        f"SELECT /* fan-out: alerts lie in the cells of their tubes, open ones are few */ {_ALERT} "
        "FROM alert WHERE cell_id = ANY(%s) AND (cell_id = ANY(%s) OR lab_id = ANY(%s)) "
        + ("AND settled_at IS NULL " if open_only else "")
        + "AND alert_id < %s ORDER BY alert_id DESC LIMIT %s",
        (cells, reach.cells, reach.labs, before or 2**62, limit),
    )
    return [AlertRow(*r) for r in rows]


def count_alerts(reach: Reach) -> tuple[int, int]:
    """Open alerts within reach, and how many of them nobody has acknowledged."""
    cells = sorted({*reach.cells, *(cells_in_use() if reach.labs else ())})
    if not cells:
        return 0, 0
    rows = fetch(
        "SELECT /* fan-out: open alerts are few and have an index of their own */ count(*), "
        "count(*) FILTER (WHERE seen_at IS NULL) FROM alert WHERE cell_id = ANY(%s) "
        "AND (cell_id = ANY(%s) OR lab_id = ANY(%s)) AND settled_at IS NULL",
        (cells, reach.cells, reach.labs),
    )
    return rows[0]


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
