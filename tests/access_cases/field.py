"""The door, its slices and checks, and the desk pages."""

from __future__ import annotations

from screening import clock
from screening.field import signed
from tests import devices
from tests.access import Case, Side, World


def batch(w: World) -> dict:
    phone = devices.phone(site=w.a.site)
    phone.write("shift_start")
    return {"data": phone.batch(), "content_type": "application/x-ndjson"}


def journal(w: World) -> dict:
    phone = devices.phone(site=w.a.site)
    return {"query_string": {"device": phone.device_id, "journal": phone.wire}}


def slice_of(w: World) -> dict:
    phone = devices.phone(site=w.a.site)
    body, ms = b"{}", clock.to_ms(clock.now())
    path = "/api/v1/field/slice"
    head = signed.header(phone.key, phone.device_id, "POST", path, ms, body)
    return {"data": body, "content_type": "application/json", "headers": {"X-Device": head}}


def asked(side: Side) -> dict:
    return {"json": {"act": "open", "site_id": side.site.site_id, "tube": "1"}}


def asked_lab(side: Side) -> dict:
    return {"json": {"act": "receive", "lab_id": side.lab.lab_id, "tube": "1"}}


def check(side: Side, w: World) -> dict:
    from screening.accounts.roles import LAB_ROLES

    return asked_lab(side) if w.acting and w.acting.role in LAB_ROLES else asked(side)


CASES = [
    Case("field_api.post_journal", "POST", inside=batch),
    Case("field_api.get_receipt", inside=journal),
    Case("field_api.get_schema"),
    Case("field_api.get_slice", "POST", inside=slice_of),
    Case(
        "field_api.check_act", "POST", ok=200,
        inside=lambda w: check(w.a, w), outside=lambda w: check(w.b, w),
    ),
]  # fmt: skip
