"""The work list: callbacks, single tubes, key groups, reruns first; then by time since sampling."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.db import db, run
from screening.lab import queries
from screening.lab.rules.priority import Rank, rank_of
from screening.lab.service import plates, starts
from screening.tube.rules import Bind, Mode, Purpose
from tests import make
from tests.lab.bench import GREY, peek
from tests.lab.test_bench_scan import Desk

POOLED, SINGLE = Mode.POOLED, Mode.SINGLE


def bind(person=1, purpose=Purpose.SCREEN):
    return Bind(person, person, 5, 0, 1, purpose, clock.now(), 1, 1, 1)


@pytest.mark.parametrize(
    ("mode", "binds", "key", "rerun", "rank"),
    [
        (SINGLE, [bind(purpose=Purpose.RECHECK)], [], False, Rank.CALLBACK),
        (SINGLE, [bind(purpose=Purpose.RESAMPLE)], [1], True, Rank.CALLBACK),
        (SINGLE, [bind()], [1], True, Rank.SINGLE),
        (SINGLE, [], [], False, Rank.SINGLE),
        (POOLED, [bind(1), bind(2)], [2], True, Rank.KEY_GROUP),
        (POOLED, [bind(purpose=Purpose.RECHECK)], [], False, Rank.REST),
        (POOLED, [bind()], [], True, Rank.RERUN),
        (POOLED, [bind()], [3], False, Rank.REST),
        (0, [], [], False, Rank.REST),
    ],
)
def test_a_tube_has_the_rank_of_the_most_pressing_thing_about_it(mode, binds, key, rerun, rank):
    assert rank_of(mode, binds, {(5, p) for p in key}, rerun=rerun) is rank


def key_group(bench, first, n, word="medical"):
    for cell, person, _ in bench.city.people[first : first + n]:
        run(
            "UPDATE person SET key_group = %s WHERE cell_id = %s AND person_id = %s",
            (word, cell, person),
        )
    db.session.commit()


def listed(bench, **kw):
    return queries.list_waiting(bench.lab, clock.now(), **kw)


def test_the_list_goes_by_rank_and_then_by_the_age_of_the_sample(bench):
    old = bench.received(2)
    key_group(bench, 4, 1)
    urgent = bench.received(1)
    single = bench.received(1, persons=1, mode="single")
    again = bench.received(1)
    plate = bench.plate()
    bench.scan(plate, again[0])
    bench.run(plate, bench.file(plate, {again[0]: GREY}))
    found = listed(bench)
    assert [w.barcode for w in found] == [*single, *urgent, *again, *old]
    assert [w.why for w in found] == ["single", "key_group", "rerun", "", ""]
    assert found[3].sampled_at <= found[4].sampled_at


def test_a_late_list_raises_the_rank_of_a_tube_that_waits_already(bench):
    tube = bench.city.tube()
    phone = bench.city.bench()
    phone.write("receive", tube=tube)
    phone.send(bench.client)
    assert [w.why for w in listed(bench)] == [""]
    key_group(bench, 0, 1)
    phone = bench.city.phone()
    phone.fill(tube, bench.city.codes(0, 2))
    phone.send(bench.client)
    assert [w.why for w in listed(bench)] == ["key_group"]


def test_pages_follow_each_other_without_gap_or_repeat(bench):
    key_group(bench, 0, 1)
    tubes = bench.received(7)
    single = bench.received(2, persons=1, mode="single")
    seen, after = [], ""
    while page := listed(bench, after=after, limit=2):
        seen += [w.barcode for w in page]
        after = page[-1].cursor
    assert seen == [w.barcode for w in listed(bench)]
    assert set(seen) == {*tubes, *single} and len(seen) == 9


@pytest.mark.parametrize("text", ["", "x", "1~", "1~yesterday~7", "9~~"])
def test_what_is_no_cursor_begins_at_the_top(bench, text):
    bench.received(1)
    assert len(listed(bench, after=text)) == 1


def test_the_index_over_what_stands_at_a_laboratory_serves_the_list(bench):
    bench.received(1)
    plan = peek(
        "EXPLAIN SELECT barcode FROM tube t WHERE t.cell_id = 1 AND t.lab_id = 2 AND t.stage = 6"
    )
    index = peek("SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_tube_bench'")
    assert plan and "stage >= 6" in index[0][0]


def test_started_plates_whose_file_is_overdue_head_the_list(app, bench):
    tubes = bench.received(2)
    plate = bench.plate("LATE1")
    bench.scan(plate, tubes[0])
    long_ago = clock.now() - timedelta(minutes=starts.DUE_MINUTES.value + 1)
    plates.start(bench.lab.lab_id, plate.plate_id, by=bench.by, at=long_ago)
    db.session.commit()
    desk = Desk(app.test_client(), make.staff(Role.LAB_TECHNICIAN, bench.city.lab))
    for url in (f"/lab/{bench.lab.lab_id}", f"/lab/{bench.lab.lab_id}/work"):
        page = desk.page(url)
        assert page.index("LATE1") < page.index(tubes[1])
