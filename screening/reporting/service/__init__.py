"""What reporting can do: one use case a function, grouped by its noun."""

from screening.reporting.service.changes import capture_changed

__all__ = ["capture_changed"]
