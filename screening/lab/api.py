"""The laboratory over HTTP: the bench, plates and wells, runs, rule sets."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from flask import Blueprint, send_file

from screening import clock
from screening.accounts.guard import CITY, OWN_ROWS, current_actor, require
from screening.lab import alert_api, dry_run, duty_api, list_api, plate_api, queries
from screening.lab import schemas as s
from screening.lab.queries import LabRow, PlateRow
from screening.lab.queries import dry_runs as trials
from screening.lab.queries.dry_runs import TrialRow
from screening.lab.scopes import (
    APPROVERS,
    LAB,
    OPENERS,
    READERS,
    RULERS,
    WRITERS,
)
from screening.lab.service import dry_runs, originals, plates, rule_sets, runs, starts
from screening.openapi import gives, takes

bp = Blueprint("lab_api", __name__, url_prefix="/api/v1")
bp.register_blueprint(list_api.bp)
bp.register_blueprint(plate_api.bp)
bp.register_blueprint(alert_api.bp)
bp.register_blueprint(duty_api.bp)


def me() -> int:
    return current_actor().staff_id


def page(rows: Sequence[Any], limit: int, key: str) -> dict[str, Any]:
    return {"items": rows, "next": getattr(rows[-1], key) if len(rows) == limit else None}


def own_labs(lab_id: int | None) -> list[LabRow]:
    """The laboratories of the actor, or the one asked for if it is one of them."""
    found = queries.list_labs(current_actor().places(READERS))
    return [x for x in found if lab_id in (None, x.lab_id)]


# --- the bench ----------------------------------------------------------------------------------


@bp.get("/bench/<int:lab_id>")
@require(*READERS, at=LAB)
@gives(s.BenchSchema)
def get_bench(lab_id: int) -> Any:
    """Tubes received and on no plate, the most pressing first; the load; plates by state."""
    lab, at = queries.get_lab(lab_id), clock.now()
    return {
        "tubes": queries.load_of(lab, at),
        "plates": queries.count_plates(lab, at),
        "waiting": queries.list_waiting(lab, at),
    }


# --- rule sets ----------------------------------------------------------------------------------


@bp.get("/rule-sets")
@require(*READERS)
@gives(s.RuleVersionSchema, many=True)
def list_rule_sets() -> Any:
    """Every version of every rule set, proposed ones too."""
    return rule_sets.list_versions()


@bp.post("/rule-sets")
@require(*RULERS, at=CITY)
@takes(s.ProposalSchema)
@gives(s.RuleVersionSchema, 201)
def propose_rule_set(args: dict[str, Any]) -> Any:
    """Propose the next version; it does nothing until somebody else approves it."""
    return rule_sets.propose(args["body"], by=me(), at=clock.now())


@bp.post("/rule-sets/<int:rule_id>/approve")
@require(*APPROVERS)
@takes(s.ApprovalSchema)
@gives(s.RuleVersionSchema)
def approve_rule_set(rule_id: int, args: dict[str, Any]) -> Any:
    """Put a proposed version into force, now or later; never one's own, and only on a dry run."""
    return rule_sets.approve(rule_id, by=me(), at=clock.now(), **args)


@bp.post("/rule-sets/<int:rule_id>/dry-runs")
@require(*RULERS, *APPROVERS)
@takes(s.DryRunInSchema)
@gives(s.DryRunSchema, 201)
def make_dry_run(rule_id: int, args: dict[str, Any]) -> Any:
    """Judge the runs of the last days by a proposed version: what would have changed. No result,
    tube or alert is touched; tubes are listed of one's own laboratories, the counts are of all."""
    return told(dry_runs.make(rule_id, by=me(), at=clock.now(), **args))


@bp.get("/rule-sets/<int:rule_id>/dry-runs")
@require(*RULERS, *APPROVERS)
@gives(s.DryRunSchema, many=True)
def list_dry_runs(rule_id: int) -> Any:
    """The dry runs of a version, newest first."""
    rule_sets.get_version(rule_id)
    return [told(t) for t in trials.list_trials(rule_id)]


def told(trial: TrialRow) -> dict[str, Any]:
    labs = {x.lab_id for x in queries.list_labs(current_actor().places((*RULERS, *APPROVERS)))}
    return {**trial._asdict(), **dry_run.only_of(trial.report, labs)}


# --- plates -------------------------------------------------------------------------------------


@bp.get("/plates")
@require(*READERS, at=OWN_ROWS)
@takes(s.PlateQuerySchema, "query")
@gives(s.PlatePageSchema)
def list_plates(args: dict[str, Any]) -> Any:
    """Plates of the own laboratories, newest first."""
    labs = own_labs(args.pop("lab_id"))
    return page(queries.list_plates(labs, **args), args["limit"], "plate_id")


@bp.post("/plates")
@require(*WRITERS, at=LAB)
@takes(s.PlateInSchema)
@gives(s.PlateSchema, 201)
def make_plate(args: dict[str, Any]) -> Any:
    """An empty plate of 96 or 384 wells with its controls, under a rule set that is in force."""
    return whole(plates.create(args.pop("lab_id"), **args, by=me(), at=clock.now()))


def whole(plate: PlateRow) -> dict[str, Any]:
    return {**plate._asdict(), "wells": list(queries.list_wells(plate).values())}


