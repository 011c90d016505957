"""A day of a made city, from the first swab to the released result, and ways to tamper with it."""

from __future__ import annotations

from typing import Any

from screening.db import db, fetch, run
from screening.ledger.check import Recount, check
from screening.tube.codes import Kind, make_code
from tests import make
from tests.reporting.bench import Bench

BOX = make_code(Kind.BOX, 1)


class Day:
    def __init__(self, bench: Bench) -> None:
        self.bench, self.city, self.client = bench, bench.city, bench.client
        self.packer, self.courier = self.city.phone(), self.city.phone()
        self.door = self.city.bench()
        self.released = [bench.fill(0, 10), bench.fill(10, 4)]
        self.waiting = bench.fill(20, 3)
        self.seal = make_code(Kind.SEAL, make.number())
        self.batch = f"{self.cell}-{2 * make.number():016x}"
        self.pack(self.released)
        bench.through(*self.released)
        db.session.commit()

    @property
    def cell(self) -> int:
        return self.city.sites[0].cell_id

    def pack(self, tubes: list[str]) -> None:
        self.packer.write("box_open", batch=self.batch, box=BOX)
        for t in tubes:
            self.packer.write("pack", batch=self.batch, box=BOX, tube=t)
        self.packer.write("seal", batch=self.batch, box=BOX, seal=self.seal, n=len(tubes))
        self.courier.write("hand_over", seal=self.seal, to=77, to_lab=self.city.lab.lab_id, boxes=1)
        self.door.write("arrive", seal=self.seal, intact=True)
        for t in tubes:
            self.door.write("receive", tube=t, seal=self.seal)
        self.door.write("unpacked", seal=self.seal)
        self.send(self.packer, self.courier, self.door)

    def send(self, *phones: Any) -> None:
        for phone in phones:
            r = phone.send(self.client)
            assert r.status_code == 200 and not r.json["parked"], r.json
        db.session.commit()

    def check(self) -> Recount:
        db.session.commit()
        return check(self.city.round_id)

    def named(self) -> dict[str, set[tuple[str, str]]]:
        """{tube: {(table, what)}} of the differences that a check finds."""
        out: dict[str, set[tuple[str, str]]] = {}
        for d in self.check().differences:
            out.setdefault(d.barcode, set()).add((d.table, d.what))
        return out

    def tamper(self, statement: str, **params: Any) -> None:
        """Change rows of the day's cell behind the system's back."""
        where = "AND" if " WHERE " in statement else "WHERE"
        table = "b." if " o WHERE " in statement else ""
        statement += f" {where} {table}cell_id = %(cell)s"
        assert run(statement, {"cell": self.cell, **params}) > 0, "nothing was changed"
        db.session.commit()

    def specimen_of(self, tube: str, i: int = 0) -> int:
        rows = fetch(
            "SELECT specimen_id FROM specimen WHERE cell_id = %s AND barcode = %s ORDER BY seat",
            (self.cell, tube),
        )
        return rows[i][0]
