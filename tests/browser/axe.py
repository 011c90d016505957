"""What the field app's screens are held to: no serious axe finding, nothing wider than the phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")


def check(page: Any, themes: tuple[str, ...] = ("day", "night")) -> None:
    """The page as it stands, in each theme. Skips when axe-core is not installed."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed (run `make setup`)")
    page.emulate_media(reduced_motion="reduce")  # nothing half faded in
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    for theme in themes:
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        told = [
            f"{theme}: {v['id']}: {v['help']}: {n['html'][:200]}: {n['failureSummary'][:300]}"
            for v in found
            if v["impact"] in SERIOUS
            for n in v["nodes"][:3]
        ]
        assert not told, "\n".join(told)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{wide} pixels too wide"
