"""The lines of the dispatch board: laboratories, boxes, proposals and history in words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from screening.accounts.doors import door
from screening.accounts.queries import names_of, phones_of
from screening.dashboard.dispatch_queries import Board, Box, Expected, last_read, last_said
from screening.dashboard.dispatch_rules import (
    Jam,
    Proposal,
    jam,
    left_today,
)
from screening.dashboard.queries import list_responsible
from screening.dashboard.told import lang
from screening.figures.standing import minutes_since
from screening.i18n import _, age, day, dt, hm
from screening.lab.queries.labs import LabRow
from screening.lab.watch import capacity
from screening.ledger.queries import names_of_places
from screening.transport import words
from screening.transport.redirect_news import seen_of
from screening.transport.redirects import list_redirects, redirected
from screening.transport.rules import BatchStage
from screening.tube import words as tube_words


class Lines:
    """Names and phones of everybody on one board, read once."""

    def __init__(self, board: Board, *more: Box) -> None:
        self.board, self.at = board, board.at
        self.hours = board.hours
        boxes = [*board.boxes, *more]
        self.history = list_redirects(board.scene.sight.cells, board.round_id)
        told = [(b.row.site_id, b.lab_id) for b in boxes]
        told += [(None, x) for r in self.history for x in (r.from_lab, r.to_lab)]
        self.sites, self.labs = names_of_places([*told, *((None, x.lab_id) for x in board.labs)])
        self.keepers = list_responsible(
            {b.row.site_id for b in boxes if b.row.site_id}, {x.lab_id for x in board.labs}
        )
        self.people = phones_of([*self.keepers.values(), *(b.row.holder_id for b in boxes)])
        self.said = last_said([b.ref for b in boxes])
        self.sent = redirected([b.ref for b in boxes])

    def call(self, staff: int | None) -> dict[str, str]:
        """Who answers, and the number that one tap calls."""
        name, number = self.people.get(staff or 0, ("", ""))
        return {"name": name, "phone": number,
                "tel": "".join(c for c in number if c in "+0123456789")}  # fmt: skip

    def box_door(self, wire: str, lab_id: int | None = None) -> str:
        more = {"lab": lab_id} if lab_id else {}
        return door("dashboard_pages.destination", area_id=self.board.scene.area_id, batch=wire,
                    round=self.board.round_id, **more)  # fmt: skip

    # --- laboratories ----------------------------------------------------------------------------

    def lab_lines(self) -> list[dict[str, Any]]:
        read = last_read(self.board.labs)
        lines = [self._lab(x, read.get(x.lab_id)) for x in self.board.labs]
        return sorted(lines, key=lambda x: (x["order"], x["name"]["text"]))

    def _lab(self, x: LabRow, read: datetime | None) -> dict[str, Any]:
        load = self.board.loads[x.lab_id]
        boxes, coming = self.board.road[x.lab_id]
        expected = self.board.expected.get(x.lab_id, Expected())
        left = left_today(load, coming=coming)
        jams = jam(load, self.at, coming=coming, hours=self.hours)
        empty = capacity.forecast(load, self.at, coming=coming, arriving=False)
        return {
            "name": {"text": x.name, "href": door("lab_pages.capacity_page", lab_id=x.lab_id)},
            "left": {"text": left, "sort": -1 if left is None else left,
                     "sub": _("每天 %(n)s 管", n=f"{x.capacity:,}") if x.capacity else _("没有填日检测能力")},
            "hour": {"text": round(load.rate) if load.rate >= 10 else round(load.rate, 1), "sort": load.rate,
                     "sub": _("实测") if load.measured else _("按日检测能力")},
            "queue": {"text": load.queue, "sort": load.queue,
                      "sub": _("最久 %(age)s", age=age(minutes_since(load.oldest, self.at)))
                      if load.oldest else ""},
            "road": {"text": coming, "sort": coming, "sub": _("%(n)s 箱", n=boxes) if boxes else ""},
            "expected": _expected(expected),
            "jam": self._jam(jams),
            "empty": self._empty(empty, load),
            "who": self.call(self.keepers.get(("lab", x.lab_id))),
            "last": {"text": _("读入结果"), "sub": dt(read)} if read else "—",
            "tone": "look" if jams.state == "now" or left == 0 else "",
            "order": (-_share(load, coming)),
        }  # fmt: skip

    def _jam(self, jams: Jam) -> dict[str, Any]:
        if jams.state == "now":
            return {"text": _("已积样"), "tone": "look", "sort": 0}
        if jams.state == "at" and jams.at:
            return {"text": self.moment(jams.at), "sort": jams.at.timestamp()}
        said = _("24 小时内不会") if jams.state == "never" else _("不知道")
        return {"text": said, "sort": 9e12}

    def _empty(self, empty: capacity.Forecast, load: capacity.LabLoad) -> dict[str, Any]:
        if load.rate <= 0 or empty.empty_at is None:
            return {"text": _("不知道"), "sort": 9e12}
        if empty.hours == 0:
            return {"text": _("现在空机"), "tone": "look", "sort": 0}
        return {"text": self.moment(empty.empty_at), "sort": empty.hours}

    def moment(self, then: datetime) -> str:
        return hm(then) if day(then) == day(self.at) else dt(then)

    # --- boxes -----------------------------------------------------------------------------------

    def box_lines(self) -> list[dict[str, Any]]:
        return [self.box_line(b) for b in self.board.boxes]

    def box_line(self, b: Box) -> dict[str, Any]:
        row, said = b.row, self.said.get(b.ref)
        coming = self.board.arrival(b)
        road = row.stage == BatchStage.HANDED_OVER
        lab = self.labs.get(b.lab_id, "")
        goes = _("改送") if b.ref in self.sent else "" if row.lab_id else _("按采样点默认")
        return {
            "box": {"text": row.seal or row.box_code or "—",
                    "href": door("transport_pages.box", batch=row.wire_id) if row.wire_id else ""},
            "stage": words.STAGES[BatchStage(row.stage)][lang()],
            "site": self.sites.get(row.site_id) or "—",
            "tubes": b.tubes,
            "age": minutes_since(b.since, self.at),
            "lab": {"text": lab, "sub": goes} if lab else {"text": _("没有去向"), "tone": "look"},
            "arrives": {
                "text": self.moment(coming.expected) if coming.expected else "—",
                "sort": coming.expected.timestamp() if coming.expected else 0,
                "sub": self._limit(row.due_at, coming.late, coming.overdue),
            },
            "who": self.call(row.holder_id if road else self.keepers.get(("site", row.site_id or 0))),
            "last": {"text": _verb(said.verb), "sub": dt(said.at)} if said else "—",
            "act": self.box_door(row.wire_id) if row.wire_id else "",
            "tone": "look" if coming.late else "",
        }  # fmt: skip

    def number_of(self, b: Box) -> str:
        """The staff number of who has the box now: most likely the one to be told."""
        road = b.row.stage == BatchStage.HANDED_OVER
        holder = b.row.holder_id if road else self.keepers.get(("site", b.row.site_id or 0))
        return names_of([holder]).get(holder or 0, ("", ""))[0]

    def _limit(self, due: datetime | None, late: bool, overdue: bool) -> str:
        if due is None:
            return ""
        if overdue:
            return _("已超时 %(age)s", age=age(minutes_since(due, self.at)))
        at = self.moment(due)
        return _("会超时，时限 %(at)s", at=at) if late else _("时限 %(at)s", at=at)

    # --- proposals and history -------------------------------------------------------------------

    def proposals(self) -> list[dict[str, Any]]:
        by_wire = {b.row.wire_id: b for b in self.board.boxes}
        return [self._proposal(p, by_wire[p.wire]) for p in self.board.proposals()]

    def _proposal(self, p: Proposal, b: Box) -> dict[str, Any]:
        return {
            "box": b.row.seal or b.row.box_code,
            "site": self.sites.get(b.row.site_id) or "—",
            "tubes": b.tubes,
            "age": minutes_since(b.since, self.at),
            "stage": words.STAGES[BatchStage(b.row.stage)][lang()],
            "from": self.labs.get(p.from_lab) or _("没有去向"),
            "to": self.labs.get(p.to_lab) or "—",
            "why": reasons()[p.reason],
            "saves": _("%(now)s → %(then)s", now=_hours(p.now), then=_hours(p.then)),
            "href": self.box_door(p.wire, p.to_lab),
            "wire": p.wire,
            "to_id": p.to_lab,
            "reason": p.reason if p.reason in words.REDIRECTIONS else "",
        }

    def history_lines(self) -> list[dict[str, Any]]:
        seen = seen_of(self.board.scene.sight.cells, self.board.round_id)
        people = names_of([i for r in self.history for i in (r.by, r.told)])
        return [
            {
                "at": r.at,
                "box": {"text": self._name(r.wire), "href": door("transport_pages.box", batch=r.wire)},
                "from": self.labs.get(r.from_lab) or "—",
                "to": self.labs.get(r.to_lab) or "—",
                "why": words.REDIRECTIONS.get(r.reason, ("", ""))[lang()],
                "by": " ".join(people.get(r.by or 0, ("—",))),
                "told": " ".join(people.get(r.told or 0, ("—",))),
                "seen": dt(seen[r.command_id][0]) if r.command_id in seen else _("还没有"),
            }
            for r in self.history
        ]  # fmt: skip

    def _name(self, wire: str) -> str:
        known = {b.row.wire_id: b.row.seal or b.row.box_code for b in self.board.boxes}
        return known.get(wire) or _("箱次")


def _share(load: capacity.LabLoad, coming: int) -> float:
    return capacity.load_rate(load, coming=coming) or 0.0


def _expected(e: Expected) -> dict[str, Any]:
    parts = [(_("未封管"), e.open), (_("待装箱"), e.closed), (_("待送"), e.packed)]
    return {"text": e.tubes, "sort": e.tubes,
            "sub": " · ".join(f"{word} {n:,}" for word, n in parts if n)}  # fmt: skip


def _verb(verb: int) -> str:
    return (
        words.FACTS[verb][lang()]
        if verb in words.FACTS
        else tube_words.verb(verb, ("zh", "en")[lang()])
    )


def _hours(hours: float | None) -> str:
    return "—" if hours is None else age(hours * 60)


def reasons() -> dict[str, str]:
    """Why a box is better sent elsewhere."""
    return {
        "jam": _("原机构积样，超过时限"),
        "idle": _("新机构快要空机"),
        "closed": _("原机构没有检测能力"),
        "none": _("还没有去向"),
    }
