"""Calling those on duty for an alert: at once, again, and one level up, until somebody answers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import orjson
from flask import current_app

from screening import outbox
from screening.db import by_cell, fetch, insert, new_id, run
from screening.lab.queries import duty as queries
from screening.lab.queries.duty import CallRow, DutyRow
from screening.lab.rules import duty_rules as rules
from screening.lab.scopes import still_fit
from screening.places import queries as places
from screening.places.rules import EVERYWHERE, Place
from screening.registry.service.persons import ring
from screening.tube.queries import Key, list_binds, list_tubes
from screening.tube.rules import NOT_IN_TUBE

AAD = "duty.sealed"
# Nothing of what was found, and nobody's name: a telephone lies on a table.
TEXT = "值班提醒：平台上有 {n} 件事项等您确认，请立即登录处理。"
_COLUMNS = (
    "cell_id", "call_id", "alert_id", "kind", "place_id", "level", "staff_ids", "times",
    "first_at", "called_at", "due_at",
)  # fmt: skip
# A call that was over without an answer may be needed once more: a home that came to be known late.
_AGAIN = (
    "ON CONFLICT (cell_id, alert_id, kind, place_id) DO UPDATE SET staff_ids = EXCLUDED.staff_ids, "
    "times = duty_call.times + 1, called_at = EXCLUDED.called_at, due_at = EXCLUDED.due_at "
    "WHERE duty_call.due_at IS NULL AND duty_call.seen_at IS NULL "
    "RETURNING cell_id, alert_id, kind, place_id"
)


class Alerted(NamedTuple):
    """An alert as far as calling needs it."""

    cell_id: int
    alert_id: int
    round_id: int
    barcode: str
    lab_id: int | None

    @property
    def key(self) -> Key:
        return Key(self.barcode, self.cell_id, self.round_id)


class Party(NamedTuple):
    """A place that is to be called for one alert, and the way down to it."""

    cell_id: int
    alert_id: int
    place: Place
    way: tuple[rules.Step, ...]


def minutes() -> int:
    """How long somebody on duty has to answer."""
    return current_app.extensions["settings"].alert_minutes or rules.MINUTES.value


# --- who is on duty -----------------------------------------------------------------------------


class Roster:
    """Who is on duty at one moment, and the phones on which to reach them; who lost the role over
    the place could not answer and is not there."""

    def __init__(self, at: datetime) -> None:
        rows = queries.list_on_duty(at)
        fit = {d.duty_id for d in still_fit(d for d, _ in rows)}
        self._rows = [(d, account) for d, account in rows if d.duty_id in fit]
        self._by_place = rules.on_duty([d.shift for d, _ in self._rows], at)

    def at(self, place: Place) -> list[int]:
        return self._by_place.get((place.kind, place.id), [])

    def phones(self, staff_ids: Iterable[int]) -> dict[int, str]:
        """A phone each; who has none is not rung, and heads the lists all the same."""
        wanted, out = set(staff_ids), {}
        for duty, account in self._rows:
            if duty.staff_id in wanted:
                out[duty.staff_id] = open_phone(duty) or _own_phone(account)
        return {staff: phone for staff, phone in out.items() if phone}


def open_phone(duty: DutyRow) -> str:
    """The telephone of a duty; empty where none was given."""
    return ring().open(bytes(duty.sealed), AAD).decode() if duty.sealed else ""


def _own_phone(account: bytes) -> str:
    return orjson.loads(ring().open(bytes(account), "staff.sealed")).get("phone", "")


# --- first calls --------------------------------------------------------------------------------


def call(alerts: Sequence[Alerted], *, at: datetime, known: bool = False) -> int:
    """Call the laboratory and the home districts of the members, in the transaction of the alert;
    where nobody is on duty, at once one level up. Places called before are not called anew.

    `known`: most of them were called long ago, which is looked up first."""
    if not alerts:
        return 0
    asked = _parties(alerts)
    if known:
        there = queries.places_called([(a.cell_id, a.alert_id) for a in alerts])
        asked = [p for p in asked if (p.alert_id, p.place.kind, p.place.id) not in there]
    if not asked:
        return 0
    roster, made, rung = Roster(at), 0, Counter[int]()
    while asked:
        fresh = _write(asked, roster, at)
        made += len(fresh)
        for party in fresh:
            rung.update(roster.at(party.place))
        asked = _above(p for p in fresh if not roster.at(p.place))
    _ring(rung, alerts[0].cell_id, roster, at)
    return made


def _above(parties: Iterable[Party]) -> list[Party]:
    """One level up from each; nothing above the city."""
    up = {p._replace(place=rules.one_up(p.place, p.way)) for p in parties}
    return sorted(up)


def _parties(alerts: Sequence[Alerted]) -> list[Party]:
    """The laboratory whose signal it is, and where the members live; without a list, where the
    tube was filled; the whole city for a tube of which nothing is known."""
    tubes = {Key(t["barcode"], t["cell_id"], t["round_id"]): t
             for t in list_tubes({a.key for a in alerts})}  # fmt: skip
    homes = _homes(tubes)
    labs = {i: places.place_of_lab(i) for i in {a.lab_id for a in alerts} if i is not None}
    out: set[Party] = set()
    ways: dict[str, tuple[Place, tuple[rules.Step, ...]]] = {}
    for a in alerts:
        found: list[tuple[Place | None, str]] = []
        if a.lab_id is not None:
            found.append((labs[a.lab_id], labs[a.lab_id].path))
        tube = tubes.get(a.key, {})
        paths = homes.get(a.key) or _site_path(tube.get("site_id"))
        found += [(None, p) for p in paths]
        for place, path in found or [(EVERYWHERE, "/")]:
            if path not in ways:
                way = queries.way_to(path)
                ways[path] = rules.district_of(way), _short(way)
            district, short = ways[path]
            out.add(Party(a.cell_id, a.alert_id, place or district, short))
    return sorted(out)


def _short(way: Sequence[rules.Step]) -> tuple[rules.Step, ...]:
    """Only what is called: so that the homes of one district are one party."""
    called = {rules.city_of(way), rules.district_of(way)}
    return tuple(s for s in way if s.place in called)


def _homes(tubes: Mapping[Key, dict]) -> dict[Key, set[str]]:
    """The paths of the communities in which the members live."""
    groups: dict[int, list[Key]] = defaultdict(list)
    for key in tubes:
        groups[key.round_id].append(key)
    out: dict[Key, set[str]] = {}
    for round_id, keys in groups.items():
        cells = {c for k in keys for c in tubes[k]["home_cells"]}
        binds = list_binds(cells, round_id, [k.barcode for k in keys])
        for key in keys:
            homes = {
                b.community_id for b in binds.get(key.barcode, ()) if b.void not in NOT_IN_TUBE
            }
            out[key] = {p for p in map(places.find_path, homes) if p}
    return out


def _site_path(site_id: int | None) -> set[str]:
    place = places.find_place("site", site_id) if site_id else None
    return {place.path} if place else set()


def _write(asked: Sequence[Party], roster: Roster, at: datetime) -> list[Party]:
    """Write the calls; the parties that had not been called for this alert before."""
    by_row = {(p.cell_id, p.alert_id, p.place.kind, p.place.id): p for p in asked}
    rows = []
    for p in by_row.values():
        staff = roster.at(p.place)
        due = rules.due_at(at, minutes(), anybody=bool(staff))
        rows.append((
            p.cell_id, new_id(), p.alert_id, p.place.kind, p.place.id,
            rules.level_of(p.place, p.way), staff, 1, at, at, due,
        ))  # fmt: skip
    fresh: list[tuple] = []
    for _, group in by_cell(rows):
        fresh += insert(
            "duty_call", _COLUMNS, group,
            _AGAIN,
            returning=True,
        )  # fmt: skip
    return [by_row[row] for row in sorted(fresh)]


def _ring(rung: Mapping[int, int], cell: int, roster: Roster, at: datetime) -> None:
    """One text to each person, however many alerts came at once."""
    for staff, phone in sorted(roster.phones(rung).items()):
        outbox.notice(cell, phone, TEXT.format(n=rung[staff]), at=at, seal=ring().seal, ref=staff)


# --- afterwards ---------------------------------------------------------------------------------


def follow(*, at: datetime) -> int:
    """What nobody answered is rung again and called one level up; homes that were not known at
    import are called now. One step however far the clock jumped; returns how many calls."""
    made = call(_standing_alerts(at), at=at, known=True)
    running = queries.lock_running()
    if not running:
        return made
    roster, rung = Roster(at), Counter[int]()
    due = [c for c in running if _is_due(c, roster, at)]
    if not due:
        return made
    groups: dict[tuple[int, str, int], list[CallRow]] = defaultdict(list)
    for c in due:
        groups[c.cell_id, c.kind, c.place_id].append(c)
    up: list[Party] = []
    for (cell, kind, place_id), rows in sorted(groups.items()):
        place = queries.place_of(kind, place_id)
        staff = roster.at(place)
        rung.update({s: len(rows) for s in staff})
        run(
            "UPDATE duty_call SET staff_ids = %s, times = times + 1, called_at = %s, due_at = %s "
            "WHERE cell_id = %s AND call_id = ANY(%s)",
            (staff, at, rules.due_at(at, minutes(), anybody=True), cell,
             [c.call_id for c in rows]),
        )  # fmt: skip
        way = tuple(queries.way_to(place.path))
        up += [Party(cell, c.alert_id, place, way) for c in rows]
    while up:
        up = _write(_above(up), roster, at)
        for party in up:
            rung.update(roster.at(party.place))
            made += 1
        up = [p for p in up if not roster.at(p.place)]
    _ring(rung, due[0].cell_id, roster, at)
    return made + len(due)


def _is_due(c: CallRow, roster: Roster, at: datetime) -> bool:
    """In time, or as soon as others are on duty there than those who were rung."""
    assert c.due_at is not None
    there = roster.at(queries.place_of(c.kind, c.place_id))
    return rules.is_due(c.due_at, c.called_at, at) or rules.is_stranded(c.staff_ids, there)


def _standing_alerts(at: datetime) -> list[Alerted]:
    """Open ones, and those that were released as told: a phone may still bring another member."""
    rows = fetch(
        "SELECT cell_id, alert_id, round_id, barcode, lab_id FROM alert WHERE settled_at IS NULL "
        "OR settled_how = 'released' AND settled_at > %s ORDER BY cell_id, alert_id "
        "/* fan-out: the alerts of some days are few */",
        (at - timedelta(hours=rules.LATE_MEMBERS.value),),
    )
    return [Alerted(*r) for r in rows]


def answer(
    cell: int, alert_id: int, covers: Callable[[Place], bool], *, by: int, at: datetime
) -> int:
    """Somebody has it in hand: the calls to the places that this person answers for are over.

    So is that to the city once everybody below has answered: it was rung in their stead."""
    calls = [c for c in queries.calls_of(cell, alert_id) if c.due_at is not None]
    own = [c.call_id for c in calls if covers(queries.place_of(c.kind, c.place_id))]
    answered = run(
        "UPDATE duty_call SET seen_by = %s, seen_at = %s, due_at = NULL WHERE cell_id = %s "
        "AND call_id = ANY(%s) AND seen_at IS NULL",
        (by, at, cell, own),
    )
    left = [c for c in calls if c.call_id not in own]
    if answered and all(c.level == rules.CITY_LEVEL for c in left):
        end(cell, alert_id)
    return answered


def end(cell: int, alert_id: int) -> None:
    """Nothing is asked any more: two persons cleared the alert, or everybody below has answered."""
    run(
        "UPDATE duty_call SET due_at = NULL WHERE cell_id = %s AND alert_id = %s "
        "AND due_at IS NOT NULL",
        (cell, alert_id),
    )
