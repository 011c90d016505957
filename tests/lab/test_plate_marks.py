"""A marked plate from its making to its run: what is exchanged is seen, and said on the page."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from screening import clock
from screening.db import db
from screening.lab import queries
from screening.lab.judgement.plate_rules import evaluate_plate
from screening.lab.plates import layout
from screening.lab.plates.control_places import family
from screening.lab.plates.plan_rules import PlanWell
from screening.lab.readers.run import WellReading
from screening.lab.rules.rule_sets import GENERAL
from screening.lab.service import bench as scanner
from screening.lab.service import plates
from screening.tube.rules import Stage
from tests.lab.bench import HOT, run_file, stages


def exchange(data: bytes, a: int, b: int) -> bytes:
    """The same file after two columns of the plate stood in each other's place, named as planned."""
    header, *lines = data.decode().splitlines()
    cells = {tuple(x.split(",")[:3:2]): x.split(",") for x in lines}
    out = [header]
    for (well, target), row in cells.items():
        r, c = layout.place(well)
        held = cells.get((layout.well(r, {a: b, b: a}.get(c, c)), target))
        out.append(",".join([row[0], row[1], row[2], held[3] if held else "Undetermined"]))
    return ("\n".join(out) + "\n").encode()


def test_exchanged_columns_of_a_full_plate_move_no_result_and_are_named(bench) -> None:
    plate = bench.plate(marked=True)
    tubes = [bench.city.tube() for _ in range(82)]
    wells = dict(zip(layout.tube_wells(96, controls=plate.layout), tubes, strict=True))
    plates.fill(bench.lab.lab_id, plate.plate_id, wells, by=bench.by, at=clock.now())
    db.session.commit()
    whole = run_file(plate, wells, {})
    for a, b in [(0, 1), (2, 9), (4, 7), (10, 11)]:
        shown = bench.preview(plate, exchange(whole, a, b))
        assert shown.verdict["becomes"] == "invalid"
        named = [f["looks_like"] for f in shown.verdict["faults"] if f["code"] == "columns_swapped"]
        assert [f"{a + 1} ↔ {b + 1}"] in named
    assert bench.preview(plate, whole).verdict["becomes"] == "evaluated"
    bench.confirm(shown)
    assert set(stages(*tubes)) == {int(Stage.RECEIVED)}


def test_a_whole_marked_plate_is_adopted(bench) -> None:
    plate = bench.plate(marked=True)
    tubes = bench.received(4)
    wells = bench.load(plate, tubes)
    shown = bench.run(plate, bench.file(plate, {tubes[0]: HOT}))
    assert shown.run.state == "evaluated"
    assert len(wells) == len({w.barcode for w in queries.list_wells(plate).values()})


SHOWS = {
    "pc": {"ORF1ab": 31.0, "N": 31.0, "IC": 28.0},
    "mark": {"ORF1ab": None, "N": None, "IC": None},
    "hot": {"ORF1ab": 24.0, "N": 25.0, "IC": 27.0},
}
QUIET = {"ORF1ab": None, "N": None, "IC": 28.0}
MADE = family(96, True)[0]
TUBES = layout.tube_wells(96, controls=MADE)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sets(st.sampled_from(TUBES), max_size=20),
    st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda x: x[0] != x[1]),
)
def test_positive_tubes_anywhere_do_not_hide_two_exchanged_columns(hot, pair) -> None:
    """As long as not every control that moved met a tube that looks like it."""
    a, b = pair
    plan = {w: PlanWell(kind=k) for w, k in MADE.items()}
    plan |= {w: PlanWell(kind="tube", barcode=w) for w in TUBES}
    content = {w: SHOWS.get("hot" if w in hot else p.kind, QUIET) for w, p in plan.items()}

    def where(w: str) -> str:
        row, col = layout.place(w)
        return layout.well(row, {a: b, b: a}.get(col, col))

    rows = [
        WellReading(well=w, target=t, ct=ct) for w in plan for t, ct in content[where(w)].items()
    ]
    marks = {w for w, k in MADE.items() if k == "mark" and layout.place(w)[1] in pair}
    made = evaluate_plate(GENERAL, plan, rows)
    positives = {w for w, k in MADE.items() if k == "pc" and layout.place(w)[1] in pair}
    if marks or any(where(w) not in hot for w in positives):
        assert not made.valid


def test_the_next_plate_by_scanner_is_marked_as_the_last_one_was(bench) -> None:
    first = bench.plate("M1", marked=True)

    def take(text: str):
        done = scanner.take(
            bench.lab.lab_id, text, by=bench.by, at=clock.now(), plate_id=first.plate_id
        )
        db.session.commit()
        return done

    take("CMD-NEXT")
    made = queries.get_plate(bench.lab, take("M2").plate_id)
    assert "mark" in made.layout.values()
    assert made.layout != first.layout
