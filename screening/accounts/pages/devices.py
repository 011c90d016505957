"""Devices: enrolment codes with their QR, revocation, loss."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

import qrcode
from flask import redirect, render_template, request, url_for

from screening import clock
from screening.accounts import devices, queries, service
from screening.accounts.api.devices import CODE, DEVICE, SITE_OR_LAB, site_or_lab
from screening.accounts.api.frame import MANAGERS
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.accounts.pages.frame import PAGE, bp
from screening.accounts.roles import Place, Role
from screening.errors import Fault, Faults, Problem
from screening.forms import refused, text
from screening.i18n import ZONE, _
from screening.places import queries as places

SEERS = (*MANAGERS, Role.DISPATCHER)
USES = (1, 5, devices.CODE_USES.value)


@bp.get("/devices")
@require(*SEERS, at=OWN_ROWS)
def list_devices() -> Any:
    """Phones of the own sites and labs, and the codes that still work."""
    return render_template("accounts/devices.html", **device_lines())


def device_lines() -> dict[str, Any]:
    actor = current_actor()
    after = request.args.get("after", 0, type=int)
    held = actor.places(MANAGERS)
    rows = queries.list_devices(actor.places(SEERS), after=after, limit=PAGE)
    return {
        "rows": [device_line(r, held) for r in rows],
        "codes": queries.list_codes(held) if held else [],
        "spots": queries.list_spots(held) if held else [],
        "next": rows[-1].device.device_id if len(rows) == PAGE else None,
        "after": after,
        "hours": devices.CODE_HOURS.value,
        "uses": USES,
    }


STATES = {"active": "ok", "revoked": "unknown", "lost": "stop", "forked": "stop"}


def device_line(row: queries.PlacedDevice, held: Sequence[Place]) -> dict[str, Any]:
    words = {
        "active": _("在用"),
        "revoked": _("已停用"),
        "lost": _("已报失"),
        "forked": _("日志分叉，须重新登记"),
    }
    d = row.device
    return {
        "device_id": d.device_id,
        "name": {"text": d.name, "sub": _("练习") if d.practice else ""},
        "place": row.place_name,
        "state": {"tone": STATES.get(d.state, "unknown"), "text": words.get(d.state, d.state)},
        "enrolled_at": d.enrolled_at,
        "heard_at": d.heard_at,
        "acts": d.state if held else "",
    }


@bp.post("/devices/codes")
@require(*MANAGERS, at=SITE_OR_LAB)
def make_code() -> Any:
    """A code for the phones of a site or lab, shown once, with its QR."""
    place = site_or_lab(request.form)
    try:
        until = code_until(text("until", 5))
        uses = uses_of(text("uses", 4))
        code = service.make_enrol_code(
            current_actor(), place, until=until, uses=uses,
            practice=request.form.get("practice") == "1",
        )  # fmt: skip
    except Problem as problem:
        return refused(problem, "accounts/devices.html", **device_lines())
    link = f"{request.host_url}field/#enrol={code}"
    at = places.get_site(place.id) if place.kind == "site" else places.get_lab(place.id)
    return render_template(
        "accounts/code.html",
        code=code,
        link=link,
        image=qr(link),
        until=until,
        uses=uses,
        place=at.name,
        practice=request.form.get("practice") == "1",
    )


def uses_of(word: str) -> int:
    """For how many phones: one unless said."""
    return int(word) if word in {str(n) for n in USES} else USES[0]


def code_until(word: str) -> datetime:
    """Until an hour of the clock: today, or tomorrow when that hour is past. Raises Faults."""
    now = clock.real_now()
    if not word:
        return now + timedelta(hours=devices.CODE_HOURS.value)
    try:
        hour = time.fromisoformat(word)
    except ValueError:
        raise Faults([Fault(devices.BadEnd(hours=24), field="until")]) from None
    until = datetime.combine(now.astimezone(ZONE).date(), hour, ZONE)
    return until if until > now else until + timedelta(days=1)


def qr(link: str) -> str:
    """The link as a picture that needs no request of its own. Any camera opens the app with it; the
    code stands behind the #, which no browser sends."""
    image = qrcode.make(link, border=2, box_size=8)
    out = io.BytesIO()
    image.save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


@bp.post("/devices/codes/<ref>/withdraw")
@require(*MANAGERS, at=CODE)
def withdraw_code(ref: str) -> Any:
    """Make a code useless at once."""
    devices.withdraw_code(ref)
    return redirect(url_for(".list_devices"), 303)


@bp.post("/devices/<int:device_id>/revoke")
@require(*MANAGERS, at=DEVICE)
def revoke_device(device_id: int) -> Any:
    """Refuse the device from now on."""
    service.revoke_device(device_id)
    return redirect(url_for(".list_devices"), 303)


@bp.post("/devices/<int:device_id>/lost")
@require(*MANAGERS, at=DEVICE)
def lose_device(device_id: int) -> Any:
    """Declare the device lost, in the own name."""
    service.declare_lost(device_id, current_actor())
    return redirect(url_for(".list_devices"), 303)
