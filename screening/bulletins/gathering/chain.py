"""Figures of tubes on their way: sites, boxes, laboratories, quality."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from screening.bulletins.gathering.frame import ALL_CELLS, Frame, Group, minutes, oldest
from screening.bulletins.gathering.people import People
from screening.db import fetch
from screening.figures.forecast import queue
from screening.figures.queries.paces import list_site_paces
from screening.figures.rules import STAGES
from screening.lab.queries import list_labs
from screening.lab.queries.capacity import list_loads
from screening.lab.watch.capacity import LabLoad
from screening.places.rules import EVERYWHERE
from screening.transport.rules import BatchStage
from screening.tube.rules import GONE, Stage, Verb, Void

TAKEN, RELEASED = STAGES["tubes_collected"], STAGES["tubes_released"]
ON_THE_WAY = (Stage.CLOSED, Stage.PACKED)
AT_BENCH = (Stage.RECEIVED, Stage.PLATED)


def taken(g: Group) -> bool:
    """Closed at a site of the area and not void: what `tubes_collected` counts."""
    return g.stage in TAKEN


def released(g: Group) -> bool:
    return g.stage in RELEASED


def sites(p: People) -> list[dict[str, Any]]:
    f = p.frame
    keys = ("sites", "open", "tables", "staff", "per_hour", "unclosed", "unsent")
    rows: list[tuple[str, dict[str, int]]] = [
        (f.part(s.path), {"sites": 1, "tables": s.tables}) for s in f.sites.values()
    ]
    samplers: dict[int, set[int]] = {}
    for site, _community, _void, _record, _n, recent, staff in p.swabs:
        if site in f.sites and recent:
            samplers.setdefault(site, set()).update(s for s in staff or () if s)
    rows += [(f.part_of_site(s), {"open": 1, "staff": len(m)}) for s, m in samplers.items()]
    waits: dict[str, int] = {}
    for site, pace in list_site_paces(f.round_id, f.sight, at=f.at).items():
        if site in f.sites:
            name = f.part_of_site(site)
            rows.append((name, {"per_hour": pace.persons}))
            wait = queue(pace.persons, pace.tables, best=pace.best).minutes
            if wait is not None:
                waits[name] = max(wait, waits.get(name, 0))
    waiting = [g for g in f.groups if g.stage in ON_THE_WAY]
    rows += [(f.part_of_site(g.site_id), {"unsent": g.tubes}) for g in waiting]
    rows += [
        (f.part_of_site(g.site_id), {"unclosed": g.tubes})
        for g in f.groups if g.stage == Stage.OPEN
    ]  # fmt: skip
    long = oldest(waiting, lambda g: f.part_of_site(g.site_id), f.at)
    return [
        r | {"oldest": long.get(r["area"]), "queue": waits.get(r["area"])}
        for r in f.by_part(rows, keys)
    ]


def transport(f: Frame) -> list[dict[str, Any]]:
    keys = ("tubes", "packed", "sealed", "boxes_road", "tubes_road", "received", "differ", "late")
    rows = []
    for g in f.groups:
        numbers = {"tubes": g.tubes if taken(g) else 0}
        numbers["packed"] = g.tubes if taken(g) and g.stage >= Stage.PACKED else 0
        numbers["tubes_road"] = g.tubes if g.stage == Stage.IN_TRANSIT else 0
        numbers["received"] = g.tubes if taken(g) and g.stage >= Stage.RECEIVED else 0
        numbers["late"] = g.late if g.stage in (*ON_THE_WAY, Stage.IN_TRANSIT) else 0
        rows.append((f.part_of_site(g.site_id), numbers))
    for site, stage, n in fetch(
        "SELECT site_id, stage, count(*) FROM batch WHERE cell_id = ANY(%s) AND round_id = %s "
        f"GROUP BY 1, 2 {ALL_CELLS}",
        (f.cells, f.round_id),
    ):
        if f.owns(site):
            numbers = {"sealed": n if stage >= BatchStage.SEALED else 0}
            numbers["boxes_road"] = n if stage == BatchStage.HANDED_OVER else 0
            numbers["differ"] = n if stage == BatchStage.DISCREPANT else 0
            rows.append((f.part_of_site(site), numbers))
    moving = [g for g in f.groups if g.stage in (*ON_THE_WAY, Stage.IN_TRANSIT)]
    long = oldest(moving, lambda g: f.part_of_site(g.site_id), f.at)
    return [r | {"longest": long.get(r["area"])} for r in f.by_part(rows, keys)]


def labs(f: Frame, *, lagging: bool = False) -> list[dict[str, Any]]:
    """The laboratories to which tubes of the area went; capacity, load and times are of the whole
    laboratory, whoever sends to it. `lagging` as in list_loads, for pages."""
    mine = {g.lab_id for g in f.groups if g.lab_id}
    known = [x for x in list_labs([EVERYWHERE]) if x.lab_id in mine]
    loads, again = list_loads(known, f.at, lagging=lagging), _reruns(f)
    out = []
    for lab in known:
        at = [g for g in f.groups if g.lab_id == lab.lab_id]
        load = loads.get(lab.lab_id, LabLoad(lab.lab_id, lab.capacity))
        out.append({
            "lab": lab.name,
            "received": _sum(g for g in at if g.stage >= Stage.RECEIVED and g.stage not in GONE),
            "waiting": _sum(g for g in at if g.stage == Stage.RECEIVED),
            "plated": _sum(g for g in at if g.stage == Stage.PLATED),
            "tested": _sum(g for g in at if Stage.TESTED <= g.stage <= Stage.RELEASED),
            "rerun": again[lab.lab_id],
            "rejected": _sum(g for g in at if g.stage == Stage.REJECTED),
            "capacity": lab.capacity,
            "load": [load.judged_day or 0, lab.capacity] if lab.capacity else None,
            "median": _minutes(load.turnaround.median), "p95": _minutes(load.turnaround.p95),
            "worst": _minutes(load.turnaround.worst),
            "late": sum(g.late for g in at if g.stage in AT_BENCH),
        })  # fmt: skip
    return out


def _sum(groups: Any) -> int:
    return sum(g.tubes for g in groups)


def _minutes(span: timedelta | None) -> int | None:
    return None if span is None else int(span.total_seconds() // 60)


def _reruns(f: Frame) -> Counter[int]:
    """Tubes that are at the bench again after a rerun was asked for, by laboratory."""
    bench = ", ".join(str(int(x)) for x in AT_BENCH)  # written out: an index holds the bench alone
    rows = fetch(
        "SELECT t.lab_id, count(*) FROM tube t CROSS JOIN LATERAL (SELECT FROM custody c "
        "WHERE c.cell_id = t.cell_id AND c.round_id = t.round_id AND c.barcode = t.barcode "
        "AND c.verb = %s LIMIT 1) c WHERE t.cell_id = ANY(%s) AND t.round_id = %s "
        f"AND t.stage IN ({bench}) GROUP BY 1 {ALL_CELLS}",
        (int(Verb.RERUN), f.cells, f.round_id),
    )
    return Counter(dict(rows))


# --- what went wrong ----------------------------------------------------------------------------


def rejected(f: Frame) -> list[dict[str, Any]]:
    if not any(g.stage == Stage.REJECTED for g in f.groups):
        return []
    rows = fetch(
        "SELECT coalesce(r.data ->> 'reason', ''), count(*) FROM tube t CROSS JOIN LATERAL "
        "(SELECT data FROM custody c WHERE c.cell_id = t.cell_id AND c.round_id = t.round_id "
        "AND c.barcode = t.barcode AND c.verb = %s ORDER BY c.at DESC LIMIT 1) r "
        f"WHERE t.cell_id = ANY(%s) AND t.round_id = %s AND t.stage = {int(Stage.REJECTED)} "
        f"AND (%s OR t.site_id = ANY(%s)) GROUP BY 1 ORDER BY 2 DESC, 1 {ALL_CELLS}",
        (int(Verb.REJECT), f.cells, f.round_id, f.owns(None), list(f.sites)),
    )
    return [{"reason": f"reject.{reason}", "n": n} for reason, n in rows]


def tickets(f: Frame) -> dict[str, int]:
    """{kind: how many were opened} of the area's sites."""
    return _tickets(f, "TRUE")


