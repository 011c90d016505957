"""Coverage told a second time: plain Python over the raw rows, sharing nothing with what it checks.

It knows no rule of `screening.coverage`; its words and numbers are those of docs/glossary.md."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from screening.db import fetch

Pair = tuple[int, int]
GONE = 16 | 32 | 128  # deceased, registered twice, moved away
PROVISIONAL = 8
AGAIN = {3, 4, 5, 6, 10, 11, 12}  # voids after which somebody must be swabbed again
RECHECK = 2
SAID = {
    "will_come": "will_come", "already_done": "will_come", "exempt_pending": "pending",
    "away": "away", "moved": "away", "refused": "refused", "unreachable": "unreachable",
    "visit": "visit", "absent": "visit",
}  # fmt: skip


class One(NamedTuple):
    """One person of the register of a round. `link`: 1 received, 2 tested, 3 released."""

    person: Pair
    community: int
    grid: int | None
    building: int | None
    state: str
    link: int
    code: str | None
    added: bool
    exempt_added: bool
    residence: int | None


def recount(round_id: int, *, at: datetime) -> list[One]:
    """Everybody of the round's register, with the one state that counts."""
    return list(_Books(round_id, at).people())


def add_up(people: Iterable[One]) -> dict[str, Any]:
    """The numbers of an area from its people."""
    people = list(people)
    states = Counter(p.state for p in people)
    reached = [p for p in people if p.state == "reached"]
    exempt = [p for p in people if p.state == "exempt"]
    due = len(people) - len(exempt)
    parts = ("resample", "visit", "new", "will_come", "pending", "away", "refused", "unreachable")
    return {
        "register": len(people), "exempt": len(exempt), "due": due, "reached": len(reached),
        "missed": due - len(reached), **{p: states[p] for p in parts},
        "delivered": sum(p.link >= 1 for p in reached),
        "tested": sum(p.link >= 2 for p in reached),
        "resulted": sum(p.link >= 3 for p in reached),
        "added": sum(p.added for p in people),
        "exempt_added": sum(p.exempt_added for p in exempt),
        "registered": sum(p.residence == 1 for p in people),
        "residents": sum(p.residence == 2 for p in people),
        "floating": sum(p.residence == 3 for p in people),
        "exempt_by": dict(Counter(p.code for p in exempt)),
    }  # fmt: skip


def rows(table: str) -> list[dict[str, Any]]:
    """A whole table, as it lies there."""
    names = [r[0] for r in fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s "
        "AND table_schema = 'public' ORDER BY ordinal_position", (table,)
    )]  # fmt: skip
    found = fetch(f"SELECT {', '.join(names)} FROM {table} /* fan-out: test */")
    return [dict(zip(names, r, strict=True)) for r in found]


