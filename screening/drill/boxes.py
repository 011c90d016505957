"""Boxes: packed and sealed at a site, handed over, unpacked at the laboratory."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from screening.drill.notes import ON_THE_WAY, OVER, PLANNED, Waiting, Way
from screening.drill.truth import Box
from screening.tube.codes import Kind

if TYPE_CHECKING:
    from screening.drill.day import Day

SCAN = timedelta(seconds=2)
COLD = 4.0  # °C in a box


class Boxes:
    def __init__(self, day: Day) -> None:
        self.day = day

    def pack(self, now: datetime) -> None:
        for way in self.day.notes.ways:
            if way.stage == PLANNED and way.leaves_at <= now:
                self._leave(way)

    def arrive(self, now: datetime) -> None:
        for way in self.day.notes.ways:
            if way.stage == ON_THE_WAY and way.arrives_at <= now:
                self._unpack(way)

    def _leave(self, way: Way) -> None:
        day = self.day
        standing = day.notes.ready.setdefault(way.site, [])
        ripe = [w.tube for w in standing if w.since <= way.leaves_at - timedelta(minutes=5)]
        mine = [t for t in ripe if day.notes.rounds.get(t, "") == way.round]
        mine, counted = day.wrongs.packed(way, mine)
        if not mine:
            way.stage = OVER
            return
        day.notes.ready[way.site] = [w for w in standing if w.tube not in mine]
        site = day.world.site(way.site)
        box, seal = (day.tables.label(way.site, kind) for kind in (Kind.BOX, Kind.SEAL))
        batch = f"{site.cell}-{secrets.token_hex(16)}"
        packer = day.world.crew("packer", way.site)[0].staff_id
        at = way.leaves_at - SCAN * (len(mine) + 5)
        said: dict[str, Any] = {"staff": packer, "site": site.site_id, "of": way.round}
        phone = f"D-{way.site}-P"
        day.write(phone, "box_open", at, batch=batch, box=box, **said)
        for n, tube in enumerate(mine, 1):
            day.write(phone, "pack", at + n * SCAN, batch=batch, box=box, tube=tube, **said)
            day.truth.tubes[tube].packed = True
        day.write(
            phone, "seal", at + SCAN * (len(mine) + 2), batch=batch, box=box, seal=seal,
            n=counted, **said,
        )  # fmt: skip
        day.write(
            phone, "hand_over", way.leaves_at, seal=seal, batch=batch, box=box, to=way.courier,
            to_lab=day.world.lab(way.lab).lab_id, boxes=1, temperature=COLD, **said,
        )  # fmt: skip
        way.stage, way.seal, way.tubes = ON_THE_WAY, seal, mine
        day.truth.boxes.append(Box(way.ref, seal, batch, mine, counted))
        day.wrongs.sealed(way, batch)

    def _unpack(self, way: Way) -> None:
        day, lab = self.day, self.day.world.lab(way.lab)
        bench = f"D-{way.lab}"
        by = day.world.crew("lab_technician", way.lab)[0].staff_id
        said: dict[str, Any] = {"staff": by, "lab": lab.lab_id, "of": way.round}
        at = way.arrives_at
        day.write(bench, "arrive", at, seal=way.seal, intact=True, temperature=COLD, **said)
        found = day.wrongs.in_the_box(way)
        for n, tube in enumerate(found, 1):
            day.write(bench, "receive", at + n * SCAN, tube=tube, seal=way.seal, **said)
            if tube in day.truth.tubes:
                day.truth.tubes[tube].received = True
        ends = at + SCAN * (len(found) + 2)
        day.write(bench, "unpacked", ends, seal=way.seal, **said)
        rack = day.notes.racks.setdefault(way.lab, [])
        rack += [Waiting(tube, ends) for tube in found]
        way.stage = OVER
