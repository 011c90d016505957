"""Fixtures of bulletins: the laboratory's bench, and who may make a report of its area."""

from __future__ import annotations

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.bulletins import queries, service
from screening.bulletins.rules import Kind
from screening.db import db, run
from screening.places.queries import TREE, Node
from screening.registry.queries import ROUNDS
from tests import make
from tests.reporting import bench as made


class Desk(made.Bench):
    """The bench, and a district head who has reports made."""

    head: make.MadeStaff
    county: Node

    def freeze(self, kind: Kind = Kind.DAILY) -> int:
        db.session.rollback()
        number = service.freeze(
            kind, self.city.round_id, self.county.area_id, by=self.head.staff_id, at=clock.now()
        )
        db.session.commit()
        return number

    def told(self, number: int) -> dict:
        db.session.rollback()
        return queries.get_bulletin(number).body["told"]

    def against(self, number: int) -> list[str]:
        db.session.rollback()
        return queries.get_bulletin(number).body["against"]

    def finish(self) -> None:
        """Every phone that spoke ends its shift."""
        for phone, _refs in {id(p): (p, r) for p, r in self.sent.values()}.values():
            phone.write("shift_end", n=len(phone.entries) + 1)
            self.send(phone, len(phone.entries))


@pytest.fixture
def desk(app, client, db_session):
    """A small city at the bench, seen by its district head."""
    with app.test_request_context():
        bench = made.set_up(client)
        TREE.forget()
        county = int(bench.city.sites[0].area.path.strip("/").split("/")[-3])
        desk = Desk(
            **{f: getattr(bench, f) for f in ("city", "client", "technician", "reviewer", "second")}
        )
        desk.county = TREE.fresh().by_id[county]
        place = make.Place("area", county, desk.county.path)
        desk.head = make.staff(Role.DISTRICT_HEAD, place)
        run("UPDATE person SET created_at = created_at - interval '1 day'")
        db.session.commit()
        ROUNDS.forget()
        yield desk
