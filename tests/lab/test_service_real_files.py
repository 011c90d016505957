"""Files of real cyclers through the services, where the open instrument files are at hand."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from screening import clock
from screening.db import db
from screening.lab import queries
from screening.lab.plates import layout
from screening.lab.readers import read_run
from screening.lab.service import plates
from screening.tube.rules import Stage
from tests.lab.bench import peek, stages

OPEN = Path(__file__).parents[3] / "shared/data/pcr/open"
QUANTSTUDIO = OPEN / "quantstudio_xls__COVID_test.xls"
CFX = OPEN / "biorad_cfx__CFX_sample.txt"
needs_files = pytest.mark.skipif(
    not QUANTSTUDIO.exists(), reason="the open instrument files (../shared/data/pcr) are not here"
)


def plate_of_file(bench, data, rule, controls):
    """A plate laid out as the file says, with tubes of ours for its samples: sample → tube."""
    wells = defaultdict(list)
    for r in read_run(data).rows:
        if r.well not in wells[r.sample]:
            wells[r.sample].append(r.well)
    chosen = {w: word for name, word in controls.items() for w in wells.pop(name)}
    samples = sorted(wells)
    tubes = dict(zip(samples, bench.received(len(samples), persons=1), strict=True))
    plate = bench.plate(rule=rule, controls=chosen)
    filled = {w: tubes[s] for s, names in wells.items() for w in names}
    plates.fill(bench.lab.lab_id, plate.plate_id, filled, by=bench.by, at=clock.now())
    # the file is years old: a run that began before its plate was filled would be refused
    db.session.execute(
        db.text(f"UPDATE well SET filled_at = '2001-01-01' WHERE cell_id = {plate.cell_id}")
    )
    db.session.commit()
    return plate, tubes


@needs_files
def test_a_real_quantstudio_plate_with_a_dirty_control_is_invalid_and_alerts(bench):
    data = QUANTSTUDIO.read_bytes()
    kinds = {"NTC": "ntc:1", "nCoVPC": "pc:1"}
    plate, tubes = plate_of_file(bench, data, "cdc-n1-n2-rp", kinds)
    assert len(tubes) == 30
    shown = bench.run(plate, data)
    assert shown.run.state == "invalid" and not shown.verdict["differences"]
    assert [(f["code"], f["target"]) for f in shown.verdict["faults"]] == [
        ("negative_amplified", "N1")
    ]
    assert set(stages(*tubes.values())) == {int(Stage.RECEIVED)}
    told = {b for (b,) in peek("SELECT barcode FROM alert WHERE kind = 'provisional'")}
    said = {c["barcode"] for c in shown.calls if c["outcome"] in (2, 3)}
    assert told == said and tubes["S22"] in told


@needs_files
def test_a_real_cfx_file_on_a_plate_that_is_not_its_own_is_quarantined(bench):
    (tube,) = bench.received(1)
    plate = bench.plate()
    bench.scan(plate, tube)
    shown = bench.run(plate, CFX.read_bytes())
    assert shown.run.state == "quarantined" and stages(tube) == [int(Stage.PLATED)]
    places = [layout.place(d["well"]) for d in shown.verdict["differences"]]
    assert places == sorted(places) and len(places) > 20
    assert queries.get_plate(bench.lab, plate.plate_id).state == "quarantined"
