"""The figures of an area are for those who answer for it, and for those above."""

from __future__ import annotations

from tests.access import Case
from tests.access_cases.coverage import asked

CASES = [
    Case("figures_api.get_figures", inside=lambda w: asked(w, w.a),
         outside=lambda w: asked(w, w.b)),
]  # fmt: skip
