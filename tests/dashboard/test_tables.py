"""The tables of an area, link by link: the columns leaders ask for, summed, and as a workbook."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO

from screening import clock
from screening.bulletins import gathering, shape
from screening.bulletins.gathering import Frame
from screening.bulletins.gathering.people import People
from screening.dashboard.tables import TABS, blocks_of
from screening.figures.queries import Scene, sheet_of
from tests.dashboard.test_command import Viewer, county, day  # noqa: F401

# what is asked of each table: the total of this column is that figure of the area
FIGURES = {
    "coverage": {"register": "register", "exempt": "exempt", "due": "due", "reached": "reached",
                 "missed": "missed", "resample": "resample"},
    "sites": {"unclosed": "tubes_open"},
    "transport": {"tubes": "tubes_collected", "received": "tubes_delivered"},
    "results": {"released": "tubes_released", "resulted": "resulted"},
}  # fmt: skip


def test_each_table_adds_up_to_the_figures_of_its_area(client, day):  # noqa: F811
    scene = Scene(day.city.round_id, county(day), at=clock.now())
    sheet, seen = sheet_of(scene), {}
    for tab in TABS:
        for block in blocks_of(scene, tab):
            if "total" in block:
                seen[block["key"]] = dict(zip(block["columns"], block["total"], strict=True))
    told = {k: {c: seen[k][c] for c in asked} for k, asked in FIGURES.items()}
    assert told == {k: {c: sheet[f] for c, f in asked.items()} for k, asked in FIGURES.items()}


def test_what_is_told_from_counters_is_what_the_rows_say(client, day):  # noqa: F811
    """The live tables over rollups, a bulletin's over persons, swabs and tubes: the same lines."""
    scene = Scene(day.city.round_id, county(day), at=clock.now())
    frame = Frame(scene.policy, scene.node, scene.at)
    chain, people = gathering.chain, gathering.people
    raw = People(frame)
    told = {
        "coverage": people.coverage(raw), "exempt": people.exempt(raw), "sites": chain.sites(raw),
        "transport": chain.transport(frame), "labs": chain.labs(frame),
        "rejected": chain.rejected(frame), "quality": chain.quality(raw),
        "results": gathering.results.results(gathering.results.Results(raw)),
    }  # fmt: skip
    live = {b["key"]: b["rows"] for tab in TABS for b in blocks_of(scene, tab)}
    for key, rows in told.items():
        counted = shape.block(key, rows)["rows"]
        assert sorted(map(str, live[key])) == sorted(map(str, counted)), key
    assert sum(n for *_rest, n, _recent, _staff in raw.swabs) > 0


def test_a_page_has_every_tab_a_total_line_and_doors_down(client, day):  # noqa: F811
    viewer = Viewer(client)
    for tab in TABS:
        page = viewer.get(f"/command/{county(day)}/tables/{tab}").text
        assert page.count('aria-current="page"') >= 1
    page = viewer.get(f"/command/{county(day)}/tables").text
    assert re.search(r'<tbody class="sum"><tr>.*合计', page, re.S)
    below = re.search(r'href="(/command/\d+/tables/collect\?round=\d+)"', page)
    assert below and viewer.get(below[1])
    viewer.get(f"/command/{county(day)}/tables/nothing", 404)
    home = day.city.sites[0].area.area_id  # nothing is told of one building: no door leads there
    told = re.findall(r"/command/(\d+)/tables", viewer.get(f"/command/{home}/tables").text)
    assert set(told) == {str(home)}


def test_the_workbook_has_a_sheet_for_each_table(client, day):  # noqa: F811
    r = Viewer(client).get(f"/command/{county(day)}/tables/collect.xlsx")
    with zipfile.ZipFile(BytesIO(r.data)) as book:
        sheets = [n for n in book.namelist() if n.startswith("xl/worksheets/sheet")]
    assert len(sheets) == 1 + len(TABS["collect"].blocks)
