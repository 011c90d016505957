"""What every page is held to: no serious axe finding, and on the field app's screens nothing wider
than the phone."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")
# A page has the same colours in both languages, and only its colours change with the theme: what
# compares colours takes half of axe's time, so it looks once in Chinese, and at night alone.
COLOURS = "color-contrast"
RUN = """([only, without]) => axe.run(document, {
  resultTypes: ["violations"], preload: false,
  ...(only ? { runOnly: { type: "rule", values: [only] } } : {}),
  ...(without ? { rules: { [without]: { enabled: false } } } : {}),
})"""


@cache
def _source() -> str:
    return AXE.read_text(encoding="utf-8")


def findings(page: Any, only: str = "") -> list[str]:
    """What axe calls serious on the page as it stands."""
    chinese = page.evaluate("document.documentElement.lang").startswith("zh")
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(_source())
    found = page.evaluate(RUN, [only, "" if only or chinese else COLOURS])["violations"]
    return [
        f"{page.url}: {v['id']}: {v['help']}: {n['html'][:200]}: {n['failureSummary'][:300]}"
        for v in found
        if v["impact"] in SERIOUS
        for n in v["nodes"][:3]
    ]


def check(page: Any, themes: tuple[str, ...] = ("day", "night")) -> None:
    """The screen as it stands, in each theme. Skips when axe-core is not installed."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed (run `make setup`)")
    page.emulate_media(reduced_motion="reduce")  # nothing half faded in
    chinese = page.evaluate("document.documentElement.lang").startswith("zh")
    told = []
    for n, theme in enumerate(themes):
        if n and not chinese:
            break
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        told += [f"{theme}: {f}" for f in findings(page, COLOURS if n else "")]
    assert not told, "\n".join(told)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{wide} pixels too wide"
