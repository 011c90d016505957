"""The laboratories: plates are filled and run, two people review, one releases."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from screening.drill import runs
from screening.drill.door import Refused
from screening.drill.notes import RUNNING, SIGNED_ONCE, Again, Plate, Waiting
from screening.lab.plates.layout import wells_by_column

if TYPE_CHECKING:
    from screening.drill.day import Day

log = logging.getLogger("screening.drill")
SOON = timedelta(minutes=40)  # a plate that is not full starts all the same
RUN = timedelta(minutes=95)
BETWEEN_SIGNATURES = timedelta(minutes=15)
TRY_AGAIN = timedelta(minutes=30)
CALLED_BACK = timedelta(minutes=50)
WELLS = 96


class Benches:
    def __init__(self, day: Day) -> None:
        self.day = day

    def play(self, now: datetime) -> None:
        notes = self.day.notes
        for lab, rack in notes.racks.items():
            while rack and (len(rack) >= WELLS or now - rack[0].since >= SOON):
                self._plate(lab, rack, now)
        for plate in [p for p in notes.plates if p.due_at <= now]:
            try:
                self._go_on(plate, now)
            except Refused as why:  # the others go on; somebody may mend it on the screens
                log.warning("%s: %s", plate.code, why)
                plate.due_at = now + TRY_AGAIN
        for lab, held in notes.held.items():
            again = [w.tube for w in held if w.since <= now]
            if again:
                notes.held[lab] = [w for w in held if w.tube not in again]
                self._sign(lab, 1, again)
                self._finish(lab, again, now)

    def _post(self, lab: str, role: str, path: str, **values: Any) -> Any:
        return self.day.desks.post(path, role, lab, **values).body

    def _plate(self, lab: str, rack: list[Waiting], now: datetime) -> None:
        notes, place = self.day.notes, self.day.world.lab(lab)
        notes.plated += 1
        code = f"DRILL-{lab}-{notes.plated:03d}"
        wanted = {"lab_id": place.lab_id, "code": code, "rule_id": place.rule_id, "size": WELLS}
        made = self._post(lab, "lab_technician", "/api/v1/plates", json=wanted)
        free = [well for well in wells_by_column(WELLS) if well not in made["controls"]]
        wells = {well: waiting.tube for well, waiting in zip(free, rack, strict=False)}
        at = f"/api/v1/plates/{place.lab_id}/{made['plate_id']}"
        del rack[: len(wells)]
        wells = self._fill(lab, f"{at}/wells", wells)
        if not wells:
            self._post(lab, "lab_technician", f"{at}/abandon")
            return
        self._post(lab, "lab_technician", f"{at}/start")
        notes.plates.append(
            Plate(lab, int(made["plate_id"]), code, made["controls"], wells, now + RUN)
        )

    def _fill(self, lab: str, path: str, wells: dict[str, str]) -> dict[str, str]:
        """All at once; where one tube is refused, one by one without it."""
        try:
            self._post(lab, "lab_technician", path, json={"wells": wells})
            return wells
        except Refused as why:
            log.warning("%s", why)
        taken = {}
        for well, tube in wells.items():
            try:
                self._post(lab, "lab_technician", path, json={"wells": {well: tube}})
                taken[well] = tube
            except Refused:
                log.warning("%s stays off the plate", tube)
        return taken

    def _go_on(self, plate: Plate, now: datetime) -> None:
        tubes = list(plate.wells.values())
        if plate.stage == RUNNING:
            self._import(plate)
            self._sign(plate.lab, 1, tubes)
            plate.stage, plate.due_at = SIGNED_ONCE, now + BETWEEN_SIGNATURES
            return
        self._finish(plate.lab, tubes, now)
        self.day.notes.plates.remove(plate)

    def _import(self, plate: Plate) -> None:
        """The instrument's file is looked at, then adopted."""
        lab_id = self.day.world.lab(plate.lab).lab_id
        data = runs.plain_csv(plate.controls, plate.wells, self.day.wrongs.hot(), plate.code)
        path = f"/api/v1/plates/{lab_id}/{plate.plate_id}/runs"
        file = (f"{plate.code}.csv", data)
        shown = self._post(plate.lab, "lab_technician", path, file=file)
        plate.run_id = int(shown["run"]["run_id"])
        path = f"/api/v1/runs/{lab_id}/{plate.run_id}/confirm"
        done = self._post(plate.lab, "lab_technician", path)
        if done["run"]["state"] != "evaluated":
            log.warning("%s: %s", plate.code, done["verdict"])

    def _sign(self, lab: str, step: int, tubes: list[str]) -> None:
        values = {
            "lab_id": self.day.world.lab(lab).lab_id,
            "barcodes": tubes,
            "step": step,
            "secret": self.day.world.password,
        }
        role = "lab_technician" if step == 1 else "lab_reviewer"
        out = self._post(lab, role, "/api/v1/reviews", json=values)
        for no in out["refused"]:
            log.info("%s step %s: %s", no["barcode"], step, no["detail"])

    def _finish(self, lab: str, tubes: list[str], now: datetime) -> None:
        """The second signature and the release; what is refused is tried again later."""
        self._sign(lab, 2, tubes)
        values = {"lab_id": self.day.world.lab(lab).lab_id, "barcodes": tubes}
        try:
            out = self._post(lab, "lab_reviewer", "/api/v1/releases", json=values)
        except Refused as why:
            log.warning("%s", why)
            out = {"released": [], "repeated": []}
        done = {*out["released"], *out["repeated"]}
        left = [t for t in tubes if t not in done]
        self.day.notes.held.setdefault(lab, []).extend(Waiting(t, now + TRY_AGAIN) for t in left)
        self._released(done, now)

    def _released(self, tubes: Iterable[str], now: datetime) -> None:
        """The members of a positive pool are called back, each to be swabbed alone."""
        day = self.day
        for tube in sorted(tubes):
            known = day.truth.tubes[tube]
            known.released = True
            for seat, person in enumerate(day.notes.members.pop(tube, []), 1):
                outcome = "positive" if seat == day.wrongs.positive_seat else "negative"
                again = Again(person, known.site, now + CALLED_BACK, outcome)
                day.notes.again.append(again)
