"""Each gate stops one wrong result: the release is run with the list less that gate, to see it go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from psycopg.types.json import Jsonb

from screening import clock
from screening.db import db, fetch, insert, new_id, run
from screening.lab.rules.well_rules import LOOSENED
from screening.reporting import gates, refusals
from screening.reporting.refusals import Refused
from tests.reporting.bench import NEG, POS

Scene = Callable[..., tuple[str, Callable[[], bool]]]
SCENES: dict[str, Scene] = {}


def scene(code: str) -> Callable[[Scene], Scene]:
    """A tube that only this gate stops, and what shows that a wrong result is out."""

    def keep(made: Scene) -> Scene:
        SCENES[code] = made
        return made

    return keep


def why(bench, tube: str) -> set[str]:
    with pytest.raises(Refused) as e:
        bench.release(tube)
    db.session.rollback()
    return {f.problem.code for f in e.value.faults}


def test_every_gate_has_a_scene_a_sentence_and_says_what_it_stops():
    codes = [rule.code for rule in gates.GATES]
    assert len(codes) == len(set(codes)) and set(codes) == set(SCENES)
    assert all(rule.stops and rule.code in refusals.GATE_PROBLEMS for rule in gates.GATES)


@pytest.mark.parametrize("code", [rule.code for rule in gates.GATES])
def test_without_this_gate_its_wrong_result_goes_out(bench, monkeypatch, code):
    tube, is_wrong = SCENES[code](bench)
    assert why(bench, tube) == {code}
    assert bench.results(tube) == []
    less = tuple(rule for rule in gates.GATES if rule.code != code)
    monkeypatch.setattr(gates, "GATES", less)
    assert bench.release(tube).released == [tube]
    assert is_wrong()


def test_every_gate_is_in_the_document():
    page = (Path(__file__).parents[2] / "docs/interpretation.md").read_text("utf-8")
    assert [
        rule.code for rule in gates.GATES if f"| `{rule.code}` | {rule.stops} |" not in page
    ] == []


@scene("run_not_valid")
def _failed_controls(bench):
    tube = bench.fill(0, 3)
    bench.test(tube, state="invalid")
    bench.sign_both(tube)
    return tube, lambda: bench.results(tube) == [(1, NEG, 3)]


@scene("other_call")
def _never_called_so(bench):
    tube = bench.fill(0, 3)
    run_id = bench.test(tube)
    run("UPDATE call SET outcome = %s WHERE cell_id = %s AND run_id = %s",
        (int(POS), bench.city.lab.cell_id, run_id))  # fmt: skip
    db.session.commit()
    bench.sign_both(tube)
    called = fetch("SELECT outcome FROM call WHERE barcode = %s", (tube,))
    return tube, lambda: called == [(POS,)] and bench.results(tube) == [(1, NEG, 3)]


@scene("plate_open")
def _half_a_plate(bench):
    tube, forgotten = bench.fill(0, 3), bench.fill(3, 3)
    run_id = bench.test(tube)
    on_a_plate(bench, run_id, tube, forgotten)
    bench.sign_both(tube)
    return tube, lambda: bench.results(tube) and not bench.results(forgotten)


def on_a_plate(bench, run_id: int, *tubes: str) -> None:
    """A plate under the run of `bench.test`, with these tubes in its first wells."""
    lab, now = bench.city.lab, clock.now()
    (plate,) = fetch("SELECT plate_id FROM run WHERE cell_id = %s AND run_id = %s",
                     (lab.cell_id, run_id))[0]  # fmt: skip
    columns = ("cell_id", "plate_id", "lab_id", "round_id", "code", "size", "layout", "rule_id",
               "state", "made_by", "made_at", "run_id")  # fmt: skip
    insert("plate", columns, [(lab.cell_id, plate, lab.lab_id, bench.city.round_id, f"P{plate}",
                               96, Jsonb({}), 1, "evaluated", 1, now, run_id)])  # fmt: skip
    wells = ("cell_id", "plate_id", "well", "barcode", "tube_cell", "tube_round", "filled_by",
             "filled_at")  # fmt: skip
    insert("well", wells, [(lab.cell_id, plate, f"A{i}", t, lab.cell_id, bench.city.round_id, 1,
                            now) for i, t in enumerate(tubes, 1)])  # fmt: skip
    db.session.commit()


@scene("not_reviewed")
def _one_pair_of_eyes(bench):
    tube = bench.fill(0, 3)
    bench.test(tube)
    bench.review(tube, step=1)
    return (
        tube,
        lambda: (
            bench.results(tube) == [(1, NEG, 3)] and fetch("SELECT count(*) FROM review") == [(1,)]
        ),
    )


@scene("one_reviewer")
def _signed_twice_by_one(bench):
    tube = bench.fill(0, 3)
    bench.test(tube)
    bench.sign_both(tube)
    cell = fetch("SELECT DISTINCT cell_id FROM review")[0][0]
    run('UPDATE review SET "by" = %s WHERE cell_id = %s AND step = 1',
        (bench.reviewer.staff_id, cell))  # fmt: skip
    db.session.commit()
    return (
        tube,
        lambda: (
            fetch("SELECT released_by, second_by FROM result WHERE barcode = %s", (tube,))
            == [(bench.reviewer.staff_id,) * 2]
        ),
    )


@scene("alert_conflict")
def _told_as_positive(bench):
    tube = bench.fill(0, 3)
    bench.test(tube)
    bench.alert(tube, "positive", POS)
    bench.sign_both(tube)
    return tube, lambda: bench.results(tube) == [(1, NEG, 3)] and bench.callbacks() == []


@scene("undecided")
def _the_instrument_says_otherwise(bench):
    tube = bench.fill(0, 3)
    run_id = bench.test(tube)
    said_by_instrument(bench, run_id, "instrument_doubt")
    bench.sign_both(tube)
    return tube, lambda: bench.results(tube) == [(1, NEG, 3)]


def said_by_instrument(bench, run_id: int, code: str) -> None:
    reasons = Jsonb([{"code": code, "target": "N", "ct": None}])
    run("UPDATE call SET reasons = %s WHERE cell_id = %s AND run_id = %s",
        (reasons, bench.city.lab.cell_id, run_id))  # fmt: skip
    db.session.commit()


@scene("loosened")
def _judged_as_one_person_s(bench):
    """A single tube of somebody recovered, until a late phone tells of two more in it."""
    tube = bench.fill(0, 3)
    said_by_instrument(bench, bench.test(tube), LOOSENED)
    bench.sign_both(tube)
    return tube, lambda: bench.results(tube) == [(1, NEG, 3)]


def test_a_single_tube_of_one_recovered_person_goes_out_by_the_looser_limit(bench):
    tube = bench.fill(0, 1, mode="single")
    said_by_instrument(bench, bench.test(tube), LOOSENED)
    bench.sign_both(tube)
    assert bench.release(tube).released == [tube]


@scene("watched")
def _far_too_few_positives(bench):
    tube = bench.fill(0, 3)
    run_id = bench.test(tube)
    lab = bench.city.lab
    columns = ("cell_id", "hold_id", "lab_id", "run_id", "kind", "told", "opened_at")
    insert("run_hold", columns, [(lab.cell_id, new_id(), lab.lab_id, run_id, "lab_low", Jsonb({}),
                                  clock.now())])  # fmt: skip
    db.session.commit()
    bench.sign_both(tube)
    return tube, lambda: bench.results(tube) == [(1, NEG, 3)]


@scene("no_persons")
def _nobody(bench):
    tube = bench.fill(0, 1)
    bench.take_out(tube, 0)
    bench.test(tube)
    bench.sign_both(tube)
    return tube, lambda: bench.results(tube) == [(1, NEG, None)]


@scene("list_incomplete")
def _one_is_missing(bench):
    tube = bench.fill(0, 7, confirmed=8)
    bench.test(tube)
    bench.sign_both(tube)
    return tube, lambda: bench.results(tube) == [(1, NEG, 7)]  # eight swabs lie in it


@scene("journal_gap")
def _a_phone_has_not_told_all(bench):
    city, tube = bench.city, bench.city.tube()
    now = clock.to_ms(clock.now())
    a, b = city.phone(), city.phone()
    a.now, b.now = now - 60_000, now - 50_000
    a.write("open", tube=tube, mode="pooled", size=10)
    for i, c in enumerate(city.codes(0, 2), 1):
        a.write("bind", tube=tube, seat=i, who={"code": c})
    b.write("join", tube=tube)
    b.write("bind", tube=tube, seat=3, who={"code": city.codes(2, 1)[0]})
    b.write("shift_end", n=3)
    a.now = now - 10_000
    a.write("close", tube=tube, n=2)
    bench.send(a)
    for first, last in ((1, 1), (3, 3)):
        r = bench.client.post("/api/v1/journal", data=b.batch(first, last),
                              content_type="application/x-ndjson")  # fmt: skip
        assert r.status_code == 200
    bench.test(tube)
    bench.sign_both(tube)
    return tube, lambda: bench.results(tube) == [(1, NEG, 2)]  # the third waits in the phone


@scene("held")
def _two_tubes_of_one_number(bench):
    tube = bench.fill(0, 3)
    second = bench.city.phone(1)
    second.fill(tube, bench.city.codes(3, 1))
    bench.send(second)
    bench.go_on(tube, "paper", n=4)
    bench.test(tube)
    bench.sign_both(tube)
    # four persons of two sites are told what one of two tubes says
    return tube, lambda: bench.results(tube) == [(1, NEG, 4)]
