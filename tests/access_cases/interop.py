"""What leaves: proofs are for whoever holds a code, the verifier for everybody, FHIR and packages for roles."""

from __future__ import annotations

from screening import clock
from screening.db import fetch
from screening.interop import packages
from screening.reporting import service
from tests.access import Case, Side, World
from tests.access_cases.reporting import both, released


def slip(w: World) -> str:
    """The code of somebody whose tube was released negative."""
    rows = fetch(
        "SELECT cell_id, person_id FROM specimen WHERE barcode = %s /* fan-out: test */",
        (released(w, w.a).barcode,),
    )
    return service.issue_codes(rows, by=None, at=clock.now())[0][0]


def of_tube(w: World, side: Side) -> dict:
    return {"values": {"barcode": released(w, side).barcode}}


def search(w: World, side: Side) -> dict:
    return {"query_string": {"identifier": released(w, side).barcode}}


def version(w: World, side: Side) -> dict:
    return {"values": {"barcode": released(w, side).barcode, "number": 1}}


def observation(w: World, side: Side) -> dict:
    return {"values": {"barcode": released(w, side).barcode, "part": "rna"}}


def package(w: World) -> packages.PackageRow:
    """A package with one tube, of which nobody has heard yet."""
    released(w, w.a)
    number = packages.build(clock.now())
    assert number
    return next(p for p in packages.list_packages() if p.package_id == number)


def receipt(w: World, way: str) -> dict:
    found = package(w)
    return {"values": {"number": found.number}, way: {"receipt": "A-7", "sha256": found.sha256}}


CASES = [
    Case("interop_api.list_packages", ok=200),
    Case("interop_api.receive_package", "POST", inside=lambda w: receipt(w, "json"), ok=200),
    Case("interop_pages.list_packages", ok=200),
    Case("interop_pages.receive_package", "POST", inside=lambda w: receipt(w, "data"), ok=303),
    Case("interop_pages.fhir_metadata", ok=200),
    Case("interop_pages.fhir_search", **both(search), ok=200),
    Case("interop_pages.fhir_report", **both(of_tube), ok=200),
    Case("interop_pages.fhir_history", **both(of_tube), ok=200),
    Case("interop_pages.fhir_version", **both(version), ok=200),
    Case("interop_pages.fhir_specimen", **both(of_tube), ok=200),
    Case("interop_pages.fhir_group", **both(of_tube), ok=200),
    Case("interop_pages.fhir_observation", **both(observation), ok=200),
    Case("interop_api.issue_proof", "POST", inside=lambda w: {"json": {"code": slip(w)}}, ok=200),
    Case("interop_api.get_verifier", ok=200),
    Case("interop_pages.ask_proof", ok=200),
    Case("interop_pages.show_proof", "POST", inside=lambda w: {"data": {"code": slip(w)}}, ok=200),
    Case("interop_pages.print_proof", "POST", inside=lambda w: {"data": {"code": slip(w)}}, ok=200),
    Case("interop_pages.verify", ok=200),
    Case("interop_pages.verify_worker", ok=200),
]
