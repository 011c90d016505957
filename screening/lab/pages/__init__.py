"""The bench on pages: work list, plates, runs, rule sets, alerts."""

from screening.lab.pages import (
    alert_acts,
    alerts,
    archive,
    bench,
    builder,
    charts,
    clocks,
    curves,
    duty,
    fills,
    load,
    plates,
    result_lists,
    rule_sets,
    runs,
    scan,
    tray,
    wells,
)
from screening.lab.pages.frame import bp

__all__ = [
    "alert_acts", "alerts", "archive", "bench", "bp", "builder", "charts", "clocks", "curves", "duty", "fills", "load",
    "plates", "result_lists", "rule_sets", "runs", "scan", "tray", "wells",
]  # fmt: skip
