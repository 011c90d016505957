"""A made laboratory: tubes filled by real journals, then plated and tested by commands and rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from psycopg.types.json import Jsonb

from screening import clock
from screening.accounts.queries import actor_of
from screening.accounts.roles import Actor, Role
from screening.db import db, fetch, insert, new_id
from screening.lab.rules.well_rules import Outcome
from screening.reporting import service
from screening.tube import service as tubes
from screening.tube.queries import get_key, get_tube
from screening.tube.rules import Verb
from tests import make, world

PIN = "284917"
NEG, POS, GREY, BAD = Outcome.NEGATIVE, Outcome.POSITIVE, Outcome.INCONCLUSIVE, Outcome.INVALID
ALERT = {POS: "positive", GREY: "inconclusive"}


@dataclass
class Bench:
    """A small city with a technician and two reviewers; what a test says is about results."""

    city: world.City
    client: Any
    technician: make.MadeStaff
    reviewer: make.MadeStaff
    second: make.MadeStaff
    sent: dict[str, tuple[Any, list[str]]] = field(default_factory=dict)

    @property
    def lab_id(self) -> int:
        return self.city.lab.lab_id

    def actor(self, who: make.MadeStaff) -> Actor:
        found = actor_of(who.staff_id)
        assert found
        return found

    # --- the chain before ---------------------------------------------------------------------

    def fill(self, first: int, n: int, *, site: int = 0, confirmed: int | None = None,
             mode: str = "pooled", purpose: str = "screen") -> str:  # fmt: skip
        """A closed tube with the swabs of `n` people of the city from number `first` on."""
        phone, tube = self.city.phone(site), self.city.tube()
        phone.write("open", tube=tube, mode=mode, size=1 if mode == "single" else 10)
        refs = [
            phone.write("bind", tube=tube, seat=i, who={"code": c}, purpose=purpose)
            for i, c in enumerate(self.city.codes(first, n), 1)
        ]
        phone.write("close", tube=tube, n=n if confirmed is None else confirmed)
        self.send(phone)
        self.sent[tube] = (phone, refs)
        return tube

    def send(self, phone: Any, first: int = 1) -> None:
        r = phone.send(self.client, first)
        assert r.status_code == 200 and not r.json["parked"], r.json
        db.session.commit()

    def go_on(self, tube: str, kind: str, **body: Any) -> None:
        """The device that filled the tube says one thing more about it."""
        phone, _ = self.sent[tube]
        phone.write(kind, tube=tube, **body)
        self.send(phone, len(phone.entries))

    def add(self, tube: str, i: int, seat: int = 9) -> None:
        self.go_on(tube, "bind", seat=seat, who={"code": self.city.codes(i, 1)[0]})

    def take_out(self, tube: str, i: int) -> None:
        """Unbind the i-th person (from 0) that `fill` put in."""
        self.go_on(tube, "unbind", ref=self.sent[tube][1][i], reason="扫错人")

    def test(self, *barcodes: str, outcome: Outcome = NEG, state: str = "evaluated",
             alert: bool = True) -> int:  # fmt: skip
        """Plate and test these tubes in one run; its alerts are raised with it."""
        now, lab, run_id = clock.now(), self.city.lab, new_id()
        columns = (
            "cell_id", "run_id", "lab_id", "plate_id", "round_id", "file_hash", "instrument",
            "state", "rule_id", "imported_by", "imported_at", "readings", "verdict",
        )  # fmt: skip
        insert("run", columns, [(
            lab.cell_id, run_id, lab.lab_id, new_id(), self.city.round_id, str(run_id).encode(),
            "made", state, 1, 1, now, Jsonb([]), Jsonb({}),
        )])  # fmt: skip
        for i, b in enumerate(barcodes):
            self._test_one(b, run_id, outcome, f"A{i + 1}", alert)
        db.session.commit()
        return run_id

    def _test_one(self, b: str, run_id: int, outcome: Outcome, well: str, alert: bool) -> None:
        now, lab = clock.now(), self.city.lab
        key = get_key(b)
        at = {"cell": lab.cell_id, "round_id": key.round_id, "by": 1, "at": now,
              "recorded_at": now}  # fmt: skip
        _, merged = tubes.advance(
            Verb.PLATE, {b: {"lab_id": lab.lab_id, "data": {"plate": 1, "well": well}}},
            kind="plate", **at,
        )  # fmt: skip
        line = next(ln for ln in merged[b].new_lines if ln.verb == Verb.PLATE)
        told = {"answers": line.line_id, "data": {"outcome": int(outcome), "run": run_id}}
        tubes.advance(Verb.TEST, {b: told}, kind="test", **at)
        insert(
            "call",
            ("cell_id", "run_id", "well", "barcode", "tube_cell", "tube_round", "outcome",
             "reasons", "cts"),
            [(lab.cell_id, run_id, well, b, key.cell_id, key.round_id, int(outcome), Jsonb([]),
              Jsonb({"ORF1ab": 33.1}))],
        )  # fmt: skip
        if alert and outcome in ALERT:
            self.alert(b, ALERT[outcome], outcome)

    def alert(self, barcode: str, kind: str, outcome: Outcome | None = None) -> None:
        key = get_key(barcode)
        columns = ("cell_id", "alert_id", "round_id", "barcode", "kind", "outcome", "raised_at")
        insert("alert", columns, [
            (key.cell_id, new_id(), key.round_id, barcode, kind, outcome, clock.now())
        ])  # fmt: skip
        db.session.commit()

    # --- the desk -----------------------------------------------------------------------------

    def review(self, *barcodes: str, step: int, who: make.MadeStaff | None = None,
               secret: str = PIN) -> service.Reviewed:  # fmt: skip
        who = who or (self.technician if step == 1 else self.reviewer)
        out = service.review(barcodes, step, lab_id=self.lab_id, by=self.actor(who), secret=secret,
                             at=clock.now())  # fmt: skip
        db.session.commit()
        return out

    def release(self, *barcodes: str, who: make.MadeStaff | None = None) -> service.Released:
        out = service.release(barcodes, lab_id=self.lab_id, by=self.actor(who or self.reviewer),
                              at=clock.now())  # fmt: skip
        db.session.commit()
        return out

    def sign_both(self, *barcodes: str) -> None:
        self.review(*barcodes, step=1)
        self.review(*barcodes, step=2)

    def through(self, *barcodes: str, outcome: Outcome = NEG) -> service.Released:
        """Tested, reviewed twice, released."""
        self.test(*barcodes, outcome=outcome)
        self.sign_both(*barcodes)
        return self.release(*barcodes)

    def correct(self, barcode: str, outcome: Outcome, reason: str = "复看曲线") -> None:
        number = service.ask_correction(
            barcode, outcome, reason, lab_id=self.lab_id, by=self.actor(self.reviewer),
            secret=PIN, at=clock.now(),
        )  # fmt: skip
        key = get_key(barcode)
        service.settle_correction(key.cell_id, number, agree=True, by=self.actor(self.second),
                                  secret=PIN, at=clock.now())  # fmt: skip
        db.session.commit()

    # --- what is held -------------------------------------------------------------------------

    def tube(self, barcode: str) -> dict:
        db.session.rollback()
        return get_tube(get_key(barcode))

    def callbacks(self, barcode: str | None = None) -> list[tuple]:
        """(person, barcode, state, reason, outcome) of all callbacks, or of one tube's."""
        db.session.rollback()
        rows = fetch(
            "SELECT person_id, barcode, state, reason, outcome FROM callback ORDER BY 1, 2"
        )
        return [r for r in rows if barcode is None or r[1] == barcode]

    def lanes(self, first: int, n: int) -> list[int]:
        db.session.rollback()
        ids = [p[1] for p in self.city.people[first : first + n]]
        lanes = dict(fetch("SELECT person_id, lane FROM person WHERE person_id = ANY(%s)", (ids,)))
        return [lanes[i] for i in ids]

    def exempt(self, first: int, n: int) -> int:
        """How many of these people are exempt now, awaiting their re-check."""
        db.session.rollback()
        ids = [p[1] for p in self.city.people[first : first + n]]
        return fetch(
            "SELECT count(DISTINCT person_id) FROM exemption WHERE person_id = ANY(%s) "
            "AND code = 'awaiting_recheck' AND ended_at IS NULL",
            (ids,),
        )[0][0]

    def results(self, barcode: str) -> list[tuple]:
        db.session.rollback()
        return fetch(
            "SELECT version, outcome, array_length(members, 1) FROM result WHERE barcode = %s "
            "ORDER BY version",
            (barcode,),
        )

    def tickets(self, kind: str) -> list[str]:
        """The tubes with an open ticket of this kind."""
        db.session.rollback()
        return [r[0] for r in fetch(
            "SELECT subject_id FROM ticket WHERE kind = %s AND state = 'open' ORDER BY 1", (kind,)
        )]  # fmt: skip


def set_up(client: Any) -> Bench:
    city = world.city()

    def hire(role: Role) -> make.MadeStaff:
        return make.staff(role, city.lab, pin=PIN)

    technician, reviewer = hire(Role.LAB_TECHNICIAN), hire(Role.LAB_REVIEWER)
    return Bench(city, client, technician, reviewer, hire(Role.LAB_REVIEWER))
