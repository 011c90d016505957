"""No sample is lost, doubled or in two places, whatever the field does and the network delivers."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from screening import clock
from screening.collection.queries import SITES
from screening.db import db, fetch, run
from screening.field import service
from screening.field.chain import BrokenChain
from screening.field.service import Receipt
from screening.registry.queries import ROUNDS
from screening.transport.rules import CARRIES
from screening.tube import chain as hashing
from screening.tube import folding
from screening.tube.queries import list_binds, list_lines
from screening.tube.rules import NOT_IN_TUBE, Bind, Purpose, Stage
from tests import database, world
from tests.field.field_day import (
    ACTIONS,
    OF_BOX,
    OF_TUBE,
    Action,
    Day,
    Sent,
    by_entry,
    straight,
    wild,
)

# what the facts write; emptied between two journeys of one day
WRITTEN = (
    "tube", "custody", "specimen", "batch", "batch_tube", "batch_fact", "seal_key", "ticket",
    "journal", "journal_block", "parked", "dirty",
)  # fmt: skip
HOLDERS = {"stock", "site", "batch", "courier", "lab"}
number = st.integers(0, 19)
step = st.tuples(st.sampled_from(ACTIONS), number, number, number, number)
# a day's usual beginning: without it most scripts never get a tube to the laboratory
USUAL: list[Action] = [
    ("open", 0, 0, 0, 0), ("bind", 0, 0, 0, 0), ("bind", 0, 0, 1, 0), ("close", 0, 0, 1, 0),
    ("open", 2, 1, 2, 0), ("bind", 2, 1, 10, 0), ("bind", 2, 1, 0, 0),
    ("box_open", 0, 0, 0, 0), ("pack", 0, 0, 0, 1), ("pack", 0, 0, 1, 1), ("seal", 0, 0, 0, 2),
    ("hand_over", 0, 0, 0, 4), ("arrive", 0, 0, 0, 1), ("receive", 0, 0, 0, 1),
]  # fmt: skip
scripts = st.builds(
    lambda usual, rest: USUAL[:usual] + rest,
    st.integers(0, len(USUAL)),
    st.lists(step, min_size=3, max_size=36),
)


@pytest.fixture(scope="module")
def town(app: Any, database_url: str) -> Iterator[world.City]:
    """One small city for all examples: two families, somebody who needs a tube of his own."""
    ROUNDS.forget()
    SITES.forget()
    with app.app_context():
        city = world.city(streets=2, persons=5, tubes=8)
        for i, (cell, person, _) in enumerate(city.people):
            run(
                "UPDATE person SET household_id = %s, lane = %s WHERE cell_id = %s AND person_id = %s",
                (1 + i // 2, 2 if i == 3 else 0, cell, person),
            )
        db.session.commit()
        yield city
        db.session.rollback()
        db.session.remove()
    database.clean(database_url)


class Server:
    """The server's side of one journey; after every batch it must be able to account for all."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.applied: set[int] = set()
        for table in WRITTEN:
            run(f"DELETE FROM {table}")
        run("UPDATE tube_key SET cell_id = NULL, round_id = NULL")
        run("UPDATE device SET state = 'active'")
        db.session.commit()

    def travel(self, journey: list[Sent], *, look_each_time: bool) -> Any:
        for sent in journey:
            self.take(sent)
            if look_each_time:
                self.account()
        for phone in self.day.journals:
            if phone.entries:
                got = self.take(Sent(phone, 1, len(phone.entries)))
                assert got is not None, "a whole journal is never refused"
                assert got.new == 0 or not journey, "something had been lost on the way"
        self.account()
        assert self.applied == set(self.day.told), "an entry was lost"
        assert not fetch("SELECT first FROM journal_block WHERE state = 1"), "still held"
        return snapshot()

    def take(self, sent: Sent) -> Receipt | None:
        phone = sent.journal
        try:
            got = service.ingest(phone.batch(sent.first, sent.last), received_at=clock.now())
        except BrokenChain:  # a copy's tail without the numbers before it; the device begins again
            db.session.rollback()
            return None
        db.session.commit()
        self.check_receipt(phone, got)
        return got

    def check_receipt(self, phone: Any, got: Receipt) -> None:
        """Its head is the hash of some copy's first `last` entries; what it calls parked is."""
        digests = [
            [hashlib.sha256(e).digest() for e in p.entries[: got.last]]
            for p in self.day.journals
            if p.device_id == phone.device_id and len(p.entries) >= got.last
        ]
        start = hashing.genesis(phone.device_id, phone.wire)
        assert got.head in {hashing.run_chain(start, d).hex() for d in digests}
        for first, last in got.held:
            assert got.last < last and first <= last

    # --- the law of conservation ----------------------------------------------------------

    def account(self) -> None:
        applied = _applied_lines()
        assert len(applied) == len(set(applied)), "one entry lies in two blocks"
        now = set(applied)
        assert self.applied <= now, "what was accepted has gone"
        assert now <= set(self.day.told), "the server holds what nobody wrote"
        self.applied = now
        told = [self.day.told[line] for line in now]
        sound = [t for t in told if t.sound]
        reasons = dict(fetch("SELECT line_id, code FROM parked"))
        assert set(reasons) == {t.line_id for t in told if not t.sound}, reasons
        swabs = fetch("SELECT specimen_id FROM specimen")
        assert Counter(s for (s,) in swabs) == Counter(
            t.line_id for t in sound if t.kind in ("bind", "move")
        )
        self._lines(sound)
        _tubes()
        _of_record()

    def _lines(self, sound: list[Any]) -> None:
        lines = fetch("SELECT line_id, verb FROM custody")
        own = {t.line_id for t in sound if t.kind in OF_TUBE}
        carried = [verb for line, verb in lines if line not in own]
        assert len(lines) == len({line for line, _ in lines}), "one line lies in two tubes"
        assert own <= {line for line, _ in lines}
        assert set(carried) <= {int(v) for v in CARRIES}
        facts = [r[0] for r in fetch("SELECT fact_id FROM batch_fact")]
        of_box = {t.line_id for t in sound if t.kind in OF_BOX or (t.kind == "receive" and t.seal)}
        assert Counter(facts) == Counter(of_box)


