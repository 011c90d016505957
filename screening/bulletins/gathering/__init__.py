"""Where a report's figures come from: counted once, in one snapshot, by the functions of the slices
that own them (a room of its own, since a report asks every slice)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from screening.bulletins import rules
from screening.bulletins.gathering import chain, people, results
from screening.bulletins.gathering.frame import ALL_CELLS, Frame, Group, minutes
from screening.bulletins.rules import Kind, Told, written
from screening.bulletins.shape import block
from screening.db import fetch
from screening.figures.queries import Scene, sheet_of
from screening.figures.rules import Sheet
from screening.ledger import picture
from screening.ledger import queries as ledger
from screening.ledger.rules import Balance
from screening.places.rules import COMMUNITY
from screening.reporting import rules as reporting
from screening.tube.rules import NOT_IN_TUBE, Stage

__all__ = ["Frame", "report"]


def report(f: Frame, kind: Kind, sheet: Sheet) -> dict[str, Any]:
    """The body of a 日报 or of a round-closing report: plain JSON, nothing personal in it. `sheet`
    holds the figures of the headline, frozen under the same cut-off."""
    p = people.People(f)
    r = results.Results(p)
    balance = _balance(f)
    told = _told(r, balance, sheet)
    blocks = [
        block("ranking", _ranking(p)),
        block("overdue", _overdue(f)),
        block("positives", results.positives(r)),
        block("coverage", people.coverage(p), total=True),
        block("exempt", people.exempt(p), total=True),
        block("sites", chain.sites(p), total=True),
        block("transport", chain.transport(f), total=True),
        block("labs", chain.labs(f)),
        block("rejected", chain.rejected(f), total=True),
        block("results", results.results(r), total=True),
        block("groups", people.groups(p), total=True),
        block("due", people.due(f), total=True),
        block("quality", chain.quality(p)),
        block("bands", chain.bands(f)),
        block("reminders", people.reminders(p), total=True),
    ]
    if kind == Kind.CLOSING:
        blocks = [
            block("facts", _facts(f, told)), block("ledger", _ledger(balance), total=True),
            block("signed", _signed(f)), *blocks,
        ]  # fmt: skip
    blocks.append(block("steps", [{"step": s, "n": n} for s, n in rules.steps(told)]))
    return {
        "told": told._asdict(), "figures": {k: x.value for k, x in sheet.figures.items()},
         "against": rules.against(told), "blocks": blocks,
        "window": [written(f.policy.started_at), written(f.at)],
    }  # fmt: skip


def _balance(f: Frame) -> Balance:
    return picture.take(f.round_id, at=f.at, sight=f.sight).balance()


def _told(r: results.Results, balance: Balance, sheet: Sheet) -> Told:
    """The headline: the figures of every screen, and what they leave open. Re-samples count both
    where people live and where their tube was filled: whichever is worse."""
    f = r.frame
    n = {key: figure.value for key, figure in sheet.figures.items()}
    kinds = chain.open_tickets(f)
    return Told(
        due=n["due"], reached=n["reached"], resulted=n["resulted"],
        missed=n["missed"], tubes=n["tubes_collected"], released=n["tubes_released"],
        gone=n["tubes_gone"], open=n["tubes_open"], signals=n["positive_tubes"],
        signal_persons=n["positive_persons"], positive=n["recheck_positive"],
        callbacks=max(n["callbacks_open"], r.count("open") + r.count("sampled")),
        doubtful=r.count("other"), unfollowed=r.unfollowed, held=n["tubes_held"], unknown=kinds.get("unknown_tube", 0),
        alerts=_alerts(f), resample=n["resample"], devices=balance.parts["unheard"].open,
        unaccounted=n["unaccounted"],
    )  # fmt: skip


def _alerts(f: Frame) -> int:
    """Of tubes that were filled here, or in which somebody lies who lives here."""
    return fetch(
        "SELECT count(*) FROM alert a LEFT JOIN tube t ON t.cell_id = a.cell_id "
        "AND t.round_id = a.round_id AND t.barcode = a.barcode WHERE a.cell_id = ANY(%s) "
        "AND a.round_id = %s AND a.settled_at IS NULL AND (a.cell_id = ANY(%s) "
        "AND (%s OR t.site_id = ANY(%s)) OR EXISTS "
        "(SELECT FROM specimen s WHERE s.cell_id = ANY(t.home_cells) AND s.round_id = a.round_id "
        "AND s.barcode = a.barcode AND s.void <> ALL(%s) AND s.community_id = ANY(%s))) " + ALL_CELLS,
        (f.every_cell, f.round_id, f.cells, f.owns(None), list(f.sites),
         [int(v) for v in NOT_IN_TUBE], list(f.communities)),
    )[0][0]  # fmt: skip


def _ranking(p: people.People) -> list[dict[str, Any]]:
    rows = [(name, r.reached, r.due) for name, r in p.parts.items() if r.due]
    missed = {name: r.missed for name, r in p.parts.items()}
    return [
        {"rank": rank, "area": name, "due": due, "reached": reached, "rate": [reached, due],
         "missed": missed[name]}
        for rank, name, reached, due in rules.ranked(rows)
    ]  # fmt: skip


# what is late: the stages, and whether the site or the laboratory answers for it
LATE: tuple[tuple[str, tuple[Stage, ...], bool], ...] = (
    ("o_open", (Stage.OPEN,), True),
    ("o_send", (Stage.CLOSED, Stage.PACKED), True),
    ("o_road", (Stage.IN_TRANSIT,), True),
    ("o_test", (Stage.RECEIVED, Stage.PLATED), False),
    ("o_report", (Stage.TESTED, Stage.REVIEWED), False),
)


def _overdue(f: Frame) -> list[dict[str, Any]]:
    """What is past its limit, by the unit that answers for it, the longest first."""
    out = []
    for what, stages, at_site in LATE:
        late = [g for g in f.groups if g.late and g.stage in stages]
        for place, groups in _by_place(late, at_site).items():
            site = f.sites.get(place) if at_site else None
            out.append({
                "what": what, "unit": site.name if site else f.labs.get(place, f.node.name),
                "phone": site.phone if site else None, "n": sum(g.late for g in groups),
                "oldest": minutes(min(g.oldest for g in groups if g.oldest), f.at),
            })  # fmt: skip
    out += _late_callbacks(f)
    n, longest = chain.late_tickets(f)
    if n:
        out.append({"what": "o_ticket", "unit": f.node.name, "n": n, "oldest": longest})
    return sorted(out, key=lambda r: (-(r["oldest"] or 0), -r["n"], r["unit"]))


def _by_place(groups: Iterable[Group], at_site: bool) -> dict[int, list[Group]]:
    out: dict[int, list[Group]] = defaultdict(list)
    for g in groups:
        out[(g.site_id if at_site else g.lab_id) or 0].append(g)
    return out


def _late_callbacks(f: Frame) -> list[dict[str, Any]]:
    rows = fetch(
        "SELECT community_id, count(*), min(due_at) FROM callback WHERE cell_id = ANY(%s) "
        "AND round_id = %s AND state = %s AND due_at < %s AND community_id = ANY(%s) "
        f"GROUP BY 1 {ALL_CELLS}",
        (f.cells, f.round_id, reporting.OPEN, f.at, list(f.communities)),
    )
    return [
        {"what": "o_callback", "unit": f.communities[c].name, "n": n, "oldest": minutes(due, f.at)}
        for c, n, due in rows
    ]


# --- the round-closing report -------------------------------------------------------------------


def _facts(f: Frame, told: Told) -> list[dict[str, Any]]:
    signed = fetch("SELECT signed_at FROM round WHERE round_id = %s", (f.round_id,))
    pairs = [
        ("f_started", {"dt": written(f.policy.started_at)}),
        ("f_stopped", {"dt": written(f.policy.stopped_at)}),
        ("f_signed", {"dt": written(signed[0][0]) if signed else None}),
        ("f_tubes", told.tubes), ("f_released", told.released),
        ("f_unaccounted", told.unaccounted),
    ]  # fmt: skip
    return [{"fact": word, "value": value} for word, value in pairs]


def _ledger(balance: Balance) -> list[dict[str, Any]]:
    return [
        {"part": f"ledger.{part}", "items": p.items, "coded": p.coded, "closed": p.closed,
         "open": p.open}
        for part, p in balance.parts.items()
    ]  # fmt: skip


def _signed(f: Frame) -> list[dict[str, Any]]:
    rows = ledger.list_signatures(f.round_id)
    numbers = dict(
        fetch(
            "SELECT staff_id, staff_no FROM staff WHERE staff_id = ANY(%s)", ([r.by for r in rows],)
        )
    )
    return [{"step": r.step, "who": numbers.get(r.by, ""), "at": written(r.at)} for r in rows]


def level_allowed(level: int) -> bool:
    """Reports are made from the city down to the community."""
    return level <= COMMUNITY


def told_now(f: Frame) -> dict[str, int]:
    """The numbers of the headline as they are at the frame's moment."""
    sheet = sheet_of(Scene(f.round_id, f.node.area_id, at=f.at))
    return _told(results.Results(people.People(f)), _balance(f), sheet)._asdict()
