"""The laboratory over HTTP: the bench, plates, runs, rule sets, lists, alerts, duty, archive."""

from screening.lab.api import (
    alerts,
    archive,
    bench,
    duty,
    plate_files,
    plates,
    result_lists,
    rule_sets,
    runs,
    tray,
    watch,
)
from screening.lab.api.frame import bp

bp.register_blueprint(result_lists.bp)
bp.register_blueprint(plate_files.bp)
bp.register_blueprint(alerts.bp)
bp.register_blueprint(duty.bp)

__all__ = [
    "alerts", "archive", "bench", "bp", "duty", "plate_files", "plates", "result_lists", "rule_sets",
    "runs", "tray", "watch",
]  # fmt: skip
