"""The camera and its decoder: real pictures, films of our own codes, a whole tube with the server away."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from screening.registry.person_codes import make_resident_code
from screening.tube.codes import Kind, make_code
from screening.tube.rules import Stage
from tests.browser.field_fixtures import PHONE
from tests.browser.field_town import FieldTown
from tests.browser.film import flags, label, make_film
from tests.browser.scan_page import PICTURES
from tests.browser.scan_page import Stage as Bench
from tests.browser.test_field_sampling import at_most, count, sent, to_table
from tests.browser.test_field_shift import at_work

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

TUBES = [make_code(Kind.TUBE, n) for n in (427, 428)]
PERSON = make_resident_code(4, 12)


def _expected() -> list[dict[str, str]]:
    with (PICTURES / "EXPECTED.tsv").open(encoding="utf-8") as rows:
        return list(csv.DictReader(rows, delimiter="\t"))


def _plain(text: str) -> str:
    """As EXPECTED.tsv writes it: separators named, breaks as \\r\\n, order of several codes free."""
    shown = text.replace("\x1d", "<FNC1>").replace("\r", "\\r").replace("\n", "\\n")
    return shown.replace("<FNC1>", "").strip()


def test_the_bundled_decoder_reads_as_many_real_pictures_as_zxing_cpp(scan_stage, capsys):
    if not PICTURES.is_dir():
        pytest.skip("The real barcode pictures (../shared/data/barcodes) are not here.")
    rows = _expected()
    right, wrong = [], []
    for row in rows:
        found = scan_stage.page.evaluate("url => bench.decode(url)", f"pictures/{row['file']}")
        wanted = {_plain(part) for part in row["content"].split("|")}
        read = {_plain(text) for text in found}
        (right if wanted <= read else wrong).append(row["file"])
    sure = [r["file"] for r in rows if r["decoded_by_zxing-cpp_3"] == "yes"]
    lost = sorted(set(sure) & set(wrong))
    with capsys.disabled():
        print(
            f"\n  decoder: {len(right)} of {len(rows)} pictures read, {len(sure) - len(lost)} of "
            f"the {len(sure)} that a default zxing-cpp reads; not read: {', '.join(wrong)}"
        )
    assert len(right) >= len(sure)
    assert not lost


def test_the_camera_reads_moving_tilted_blurred_codes_and_asks_no_other_host(
    scan_launch, scan_bench, tmp_path
):
    wanted = [TUBES[0], PERSON, TUBES[1], make_code(Kind.BOX, 9)]
    film = make_film(tmp_path / "table.mjpeg", wanted)
    browser = scan_launch(args=["--no-sandbox", *flags(film)])
    try:
        stage = Bench(browser, scan_bench[0])
        stage.page.evaluate("bench.camera(document.querySelector('#host'))")
        stage.until("bench.reads.length >= 4", 60)
        reads = stage.page.evaluate("bench.reads")
        seen = {r["number"] or r["code"] for r in reads}
        assert seen == set(wanted)
        assert {r["source"] for r in reads} == {"camera"}
        assert len(stage.page.workers) == 1, "the decoder works beside the page, not in it"
        assert not stage.page.evaluate("bench.problems")
        stage.page.evaluate("bench.open.stop()")
        assert stage.page.evaluate("bench.open.camera.stream") is None
        assert stage.page.locator("#host video").count() == 0
        assert all(url.startswith((scan_bench[0], "blob:")) for url in stage.asked), stage.asked
        assert not stage.said
    finally:
        browser.close()


def test_a_refused_camera_says_so_and_offers_a_picture(scan_launch, scan_bench, tmp_path):
    browser = scan_launch(args=["--no-sandbox"])
    try:
        stage = Bench(browser, scan_bench[0])
        stage.page.evaluate("bench.camera(document.querySelector('#host'))")
        stage.until("bench.problems.length")
        assert stage.page.evaluate("bench.problems[0]") in ("denied", "missing")
        assert stage.page.locator("[role=alert]").count() == 1
        picture = tmp_path / "label.jpg"
        label(TUBES[0]).save(picture)
        stage.page.set_input_files("#host input[type=file]", str(picture))
        assert stage.reads(1) == [TUBES[0]]
        assert stage.page.evaluate("document.querySelector('#host input[type=file]').value") == ""
    finally:
        browser.close()


# --- the whole road ---------------------------------------------------------------------------


@pytest.mark.parametrize("n", [4, pytest.param(10, marks=pytest.mark.long)])
def test_people_and_their_tube_are_read_by_the_camera_with_the_server_away(
    field_town: FieldTown, scan_launch: Any, tmp_path: Path, n: int
) -> None:
    town, tube = field_town, field_town.fresh()
    people = range(2, 2 + n)
    codes = [town.resident_code(i, signed=i % 2 == 0) for i in people]
    film = make_film(tmp_path / "table.mjpeg", [tube, *codes], seconds=1.2, rest=60)
    browser = scan_launch(args=["--no-sandbox", *flags(film)])
    page = browser.new_context(
        base_url=town.url, viewport=PHONE, has_touch=True, locale="zh-CN"
    ).new_page()
    hosts: set[str] = set()
    page.on("request", lambda r: hosts.add(r.url.split("/field")[0].split("/static")[0]))
    try:
        at_work(page, town)
        to_table(page)
        at_most(page, 10)
        page.locator("[data-name=camera]").click()
        page.locator(".camera-host video").wait_for()
        page.locator(".tube-now").wait_for(timeout=30_000)
        town.stop()
        for seat in range(1, n + 1):
            count(page, seat)
        town.start()
        sent(page)
    finally:
        browser.close()
    assert town.names_in(tube) == [town.people[i].name for i in people]
    assert town.tables().tubes[tube]["stage"] in (Stage.OPEN, Stage.CLOSED)
    assert not [host for host in hosts if not host.startswith((town.url, "blob:", "data:"))]
