"""The plate's map and the sheet of command codes, printed and read again by a scanner's reader."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from screening.lab.bench.commands import COMMANDS, read_command
from screening.lab.plates import layout, map_sheet
from screening.lab.plates.control_places import family
from screening.tube import prints
from screening.tube.printers.paper import Stamp

zxingcpp = pytest.importorskip("zxingcpp", reason="no reader of codes is installed")
STAMP = Stamp(who="T100", at=datetime(2026, 11, 22, 9, 30, tzinfo=UTC))
PAGE = "https://screening.example/lab/816325363750674432/plates/816325363952001024"


def printed(data: bytes, folder: Path) -> Image.Image:
    if shutil.which("pdftoppm") is None:
        pytest.skip("pdftoppm is not installed")
    (folder / "sheet.pdf").write_bytes(data)
    subprocess.run(
        ["pdftoppm", "-r", "200", "-png", "-singlefile", "sheet.pdf", "sheet"],
        cwd=folder,
        check=True,
    )
    return Image.open(folder / "sheet.png")


def codes_on(picture: Image.Image) -> set[str]:
    return {found.text for found in zxingcpp.read_barcodes(picture)}


def words_on(folder: Path) -> str:
    asked = ["pdftotext", "-layout", "sheet.pdf", "-"]
    return subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("size", [96, 384])
def test_a_map_leads_back_and_names_every_tube(size: int, tmp_path: Path) -> None:
    controls = family(size, True)[0]
    wells = layout.tube_wells(size, controls=controls)
    tubes = {w: f"1000079{i:07d}" for i, w in enumerate(wells)}
    data = map_sheet.plate_map(
        title="Plate P-17", note="", code="P-17", url=PAGE, captions=("scan", "page"), size=size,
        tubes=tubes, controls=controls, stamp=STAMP, font=prints.font(),
    )  # fmt: skip
    picture = printed(data, tmp_path)
    assert picture.width > picture.height
    assert codes_on(picture) == {"P-17", PAGE}
    text = "".join(words_on(tmp_path).split())
    assert all(tube[-6:] in text for tube in tubes.values())
    assert "T100" in text and "2026-11-22" in text.replace("·", "")


def test_every_command_code_on_the_wall_is_read_as_its_command(tmp_path: Path) -> None:
    data = map_sheet.command_sheet(
        title="Commands", note="", commands=[(c.value, en) for c, (_, en) in COMMANDS.items()],
        stamp=STAMP, font=None,
    )  # fmt: skip
    read = codes_on(printed(data, tmp_path))
    assert {read_command(text) for text in read} == set(COMMANDS)
