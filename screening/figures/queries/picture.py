"""Everything the command page of an area shows, as plain JSON: neutral, without names or phones."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from screening.accounts.rules import Limit
from screening.coverage.rules import NUMBERS
from screening.figures.forecast import RELEASE_SLOTS, Forecast, forecast, pace, slot_of
from screening.figures.queries.desks import (
    SHOWN,
    LabLine,
    SiteLine,
    list_lab_lines,
    list_site_lines,
)
from screening.figures.queries.devices import oldest_silence
from screening.figures.queries.figures import sheet_of
from screening.figures.queries.groups import group_figures
from screening.figures.queries.paces import clocks_of, list_home_slots, list_slots
from screening.figures.queries.ranking import Ranked, list_ranked
from screening.figures.queries.scene import Scene
from screening.figures.queries.stragglers import Straggler, list_stragglers
from screening.figures.rules import to_plain
from screening.figures.standing import HELD, stand
from screening.places.rules import COMMUNITY

CURVE = Limit(144, "house; ten-minute slots of one day")
ALERTS = Limit(5, "house; at the head of a page; all of them stand one click away")


def picture_of(scene: Scene) -> dict[str, Any]:
    """The page's numbers and lines, counted now. Times are ISO texts, people are staff ids."""
    sheet = sheet_of(scene)
    sites = list_site_lines(scene)
    slots = list_slots(scene.round_id, scene.sight)
    taken = {s.slot: s.persons for s in slots}
    if scene.node.level >= COMMUNITY:
        taken = list_home_slots(scene.round_id, scene.cells, scene.communities)
    since, now = scene.policy.started_at, slot_of(scene.at)
    released = {s.slot: s.resulted for s in slots}
    return {
        "figures": to_plain(sheet),
        "stopped": scene.policy.stopped_at is not None,
        "forecasts": {
            "collect": _foretold(forecast(sheet["missed"], pace(taken, scene.at, since=since), scene.at)),
            "report": _foretold(
                forecast(sheet["reached"] - sheet["resulted"],
                         pace(released, scene.at, since=since, over=RELEASE_SLOTS), scene.at)
            ),
        },
        "slots": [
            [s, taken.get(s, 0), released.get(s, 0)]
            for s in range(max(now - CURVE.value, min([*taken, *released, now])), now + 1)
        ],
        "clocks": {k: list(c) for k, c in clocks_of(scene.round_id, scene.sight).items()},
        "held": {k: _standing(stand(scene.stages, stages)) for k, stages in HELD.items()},
        "children": [_child(r) for r in list_ranked(scene)],
        "stragglers": {k: [_straggler(s) for s in found]
                       for k, found in list_stragglers(scene).items()},
        "sites": [_site(s) for s in sites[: SHOWN.value]],
        "sites_all": len(sites),
        "sites_open": sum(1 for s in sites if s.tables),
        "tables_open": sum(s.tables for s in sites),
        "hour": sum(s.hour for s in sites),
        "labs": [_lab(x) for x in list_lab_lines(scene)],
        "positives": _positives(scene),
        "callbacks": scene.callbacks._asdict(),
        "alerts": [
            {"cell": a.cell_id, "id": a.alert_id, "tube": a.barcode, "kind": a.kind,
             "site": a.site_id, "lab": a.lab_id, "raised_at": a.raised_at.isoformat(),
             "members": a.members}
            for a in scene.alerts if a.seen_at is None
        ][: ALERTS.value],
        "parts": {k: p.open for k, p in scene.picture.balance().parts.items() if p.open},
        "heard": _heard(scene),
        "groups": _groups(scene),
    }  # fmt: skip


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _foretold(f: Forecast) -> dict[str, Any]:
    return {
        "state": f.state, "left": f.left, "hour": round(f.pace.hour), "low": round(f.pace.low),
        "high": round(f.pace.high), "expected": _iso(f.expected), "earliest": _iso(f.earliest),
        "latest": _iso(f.latest),
    }  # fmt: skip


def _standing(s: Any) -> dict[str, Any]:
    return {"tubes": s.tubes, "persons": s.persons, "late": s.late, "oldest": _iso(s.oldest)}


def _child(r: Ranked) -> dict[str, Any]:
    return {
        "area": r.node.area_id, "name": r.node.name, "level": r.node.level,
        **{n: getattr(r.row, n) for n in NUMBERS},
        "staff": r.responsible,
        "last": [r.last.kind, r.last.outcome, r.last.by, r.last.at.isoformat()] if r.last else None,
    }  # fmt: skip


def _straggler(s: Straggler) -> dict[str, Any]:
    last = [s.last[0], s.last[1].isoformat(), s.last[2]] if s.last else None
    return {
        "ref": s.ref, "wire": s.wire, "site": s.site_id, "lab": s.lab_id, "holder": s.holder_id,
        "stage": s.stage, "since": s.since.isoformat(), "due_at": _iso(s.due_at), "n": s.n,
        "last": last,
    }  # fmt: skip


def _site(s: SiteLine) -> dict[str, Any]:
    return {
        "site": s.site.site_id, "name": s.site.name, "staff": s.site.responsible_id,
        "phone": s.site.phone, "tables": s.tables, "all_tables": s.site.tables, "hour": s.hour,
        "queue": s.queue.minutes, "grows": s.queue.grows, "open": _standing(s.open_tubes),
        "waiting": _standing(s.waiting), "devices": s.devices, "heard": s.heard,
    }  # fmt: skip


def _lab(x: LabLine) -> dict[str, Any]:
    t = x.load.turnaround

    def minutes(span: Any) -> int | None:
        return None if span is None else int(span.total_seconds() // 60)

    return {
        "lab": x.lab.lab_id, "name": x.lab.name, "capacity": x.lab.capacity,
        "rate": x.rate, "waiting": x.load.waiting, "plated": x.load.plated,
        "signing": x.load.signing, "overdue": x.load.overdue, "boxes": x.boxes,
        "coming": x.coming, "hour": round(x.load.rate), "measured": x.load.measured,
        "empty": _iso(x.empty.empty_at), "jams": x.empty.jams, "mine": _standing(x.mine),
        "median": minutes(t.median), "p95": minutes(t.p95), "worst": minutes(t.worst),
        "oldest": _iso(x.load.oldest),
    }  # fmt: skip


def _positives(scene: Scene) -> list[dict[str, Any]]:
    """Positive tubes by reported channel and by how many share a tube."""
    groups: dict[tuple[str, int], list[int]] = {}
    for t in scene.positives:
        found = groups.setdefault((t.channel or "community", t.pool_size), [0, 0])
        found[0] += 1
        found[1] += t.members
    return [
        {"channel": channel, "size": size, "tubes": n, "persons": persons}
        for (channel, size), (n, persons) in sorted(groups.items(), key=lambda g: (-g[1][0], g[0]))
    ]


def _groups(scene: Scene) -> dict[str, Any]:
    """Key groups of the day, where somebody of them is due; a community at the least."""
    if scene.node.level > COMMUNITY:
        return {}
    found = group_figures(scene.area_id, scene.at)
    return {k: f.value for k, f in found.items()} if found["group_due"].value else {}


def _heard(scene: Scene) -> dict[str, Any]:
    oldest = oldest_silence(scene.devices)
    return {
        "devices": len(scene.devices),
        "heard": sum(1 for d in scene.devices if d.heard),
        "oldest": None if oldest is None else {
            "name": oldest.name, "site": oldest.site_id, "heard_at": _iso(oldest.heard_at),
        },
    }  # fmt: skip