def _tickets(f: Frame, cond: str) -> dict[str, int]:
    rows = fetch(
        f"SELECT kind, count(*) FROM ticket WHERE cell_id = ANY(%s) AND round_id = %s AND {cond} "
        f"AND (%s OR site_id = ANY(%s)) GROUP BY 1 {ALL_CELLS}",
        (f.cells, f.round_id, f.owns(None), list(f.sites)),
    )
    return dict(rows)


def open_tickets(f: Frame) -> dict[str, int]:
    return _tickets(f, "state IN ('open', 'solved')")


def late_tickets(f: Frame) -> tuple[int, int | None]:
    """Tickets past their deadline, and minutes since the earliest one."""
    n, first = fetch(
        "SELECT count(*), min(due_at) FROM ticket WHERE cell_id = ANY(%s) AND round_id = %s "
        "AND state IN ('open', 'solved') AND weight <> 'note' AND due_at < %s "
        f"AND (%s OR site_id = ANY(%s)) {ALL_CELLS}",
        (f.cells, f.round_id, f.at, f.owns(None), list(f.sites)),
    )[0]
    return n, minutes(first, f.at)


def quality(p: People) -> list[dict[str, Any]]:
    f = p.frame
    swabs, corrected = 0, 0
    for site, _community, void, _record, n, *_rest in p.swabs:
        if site in f.sites:
            swabs += n
            corrected += n if void in (Void.UNBOUND, Void.MOVED) else 0
    every = sum(g.tubes for g in f.groups)
    kinds, plates = tickets(f), _plates(f)
    lines = [
        ("q_rebound", corrected, swabs),
        ("q_empty", _sum(g for g in f.groups if g.stage == Stage.VOID_EMPTY), every),
        ("q_box", kinds.get("wrong_box", 0), every),
        ("q_unknown", kinds.get("unknown_tube", 0), every),
        ("q_lost", _sum(g for g in f.groups if g.stage == Stage.LOST), every),
        ("q_plates", plates[1], plates[0]),
    ]
    return [{"measure": m, "n": n, "rate": [n, of]} for m, n, of in lines]


