"""What leaves: proofs are for whoever holds a code, the verifier for everybody."""

from __future__ import annotations

from screening import clock
from screening.db import fetch
from screening.reporting import service
from tests.access import Case, World
from tests.access_cases.reporting import released


def slip(w: World) -> str:
    """The code of somebody whose tube was released negative."""
    rows = fetch(
        "SELECT cell_id, person_id FROM specimen WHERE barcode = %s /* fan-out: test */",
        (released(w, w.a).barcode,),
    )
    return service.issue_codes(rows, by=None, at=clock.now())[0][0]


CASES = [
    Case("interop_api.issue_proof", "POST", inside=lambda w: {"json": {"code": slip(w)}}, ok=200),
    Case("interop_api.get_verifier", ok=200),
    Case("interop_pages.ask_proof", ok=200),
    Case("interop_pages.show_proof", "POST", inside=lambda w: {"data": {"code": slip(w)}}, ok=200),
    Case("interop_pages.print_proof", "POST", inside=lambda w: {"data": {"code": slip(w)}}, ok=200),
    Case("interop_pages.verify", ok=200),
    Case("interop_pages.verify_worker", ok=200),
]
