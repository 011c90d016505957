"""The desk that takes in a phone's exported journal: a file, or its QR codes under the scanner."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from screening import clock
from screening.accounts import queries as accounts
from screening.accounts.guard import ANYWHERE, require
from screening.accounts.roles import EVERYBODY
from screening.errors import BadField, Fault, Faults, Problem
from screening.field import carried as service
from screening.field.pages.frame import bp, refused
from screening.i18n import _

PAGE = "field/carried.html"
MOST = 8 * 1024 * 1024  # bytes of a file


@bp.get("/carried")
@require(*EVERYBODY, at=ANYWHERE)
def carried() -> Any:
    """The form."""
    return render_template(PAGE, receipts=[], frames="")


@bp.post("/carried")
@require(*EVERYBODY, at=ANYWHERE)
def take_carried() -> Any:
    """Take in what was handed in, whole or not at all, and show the receipts."""
    frames = request.form.get("frames", "")
    try:
        receipts = service.take_file(_handed_in(frames), received_at=clock.now())
    except Problem as problem:
        return refused(problem, PAGE, receipts=[], frames=frames)
    phones = {r.device: accounts.get_device(r.device).name for r in receipts}
    return render_template(PAGE, receipts=receipts, phones=phones, frames="")


def _handed_in(frames: str) -> bytes:
    file = request.files.get("file")
    data = file.stream.read(MOST + 1) if file else b""
    if data:
        return data[:MOST]
    if frames.strip():
        return frames.encode()
    raise Faults([Fault(BadField(message=_("请选择文件，或扫二维码。")), field="file")])
