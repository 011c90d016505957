"""The door, its slices and checks, and the desk pages."""

from __future__ import annotations

import io
import secrets

from screening import clock
from screening.accounts.roles import Role
from screening.db import fetch
from screening.field import service
from screening.tube.codes import Kind, make_code
from tests import devices, make
from tests.access import Case, Side, World
from tests.field.phones import signed_post


def batch(w: World) -> dict:
    phone = devices.phone(site=w.a.site)
    phone.write("shift_start")
    return {"data": phone.batch(), "content_type": "application/x-ndjson"}


def exported(w: World) -> bytes:
    phone = devices.phone(site=w.a.site)
    phone.write("shift_start")
    return devices.exported(phone, w.app.extensions["keys"].server_public())


def handed_in(w: World) -> dict:
    return {"data": {"file": (io.BytesIO(exported(w)), "a.carry")}}


def journal(w: World) -> dict:
    phone = devices.phone(site=w.a.site)
    return {"query_string": {"device": phone.device_id, "journal": phone.wire}}


def slice_of(w: World) -> dict:
    return signed_post(devices.phone(site=w.a.site), "/api/v1/field/slice")


def phone_sign_in(w: World) -> dict:
    who = make.staff(Role.SAMPLER, w.a.site, pin="284917")
    body = {"badge": make_code(Kind.BADGE, who.staff_id), "secret": "284917"}
    return signed_post(devices.phone(site=w.a.site), "/api/v1/field/sign-in", body)


def asked(side: Side) -> dict:
    return {"json": {"act": "open", "site_id": side.site.site_id, "tube": "1"}}


def asked_lab(side: Side) -> dict:
    return {"json": {"act": "receive", "lab_id": side.lab.lab_id, "tube": "1"}}


def check(side: Side, w: World) -> dict:
    from screening.accounts.roles import LAB_ROLES

    return asked_lab(side) if w.acting and w.acting.role in LAB_ROLES else asked(side)


def doors_of(side: Side) -> dict:
    return signed_post(devices.phone(site=side.site), "/api/v1/field/doors")


CASES = [
    Case("field_api.post_journal", "POST", inside=batch),
    Case(
        "field_api.post_carried", "POST",
        inside=lambda w: {"data": exported(w), "content_type": "application/x-ndjson"},
    ),
    Case("field_pages.carried", reason="a desk that anybody may use for anybody's phone"),
    Case(
        "field_pages.take_carried", "POST", inside=handed_in,
        reason="who carries a journal can neither read nor change it; the phone's signature counts",
    ),
    Case("field_api.get_receipt", inside=journal),
    Case("field_api.get_schema"),
    Case("field_api.get_slice", "POST", inside=slice_of),
    Case("field_api.sign_in_here", "POST", ok=200, inside=phone_sign_in),
    Case(
        "field_api.sign_out_here", "POST", ok=200, inside=lambda w: {"json": {}},
        reason="ends the own session",
    ),
    Case(
        "field_api.get_doors", "POST", ok=200,
        inside=lambda w: doors_of(w.a), outside=lambda w: doors_of(w.b),
    ),
    Case(
        "field_api.check_act", "POST", ok=200,
        inside=lambda w: check(w.a, w), outside=lambda w: check(w.b, w),
    ),
]  # fmt: skip


# --- desks as pages -----------------------------------------------------------------------------


def stated(side: Side, entries: list[dict], *, bench: bool = False) -> None:
    """What a phone of the side says, as of now."""
    phone = devices.phone(lab=side.lab) if bench else devices.phone(site=side.site)
    for entry in entries:
        phone.write(**entry)
    out = service.ingest(phone.batch(), received_at=clock.now())
    assert not out.parked, out


def fresh(kind: Kind) -> str:
    return make_code(kind, 70_000_000 + make.number())


def tube_at(side: Side, *, close: bool = False) -> str:
    tube = fresh(Kind.TUBE)
    entries: list[dict] = [
        {"kind": "open", "tube": tube, "mode": "pooled", "size": 10},
        {"kind": "bind", "tube": tube, "seat": 1, "who": {"name": "甲"}},
    ]
    if close:
        entries.append({"kind": "close", "tube": tube, "n": 1})
    stated(side, entries)
    return tube


def box_at(side: Side, *, seal: str = "") -> dict:
    """An open (or sealed) box with one tube; {batch, box, tube}."""
    tube, box = tube_at(side, close=True), fresh(Kind.BOX)
    batch_ = f"{side.site.cell_id}-{secrets.token_hex(16)}"
    common = {"batch": batch_, "box": box}
    entries = [{"kind": "box_open", **common}, {"kind": "pack", "tube": tube, **common}]
    if seal:
        entries.append({"kind": "seal", "seal": seal, "n": 1, **common})
    stated(side, entries)
    return {"batch": batch_, "box": box, "tube": tube}