def _plates(f: Frame) -> tuple[int, int]:
    """(judged plates, failed ones) of the laboratories that hold tubes of the area."""
    mine = sorted({g.lab_id for g in f.groups if g.lab_id})
    return fetch(
        "SELECT count(*), count(*) FILTER (WHERE state = 'invalid') FROM run "
        "WHERE cell_id = ANY(%s) AND round_id = %s AND lab_id = ANY(%s) "
        f"AND state IN ('evaluated', 'invalid') {ALL_CELLS}",
        (f.every_cell, f.round_id, mine),
    )[0]


def bands(f: Frame) -> list[dict[str, Any]]:
    """How many tubes of each laboratory gave a signal, and holds that nobody lifted."""
    mine = sorted({g.lab_id for g in f.groups if g.lab_id})
    since = f.policy.started_at or f.policy.starts_at
    seen = {
        r[0]: r[1:]
        for r in fetch(
            "SELECT lab_id, sum(tubes)::int8, sum(signals)::int8 FROM lab_hour "
            "WHERE cell_id = ANY(%s) AND lab_id = ANY(%s) AND hour >= date_trunc('hour', %s) "
            f"AND hour <= %s GROUP BY 1 {ALL_CELLS}",
            (f.every_cell, mine, since, f.at),
        )
    }
    holds = dict(
        fetch(
            "SELECT lab_id, count(*) FROM run_hold WHERE cell_id = ANY(%s) AND lab_id = ANY(%s) "
            f"AND lifted_at IS NULL GROUP BY 1 {ALL_CELLS}",
            (f.every_cell, mine),
        )
    )
    out = []
    for lab in mine:
        tubes, signals = seen.get(lab, (0, 0))
        name = f.labs.get(lab, "")
        out.append({"lab": name, "rate": [signals, tubes], "holds": holds.get(lab, 0)})
    return sorted(out, key=lambda r: r["lab"])
