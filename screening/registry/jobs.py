"""What the worker does for the register: checks and loads imports, ends what has run out."""

from __future__ import annotations

from datetime import timedelta

from screening import clock
from screening.jobs import job
from screening.registry.service import exemptions, imports

KEEP_FILES = timedelta(days=1)  # an uploaded file is for correcting, not for keeping


@job("import_check")
def check(import_id: int) -> None:
    """Read an uploaded register and note every fault of every row; nothing is loaded."""
    imports.check(import_id, at=clock.now())


@job("import_load")
def load(import_id: int) -> None:
    """Load a checked register, a chunk a transaction; taken up again where it stopped."""
    imports.load(import_id, at=clock.now())


@job("lapse_exemptions", every=60)
def lapse() -> None:
    """End exemptions whose time is over; the persons are expected again."""
    exemptions.lapse(at=clock.now())


@job("forget_import_files", every=3600)
def forget() -> None:
    """Delete uploaded registers: they are for correcting, not for keeping."""
    imports.forget_files(before=clock.now() - KEEP_FILES)