def _applied_lines() -> list[int]:
    out = []
    for (digests,) in fetch("SELECT digests FROM journal_block WHERE state <> 1"):
        out += [hashing.line_id(d) for d in hashing.split(bytes(digests))]
    return out


def _tubes() -> None:
    """Every tube named is one row, where its directory says, and as its facts fold."""
    rows = fetch(
        "SELECT barcode, cell_id, round_id, stage, holder_kind, holder_id, members, home_cells, "
        "confirmed, holds, due_at IS NULL FROM tube"
    )
    where = {r[0]: r[1:3] for r in rows}
    assert len(where) == len(rows), "one tube stands in two places"
    assert where == {
        b: (c, r)
        for b, c, r in fetch(
            "SELECT barcode, cell_id, round_id FROM tube_key WHERE round_id IS NOT NULL"
        )
    }
    swabs: dict[str, list[tuple]] = defaultdict(list)
    for tube, cell, round_id, home, void in fetch(
        "SELECT barcode, tube_cell, round_id, cell_id, void FROM specimen"
    ):
        assert where[tube] == (cell, round_id)
        swabs[tube].append((home, void))
    for tube, cell, round_id in fetch("SELECT barcode, cell_id, round_id FROM custody"):
        assert where[tube] == (cell, round_id)
    for tube, cell, round_id, stage, kind, _, members, homes, confirmed, holds, no_due in rows:
        assert members == sum(void not in NOT_IN_TUBE for _, void in swabs[tube])
        assert sorted(homes) == sorted({home for home, _ in swabs[tube]})
        assert kind in HOLDERS
        assert no_due == (stage in (Stage.PRINTED, Stage.ISSUED) or stage >= Stage.RELEASED)
        folded = folding.fold(
            list_lines(cell, round_id, [tube]).get(tube, []),
            list_binds(homes, round_id, [tube]).get(tube, []),
            round_id=round_id,
        )
        assert (folded.stage, folded.confirmed, folded.holds) == (stage, confirmed, holds)


