"""Reading the figures of an area: live from its sources, or as they were frozen."""

from screening.figures.queries.cuts import find_cut, list_cuts
from screening.figures.queries.devices import DeviceRow, list_devices, oldest_silence
from screening.figures.queries.figures import FIGURES, figure_of, sheet_of
from screening.figures.queries.positives import (
    Callbacks,
    PositiveTube,
    count_callbacks,
    list_positive,
)
from screening.figures.queries.scene import Scene

__all__ = [
    "FIGURES", "Callbacks", "DeviceRow", "PositiveTube", "Scene", "count_callbacks", "figure_of",
    "find_cut", "list_cuts", "list_devices", "list_positive", "oldest_silence", "sheet_of",
]  # fmt: skip
