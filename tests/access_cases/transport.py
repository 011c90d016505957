"""Tubes and boxes: seen by those whose place has, or had, them."""

from __future__ import annotations

import secrets

from screening import clock
from screening.field import service
from screening.tube.codes import Kind, make_code
from tests import devices, make
from tests.access import Case, Side, World


def travelled(side: Side) -> tuple[str, str]:
    """A tube packed at the side's site and received at its laboratory; (tube, batch)."""
    n = 50_000_000 + make.number()
    tube, box, seal = make_code(Kind.TUBE, n), make_code(Kind.BOX, n), make_code(Kind.SEAL, n)
    batch = f"{side.site.cell_id}-{secrets.token_hex(16)}"
    phone, bench = devices.phone(site=side.site), devices.phone(lab=side.lab)
    phone.write("open", tube=tube, mode="pooled", size=10)
    phone.write("bind", tube=tube, seat=1, who={"name": "甲"})
    phone.write("close", tube=tube, n=1)
    phone.write("box_open", batch=batch, box=box)
    phone.write("pack", batch=batch, box=box, tube=tube)
    phone.write("seal", batch=batch, box=box, seal=seal, n=1)
    bench.write("arrive", seal=seal)
    bench.write("receive", tube=tube, seal=seal)
    for device in (phone, bench):
        out = service.ingest(device.batch(), received_at=clock.now())
        assert not out.parked, out
    return tube, batch


def both(w: World) -> dict[str, tuple[str, str]]:
    return w.once("travelled", lambda: {"a": travelled(w.a), "b": travelled(w.b)})


def tube(w: World, side: str) -> dict:
    return {"values": {"barcode": both(w)[side][0]}}


def box(w: World, side: str) -> dict:
    return {"values": {"batch": both(w)[side][1]}}


def listed(w: World) -> dict:
    both(w)
    return {"query_string": {"limit": 500}}  # other cases pack boxes too


def new_box(side: Side) -> dict:
    code = make_code(Kind.BOX, 60_000_000 + make.number())
    return {"json": {"site_id": side.site.site_id, "box": code, "capacity": 40}}


def marker(w: World) -> list[str]:
    return [both(w)["a"][0]]


def foreign(w: World) -> list[str]:
    return [both(w)["b"][0]]


ANY_SCAN = {"data": {"tube": make_code(Kind.TUBE, 1)}}

CASES = [
    Case("transport_api.get_tube", inside=lambda w: tube(w, "a"), outside=lambda w: tube(w, "b"),
         inside_marker=marker, outside_marker=foreign),
    Case("transport_api.list_batches", inside=listed, inside_marker=lambda w: [both(w)["a"][1]],
         outside_marker=lambda w: [both(w)["b"][1]]),
    Case("transport_api.get_batch", inside=lambda w: box(w, "a"), outside=lambda w: box(w, "b"),
         inside_marker=marker, outside_marker=foreign),
    Case("transport_api.list_boxes",
         inside=lambda w: {"query_string": {"site_id": w.a.site.site_id}},
         outside=lambda w: {"query_string": {"site_id": w.b.site.site_id}}),
    Case("transport_api.register_box", "POST", ok=201, inside=lambda w: new_box(w.a),
         outside=lambda w: new_box(w.b)),
    Case("transport_pages.tubes", inside=listed),
    Case("transport_pages.find_tube", "POST", inside=lambda w: dict(ANY_SCAN), ok=303,
         reason="only leads to the tube's page, which asks for the place"),
    Case("transport_pages.tube", inside=lambda w: tube(w, "a"), outside=lambda w: tube(w, "b"),
         outside_marker=foreign),
    Case("transport_pages.boxes", inside=listed, outside_marker=foreign),
    Case("transport_pages.box", inside=lambda w: box(w, "a"), outside=lambda w: box(w, "b"),
         inside_marker=marker, outside_marker=foreign),
]  # fmt: skip
