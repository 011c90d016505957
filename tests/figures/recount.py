"""Figures and command pages told a second time: plain Python over the raw rows of the tables.

It shares nothing with what it checks; its words and numbers are those of docs/glossary.md."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any

from tests.coverage import recount as coverage

POSITIVE, NEGATIVE, RECHECK = 2, 1, 2
OPEN, CLOSED, PACKED, IN_TRANSIT, RECEIVED, PLATED, TESTED, REVIEWED, RELEASED = (
    2, 3, 4, 5, 6, 7, 8, 9, 10,
)  # fmt: skip
VOID, REJECTED, LOST, DISCARDED = 20, 21, 22, 23
STREET, COMMUNITY = 3, 4
NOTES = "noted"
STRAGGLE = {
    "unclosed": {OPEN}, "unpacked": {CLOSED}, "untested": {RECEIVED, PLATED},
    "unreleased": {TESTED, REVIEWED},
}  # fmt: skip
TEN = timedelta(minutes=10)


class Books:
    """Everything of a round as it lies in the tables, and what one area has of it."""

    def __init__(self, round_id: int, at: datetime, people: list[coverage.One]) -> None:
        self.round_id, self.at, self.people = round_id, at, people
        rows = coverage.rows
        self.areas = {a["area_id"]: a for a in rows("area")}
        self.sites = {s["site_id"]: s for s in rows("site")}
        self.labs = {s["lab_id"]: s for s in rows("lab")}
        self.tubes = [t for t in rows("tube") if t["round_id"] == round_id]
        self.results: dict[str, dict] = {}
        for r in sorted(rows("result"), key=lambda r: r["version"]):
            if r["round_id"] == round_id:
                self.results[r["barcode"]] = r
        self.alerts = [a for a in rows("alert") if a["round_id"] == round_id]
        self.callbacks = [c for c in rows("callback") if c["round_id"] == round_id]
        self.swabs = [s for s in rows("specimen") if s["round_id"] == round_id]
        self.again = {s["barcode"] for s in self.swabs if s["purpose"] == RECHECK}
        self.tickets = [t for t in rows("ticket") if t["round_id"] == round_id]
        self.devices, self.journals = rows("device"), rows("journal")
        self.blocks, self.parked = rows("journal_block"), rows("parked")
        self.explained = [x for x in rows("explanation") if x["round_id"] == round_id]
        self.boxes = [b for b in rows("batch") if b["round_id"] == round_id]
        self.packages = [p for p in rows("result_package") if p["receipt_at"] is None]
        (self.round,) = (r for r in rows("round") if r["round_id"] == round_id)
        self.scope = [
            self.areas[a["area_id"]]["path"]
            for a in rows("round_area")
            if a["round_id"] == round_id
        ]
        self.hand_picked = {s["site_id"] for s in rows("round_site") if s["round_id"] == round_id}

    # --- where things belong ------------------------------------------------------------------

    def path_of(self, site: int | None, lab: int | None) -> str:
        """A thing belongs to its site's area; to its laboratory's only while no site is known."""
        place = self.sites.get(site) if site else self.labs.get(lab)
        return self.areas[place["area_id"]]["path"] if place else ""

    def inside(self, things: list[dict], path: str) -> list[dict]:
        return [t for t in things if self.path_of(t["site_id"], t["lab_id"]).startswith(path)]

    def living(self, node: Any) -> list[coverage.One]:
        """Those who live there; a grid's people are those the register puts into it."""
        if node.level > COMMUNITY:
            return [p for p in self.people if node.area_id in (p.grid, p.building)]
        return [p for p in self.people if self.areas[p.community]["path"].startswith(node.path)]

    def homes(self, node: Any) -> set[int]:
        """The communities of an area; below one, the community around it."""
        return {
            a["area_id"] for a in self.areas.values() if a["level"] == COMMUNITY
            and (a["path"].startswith(node.path) or node.path.startswith(a["path"]))
        }  # fmt: skip

    # --- the figures --------------------------------------------------------------------------

    def figures(self, node: Any) -> dict[str, int]:
        """All of them, by key."""
        return {
            **self._persons(node), **self._tubes(node), **self._positives(node),
            **self._callbacks(node), **self._unsettled(node), **self._devices(node),
        }  # fmt: skip

    def _persons(self, node: Any) -> dict[str, int]:
        told = coverage.add_up(self.living(node))
        for key in ("exempt_by", "exempt_added", "registered", "residents", "floating"):
            del told[key]
        return told

    def _tubes(self, node: Any) -> dict[str, int]:
        found = self.inside(self.tubes, node.path)
        stages = Counter(t["stage"] for t in found)

        def count(*wanted: int) -> int:
            return sum(stages[s] for s in wanted)

        chain = [t for t in found if t["stage"] < RELEASED]
        return {
            "tubes_open": count(OPEN),
            "tubes_collected": count(*range(CLOSED, RELEASED + 1), REJECTED, LOST, DISCARDED),
            "tubes_delivered": count(*range(RECEIVED, RELEASED + 1), REJECTED, DISCARDED),
            "tubes_tested": count(TESTED, REVIEWED, RELEASED, DISCARDED),
            "tubes_released": count(RELEASED, DISCARDED),
            "tubes_gone": count(REJECTED, LOST),
            "tubes_held": sum(1 for t in chain if t["holds"]),
            "tubes_late": sum(1 for t in chain if t["due_at"] and t["due_at"] <= self.at),
        }

    def positive_tubes(self, node: Any) -> list[dict]:
        return [t for t in self.inside(self.tubes, node.path) if self._positive(t["barcode"])]

    def _positive(self, barcode: str) -> bool:
        if barcode in self.again:
            return False
        if barcode in self.results:
            return self.results[barcode]["outcome"] == POSITIVE
        return any(
            a["barcode"] == barcode and a["outcome"] == POSITIVE
            and (a["settled_at"] is None or a["settled_how"] in ("released", "resampled"))
            for a in self.alerts
        )  # fmt: skip

    def _positives(self, node: Any) -> dict[str, int]:
        found = self.positive_tubes(node)
        names = {t["barcode"] for t in self.inside(self.tubes, node.path)}
        return {
            "positive_tubes": len(found),
            "positive_persons": sum(t["members"] for t in found),
            "alerts_unseen": sum(
                1 for a in self.alerts
                if a["barcode"] in names and a["settled_at"] is None and a["seen_at"] is None
            ),
        }  # fmt: skip

    def _callbacks(self, node: Any) -> dict[str, int]:
        mine = [c for c in self.callbacks if c["community_id"] in self.homes(node)]
        return {
            "callbacks_open": sum(c["state"] in ("open", "sampled") for c in mine),
            "callbacks_late": sum(c["state"] == "open" and c["due_at"] < self.at for c in mine),
            "recheck_positive": sum(
                c["state"] == "closed" and c["outcome"] == POSITIVE for c in mine
            ),
        }

    def _unsettled(self, node: Any) -> dict[str, int]:
        waiting = [t for t in self.tickets if t["state"] in ("open", "solved")]
        return {
            "unaccounted": sum(self.parts(node).values()),
            "tickets": sum(1 for t in waiting if self._sees_ticket(t, node)),
            "packages_waiting": len(self.packages),
        }

    def _sees_ticket(self, t: dict, node: Any) -> bool:
        """Those of an area's streets as a whole; below a street those of its sites."""
        street = self.areas.get(t["cell_id"])
        whole = street is not None and street["path"].startswith(node.path)
        site = self.sites.get(t["site_id"])
        own = site is not None and self.areas[site["area_id"]]["path"].startswith(node.path)
        return whole or own

    # --- what nobody can account for ----------------------------------------------------------

    def parts(self, node: Any) -> Counter[str]:
        """{part: things that two persons have not explained}."""
        found: Counter[str] = Counter()
        for part, subject, cell, since, site, lab in [
            *self._loose_tubes(), *self._overcounted(), *self._unheard(), *self._parked(),
        ]:  # fmt: skip
            if self.path_of(site, lab).startswith(node.path):
                found[part] += not self._closed(part, subject, cell, since)
        return +found

    def _closed(self, part: str, subject: str, cell: int, since: datetime) -> bool:
        return any(
            (x["part"], x["subject_id"], x["cell_id"]) == (part, subject, cell)
            and x["made_at"] >= since and x["checked_by"] is not None
            for x in self.explained
        )  # fmt: skip

    def _loose_tubes(self) -> list[tuple]:
        short = {b["batch_id"] for b in self.boxes if b["stage"] == 7}
        out = []
        for t in self.tubes:
            if t["stage"] >= RELEASED:
                continue
            unknown = t["opened_at"] is None and not t["members"] and t["stage"] >= RECEIVED
            boxed = t["stage"] in (PACKED, IN_TRANSIT) and t["received_at"] is None
            if unknown or (boxed and t["batch_id"] in short):
                part = "mismatch"
            elif t["due_at"] is not None and t["due_at"] <= self.at:
                part = "late"
            elif self.round["stopped_at"] is not None and t["members"]:
                part = "no_result"
            else:
                continue
            out.append((part, t["barcode"], t["cell_id"], t["since"], t["site_id"], t["lab_id"]))
        return out

    def _overcounted(self) -> list[tuple]:
        assert not [b for b in self.boxes if b["counted"]], "the town packs no boxes"
        return []

    def _unheard(self) -> list[tuple]:
        """Journals that spoke in the round and were neither complete nor closed."""
        phones = {d["device_id"]: d for d in self.devices if d["kind"] == "phone"}
        spoke = {
            (b["device_id"], b["journal_id"]) for b in self.blocks
            if b["key_round"] == self.round_id
        }  # fmt: skip
        out = []
        for j in self.journals:
            d = phones.get(j["device_id"])
            if d is None or d["practice"] or (j["device_id"], j["journal_id"]) not in spoke:
                continue
            if (
                j["closed_at"] is not None
                and j["closed_at"] == j["last"]
                and d["state"] == "active"
            ):
                continue
            subject = f"{j['device_id']}-{j['journal_id']}-{j['branch']}"
            out.append(("unheard", subject, d["cell_id"], j["heard_at"], d["site_id"], d["lab_id"]))
        return out

    def _parked(self) -> list[tuple]:
        devices = {d["device_id"]: d for d in self.devices}
        return [
            ("parked", str(p["line_id"]), p["cell_id"], p["parked_at"],
             devices[p["device_id"]]["site_id"], devices[p["device_id"]]["lab_id"])
            for p in self.parked
            if p["settled_at"] is None and any(
                (b["device_id"], b["journal_id"], b["branch"], b["key_round"])
                == (p["device_id"], p["journal_id"], p["branch"], self.round_id)
                and b["first"] <= p["seq"] <= b["last"]
                for b in self.blocks
            )
        ]  # fmt: skip

    # --- who has spoken -----------------------------------------------------------------------

    def phones(self, node: Any) -> list[dict]:
        out = []
        for d in self.devices:
            path = self.path_of(d["site_id"], None) if d["site_id"] else ""
            if d["kind"] != "phone" or d["state"] != "active" or d["practice"] or not path:
                continue
            picked = d["site_id"] in self.hand_picked
            of_round = picked if self.hand_picked else any(path.startswith(s) for s in self.scope)
            if of_round and path.startswith(node.path):
                out.append(d)
        return out

    def _devices(self, node: Any) -> dict[str, int]:
        found, since = self.phones(node), self.round["started_at"]
        return {
            "devices": len(found),
            "devices_heard": sum(
                1 for d in found if d["heard_at"] is not None and d["heard_at"] >= since
            ),
        }

    # --- the command page ---------------------------------------------------------------------

    def page(self, node: Any) -> dict[str, Any]:
        """What the page shows beside the figures, as plain numbers."""
        found = self.inside(self.tubes, node.path)
        return {
            "held": {
                link: self._standing([t for t in found if t["stage"] in stages])
                for link, stages in (
                    ("collect", {OPEN, CLOSED, PACKED, IN_TRANSIT}),
                    ("deliver", {RECEIVED, PLATED}),
                    ("test", {TESTED, REVIEWED}),
                )
            },
            "stragglers": {
                kind: self._oldest([t for t in found if t["stage"] in stages])
                for kind, stages in STRAGGLE.items()
            },
            "positives": self._by_channel(node),
            "callbacks": self._all_callbacks(node),
            "parts": dict(self.parts(node)),
            "taken": self._taken(node, found),
            "released": sum(t["members"] for t in found if t["stage"] == RELEASED),
            "sites": self._sites(node),
            "labs": self._labs(),
        }

    def _standing(self, tubes: list[dict]) -> tuple[int, int, int]:
        """(tubes, persons, late)."""
        late = sum(1 for t in tubes if t["due_at"] and t["due_at"] <= self.at)
        return len(tubes), sum(t["members"] for t in tubes), late

    def _oldest(self, tubes: list[dict]) -> list[str]:
        return [t["barcode"] for t in sorted(tubes, key=lambda t: (t["since"], t["barcode"]))[:5]]

    def _by_channel(self, node: Any) -> dict[tuple[str, int], tuple[int, int]]:
        out: dict[tuple[str, int], tuple[int, int]] = {}
        for t in self.positive_tubes(node):
            key = (t["channel"] or "community", t["pool_size"])
            n, persons = out.get(key, (0, 0))
            out[key] = (n + 1, persons + t["members"])
        return out

    def _all_callbacks(self, node: Any) -> dict[str, int]:
        mine = [c for c in self.callbacks if c["community_id"] in self.homes(node)]
        closed = [c["outcome"] for c in mine if c["state"] == "closed"]
        return {
            "open": sum(c["state"] in ("open", "sampled") for c in mine),
            "late": sum(c["state"] == "open" and c["due_at"] < self.at for c in mine),
            "sampled": sum(c["state"] == "sampled" for c in mine),
            "negative": closed.count(NEGATIVE), "positive": closed.count(POSITIVE),
            "other": len(closed) - closed.count(NEGATIVE) - closed.count(POSITIVE),
        }  # fmt: skip

    def _taken(self, node: Any, tubes: list[dict]) -> dict[int, int]:
        """{ten minutes: persons}: where people live below the street, else where tubes closed."""
        out: Counter[int] = Counter()
        if node.level >= COMMUNITY:
            homes = self.homes(node)
            out.update(
                slot(s["at"]) for s in self.swabs if s["of_record"] and s["community_id"] in homes
            )
            return dict(out)
        for t in tubes:
            when = t["closed_at"] or t["opened_at"]
            if t["stage"] >= CLOSED and t["stage"] != VOID and when is not None:
                out[slot(when)] += t["members"]
        return {s: n for s, n in out.items() if n}

    def _sites(self, node: Any) -> dict[int, dict[str, int]]:
        """{site: persons in the last full hour, tubes that stand open or wait, phones}."""
        now = slot(self.at)
        by: dict[int, list[dict]] = defaultdict(list)
        for t in self.tubes:
            by[t["site_id"]].append(t)
        out = {}
        for site_id, site in self.sites.items():
            if not self.areas[site["area_id"]]["path"].startswith(node.path):
                continue
            mine = by[site_id]
            phones = [d for d in self.phones(node) if d["site_id"] == site_id]
            out[site_id] = {
                "hour": sum(
                    t["members"] for t in mine
                    if t["stage"] >= CLOSED and t["stage"] != VOID
                    and now - 6 <= slot(t["closed_at"] or t["opened_at"]) < now
                ),
                "open": sum(t["stage"] == OPEN for t in mine),
                "waiting": sum(t["stage"] in (CLOSED, PACKED) for t in mine),
                "devices": len(phones),
            }  # fmt: skip
        return out

    def _labs(self) -> dict[int, dict[str, int]]:
        """{laboratory: what stands there}, of this round and any area."""
        out: dict[int, dict[str, int]] = {}
        for lab_id in self.labs:
            stages = Counter(t["stage"] for t in self.tubes if t["lab_id"] == lab_id)
            out[lab_id] = {
                "waiting": stages[RECEIVED], "plated": stages[PLATED],
                "signing": stages[TESTED] + stages[REVIEWED],
            }  # fmt: skip
        return out


def slot(at: datetime) -> int:
    return int(at.timestamp() // TEN.total_seconds())
