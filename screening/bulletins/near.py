"""Who was near a positive tube: members, tubes before and after, people at the site within half an
hour. Asked for by a named person with a reason, frozen as a 专报."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from screening.accounts.audit import note
from screening.accounts.roles import Actor
from screening.bulletins import rules, service
from screening.bulletins.gathering.frame import Frame
from screening.bulletins.gathering.results import MODES
from screening.bulletins.people import Opened, open_people, who_of
from screening.bulletins.rules import Kind, written
from screening.bulletins.shape import block
from screening.db import fetch
from screening.errors import Conflict, Problem
from screening.lab import queries as lab
from screening.lab.rules.well_rules import Outcome
from screening.places import queries as places
from screening.places.rules import EVERYWHERE, STREET, Place
from screening.registry.queries import get_policy, open_rounds
from screening.reporting import queries as reporting
from screening.reporting import rules as states
from screening.tube.queries import Key, get_key, get_tube, list_binds, list_lines, list_members
from screening.tube.rules import NOT_IN_TUBE, Bind, Mode, Stage, Verb, Void

OUTCOMES = {
    Outcome.NEGATIVE: "negative", Outcome.POSITIVE: "positive",
    Outcome.INCONCLUSIVE: "inconclusive", Outcome.INVALID: "invalid",
}  # fmt: skip
SIGNALS = (Outcome.POSITIVE, Outcome.INCONCLUSIVE)
NEVER_THERE = (Void.UNBOUND, Void.MOVED)  # scanned by mistake


class NoSignal(Conflict):
    code = "no_signal"
    zh = "这支管没有预警，也没有阳性或可疑的结果，不能查看相邻人员。"
    en = "This tube has no alert and no positive or doubtful result; its neighbours stay closed."


class UnknownReason(Problem):
    status = 422
    code = "near_reason"
    zh = "请选择查看的原因。"
    en = "Choose why you open these people."


def place_of_tube(barcode: str) -> Place:
    """The street where the tube was filled; without a known site that of its laboratory."""
    tube = get_tube(get_key(barcode))
    if tube["site_id"]:
        path = places.place_of_site(tube["site_id"]).path
    elif tube["lab_id"]:
        path = places.place_of_lab(tube["lab_id"]).path
    else:
        return EVERYWHERE
    by_id = places.TREE.get().by_id
    line = [by_id[int(i)] for i in path.strip("/").split("/") if int(i) in by_id]
    node = next((n for n in line if n.level == STREET), line[-1])
    return Place("area", node.area_id, node.path)


def check_reason(reason: str) -> str:
    """Raises UnknownReason."""
    if reason not in rules.REASONS:
        raise UnknownReason()
    return reason


def make(barcode: str, reason: str, *, by: Actor, at: datetime) -> int:
    """Freeze the 专报 of a tube with a signal; returns the bulletin's number.

    Raises NoSuchTube, NoSignal, UnknownReason."""
    check_reason(reason)
    key = get_key(barcode)
    tube = get_tube(key)
    alerts = lab.alerts_of(key.cell_id, key.round_id, [barcode], settled=True).get(barcode, [])
    if not alerts and not (tube["version"] and tube["outcome"] in SIGNALS):
        raise NoSignal()
    place = place_of_tube(barcode)
    node = places.TREE.get().by_id.get(place.id) or min(
        places.TREE.get().by_id.values(), key=lambda n: (n.level, n.code)
    )
    frame = Frame(get_policy(key.round_id), node, at)
    members = [b for b in list_members(key, tube["home_cells"]) if b.void not in NOT_IN_TUBE]
    near = _near(key, tube, members)
    opened = open_people([(b.home_cell, b.person_id) for b in (*members, *(n.bind for n in near))])
    site = places.get_site(tube["site_id"]).name if tube["site_id"] else ""
    body = {
        "reason": reason,
        "pool": {
            "tube": barcode, "site": site, "lab": frame.labs.get(tube["lab_id"] or 0, ""),
            "outcome": _outcome(tube, alerts), "members": len(members), "near": len(near),
        },
        "blocks": [
            block("facts", _facts(tube, site, frame, alerts)), block("calls", _calls(key, frame)),
            block("near_tubes", _tubes(key)),
        ],
    }  # fmt: skip
    personal = {
        "blocks": [
            block("members", _members(key, tube, members, opened)),
            block("near", [_met(n, opened) for n in near]),
        ],
        "people": sorted(opened),
    }
    note("near_opened", "tube", barcode, cell=key.cell_id, detail={"reason": reason},
         staff_id=by.staff_id)  # fmt: skip
    return service.keep(Kind.POOL, frame, body, personal, by=by.staff_id, at=at, subject=barcode)


# --- the tube -----------------------------------------------------------------------------------


def _outcome(tube: dict[str, Any], alerts: Sequence[lab.AlertRow]) -> str:
    if tube["version"] and tube["outcome"]:
        return OUTCOMES[Outcome(tube["outcome"])]
    told = next((a.outcome for a in reversed(alerts) if a.outcome), None)
    return OUTCOMES[Outcome(told)] if told else "none"


def _facts(
    tube: dict[str, Any], site: str, frame: Frame, alerts: Sequence[lab.AlertRow]
) -> list[dict[str, Any]]:
    pairs: list[tuple[str, Any]] = [
        ("f_tube", tube["barcode"]), ("f_site", site), ("f_table", tube["table_no"]),
        ("f_opened", {"dt": written(tube["opened_at"])}),
        ("f_closed", {"dt": written(tube["closed_at"])}),
        ("f_received", {"dt": written(tube["received_at"])}),
        ("f_lab", frame.labs.get(tube["lab_id"] or 0, "")),
        ("f_mode", {"word": MODES[Mode(tube["mode"])] if tube["mode"] else "unsaid"}),
        ("f_persons", tube["members"]), ("f_outcome", {"word": _outcome(tube, alerts)}),
        ("f_stage", {"word": f"stage.{Stage(tube['stage']).name.lower()}"}),
        *(("f_alert", {"dt": written(a.raised_at)}) for a in alerts),
    ]  # fmt: skip
    return [{"fact": word, "value": value} for word, value in pairs]


def _calls(key: Key, frame: Frame) -> list[dict[str, Any]]:
    """Every test of the tube: its run, well, call and the Ct of each target."""
    lines = list_lines(key.cell_id, key.round_id, [key.barcode]).get(key.barcode, [])
    runs = {(ln.data or {}).get("run") for ln in lines if ln.verb == Verb.TEST} - {None}
    out = []
    for lab_id, at, well, outcome, cts in fetch(
        "SELECT r.lab_id, r.imported_at, c.well, c.outcome, c.cts FROM call c JOIN run r "
        "ON r.cell_id = c.cell_id AND r.run_id = c.run_id WHERE c.cell_id = ANY(%s) "
        "AND c.run_id = ANY(%s) AND c.barcode = %s ORDER BY r.imported_at, c.well",
        (frame.every_cell, sorted(runs), key.barcode),
    ):
        others = {t: ct for t, ct in cts.items() if not _is_orf(t) and not _is_n(t)}
        out.append({
            "lab": frame.labs.get(lab_id, ""), "at": written(at), "well": well,
            "outcome": OUTCOMES[Outcome(outcome)],
            "orf": next((_ct(ct) for t, ct in cts.items() if _is_orf(t)), None),
            "n": next((_ct(ct) for t, ct in cts.items() if _is_n(t)), None),
            "others": "，".join(f"{t} {_ct(ct)}" for t, ct in sorted(others.items())),
        })  # fmt: skip
    return out


def _is_orf(target: str) -> bool:
    return target.lower().replace(" ", "").startswith("orf")


def _is_n(target: str) -> bool:
    return target.strip().upper() in ("N", "N GENE", "N基因")


def _ct(value: float | None) -> str:
    return "—" if value is None else f"{value:.2f}"


def _tubes(key: Key) -> list[dict[str, Any]]:
    """The tubes before and after on the same device, this one left out."""
    found = lab.neighbours_of(key, each_side=rules.NEAR_TUBES.value)
    names = lab.site_names([n.site_id for n in found])
    rows = fetch(
        "SELECT barcode, outcome FROM tube WHERE cell_id = %s AND round_id = %s "
        "AND barcode = ANY(%s) AND version > 0",
        (key.cell_id, key.round_id, [n.barcode for n in found]),
    )
    outcomes = dict(rows)
    return [
        {"tube": n.barcode, "site": names.get(n.site_id or 0, ""), "at": written(n.opened_at),
         "persons": n.members, "outcome": _said(outcomes.get(n.barcode))}
        for n in found
    ]  # fmt: skip


def _said(outcome: int | None) -> str:
    return OUTCOMES[Outcome(outcome)] if outcome else "none"


# --- the people ---------------------------------------------------------------------------------


class Met(NamedTuple):
    """Somebody who was sampled at the same site about the same time."""

    bind: Bind
    barcode: str
    table: int | None
    outcome: int | None


def window(at: Iterable[datetime]) -> tuple[datetime, datetime] | None:
    """From half an hour before the first to half an hour after the last of these moments."""
    moments = sorted(at)
    if not moments:
        return None
    span = timedelta(minutes=rules.NEAR_MINUTES.value)
    return moments[0] - span, moments[-1] + span


def _near(key: Key, tube: dict[str, Any], members: Sequence[Bind]) -> list[Met]:
    """By way of the site's tubes, which lie in one cell: their swabs are found by number."""
    moments = [b.at for b in members] or [
        t for t in (tube["opened_at"], tube["closed_at"]) if t is not None
    ]
    span = window(moments)
    if span is None or tube["site_id"] is None:
        return []
    rounds = sorted({key.round_id, *(p.round_id for p in open_rounds())})
    rows = fetch(
        "SELECT round_id, barcode, table_no, home_cells, CASE WHEN version > 0 THEN outcome END "
        "FROM tube WHERE cell_id = %s AND round_id = ANY(%s) AND site_id = %s AND barcode <> %s "
        "AND coalesce(opened_at, since) <= %s AND (closed_at IS NULL OR closed_at >= %s)",
        (key.cell_id, rounds, tube["site_id"], key.barcode, span[1], span[0]),
    )
    groups: dict[int, dict[str, tuple]] = defaultdict(dict)
    for round_id, barcode, *rest in rows:
        groups[round_id][barcode] = tuple(rest)
    mine = {(b.home_cell, b.person_id) for b in members}
    found: dict[tuple[int, int], Met] = {}
    for round_id, tubes in groups.items():
        homes = {c for t in tubes.values() for c in t[1]}
        for barcode, binds in list_binds(homes, round_id, sorted(tubes)).items():
            for b in binds:
                who = (b.home_cell, b.person_id)
                there = span[0] <= b.at <= span[1] and b.void not in NEVER_THERE
                if there and who not in mine and (who not in found or b.at < found[who].bind.at):
                    found[who] = Met(b, barcode, tubes[barcode][0], tubes[barcode][2])
    return sorted(found.values(), key=lambda m: (m.bind.at, m.barcode, m.bind.seat))[
        : rules.NEAR_MOST.value
    ]


def _members(
    key: Key, tube: dict[str, Any], members: Sequence[Bind], opened: dict[tuple[int, int], Opened]
) -> list[dict[str, Any]]:
    called = {
        (c.cell_id, c.person_id): c for c in reporting.callbacks_of_tube(key, tube["home_cells"])
    }
    out = []
    for b in members:
        c = called.get((b.home_cell, b.person_id))
        outcome = None
        if c is not None and c.state == states.CLOSED:
            outcome = {1: "re_negative", 2: "re_positive"}.get(c.outcome or 0, "re_other")
        state = f"c_{c.state}" if c else "c_none"
        out.append({
            "seat": b.seat, "at": written(b.at), "state": state, "outcome": outcome,
            **who_of(opened.get((b.home_cell, b.person_id))),
        })  # fmt: skip
    return out


def _met(n: Met, opened: dict[tuple[int, int], Opened]) -> dict[str, Any]:
    who = who_of(opened.get((n.bind.home_cell, n.bind.person_id)))
    return {"at": written(n.bind.at), "table": n.table, "tube": n.barcode,
            "outcome": _said(n.outcome), **who}  # fmt: skip
