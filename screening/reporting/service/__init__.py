"""What reporting can do: one use case a function, grouped by its noun."""

from screening.reporting.service.callbacks import tell_attempt
from screening.reporting.service.changes import capture_changed
from screening.reporting.service.codes import issue_codes
from screening.reporting.service.corrections import ask_correction, settle_correction
from screening.reporting.service.releases import Released, release
from screening.reporting.service.reviews import Reviewed, review

__all__ = [
    "Released",
    "Reviewed",
    "ask_correction",
    "capture_changed",
    "issue_codes",
    "release",
    "review",
    "settle_correction",
    "tell_attempt",
]
