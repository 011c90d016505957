"""The order in which doors are passed."""

from __future__ import annotations

import pytest

from screening.reminders.rules.doors import door_key, floor_of


@pytest.mark.parametrize(("room", "floor"), [
    ("101", 1), ("1203", 12), ("0502", 5), ("3-02", 3), ("12-1", 12), ("B102", -1), ("负101", -1),
    ("502室", 5), ("2号楼1单元302", 3), ("12", None), ("东", None), ("", None), (None, None),
])  # fmt: skip
def test_the_floor_is_read_from_the_number_on_the_door(room, floor):
    assert floor_of(room) == floor


DOORS = [
    ("10号楼", "1", "101"), ("2号楼", "2", "201"), ("2号楼", "1", "1102"), ("2号楼", "1", "302"),
    ("2号楼", "1", "301"), ("2号楼", "1", "东侧"), ("", "1", "101"), ("2号楼", "1", "B101"),
]  # fmt: skip


def test_doors_come_by_building_unit_and_floor_from_the_ground():
    rooms = [d[2] for d in sorted(DOORS, key=lambda d: door_key(*d))]
    assert rooms == ["B101", "301", "302", "1102", "东侧", "201", "101", "101"]
    assert sorted(DOORS, key=lambda d: door_key(*d))[-2][0] == "10号楼"


def test_the_same_plan_can_be_walked_from_the_top():
    rooms = [d[2] for d in sorted(DOORS, key=lambda d: door_key(*d, down=True))]
    assert rooms[:5] == ["1102", "301", "302", "B101", "东侧"]


def test_doors_without_any_number_never_stop_the_plan():
    keys = [door_key("", None, None), door_key("甲", "a", "1-1"), door_key("1", "", "甲")]
    assert sorted(keys)
