"""Coverage: an area's numbers are for those who answer for it, and for those above."""

from __future__ import annotations

from datetime import timedelta

from psycopg.types.json import Jsonb

from screening import clock
from screening.accounts.roles import Role
from screening.coverage import service
from screening.db import db, insert
from screening.registry.queries import ROUNDS
from screening.registry.rules import default_limits
from tests import make, world
from tests.access import Case, Side, World


def made_round(areas: list[make.MadeArea], *, state: str = "finishing") -> int:
    """A round in one row, without tables of its own: nothing is sampled in it, and others may."""
    round_id, now = 500_000 + make.number(), clock.now()
    columns = (
        "round_id", "name", "kind", "state", "starts_at", "ends_at", "started_at", "stopped_at",
        "limits", "pool_rules", "drill",
    )  # fmt: skip
    insert("round", columns, [(
        round_id, f"第{round_id}轮", "mass", state, now, now + timedelta(hours=12), now,
        now if state == "finishing" else None, Jsonb(default_limits()), Jsonb([]), False,
    )])  # fmt: skip
    insert("round_area", ("round_id", "area_id"), [(round_id, a.area_id) for a in areas])
    ROUNDS.forget()
    return round_id


def counted(w: World) -> int:
    """One round over both sides, with people in both communities."""

    def maker() -> int:
        round_id = made_round([w.a.county, w.b.county])
        for side in (w.a, w.b):
            world.people(side.community, 3)
        service.mark_new()
        service.take_marks(at=clock.now())
        db.session.commit()
        return round_id

    return w.once("counted", maker)


def asked(w: World, side: Side) -> dict:
    return {"query_string": {"area": side.community.area_id, "round": counted(w)}}


def page(w: World, side: Side) -> dict:
    values = {"area_id": side.community.area_id}
    return {"values": values, "query_string": {"round": counted(w)}}


def cut(w: World, side: Side) -> dict:
    return {"json": {"round_id": str(w.once(("cut", side.county), lambda: frozen(side)))}}


def frozen(side: Side) -> int:
    round_id = made_round([side.county])
    service.freeze(round_id, clock.now())
    return round_id


def cut_asked(w: World, side: Side) -> dict:
    round_id = cut(w, side)["json"]["round_id"]
    return {"query_string": {"round_id": round_id}}


def named(w: World) -> list[str]:
    return [w.a.community.name]


CASES = [
    Case("coverage_api.get_coverage", inside=lambda w: asked(w, w.a),
         outside=lambda w: asked(w, w.b), inside_marker=named),
    Case("coverage_api.get_groups", inside=lambda w: asked(w, w.a),
         outside=lambda w: asked(w, w.b), inside_marker=named),
    Case("coverage_pages.by_employer", inside=lambda w: page(w, w.a),
         outside=lambda w: page(w, w.b), inside_marker=named),
    Case("coverage_api.export_coverage", inside=lambda w: asked(w, w.a),
         outside=lambda w: asked(w, w.b), inside_marker=named),
    Case("coverage_api.freeze", "POST", ok=201, inside=lambda w: cut(w, w.a),
         outside=lambda w: cut(w, w.b)),
    Case("coverage_api.get_cut", inside=lambda w: cut_asked(w, w.a),
         outside=lambda w: cut_asked(w, w.b),
         stand={Role.COMMUNITY_WORKER: lambda s: s.county}),
    Case("coverage_pages.overview", inside=lambda w: {"query_string": {"round": counted(w)}}),
    Case("coverage_pages.compare_rounds", inside=lambda w: page(w, w.a),
         outside=lambda w: page(w, w.b), inside_marker=named),
    Case("coverage_pages.exemptions_after", inside=lambda w: page(w, w.a),
         outside=lambda w: page(w, w.b), inside_marker=named),
    Case("coverage_pages.show_area", inside=lambda w: page(w, w.a),
         outside=lambda w: page(w, w.b), inside_marker=named),
]  # fmt: skip
