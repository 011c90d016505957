"""The dispatch board: own area only; who moves a box stands over its site."""

from __future__ import annotations

import io
import json
import secrets
from datetime import timedelta

from screening import clock
from screening.accounts.roles import Role
from screening.db import insert
from screening.field import service
from screening.tube.codes import Kind, make_code
from tests import devices, make
from tests.access import Case, Side, World
from tests.access_cases.coverage import counted


def of(w: World, side: Side) -> dict:
    return {"values": {"area_id": side.county.area_id}, "query_string": {"round": counted(w)}}


def sealed(w: World, side: Side) -> str:
    """A box with one tube that waits at the side's site."""
    n = 51_000_000 + make.number()
    tube, box, seal = make_code(Kind.TUBE, n), make_code(Kind.BOX, n), make_code(Kind.SEAL, n)
    batch = f"{side.site.cell_id}-{secrets.token_hex(16)}"
    phone = devices.phone(site=side.site)
    phone.write("open", tube=tube, mode="pooled", size=10)
    phone.write("bind", tube=tube, seat=1, who={"name": "甲"})
    phone.write("close", tube=tube, n=1)
    phone.write("box_open", batch=batch, box=box)
    phone.write("pack", batch=batch, box=box, tube=tube)
    phone.write("seal", batch=batch, box=box, seal=seal, n=1)
    out = service.ingest(phone.batch(), received_at=clock.now())
    assert not out.parked, out
    return batch


def box(w: World, side: Side) -> dict:
    asked = of(w, side)
    return {**asked, "values": {**asked["values"], "batch": sealed(w, side)}}


def told(w: World, side: Side) -> dict:
    courier, _token = w.person(Role.COURIER, side.county)
    data = {"lab_id": side.lab.lab_id, "reason": "jam", "told": courier.staff_no}
    return {**box(w, side), "data": data}


def upload(w: World, side: Side) -> dict:
    ring = [[112, 37], [113, 37], [113, 38], [112, 37]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    body = {"type": "FeatureCollection", "features": [
        {"type": "Feature", "id": side.street.code, "properties": {}, "geometry": shape}
    ]}  # fmt: skip
    file = (io.BytesIO(json.dumps(body).encode()), "map.geojson")
    return {"values": {"area_id": side.county.area_id}, "data": {"file": file}}


def zone_of(w: World, side: Side) -> int:
    def maker() -> int:
        zone_id = make.number()
        name = "甲封控区" if side is w.a else "乙封控区"
        insert("zone", ("zone_id", "name", "kind", "starts_at"),
               [(zone_id, name, "lock", clock.now() - timedelta(hours=2))])  # fmt: skip
        insert("zone_area", ("zone_id", "area_id"), [(zone_id, side.community.area_id)])
        return zone_id

    return w.once(("zone", side.county), maker)


def zoned(w: World, side: Side) -> dict:
    for each in (w.a, w.b):
        zone_of(w, each)
    return of(w, side)


def one_zone(w: World, side: Side) -> dict:
    asked = zoned(w, side)
    return {**asked, "values": {**asked["values"], "zone_id": zone_of(w, side)}}


def asked(w: World, side: Side) -> dict:
    return {"values": {"area_id": side.county.area_id}, "query_string": {"round": counted(w)}}


def tab(w: World, side: Side) -> dict:
    made = of(w, side)
    return {**made, "values": {**made["values"], "tab": "collect"}}


def assigned(w: World, side: Side) -> dict:
    made = told(w, side)
    body = {**made["data"], "lab_id": str(made["data"]["lab_id"]), "round": counted(w)}
    return {"values": made["values"], "json": body}


HEADS = {Role.COMMUNITY_WORKER: lambda side: side.county}

CASES = [
    Case("dashboard_pages.dispatch_own", inside=lambda w: {"query_string": {"round": counted(w)}}),
    Case("dashboard_pages.dispatch", inside=lambda w: of(w, w.a), outside=lambda w: of(w, w.b),
         inside_marker=lambda w: [w.a.lab.name]),
    Case("dashboard_pages.dispatch_now", inside=lambda w: of(w, w.a),
         outside=lambda w: of(w, w.b)),
    Case("dashboard_pages.destination", inside=lambda w: box(w, w.a),
         outside=lambda w: box(w, w.b), inside_marker=lambda w: [w.a.site.name]),
    Case("dashboard_pages.send_elsewhere", "POST", inside=lambda w: told(w, w.a),
         outside=lambda w: told(w, w.b)),
    Case("dashboard_api.get_board", inside=lambda w: asked(w, w.a),
         outside=lambda w: asked(w, w.b), inside_marker=lambda w: [w.a.lab.name]),
    Case("dashboard_api.send_elsewhere", "POST", inside=lambda w: assigned(w, w.a),
         outside=lambda w: assigned(w, w.b)),
    Case("dashboard_pages.area_tables",
         inside=lambda w: tab(w, w.a), outside=lambda w: tab(w, w.b), stand=HEADS,
         inside_marker=lambda w: [w.a.street.name]),
    Case("dashboard_pages.tables_file",
         inside=lambda w: tab(w, w.a), outside=lambda w: tab(w, w.b), stand=HEADS),
    Case("dashboard_pages.zones", inside=lambda w: zoned(w, w.a), outside=lambda w: zoned(w, w.b),
         stand=HEADS, inside_marker=lambda w: ["甲封控区"], outside_marker=lambda w: ["乙封控区"]),
    Case("dashboard_pages.zone", inside=lambda w: one_zone(w, w.a),
         outside=lambda w: one_zone(w, w.b), stand=HEADS, inside_marker=lambda w: ["甲封控区"]),
    Case("dashboard_pages.district_map", inside=lambda w: of(w, w.a),
         outside=lambda w: of(w, w.b), stand=HEADS, inside_marker=lambda w: [w.a.street.name]),
    Case("dashboard_pages.show_boundaries", inside=lambda w: of(w, w.a),
         outside=lambda w: of(w, w.b), inside_marker=lambda w: [w.a.street.name]),
    Case("dashboard_pages.load_boundaries", "POST", inside=lambda w: upload(w, w.a),
         outside=lambda w: upload(w, w.b)),
]  # fmt: skip
