"""FHIR R4 under /fhir: released results for other systems, without names, every read audited."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
from flask import Response, current_app, g, request

from screening import clock
from screening.accounts.audit import note
from screening.accounts.guard import At, public, require
from screening.accounts.roles import Place, Role
from screening.db import db
from screening.errors import NotFound, Problem
from screening.i18n import current_lang
from screening.interop import fhir, fhir_bundles, released
from screening.interop.fhir import Resource, Tube
from screening.interop.pages.frame import bp
from screening.places.queries import place_of_lab
from screening.tube.queries import get_key, get_tube

READERS = (Role.LAB_REVIEWER, Role.DISTRICT_HEAD, Role.ADMINISTRATOR, Role.AUDITOR)
TYPE = "application/fhir+json"
# what a refusal is called in FHIR's own list
_ISSUES = {401: "login", 403: "forbidden", 404: "not-found", 422: "invalid"}


def _place(values: Mapping[str, Any]) -> Place:
    """The laboratory where the tube is; a search names it by `identifier`, with or without the
    system before a bar."""
    said = str(values.get("barcode") or values.get("identifier") or "")
    row = get_tube(get_key(said.rpartition("|")[2]))
    if row["lab_id"] is None:
        raise NotFound()
    return place_of_lab(row["lab_id"])


TUBE = At("laboratory where the tube is", _place)


def told(resource: Resource, status: int = 200) -> Response:
    return Response(orjson.dumps(resource), status, mimetype=TYPE)


def outcomes(view: Callable) -> Callable:
    """Refusals as FHIR clients read them."""

    @functools.wraps(view)
    def wrapped(*a: Any, **kw: Any) -> Any:
        try:
            return view(*a, **kw)
        except Problem as problem:
            g.failed = True
            db.session.rollback()
            code = _ISSUES.get(problem.status, "processing")
            sentence = problem.sentence(current_lang())
            return told(fhir_bundles.refusal(code, sentence), problem.status)

    return wrapped


def _read(barcode: str, number: int | None = None) -> Tube:
    """A version of the tube's result, the newest unless said; the read is noted."""
    found = released.get_version(barcode, number) if number else released.newest(barcode)
    note("fhir_read", "tube", barcode, cell=get_key(barcode).cell_id)
    return found


def _one(resources: Iterable[Resource], number: str) -> Response:
    for found in resources:
        if found["id"] == number:
            return told(found)
    raise NotFound()


def _base() -> str:
    return request.host_url + "fhir"


@bp.get("/fhir/metadata")
@outcomes
@public
def fhir_metadata() -> Response:
    """The capability statement."""
    version = current_app.config["VERSION"]
    return told(fhir_bundles.capability(_base(), version, clock.now()))


@bp.get("/fhir/DiagnosticReport")
@outcomes
@require(*READERS, at=TUBE)
def fhir_search() -> Response:
    """The newest report of one tube (`identifier`), with all that it refers to."""
    barcode = request.args.get("identifier", "").rpartition("|")[2]
    return told(fhir_bundles.bundle("searchset", fhir.everything(_read(barcode)), _base()))


@bp.get("/fhir/DiagnosticReport/<barcode>")
@outcomes
@require(*READERS, at=TUBE)
def fhir_report(barcode: str) -> Response:
    """The newest version of a tube's report."""
    return told(fhir.report(_read(barcode)))


@bp.get("/fhir/DiagnosticReport/<barcode>/_history")
@outcomes
@require(*READERS, at=TUBE)
def fhir_history(barcode: str) -> Response:
    """Every released version, newest first."""
    _read(barcode)
    found = [fhir.report(t) for t in reversed(released.versions(barcode))]
    return told(fhir_bundles.bundle("history", found, _base()))


@bp.get("/fhir/DiagnosticReport/<barcode>/_history/<int:number>")
@outcomes
@require(*READERS, at=TUBE)
def fhir_version(barcode: str, number: int) -> Response:
    """One released version as it was."""
    return told(fhir.report(_read(barcode, number)))


@bp.get("/fhir/Specimen/<barcode>")
@outcomes
@require(*READERS, at=TUBE)
def fhir_specimen(barcode: str) -> Response:
    """The tube as a specimen; its subject is a group where people shared it."""
    return told(fhir.specimen(_read(barcode)))


@bp.get("/fhir/Group/<barcode>")
@outcomes
@require(*READERS, at=TUBE)
def fhir_group(barcode: str) -> Response:
    """Who shared the tube, by pseudonym."""
    return told(fhir.group(_read(barcode)))


@bp.get("/fhir/Observation/<barcode>.<part>")
@outcomes
@require(*READERS, at=TUBE)
def fhir_observation(barcode: str, part: str) -> Response:
    """The whole (`rna`) or one target of a tube's result."""
    return _one(fhir.observations(_read(barcode)), f"{barcode}.{part}")
