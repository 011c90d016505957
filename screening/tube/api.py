"""Label runs and patterns over HTTP, and what is printed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from screening import clock
from screening.accounts.guard import ANYWHERE, CITY, OWN_ROWS, area, by, current_actor, require
from screening.accounts.guard import lab as at_lab
from screening.accounts.guard import site as at_site
from screening.accounts.roles import EVERYBODY, SITE_ROLES, Role
from screening.openapi import gives, takes
from screening.places import queries as places
from screening.tube import label_queries as queries
from screening.tube import prints
from screening.tube import schemas as s
from screening.tube.printers.layouts import Shift
from screening.tube.service import label_runs, label_stock

bp = Blueprint("tube_api", __name__, url_prefix="/api/v1")

PRINTERS = (Role.ADMINISTRATOR, Role.DISPATCHER)
KEEPERS = (*PRINTERS, Role.SITE_SUPERVISOR)
SEERS = (*KEEPERS, Role.AUDITOR)
RUN = by("run's site", "run_id", lambda v: queries.place_of_run(int(v)))
BADGERS = (Role.ADMINISTRATOR, Role.SITE_SUPERVISOR)


@bp.get("/label-runs")
@require(*SEERS, at=OWN_ROWS)
@takes(s.LabelPageSchema, "query")
@gives(s.LabelRunPageSchema)
def list_runs(args: dict[str, Any]) -> Any:
    """Label runs issued within the own scope, newest first."""
    rows = queries.list_runs(current_actor().places(SEERS), **args)
    return {"items": rows, "next": rows[-1].run_id if len(rows) == args["limit"] else None}


@bp.post("/label-runs")
@require(*PRINTERS, at=at_site())
@takes(s.LabelRunInSchema)
@gives(s.LabelRunSchema, 201)
def make_run(args: dict[str, Any]) -> Any:
    """Give out the next numbers of a kind and issue them to a site."""
    me = current_actor()
    return label_runs.make_run(
        args["kind"], args["count"], args["site_id"], by=me.staff_id, at=clock.now(),
        practice=args["practice"],
    )  # fmt: skip


@bp.post("/label-runs/foreign")
@require(*PRINTERS, at=at_site())
@takes(s.StockInSchema)
@gives(s.LabelRunSchema, 201)
def register_stock(args: dict[str, Any]) -> Any:
    """Register another maker's labels, as a range or as a list."""
    me, now = current_actor().staff_id, clock.now()
    if args["numbers"]:
        return label_stock.register_list(
            args["pattern_id"], args["numbers"], args["site_id"], by=me, at=now
        )
    return label_stock.register_range(
        args["pattern_id"], args["first"], args["last"], args["site_id"], by=me, at=now
    )


@bp.get("/label-runs/<int:run_id>")
@require(*SEERS, at=RUN)
@gives(s.LabelRunSchema)
def get_run(run_id: int) -> Any:
    """One label run."""
    return queries.get_run(run_id)


@bp.get("/label-runs/<int:run_id>/ledger")
@require(*SEERS, at=RUN)
@gives(s.LabelLedgerSchema)
def get_ledger(run_id: int) -> Any:
    """printed = blank + claimed + returned + void + missing (tubes only)."""
    return queries.balances([run_id]).get(run_id, queries.Balance(0, 0, 0, 0, 0, 0))


@bp.post("/label-runs/<int:run_id>/returns")
@require(*KEEPERS, at=RUN)
@takes(s.LabelMoveInSchema)
@gives(s.LabelMovedSchema)
def move_labels(run_id: int, args: dict[str, Any]) -> Any:
    """Blank labels come back, are void or missing, by first and last number; used ones stay."""
    count = label_runs.move(run_id, **args, by=current_actor().staff_id, at=clock.now())
    return {"count": count}


@bp.get("/label-runs/<int:run_id>/pdf")
@require(*KEEPERS, at=RUN)
@takes(s.PrintSchema, "query")
@gives(None)
def print_pdf(run_id: int, args: dict[str, Any]) -> Response:
    """A4 sheets."""
    args.pop("dpi")
    shift = Shift(args.pop("right"), args.pop("down"))
    run = queries.get_run(run_id)
    data = prints.sheet(run, current_actor(), **args, shift=shift, at=clock.now())
    return file_of(data, "application/pdf", f"LR-{run_id}.pdf")


