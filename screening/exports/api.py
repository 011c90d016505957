"""Exports over HTTP: asked for, watched, fetched in parts, cancelled. Everybody sees the own ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, current_app, request

from screening.accounts.guard import OWN_ROWS, area, current_actor, require
from screening.accounts.roles import WATCHERS, Role
from screening.exports import files, queries, rules, service
from screening.exports import schemas as s
from screening.exports.queries import ExportRow
from screening.i18n import current_lang
from screening.openapi import gives, takes

bp = Blueprint("exports_api", __name__, url_prefix="/api/v1")

TAKERS = (*WATCHERS, Role.AUDITOR)
AREA = area("area_id")


@bp.post("/exports")
@require(*TAKERS, at=AREA)
@takes(s.ExportAskSchema)
@gives(s.ExportMadeSchema, 202)
def ask_export(args: dict[str, Any]) -> Any:
    """Have a list made as a file: missed, coverage, results, tubes, persons."""
    number = service.ask(
        args["kind"], args["area_id"], args["round_id"], args["format"], by=current_actor(),
        lang=current_lang(), unmasked=args["unmasked"], reason=args.get("reason"),
    )  # fmt: skip
    return {"export_id": number}


@bp.get("/exports")
@require(*TAKERS, at=OWN_ROWS)
@takes(s.ExportListAskSchema, "query")
@gives(s.ExportSchema, many=True)
def list_exports(args: dict[str, Any]) -> Any:
    """The files that you asked for, newest first."""
    rows = queries.list_own(current_actor().staff_id, before=args.get("before"))
    broken = queries.broken(rows)
    return [told(r, broken) for r in rows]


def told(row: ExportRow, broken: set[int]) -> dict[str, Any]:
    state = rules.FAILED if row.export_id in broken else row.state
    return {**row._asdict(), "round_id": row.round_id, "state": state}


@bp.get("/exports/<int:export_id>")
@require(*TAKERS, at=OWN_ROWS)
@gives(s.ExportSchema)
def get_export(export_id: int) -> Any:
    """One of your files and how far it is."""
    row = queries.get_own(export_id, current_actor().staff_id)
    return told(row, queries.broken([row]))


@bp.delete("/exports/<int:export_id>")
@require(*TAKERS, at=OWN_ROWS)
@gives(None, 204)
def cancel_export(export_id: int) -> Any:
    """Stop a file that is being made."""
    service.cancel(export_id, by=current_actor())
    return "", 204


@bp.get("/exports/<int:export_id>/file")
@require(*TAKERS, at=OWN_ROWS)
def fetch_export(export_id: int) -> Response:
    """The file, or a range of its bytes: a download that broke off goes on where it stopped."""
    actor = current_actor()
    row = queries.get_own(export_id, actor.staff_id)
    whole = request.headers.get("If-Range") not in (None, etag(row))
    span = None if whole else rules.read_range(request.headers.get("Range"), row.size)
    first, last = span or (0, row.size - 1)
    service.fetched(row, first, by=actor)
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    keys = app.extensions["keys"]

    def lines() -> Iterator[bytes]:
        return queries.read_bytes(export_id, first, last, keys)

    response = Response(
        files.Snapshot(app, lines) if row.size else b"", 206 if span else 200,
        content_type=rules.FORMATS[row.format],
    )  # fmt: skip
    name = f"{row.kind}-{row.area_id}-{row.round_id}.{row.format}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = etag(row)
    response.headers["Content-Length"] = str(last - first + 1)
    if span:
        response.headers["Content-Range"] = f"bytes {first}-{last}/{row.size}"
    return response


def etag(row: ExportRow) -> str:
    return f'"{row.export_id:x}-{row.size:x}"'
