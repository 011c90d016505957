"""A laboratory for tests: tubes sampled and received by real journals, plates, run files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from screening import clock
from screening.db import db, fetch
from screening.lab import queries
from screening.lab.service import plates, rule_sets, runs
from tests import world

TARGETS = ("ORF1ab", "N", "IC")
CLEAN = (None, None, 28.0)
WEAK_CONTROL = (33.0, 34.0, 30.0)
HOT = (24.0, 25.0, 27.0)
GREY = (None, 36.0, 28.0)  # one target only
LOST = (None, None, None)  # the internal control failed
BLANK = (None, None, 29.0)


@dataclass
class Bench:
    city: world.City
    client: Any
    by: int = 7
    next: int = 0
    rules: dict[str, int] = field(default_factory=dict)

    @property
    def lab(self) -> queries.LabRow:
        return queries.get_lab(self.city.lab.lab_id)

    def sampled(self, tubes: int, persons: int = 2, mode: str = "pooled") -> list[str]:
        """Closed tubes of the first site, each with persons of its own."""
        phone = self.city.phone()
        made = []
        for _ in range(tubes):
            tube = self.city.tube()
            phone.fill(tube, self.city.codes(self.next, persons), mode=mode)
            self.next += persons
            made.append(tube)
        assert phone.send(self.client).status_code == 200
        return made

    def received(self, tubes: int, persons: int = 2, mode: str = "pooled") -> list[str]:
        """The same, unpacked and scanned at the laboratory."""
        made = self.sampled(tubes, persons, mode)
        phone = self.city.bench()
        for tube in made:
            phone.write("receive", tube=tube)
        assert phone.send(self.client).status_code == 200
        return made

    def plate(self, code: str = "P1", rule: str = "general-ct40", **kw: Any) -> queries.PlateRow:
        made = plates.create(
            self.lab.lab_id, code=code, rule_id=self.rules[rule], by=self.by, at=clock.now(), **kw
        )
        db.session.commit()
        return made

    def scan(self, plate: queries.PlateRow, tube: str, **kw: Any) -> plates.Placed:
        lab = self.lab.lab_id
        out = plates.scan(lab, plate.plate_id, tube, by=self.by, at=clock.now(), **kw)
        db.session.commit()
        return out

    def load(self, plate: queries.PlateRow, tubes: Iterable[str]) -> dict[str, str]:
        """Scan all; tube → its (first) well."""
        return {t: self.scan(plate, t).wells[0] for t in tubes}

    def preview(self, plate: queries.PlateRow, data: bytes) -> runs.Shown:
        lab = self.lab.lab_id
        out = runs.preview(lab, plate.plate_id, data, by=self.by, at=clock.now())
        db.session.commit()
        return out

    def confirm(self, shown: runs.Shown) -> runs.Shown:
        out = runs.confirm(self.lab.lab_id, shown.run.run_id, by=self.by, at=clock.now())
        db.session.commit()
        return out

    def run(self, plate: queries.PlateRow, data: bytes) -> runs.Shown:
        return self.confirm(self.preview(plate, data))

    def file(
        self, plate: queries.PlateRow, cts: Mapping[str, Sequence] | None = None, **kw
    ) -> bytes:
        """The plate's run file: everything clean but `cts` (tube → Ct of ORF1ab, N, IC)."""
        wells = {w: r.barcode for w, r in queries.list_wells(plate).items()}
        return run_file(plate, wells, cts or {}, **kw)


def run_file(
    plate: queries.PlateRow,
    wells: Mapping[str, str],
    cts: Mapping[str, Sequence],
    *,
    controls: Mapping[str, Sequence] | None = None,
    names: bool = True,
    code: str | None = None,
) -> bytes:
    """The plain CSV; `controls` overrides what control wells show (by well)."""
    reads = {"pc": WEAK_CONTROL, "mark": LOST}
    shows: dict[str, Sequence] = {w: reads.get(kind, BLANK) for w, kind in plate.layout.items()}
    shows |= dict(controls or {}) | {w: cts.get(b, CLEAN) for w, b in wells.items()}
    lines = ["well,sample,target,ct" + (",plate" if code else "")]
    for well, values in shows.items():
        name = wells.get(well, plate.layout.get(well, "")) if names else f"S{well}"
        for target, ct in zip(TARGETS, values, strict=True):
            text = "Undetermined" if ct is None else ct
            lines.append(f"{well},{name},{target},{text}" + (f",{code}" if code else ""))
    return ("\n".join(lines) + "\n").encode()


def peek(statement: str, params: Sequence = ()) -> list[tuple]:
    """Rows from all cells: only a test looks so far."""
    return fetch(f"{statement} /* fan-out: test */", params)


def stages(*tubes: str) -> list[int]:
    """The stages of these tubes, in this order."""
    found = dict(peek("SELECT barcode, stage FROM tube WHERE barcode = ANY(%s)", (list(tubes),)))
    return [found[t] for t in tubes]


def set_up(city: world.City, client: Any) -> Bench:
    rule_sets.ensure_defaults(at=clock.now())
    db.session.commit()
    rules = {v.name: v.rule_id for v in rule_sets.list_versions()}
    return Bench(city, client, rules=rules)
