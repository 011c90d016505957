"""The laboratory: who may do what where."""

from __future__ import annotations

import io
import json
import secrets

from screening import clock
from screening.lab import queries
from screening.lab.rules.rule_sets import GENERAL, to_dict
from screening.lab.service import dry_runs, plates, rule_sets, runs
from screening.tube.codes import Kind, make_code
from screening.tube.rules import Verb
from screening.tube.service import advance
from tests import make
from tests.access import Case, Side, World
from tests.lab.bench import HOT, run_file

NO_PLACE = "a rule set belongs to no place; a second person must approve it"
NOT_ITS_AUTHOR = 1


def rule() -> int:
    rule_sets.ensure_defaults(at=clock.now())
    return next(
        v.rule_id for v in rule_sets.list_in_force(at=clock.now()) if v.name == "general-ct40"
    )


def new_plate(side: Side) -> queries.PlateRow:
    return plates.create(
        side.lab.lab_id,
        code=f"P{secrets.token_hex(4)}",
        rule_id=rule(),
        round_id=0,
        by=1,
        at=clock.now(),
    )


def number() -> str:
    return make_code(Kind.TUBE, 5_000_000 + make.number())


def tube_at(side: Side) -> str:
    """A tube received by the side's laboratory."""
    tube, now = number(), clock.now()
    advance(Verb.RECEIVE, {tube: {"lab_id": side.lab.lab_id}}, kind="receive", round_id=0, by=1,
            cell=side.lab.cell_id, at=now, recorded_at=now)  # fmt: skip
    return tube


def filled(side: Side) -> queries.PlateRow:
    plate = new_plate(side)
    plates.scan(side.lab.lab_id, plate.plate_id, tube_at(side), by=1, at=clock.now())
    return queries.get_plate(queries.get_lab(side.lab.lab_id), plate.plate_id)


def of_plate(side: Side, plate: queries.PlateRow | None = None, **kw) -> dict:
    plate = plate or new_plate(side)
    return {"values": {"lab_id": side.lab.lab_id, "plate_id": plate.plate_id} | kw.pop("also", {}),
            **kw}  # fmt: skip


def data(plate: queries.PlateRow) -> bytes:
    wells = {w: r.barcode for w, r in queries.list_wells(plate).items()}
    return run_file(plate, wells, dict.fromkeys(wells.values(), HOT))


def upload(side: Side) -> dict:
    plate = filled(side)
    return of_plate(side, plate, data={"file": (io.BytesIO(data(plate)), "run.csv")})


def previewed(side: Side) -> dict:
    plate = filled(side)
    shown = runs.preview(side.lab.lab_id, plate.plate_id, data(plate), by=1, at=clock.now())
    return {"values": {"lab_id": side.lab.lab_id, "run_id": shown.run.run_id}}


def proposed(w: World) -> dict:
    made = rule_sets.propose(to_dict(GENERAL), by=NOT_ITS_AUTHOR, at=clock.now())
    tried = dry_runs.make(made.rule_id, by=NOT_ITS_AUTHOR, at=clock.now(), days=1).trial_id
    return {"values": {"rule_id": made.rule_id}, "json": {"trial_id": str(tried)}}


def proposed_form(w: World) -> dict:
    body = proposed(w)
    return {"values": body["values"], "data": body["json"]}


def both(name: str, maker):
    """Rows at both sides, made once: the inside list must hold no word of the other side's."""

    def request(w: World) -> dict:
        w.once(name, lambda: [maker(w.a), maker(w.b)])
        return {}

    return request


def new(side: Side) -> dict:
    code = f"N{secrets.token_hex(4)}"
    return {"lab_id": str(side.lab.lab_id), "code": code, "rule_id": str(rule())}


def sides(maker, **kw) -> dict:
    return {"inside": lambda w: maker(w.a, **kw), "outside": lambda w: maker(w.b, **kw)}


def bench_of(side: Side) -> dict:
    tube_at(side)
    return {"values": {"lab_id": side.lab.lab_id}}


def scanned(side: Side) -> dict:
    return of_plate(side, json={"code": number()})


def mapped(side: Side) -> dict:
    return of_plate(side, json={"wells": {"C4": number()}})