class _Books:
    def __init__(self, round_id: int, at: datetime) -> None:
        (self.round,) = (r for r in rows("round") if r["round_id"] == round_id)
        self.id = round_id
        self.at = min(at, self.round["signed_at"] or at)
        self.paths = {a["area_id"]: a["path"] for a in rows("area")}
        self.scope = [
            self.paths[a["area_id"]] for a in rows("round_area") if a["round_id"] == round_id
        ]
        self.wanted = {c["cohort"] for c in rows("round_cohort") if c["round_id"] == round_id}
        self.into = self._merges()
        self.swabs = self._swabs()
        self.tubes = {
            (t["cell_id"], t["barcode"]): t for t in rows("tube") if t["round_id"] == round_id
        }
        self.cohorts = self._of_persons("person_cohort", self._member_now)
        self.free = self._of_persons("exemption", self._exempt_now)
        self.said = self._of_persons("contact", self._says)

    def _of_persons(self, table: str, holds: Any) -> dict[Pair, list[dict]]:
        out = defaultdict(list)
        for r in rows(table):
            if holds(r):
                out[r["cell_id"], r["person_id"]].append(r)
        return out

    def _merges(self) -> dict[Pair, Pair]:
        merges = [m for m in rows("person_move") if m["into_id"] is not None]
        return {
            (m["cell_id"], m["person_id"]): (m["into_cell"], m["into_id"])
            for m in sorted(merges, key=lambda m: (m["at"], m["move_id"]))
        }

    def _last(self, pair: Pair) -> Pair:
        for _ in self.into:
            pair = self.into.get(pair, pair)
        return pair

    def _swabs(self) -> dict[Pair, list[dict]]:
        out = defaultdict(list)
        for s in rows("specimen"):
            if s["round_id"] == self.id:
                out[self._last((s["cell_id"], s["person_id"]))].append(s)
        return out

    def _member_now(self, k: dict) -> bool:
        return k["valid_from"] <= self.at and (k["valid_to"] is None or k["valid_to"] > self.at)

    def _exempt_now(self, e: dict) -> bool:
        return (
            e["round_id"] in (0, self.id)
            and e["made_at"] <= self.at
            and (e["until"] is None or e["until"] > self.at)
            and (e["ended_at"] is None or e["ended_at"] > self.at)
        )

    def _says(self, k: dict) -> bool:
        return k["round_id"] == self.id and k["outcome"] in SAID

    # --- one person -----------------------------------------------------------------------

    def people(self) -> Iterable[One]:
        for p in rows("person"):
            if p["flags"] & GONE or p["left_at"] is not None or not self._in_scope(p):
                continue
            pair = (p["cell_id"], p["person_id"])
            state = self._state(pair, p)
            if state is not None:
                free = self.free[pair] if state == "exempt" else []
                yield One(
                    pair, p["community_id"], p["grid_id"], p["building_id"], state,
                    self._link(pair), min((e["code"] for e in free), default=None),
                    p["created_at"] > self._start(),
                    bool(free) and min(e["made_at"] for e in free) > self._start(), p["residence"],
                )  # fmt: skip

    def _start(self) -> datetime:
        return self.round["started_at"] or self.at

    def _in_scope(self, p: dict) -> bool:
        path = self.paths.get(p["building_id"]) or self.paths[p["community_id"]]
        if not any(path.startswith(s) for s in self.scope):
            return False
        lists = {k["cohort"] for k in self.cohorts[p["cell_id"], p["person_id"]]}
        own = lists | ({p["key_group"]} if p["key_group"] else set())
        return not self.wanted or bool(self.wanted & (own or {"general"}))

    def _state(self, pair: Pair, p: dict) -> str | None:
        swabs = self.swabs[pair]
        if any(s["void"] == 0 and s["purpose"] != RECHECK for s in swabs):
            return "reached"
        if self.free[pair]:
            return "exempt"
        if any(s["void"] in AGAIN and s["purpose"] != RECHECK for s in swabs):
            return "resample"
        if p["flags"] & PROVISIONAL:
            return None
        last = max(self.said[pair], key=lambda k: (k["at"], k["contact_id"]), default=None)
        if last is None or (last["until"] is not None and last["until"] <= self.at):
            return "new"
        return SAID[last["outcome"]]

    def _link(self, pair: Pair) -> int:
        """How far the swab came that counts: of each number of the person the earliest live one."""
        first: dict[Pair, dict] = {}
        for s in self.swabs[pair]:
            if s["void"] == 0 and s["purpose"] != RECHECK:
                held = first.setdefault((s["cell_id"], s["person_id"]), s)
                if self._order(s) < self._order(held):
                    first[s["cell_id"], s["person_id"]] = s
        return max((self._came(s) for s in first.values()), default=0)

    @staticmethod
    def _order(s: dict) -> tuple:
        return (s["at"], s["device_id"], s["journal_id"], s["seq"])

    def _came(self, s: dict) -> int:
        tube = self.tubes[s["tube_cell"], s["barcode"]]
        if tube["version"]:
            return 3
        stage = tube["stage"] if tube["stage"] <= 10 else 0
        return (stage >= 6) + (stage >= 8) + (stage >= 10)