@bp.get("/plates/<int:lab_id>/<int:plate_id>")
@require(*READERS, at=LAB)
@gives(s.PlateSchema)
def get_plate(lab_id: int, plate_id: int) -> Any:
    """A plate with its wells."""
    return whole(queries.get_plate(queries.get_lab(lab_id), plate_id))


@bp.post("/plates/<int:lab_id>/<int:plate_id>/scans")
@require(*WRITERS, at=LAB)
@takes(s.ScanSchema)
@gives(s.PlacedSchema, 201)
def scan_tube(lab_id: int, plate_id: int, args: dict[str, Any]) -> Any:
    """Put a scanned tube into the next free well; the scan is its receipt too."""
    return plates.scan(lab_id, plate_id, args["code"], order=args["order"], by=me(), at=clock.now())


@bp.post("/plates/<int:lab_id>/<int:plate_id>/wells")
@require(*WRITERS, at=LAB)
@takes(s.MapSchema)
@gives(s.PlacedSchema, 201, many=True)
def fill_wells(lab_id: int, plate_id: int, args: dict[str, Any]) -> Any:
    """Put tubes into named wells, all or none; every fault is told."""
    return plates.fill(lab_id, plate_id, args["wells"], by=me(), at=clock.now())


@bp.delete("/plates/<int:lab_id>/<int:plate_id>/wells/<well>")
@require(*WRITERS, at=LAB)
@gives(s.TakenOffSchema)
def empty_well(lab_id: int, plate_id: int, well: str) -> Any:
    """Take the tube of a well off the plate; it is received as before."""
    return {"barcode": plates.empty(lab_id, plate_id, well, by=me(), at=clock.now())}


@bp.post("/plates/<int:lab_id>/<int:plate_id>/start")
@require(*WRITERS, at=LAB)
@takes(s.StartQuerySchema, "query")
@gives(s.PlateSchema)
def start_plate(lab_id: int, plate_id: int, args: dict[str, Any]) -> Any:
    """The plate goes onto the instrument; its map is fixed from now on, and its file is awaited."""
    made = plates.start(lab_id, plate_id, instrument=args["instrument"], by=me(), at=clock.now())
    return whole(made)


@bp.get("/plates/overdue")
@require(*READERS, at=OWN_ROWS)
@gives(s.StartSchema, many=True)
def list_overdue() -> Any:
    """Plates on instruments whose file should have come, the longest first."""
    return starts.list_overdue(own_labs(None), clock.now())


@bp.post("/plates/<int:lab_id>/<int:plate_id>/abandon")
@require(*WRITERS, at=LAB)
@gives(s.PlateSchema)
def abandon_plate(lab_id: int, plate_id: int) -> Any:
    """Give up a plate that has no result; its tubes go back to the rack."""
    return whole(plates.abandon(lab_id, plate_id, by=me(), at=clock.now()))


# --- runs ---------------------------------------------------------------------------------------


@bp.post("/plates/<int:lab_id>/<int:plate_id>/runs")
@require(*WRITERS, at=LAB)
@takes(s.RunFileSchema, "files")
@gives(s.PlateRunSchema, 201)
def preview_run(lab_id: int, plate_id: int, args: dict[str, Any]) -> Any:
    """Look at a run file (form field `file`): differences, controls, calls. Nothing moves."""
    file = args["file"]
    return runs.preview(lab_id, plate_id, file.read(), file.filename or "", by=me(), at=clock.now())


@bp.get("/runs")
@require(*READERS, at=OWN_ROWS)
@takes(s.LabPageQuerySchema, "query")
@gives(s.PlateRunPageSchema)
def list_runs(args: dict[str, Any]) -> Any:
    """Runs of the own laboratories, newest first."""
    labs = own_labs(args.pop("lab_id"))
    return page(queries.list_runs(labs, **args), args["limit"], "run_id")


@bp.get("/runs/<int:lab_id>/<int:run_id>")
@require(*READERS, at=LAB)
@gives(s.PlateRunSchema)
def get_run(lab_id: int, run_id: int) -> Any:
    """A run with its verdict and calls."""
    return runs.show(lab_id, run_id, at=clock.now())


@bp.post("/runs/<int:lab_id>/<int:run_id>/confirm")
@require(*WRITERS, at=LAB)
@gives(s.PlateRunSchema)
def confirm_run(lab_id: int, run_id: int) -> Any:
    """Adopt a run that was looked at: calls, alerts and tests in one transaction. Twice is once."""
    return runs.confirm(lab_id, run_id, by=me(), at=clock.now())


@bp.delete("/runs/<int:lab_id>/<int:run_id>")
@require(*WRITERS, at=LAB)
@gives(None, 204)
def discard_run(lab_id: int, run_id: int) -> Any:
    """Forget a file that was only looked at; a signal that it shows is told all the same."""
    runs.discard(lab_id, run_id, by=me(), at=clock.now())
    return "", 204


@bp.get("/runs/<int:lab_id>/<int:run_id>/original")
@require(*OPENERS, at=LAB)
@gives(None)
def get_original(lab_id: int, run_id: int) -> Any:
    """The run's file as it came, byte for byte. Audited."""
    data = originals.open_original(lab_id, run_id)
    return send_file(BytesIO(data), "application/octet-stream", True, f"run-{run_id}")