def one_well(side: Side) -> dict:
    return of_plate(side, filled(side), also={"well": "B1"})


def other_plates(w: World) -> list[str]:
    return [p.code for p in w.once("plates", list)[1:]]


API = [
    Case("lab_api.get_bench", **sides(bench_of)),
    Case("lab_api.list_rule_sets", reason=NO_PLACE),
    Case(
        "lab_api.propose_rule_set", "POST", ok=201,
        inside=lambda w: {"json": {"body": to_dict(GENERAL)}},
    ),
    Case("lab_api.approve_rule_set", "POST", inside=proposed, reason=NO_PLACE),
    Case("lab_api.list_plates", inside=both("plates", new_plate), outside_marker=other_plates),
    Case(
        "lab_api.make_plate", "POST", ok=201,
        inside=lambda w: {"json": new(w.a)}, outside=lambda w: {"json": new(w.b)},
    ),
    Case("lab_api.get_plate", **sides(of_plate)),
    Case("lab_api.scan_tube", "POST", ok=201, **sides(scanned)),
    Case("lab_api.fill_wells", "POST", ok=201, **sides(mapped)),
    Case("lab_api.empty_well", "DELETE", **sides(one_well)),
    Case(
        "lab_api.start_plate", "POST",
        inside=lambda w: of_plate(w.a, filled(w.a)), outside=lambda w: of_plate(w.b, filled(w.b)),
    ),
    Case(
        "lab_api.abandon_plate", "POST",
        inside=lambda w: of_plate(w.a, filled(w.a)), outside=lambda w: of_plate(w.b, filled(w.b)),
    ),
    Case("lab_api.preview_run", "POST", ok=201, **sides(upload)),
    Case("lab_api.list_overdue"),
    Case("lab_api.get_original", **sides(previewed)),
    Case("lab_api.list_runs", inside=both("runs", previewed)),
    Case("lab_api.get_run", **sides(previewed)),
    Case("lab_api.confirm_run", "POST", **sides(previewed)),
    Case("lab_api.discard_run", "DELETE", ok=204, **sides(previewed)),
]  # fmt: skip


def form_plate(side: Side) -> dict:
    return {"values": {"lab_id": side.lab.lab_id}, "data": new(side)}


def form_scan(side: Side) -> dict:
    return of_plate(side, data={"code": number()})


def form_empty(side: Side) -> dict:
    return of_plate(side, filled(side), data={"well": "B1"})


PAGES = [
    Case("lab_pages.home"),
    Case("lab_pages.bench", **sides(bench_of)),
    Case("lab_pages.make_plate", "POST", ok=303, **sides(form_plate)),
    Case("lab_pages.plate", **sides(of_plate)),
    Case("lab_pages.plate_map", **sides(of_plate)),
    Case("lab_pages.scan", "POST", **sides(form_scan)),
    Case("lab_pages.empty", "POST", **sides(form_empty)),
    Case(
        "lab_pages.start", "POST", ok=303,
        inside=lambda w: of_plate(w.a, filled(w.a)), outside=lambda w: of_plate(w.b, filled(w.b)),
    ),
    Case(
        "lab_pages.abandon", "POST", ok=303,
        inside=lambda w: of_plate(w.a, filled(w.a)), outside=lambda w: of_plate(w.b, filled(w.b)),
    ),
    Case("lab_pages.upload_run", "POST", ok=303, **sides(upload)),
    Case("lab_pages.list_runs", inside=both("runs", previewed)),
    Case("lab_pages.run", **sides(previewed)),
    Case("lab_pages.confirm_run", "POST", ok=303, **sides(previewed)),
    Case("lab_pages.discard_run", "POST", ok=303, **sides(previewed)),
    Case("lab_pages.rule_sets", reason=NO_PLACE),
    Case(
        "lab_pages.propose_rule_set", "POST", ok=303,
        inside=lambda w: {"data": {"body": json.dumps(to_dict(GENERAL))}},
    ),
    Case("lab_pages.approve_rule_set", "POST", ok=303, inside=proposed_form, reason=NO_PLACE),
]  # fmt: skip

CASES = API + PAGES
