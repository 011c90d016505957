"""Result lists over HTTP; hangs below the laboratory's own blueprint."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.i18n import current_lang
from screening.lab import queries
from screening.lab.lists import template as list_template
from screening.lab.queries import result_lists as lists
from screening.lab.schemas import result_lists as s
from screening.lab.schemas.frame import LabPageQuerySchema
from screening.lab.scopes import LAB, READERS, WRITERS
from screening.lab.service import result_lists
from screening.openapi import gives, takes

bp = Blueprint("result_lists", __name__, url_prefix="/result-lists")


@bp.get("")
@require(*READERS, at=OWN_ROWS)
@takes(LabPageQuerySchema, "query")
@gives(s.ListPageSchema)
def list_lists(args: dict[str, Any]) -> Any:
    """Result lists of the own laboratories, newest first."""
    asked = args.pop("lab_id")
    labs = queries.list_labs(current_actor().places(READERS))
    rows = lists.list_lists([x for x in labs if asked in (None, x.lab_id)], **args)
    return {"items": rows, "next": rows[-1].run_id if len(rows) == args["limit"] else None}


@bp.get("/<int:lab_id>/template")
@require(*READERS, at=LAB)
@takes(s.TemplateQuerySchema, "query")
@gives(None)
def get_template(lab_id: int, args: dict[str, Any]) -> Any:
    """The template with the tubes that wait for a result, as XLSX or CSV."""
    return template(lab_id, args["format"])


def template(lab_id: int, form: str) -> Response:
    tubes = [row.barcode for row in result_lists.owed(lab_id)]
    body = list_template.WRITERS[form](tubes, current_lang())
    response = Response(body, content_type=list_template.FORMATS[form])
    response.headers["Content-Disposition"] = f'attachment; filename="results.{form}"'
    return response


@bp.post("/<int:lab_id>")
@require(*WRITERS, at=LAB)
@takes(s.ListFileSchema, "files")
@gives(s.ListSchema, 201)
def preview_list(lab_id: int, args: dict[str, Any]) -> Any:
    """Look at a list (form field `file`): every fault of every row at once. Nothing moves."""
    data = args["file"].read()
    return result_lists.preview(lab_id, data, by=current_actor().staff_id, at=clock.now())


@bp.get("/<int:lab_id>/<int:list_id>")
@require(*READERS, at=LAB)
@gives(s.ListSchema)
def get_list(lab_id: int, list_id: int) -> Any:
    """A list with its rows, and the tubes that are still open."""
    return result_lists.show(lab_id, list_id, at=clock.now())


@bp.post("/<int:lab_id>/<int:list_id>/confirm")
@require(*WRITERS, at=LAB)
@takes(s.ListConfirmSchema)
@gives(s.ListSchema)
def confirm_list(lab_id: int, list_id: int, args: dict[str, Any]) -> Any:
    """Adopt a list: tests, calls and alerts in one transaction. Twice is once."""
    by = current_actor().staff_id
    return result_lists.confirm(lab_id, list_id, **args, by=by, at=clock.now())


@bp.delete("/<int:lab_id>/<int:list_id>")
@require(*WRITERS, at=LAB)
@gives(None, 204)
def discard_list(lab_id: int, list_id: int) -> Any:
    """Forget a list that was only looked at; a signal in it is told all the same."""
    result_lists.discard(lab_id, list_id, by=current_actor().staff_id, at=clock.now())
    return "", 204
