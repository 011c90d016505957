"""Reading the laboratory: plates, wells, runs, calls, alerts; what a bench has before it."""

from screening.lab.queries.alerts import (
    AlertRow,
    Neighbour,
    NoSuchAlert,
    Reach,
    alerts_of,
    count_alerts,
    get_alert,
    list_alerts,
    list_unacknowledged,
    neighbours_of,
    reach,
    reaches,
    site_names,
)
from screening.lab.queries.bench import Load, Waiting, list_waiting, load_of
from screening.lab.queries.duty import CallRow as DutyCallRow
from screening.lab.queries.duty import Unanswered, calls_of
from screening.lab.queries.labs import (
    LabRow,
    NoSuchLab,
    cells_in_use,
    get_lab,
    list_labs,
    rounds_in_use,
)
from screening.lab.queries.plates import (
    Contents,
    NoSuchPlate,
    PlateLine,
    PlateRow,
    Plating,
    WellRow,
    contents,
    count_plates,
    get_plate,
    last_layouts,
    list_plates,
    list_wells,
    platings,
    reruns_of,
)
from screening.lab.queries.runs import (
    CallRow,
    NoSuchRun,
    RunRow,
    find_run,
    find_same_content,
    find_used,
    get_readings,
    get_run,
    is_used_elsewhere,
    list_calls,
    list_runs,
)

__all__ = [
    "AlertRow", "CallRow", "Contents", "DutyCallRow", "LabRow", "Load", "Neighbour",
    "NoSuchAlert", "NoSuchLab", "NoSuchPlate", "NoSuchRun", "PlateLine", "PlateRow", "Plating",
    "Reach", "RunRow", "Unanswered", "Waiting", "WellRow", "alerts_of", "calls_of",
    "cells_in_use", "contents", "count_alerts", "count_plates", "find_run", "find_same_content",
    "find_used", "get_alert", "get_lab", "get_plate", "get_readings", "get_run", "is_used_elsewhere", "last_layouts",
    "list_alerts", "list_calls", "list_labs", "list_plates", "list_runs", "list_unacknowledged",
    "list_waiting", "list_wells", "load_of", "neighbours_of", "platings", "reach", "reaches",
    "reruns_of", "rounds_in_use", "site_names",
]  # fmt: skip