@bp.get("/label-runs/<int:run_id>/zpl")
@require(*KEEPERS, at=RUN)
@takes(s.PrintSchema, "query")
@gives(None)
def print_zpl(run_id: int, args: dict[str, Any]) -> Response:
    """A stream for Zebra printers (UTF-8)."""
    data = prints.stream(queries.get_run(run_id), "zpl", **of_stream(args))
    return file_of(data, "application/octet-stream", f"LR-{run_id}.zpl")


@bp.get("/label-runs/<int:run_id>/tspl")
@require(*KEEPERS, at=RUN)
@takes(s.PrintSchema, "query")
@gives(None)
def print_tspl(run_id: int, args: dict[str, Any]) -> Response:
    """A stream for TSC, HPRT and Gprinter printers (GB 18030)."""
    data = prints.stream(queries.get_run(run_id), "tspl", **of_stream(args))
    return file_of(data, "application/octet-stream", f"LR-{run_id}.tspl")


def of_stream(args: dict[str, Any]) -> dict[str, Any]:
    """What a label printer understands: it has no sheet that could be half used or askew."""
    return {k: v for k, v in args.items() if k not in ("used", "right", "down")}


def file_of(data: bytes, kind: str, name: str) -> Response:
    """A PDF is shown, to be printed from there; a stream is saved."""
    response = Response(data, mimetype=kind)
    how = "inline" if kind == "application/pdf" else "attachment"
    response.headers["Content-Disposition"] = f'{how}; filename="{name}"'
    return response


# --- patterns -----------------------------------------------------------------------------------


@bp.get("/code-patterns")
@require(*EVERYBODY, at=ANYWHERE)
@gives(s.PatternSchema, many=True)
def list_patterns() -> Any:
    """How other makers' labels look: every version that is still taken."""
    return queries.list_patterns()


@bp.post("/code-patterns")
@require(Role.ADMINISTRATOR, at=CITY)
@takes(s.PatternInSchema)
@gives(s.PatternSchema, 201)
def save_pattern(args: dict[str, Any]) -> Any:
    """A new pattern, or the next version of the one with this name."""
    me = current_actor()
    return label_stock.get_pattern(label_stock.save_pattern(**args, by=me.staff_id, at=clock.now()))


@bp.post("/code-patterns/<int:pattern_id>/retire")
@require(Role.ADMINISTRATOR, at=CITY)
@gives(None, 204)
def retire_pattern(pattern_id: int) -> Any:
    """Labels of this version are no longer taken."""
    label_stock.retire_pattern(pattern_id)
    return "", 204


# --- badges, site sheets, resident codes --------------------------------------------------------


@bp.get("/sites/<int:site_id>/badges")
@require(*BADGERS, at=at_site())
@gives(None)
def print_badges(site_id: int) -> Response:
    """Badges of everybody who has a role at a site."""
    data = prints.badges(places.place_of_site(site_id), current_actor(), at=clock.now())
    return file_of(data, "application/pdf", "badges.pdf")


@bp.get("/labs/<int:lab_id>/badges")
@require(Role.ADMINISTRATOR, at=at_lab())
@gives(None)
def print_lab_badges(lab_id: int) -> Response:
    """Badges of everybody who has a role at a laboratory."""
    data = prints.badges(places.place_of_lab(lab_id), current_actor(), at=clock.now())
    return file_of(data, "application/pdf", "badges.pdf")


@bp.get("/sites/<int:site_id>/sheet")
@require(*SITE_ROLES, Role.ADMINISTRATOR, at=at_site())
@gives(None)
def print_site_sheet(site_id: int) -> Response:
    """A page with the site's code to hang up."""
    data = prints.site_sheet(site_id, current_actor(), at=clock.now())
    return file_of(data, "application/pdf", "site.pdf")


@bp.post("/resident-codes")
@require(Role.COMMUNITY_WORKER, Role.ADMINISTRATOR, at=area("community_id"))
@takes(s.ResidentCodesSchema)
@gives(None)
def print_resident_codes(args: dict[str, Any]) -> Response:
    """Cards with the codes of residents of one community; nothing personal is in the code."""
    data = prints.resident_codes(
        args["community_id"], args["person_ids"], current_actor(), at=clock.now()
    )
    return file_of(data, "application/pdf", "codes.pdf")
