"""Curves of a run, read again from the sealed original: what is drawn is what the instrument said."""

from __future__ import annotations

from screening.lab.queries import get_lab, get_run
from screening.lab.readers.curves import Curve, read_curves
from screening.lab.service import originals


def curves_of(lab_id: int, run_id: int) -> list[Curve]:
    """The curves of a run's file; none where it has none or was forgotten.

    Wells and signals only: sample names do not leave the reader, so this opens no original for
    anybody and leaves no line of audit."""
    lab = get_lab(lab_id)
    data = originals.unseal(lab, get_run(lab, run_id).file_hash)
    return read_curves(data) if data is not None else []