def at_site(side: Side, **data: object) -> dict:
    return {"values": {"site_id": side.site.site_id}, "data": data}


def at_lab(side: Side, **data: object) -> dict:
    return {"values": {"lab_id": side.lab.lab_id}, "data": data}


def swab(side: Side, *, move: bool = False, **data: object) -> dict:
    tube = tube_at(side)
    specimen = fetch("SELECT specimen_id FROM specimen WHERE barcode = %s", (tube,))[0][0]
    more = {"to": tube_at(side)} if move else {}
    return at_site(side, tube=tube, swab=specimen, **more, **data)


def give(side: Side) -> dict:
    seal = fresh(Kind.SEAL)
    box_at(side, seal=seal)
    courier = make.staff("courier", side.county)
    return at_site(side, seals=seal, courier=courier.staff_no, boxes=1, lab_id=side.lab.lab_id)


def sealed(side: Side) -> dict:
    return box_at(side, seal=fresh(Kind.SEAL))


def seal_scan(side: Side) -> dict:
    seal = fresh(Kind.SEAL)
    box_at(side, seal=seal)
    return at_site(side, seal=seal, seals="")


def arrived(side: Side) -> dict:
    """A box at the side's laboratory; {seal, tube}."""
    seal = fresh(Kind.SEAL)
    held = box_at(side, seal=seal)
    stated(side, [{"kind": "arrive", "seal": seal}], bench=True)
    return {"seal": seal, "tube": held["tube"]}


def sealing(side: Side) -> dict:
    return at_site(side, batch=box_at(side)["batch"], n=1, seal=fresh(Kind.SEAL))


def sheet(side: Side) -> dict:
    return at_site(side, tube=fresh(Kind.TUBE), mode="pooled", size=10, n=1, name1="甲")


def packing_tube(side: Side) -> dict:
    return at_site(side, batch=box_at(side)["batch"], tube=tube_at(side, close=True))


def unpacking(side: Side) -> dict:
    held = box_at(side)
    return at_site(side, batch=held["batch"], tube=held["tube"])


def walk(endpoint: str, request, **kw) -> Case:
    return Case(
        endpoint, "POST", ok=303,
        inside=lambda w: request(w.a), outside=lambda w: request(w.b), **kw,
    )  # fmt: skip


def look(endpoint: str, request) -> Case:
    def bare(side: Side) -> dict:
        return {"values": request(side)["values"]}

    return Case(endpoint, inside=lambda w: bare(w.a), outside=lambda w: bare(w.b))


CASES += [
    Case("field_pages.sampling"),
    look("field_pages.sampling_desk", at_site),
    walk("field_pages.open_tube", lambda s: at_site(s, tube=fresh(Kind.TUBE), size=10)),
    walk("field_pages.bind", lambda s: at_site(s, tube=tube_at(s), name="乙")),
    walk("field_pages.undo", swab),
    walk("field_pages.mark", swab),
    walk("field_pages.move", lambda s: swab(s, move=True)),
    walk("field_pages.close_tube", lambda s: at_site(s, tube=tube_at(s), n=1)),
    walk("field_pages.reopen_tube", lambda s: at_site(s, tube=tube_at(s, close=True))),
    Case("field_pages.packing"),
    look("field_pages.packing_desk", at_site),
    walk("field_pages.open_box", lambda s: at_site(s, box=fresh(Kind.BOX))),
    walk("field_pages.pack", packing_tube),
    walk("field_pages.unpack", unpacking),
    walk("field_pages.count", lambda s: at_site(s, batch=box_at(s)["batch"], n=1)),
    walk("field_pages.seal", sealing),
    walk("field_pages.unseal", lambda s: at_site(s, batch=sealed(s)["batch"])),
    Case("field_pages.hand_over"),
    look("field_pages.hand_over_desk", at_site),
    walk("field_pages.scan_seal", seal_scan),
    walk("field_pages.give_over", give),
    Case("field_pages.reception"),
    look("field_pages.reception_desk", at_lab),
    walk("field_pages.arrive", lambda s: at_lab(s, seal=fresh(Kind.SEAL))),
    walk("field_pages.reception_scan", lambda s: at_lab(s, code=fresh(Kind.SEAL))),
    walk("field_pages.receive", lambda s: at_lab(s, **arrived(s))),
    walk("field_pages.reject", lambda s: at_lab(s, reason="leak", **arrived(s))),
    walk("field_pages.finish", lambda s: at_lab(s, **arrived(s))),
    Case("field_pages.paper"),
    look("field_pages.paper_desk", at_site),
    walk("field_pages.enter_paper", sheet),
]

CASES += [
    Case("field_pages.app"),
    Case("field_pages.app_worker"),
    Case("field_pages.app_manifest"),
    Case("field_pages.app_icon", inside=lambda w: {"values": {"size": 192}}),
]
