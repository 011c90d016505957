"""The resident's proof: a page to show, a sheet to print; nothing of it stands in an address."""

from __future__ import annotations

import base64
from typing import Any

from flask import Response, g, make_response, render_template, request

from screening import clock
from screening.accounts.guard import check_origin, public
from screening.db import db
from screening.errors import Problem
from screening.i18n import current_lang
from screening.interop import report, service
from screening.interop.pages.frame import bp
from screening.tube.printers.qr import qr_png
from screening.tube.prints import SHEETS

_ASKED = ("code", "last4", "number")


@bp.get("/r/proof")
@public
def ask_proof() -> Any:
    """The empty form."""
    return render_template("interop/proof.html", proof=None, asked={})


@bp.post("/r/proof")
@public
def show_proof() -> Any:
    """The proof with its codes, or why there is none."""
    return _answered(_page)


@bp.post("/r/proof/sheet")
@public
def print_proof() -> Any:
    """The proof as a PDF in two languages."""
    return _answered(_sheet)


def _answered(show: Any) -> Any:
    check_origin()
    asked = {name: request.form.get(name, "").strip()[:250] for name in _ASKED}
    try:
        proof = service.issue(**asked, address=request.remote_addr, at=clock.now())
    except Problem as problem:
        g.failed = True
        db.session.rollback()
        page = render_template(
            "interop/proof.html", proof=None, asked=asked,
            ask_last4=problem.code == "last4_needed" or bool(asked["last4"]),
            ask_number=problem.code == "number_needed",
            sentence=problem.sentence(current_lang()),
        )  # fmt: skip
        return make_response(page, problem.status)
    return show(proof, asked)


def _page(proof: service.Issued, asked: dict[str, str]) -> Any:
    return render_template(
        "interop/proof.html", proof=proof, asked=asked, picture=_picture(proof.text),
        other=_picture(proof.certificate),
    )  # fmt: skip


def _picture(text: str) -> str:
    return "data:image/png;base64," + base64.b64encode(qr_png(text, scale=4)).decode()


def _sheet(proof: service.Issued, _: dict[str, str]) -> Response:
    font = SHEETS if SHEETS.is_file() else None
    data = report.sheet(proof, font=font, verify_at=request.host_url + "verify")
    name = f"proof-{proof.number}.pdf"
    return Response(data, mimetype="application/pdf", headers={
        "Content-Disposition": f'attachment; filename="{name}"'
    })  # fmt: skip