def _of_record() -> None:
    """Of each person's swabs the earliest live one counts, and no other."""
    of: dict[tuple, list[tuple[Bind, bool]]] = defaultdict(list)
    for cell, round_id, s, person, purpose, void, at, device, journal, seq, record in fetch(
        "SELECT cell_id, round_id, specimen_id, person_id, purpose, void, at, device_id, "
        "journal_id, seq, of_record FROM specimen"
    ):
        bind = Bind(s, person, cell, 0, 0, purpose, at, device, journal, seq, void=void)
        of[cell, round_id, person].append((bind, record))
    for swabs in of.values():
        counted = [b.specimen_id for b, record in swabs if record]
        live = [b for b, _ in swabs if not b.void and b.purpose != Purpose.RECHECK]
        assert counted == [b.specimen_id for b in sorted(live, key=lambda b: b.order)[:1]]


def snapshot() -> dict[str, list[Any]]:
    """What a day comes to, without where its rows lie and when they came."""
    return {
        name: sorted(fetch(statement), key=repr)
        for name, statement in {
            "tubes": "SELECT barcode, stage, since, due_at, site_id, table_no, mode, pool_size, "
            "channel, holder_kind, holder_id, confirmed, members, complete, holds, home_cells, "
            "opened_at, closed_at, received_at, lab_id, batch_id FROM tube",
            "specimens": "SELECT barcode, cell_id, specimen_id, person_id, community_id, seat, "
            "purpose, of_record, void FROM specimen",
            # what a box did before anybody told that a tube was out of it stays in the tube's book
            "custody": "SELECT barcode, line_id, verb, stage, at, device_id, seq, staff_id, "
            "site_id, lab_id, batch_id, n, answers, data FROM custody "
            "WHERE verb NOT IN (12, 14, 15, 16)",
            "batches": "SELECT batch_id, wire_id, box_code, site_id, stage, since, seal, counted, "
            "known, received, lab_id, holder_id, temperature, opened_at, sealed_at, handed_at, "
            "arrived_at FROM batch",
            "inside": "SELECT batch_id, barcode, line_id, unpacked_at FROM batch_tube",
            "facts": "SELECT batch_id, fact_id, verb FROM batch_fact",
            "tickets": "SELECT kind, subject_id, state FROM ticket WHERE state <> 'closed'",
            "parked": "SELECT line_id, code FROM parked",
        }.items()
    }


def differences(one: dict[str, list[Any]], two: dict[str, list[Any]]) -> dict[str, Any]:
    out = {}
    for name in one:
        a, b = Counter(map(repr, one[name])), Counter(map(repr, two[name]))
        if a != b:
            out[name] = {"only_first": sorted(a - b), "only_second": sorted(b - a)}
    return out


def new_day(town: world.City, script: list[Action]) -> Day:
    """A day with devices of its own."""
    phones = [town.phone(i // 2, staff=10 + i) for i in range(4)]
    phones += [town.phone(0, staff=20), town.phone(1, staff=30), town.bench(staff=40)]
    day = Day(town, phones).play(script)
    return day


def holds_on_every_journey(town: world.City, script: list[Action], seed: int) -> None:
    day = new_day(town, script)
    if not day.told:
        return
    first = Server(day).travel(straight(day), look_each_time=False)
    for name, journey, look in (
        ("backwards", straight(day, -1), False),
        ("wild", wild(day, seed), True),
        ("by entry", by_entry(day), False),
    ):
        other = Server(day).travel(journey, look_each_time=look)
        assert differences(first, other) == {}, name


quickly = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@settings(quickly, max_examples=5)
@given(script=scripts, seed=st.integers(0, 9999))
def test_whatever_way_journals_travel_the_same_day_ends_in_the_same_tubes(town, script, seed):
    holds_on_every_journey(town, script, seed)


@pytest.mark.long
@pytest.mark.timeout(3600)
@settings(quickly, max_examples=600, derandomize=False)
@given(script=scripts, seed=st.integers(0, 9999))
def test_whatever_way_journals_travel_the_same_day_ends_in_the_same_tubes_at_length(
    town, script, seed
):
    holds_on_every_journey(town, script, seed)
