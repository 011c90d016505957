"""One function per figure. Screens, answers and exports call these and count nothing themselves."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from screening.coverage.rules import MISSED
from screening.figures.queries.scene import Scene
from screening.figures.rules import (
    DEFINITIONS,
    IN_CHAIN,
    OF_COVERAGE,
    STAGES,
    Door,
    Figure,
    Sheet,
)
from screening.places.rules import COMMUNITY

FIGURES: dict[str, Callable[[Scene], Figure]] = {}


def _figure(key: str) -> Callable[[Callable[[Scene], Figure]], Callable[[Scene], Figure]]:
    assert key in DEFINITIONS, key

    def wear(fn: Callable[[Scene], Figure]) -> Callable[[Scene], Figure]:
        FIGURES[key] = fn
        return fn

    return wear


def _area_door(s: Scene, endpoint: str, **more: Any) -> Door:
    return Door(endpoint, {"area_id": s.area_id, "round": s.round_id, **more})


def _listed_area(s: Scene) -> int:
    """The area whose list of persons shows the rows: below the community it is the community's."""
    below = s.node.level > COMMUNITY and s.communities
    return s.communities[0] if below else s.area_id


# --- persons: the equation -----------------------------------------------------------------------


def _of_coverage(key: str) -> None:
    @_figure(key)
    def read(s: Scene) -> Figure:
        missed = key == "missed" or key in MISSED
        door = _area_door(s, "coverage_pages.show_area")
        if missed:
            community = _listed_area(s)
            part = {"state": key} if key in MISSED else {}
            args = {"area_id": community, "round": s.round_id, **part}
            door = Door("reminders_pages.missed_in", args)
        return Figure(key, getattr(s.coverage, key), s.coverage.as_of, door)


for _key in OF_COVERAGE:
    _of_coverage(_key)


# --- tubes ---------------------------------------------------------------------------------------


def _of_stages(key: str, stages: Collection[int]) -> None:
    @_figure(key)
    def read(s: Scene) -> Figure:
        n = sum(r.tubes for r in s.stages if r.stage in stages)
        return Figure(key, n, s.stages_at, tubes_door(s, key))


def tubes_door(s: Scene, what: str, **more: Any) -> Door:
    return _area_door(s, "dashboard_pages.command_tubes", what=what, **more)


for _key, _stages in STAGES.items():
    _of_stages(_key, _stages)


@_figure("tubes_late")
def tubes_late(s: Scene) -> Figure:
    n = sum(r.late for r in s.stages if r.stage in IN_CHAIN)
    return Figure("tubes_late", n, s.stages_at, tubes_door(s, "tubes_late"))


@_figure("tubes_held")
def tubes_held(s: Scene) -> Figure:
    n = sum(r.held for r in s.stages if r.stage in IN_CHAIN)
    return Figure("tubes_held", n, s.stages_at, tubes_door(s, "tubes_held"))


# --- positives -----------------------------------------------------------------------------------


@_figure("positive_tubes")
def positive_tubes(s: Scene) -> Figure:
    door = tubes_door(s, "positive_tubes")
    return Figure("positive_tubes", len(s.positives), s.at, door)


@_figure("positive_persons")
def positive_persons(s: Scene) -> Figure:
    n = sum(t.members for t in s.positives)
    return Figure("positive_persons", n, s.at, tubes_door(s, "positive_tubes"))


def _callback_door(s: Scene, state: str) -> Door:
    area = _listed_area(s)
    return Door("reporting_pages.callbacks", {"area_id": area, "state": state, "round": s.round_id})


@_figure("recheck_positive")
def recheck_positive(s: Scene) -> Figure:
    door = _callback_door(s, "closed")
    return Figure("recheck_positive", s.callbacks.positive, s.at, door)


@_figure("callbacks_open")
def callbacks_open(s: Scene) -> Figure:
    return Figure("callbacks_open", s.callbacks.open, s.at, _callback_door(s, "running"))


@_figure("callbacks_late")
def callbacks_late(s: Scene) -> Figure:
    return Figure("callbacks_late", s.callbacks.late, s.at, _callback_door(s, "running"))


@_figure("alerts_unseen")
def alerts_unseen(s: Scene) -> Figure:
    n = sum(1 for a in s.alerts if a.seen_at is None)
    return Figure("alerts_unseen", n, s.at, Door("lab_pages.alerts", {}))


# --- what does not add up, what is not heard -------------------------------------------------------


@_figure("unaccounted")
def unaccounted(s: Scene) -> Figure:
    door = Door("ledger_pages.overview", {"round": s.round_id})
    return Figure("unaccounted", s.picture.balance().unaccounted, s.picture.at, door)


@_figure("tickets")
def tickets(s: Scene) -> Figure:
    return Figure("tickets", s.tickets, s.at, Door("tickets_pages.desk", {"round_id": s.round_id}))


@_figure("packages_waiting")
def packages_waiting(s: Scene) -> Figure:
    return Figure("packages_waiting", s.packages, s.at, Door("interop_pages.list_packages", {}))


@_figure("devices")
def devices(s: Scene) -> Figure:
    door = _area_door(s, "dashboard_pages.command_devices")
    return Figure("devices", len(s.devices), s.at, door)


@_figure("devices_heard")
def devices_heard(s: Scene) -> Figure:
    n = sum(1 for d in s.devices if d.heard)
    return Figure("devices_heard", n, s.at, _area_door(s, "dashboard_pages.command_devices"))


assert set(FIGURES) == set(DEFINITIONS)


def sheet_of(scene: Scene) -> Sheet:
    """Every figure of an area, counted now."""
    found = {key: FIGURES[key](scene) for key in DEFINITIONS}
    return Sheet(scene.round_id, scene.area_id, scene.at, False, found)


def figure_of(key: str, round_id: int, area_id: int, *, at: datetime) -> Figure:
    """One figure, counted now. Raises NoSuchPlace, NoSuchRound."""
    return FIGURES[key](Scene(round_id, area_id, at=at))
