"""What is printed must be read again: sheets are rendered and decoded, streams are taken apart."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image
from pypdf import PdfReader
from reportlab.graphics.barcode.code128 import Code128

from screening.crypto import new_device_key
from screening.registry import signed_codes
from screening.tube.codes import Kind, grouped, make_code, make_codes, make_resident_code
from screening.tube.printers import code128, fallback, pdf, picture, qr, tspl, zpl
from screening.tube.printers.layouts import Shift
from screening.tube.printers.paper import Stamp

zxingcpp = pytest.importorskip(
    "zxingcpp", reason="zxing-cpp is not installed, so nothing was decoded."
)

TUBES = make_codes(Kind.TUBE, range(4270, 4280))
STAMP = Stamp(who="A001", at=datetime(2026, 11, 22, 8, 42, tzinfo=UTC), run="LR-12", record="LR-12")
FONT = Path(__file__).resolve().parents[2] / "static" / "vendor" / "fonts"
FONT = FONT / "NotoSansSC-Regular.ttf"


def render(data: bytes, tmp_path: Path, *, page: int = 1, dpi: int = 203) -> Image.Image:
    """A page as a printer with 203 dots an inch would put it down."""
    if not shutil.which("pdftoppm"):
        pytest.skip("pdftoppm (poppler-utils) is not installed, so no sheet was rendered.")
    file = tmp_path / "sheet.pdf"
    file.write_bytes(data)
    where = tmp_path / "page"
    command = ["pdftoppm", "-r", str(dpi), "-gray", "-singlefile", "-f", str(page), "-png"]
    subprocess.run([*command, str(file), str(where)], check=True)
    return Image.open(where.with_suffix(".png"))


def decoded(image: Image.Image, *, only: str | None = None) -> list[str]:
    found = zxingcpp.read_barcodes(image)
    return sorted(b.text for b in found if only is None or only in str(b.format).replace(" ", ""))


def text_of(data: bytes, page: int = 0) -> str:
    return PdfReader(BytesIO(data)).pages[page].extract_text()


# --- bars ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [*TUBES[:3], make_code(Kind.BOX, 7), "00", "9999999999"])
def test_bars_are_those_of_another_encoder(code):
    other = Code128(code, quiet=0)
    other.validate()
    other.encode()
    other.decompose()
    bars, left = [], 0
    for letter in other.decomposed:  # capitals are bars, the letter's place is the width
        width = "abcd".index(letter.lower()) + 1
        if letter.isupper():
            bars.append((left, width))
        left += width
    assert code128.bars(code) == bars
    assert code128.modules(code) == left


@pytest.mark.parametrize("text", ["123", "12A4", "", "１２"])
def test_set_c_takes_an_even_number_of_digits_and_nothing_else(text):
    with pytest.raises(ValueError, match="even number of digits"):
        code128.bars(text)


@pytest.mark.parametrize("layout", pdf.LAYOUTS.values(), ids=lambda layout: layout.name)
@pytest.mark.parametrize("kind", [Kind.TUBE, Kind.BOX, Kind.SEAL])
def test_bars_are_never_thinner_than_a_quarter_millimetre_and_leave_both_quiet_zones(layout, kind):
    code = make_code(kind, 1)
    module = pdf.bar_module_mm(code, layout.width)
    assert module >= 0.25
    assert (code128.modules(code) + 2 * code128.QUIET) * module <= layout.width


def test_a_label_too_narrow_for_its_bars_is_refused():
    with pytest.raises(ValueError, match="do not fit"):
        pdf.bar_module_mm(TUBES[0], 30)


@pytest.mark.parametrize("layout", pdf.LAYOUTS.values(), ids=lambda layout: layout.name)
def test_layouts_lie_within_the_page(layout):
    assert layout.left * 2 + layout.columns * layout.width <= 210
    assert layout.top + layout.rows * layout.height <= 297 - 9  # the foot


# --- sheets --------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", pdf.LAYOUTS.values(), ids=lambda layout: layout.name)
def test_every_label_of_a_sheet_is_read_twice_as_bars_and_as_qr(layout, tmp_path):
    data = pdf.label_sheet(TUBES, title="Tubes", kind=Kind.TUBE, layout=layout)
    image = render(data, tmp_path)
    assert decoded(image, only="Code128") == sorted(TUBES)
    assert decoded(image, only="QR") == sorted(TUBES)


def test_copies_follow_each_other_and_say_which_they_are(tmp_path):
    data = pdf.label_sheet(TUBES[:2], title="Tubes", kind=Kind.TUBE, copies=2)
    assert decoded(render(data, tmp_path), only="Code128") == sorted(TUBES[:2] * 2)
    assert "1/2" in text_of(data)
    assert "2/2" in text_of(data)


def test_a_sheet_says_page_who_when_and_which_run(tmp_path):
    codes = make_codes(Kind.BOX, range(50))
    data = pdf.label_sheet(codes, title="Boxes 转运箱", kind=Kind.BOX, stamp=STAMP)
    assert len(PdfReader(BytesIO(data)).pages) == 2
    words = text_of(data, 1)
    for word in ("page 2 of 2", "LR-12", "A001", "2026-11-22 08:42", "Boxes"):
        assert word in words
    assert grouped(codes[49]).split(" ")[-1] in words
    assert "LR-12" in decoded(render(data, tmp_path), only="QR")


def test_nothing_lies_where_common_printers_cannot_print(tmp_path):
    stamp = Stamp(who="A001", at=STAMP.at, run="LR-12", record="LR-819288435349353472")
    sheets = [
        pdf.label_sheet(TUBES, title="Tubes", kind=Kind.TUBE, layout=layout, stamp=stamp)
        for layout in pdf.LAYOUTS.values()
    ]
    sheets.append(pdf.site_sheets([(make_code(Kind.SITE, 3), ["Yingze Park"])], stamp=stamp))
    sheets.append(fallback.sheets(fallback.Form(make_code(Kind.SITE, 3), "Yingze"), stamp=stamp))
    for data in sheets:
        page = render(data, tmp_path).point(lambda v: 255 if v < 128 else 0)  # hair lines may go
        left, top, right, bottom = page.getbbox()
        reach = 4 / 25.4 * 203
        assert min(left, top, page.width - right, page.height - bottom) >= reach
    assert stamp.record in decoded(render(sheets[0], tmp_path), only="QR")


def test_chinese_is_printed_when_a_font_is_at_hand():
    if not FONT.exists():
        pytest.skip("static/vendor/fonts is made at set-up and is not there: Chinese not printed.")
    data = pdf.label_sheet(TUBES[:1], title="采样管标签", kind=Kind.TUBE, stamp=STAMP, font=FONT)
    assert "采样管标签" in text_of(data)
    assert "第 1 / 1 页" in text_of(data)


def test_a_run_printed_again_gives_the_same_bytes():
    first, second = (
        pdf.label_sheet(TUBES, title="Tubes", kind=Kind.TUBE, stamp=STAMP) for _ in range(2)
    )
    assert first == second


def test_an_empty_run_is_told_as_such():
    for act in (
        lambda: pdf.label_sheet([], title="", kind=Kind.TUBE),
        lambda: pdf.badges([]),
        lambda: pdf.site_sheets([]),
    ):
        with pytest.raises(pdf.NothingToPrint):
            act()


@pytest.mark.parametrize("count", [2_000, pytest.param(10_000, marks=pytest.mark.long)])
def test_ten_thousand_labels_take_less_than_twenty_seconds(count):
    codes = make_codes(Kind.TUBE, range(count))
    start = time.process_time()
    data = pdf.label_sheet(codes, title="Tubes", kind=Kind.TUBE)
    assert time.process_time() - start < count / 500
    assert len(data) < count * 400


def test_badges_and_site_sheets_are_read_back(tmp_path):
    badges = [(make_code(Kind.BADGE, i), ["LI SI", "sampler", "A001"]) for i in range(11)]
    data = pdf.badges(badges, title="Badges", stamp=Stamp(who="A001"))
    assert decoded(render(data, tmp_path)) == sorted(code for code, _ in badges[:10])
    assert decoded(render(data, tmp_path, page=2)) == [badges[10][0]]
    site = make_code(Kind.SITE, 3)
    sheet = pdf.site_sheets([(site, ["Yingze Park", "scan to bind"])])
    assert decoded(render(sheet, tmp_path, dpi=72)) == [site]
    assert "Yingze Park" in text_of(sheet)


def test_a_badge_carries_an_id_and_shows_the_staff_number(tmp_path):
    code = make_code(Kind.BADGE, 818283000000000001)
    data = pdf.badges([pdf.Card(code, ["LI SI"], "A001")])
    assert decoded(render(data, tmp_path)) == [code]
    assert "A001" in text_of(data)


def test_a_signed_resident_code_is_read_from_a_card(tmp_path):
    key = new_device_key()
    code = signed_codes.make_signed(1, key, 1004, 818283000000000001, "阿*" * 10, 20000)
    data = pdf.badges([pdf.Card(code, ["LI *"], "R1.1004-818283000000000001-30")])
    assert decoded(render(data, tmp_path)) == [code]
    assert "R1.1004-818283000000000001-30" in text_of(data)


def test_a_resident_code_prints_as_a_card(tmp_path):
    code = make_resident_code(12, 345)
    assert decoded(render(pdf.badges([(code, ["LI *"])]), tmp_path)) == [code]


@pytest.mark.parametrize(
    "text", [TUBES[0], "R1.12-345-28", "李四 第7个", "https://example.org/v#x"]
)
def test_a_qr_picture_is_read_back(text):
    image = Image.open(BytesIO(qr.qr_png(text)))
    assert decoded(image) == [text]


# --- streams -------------------------------------------------------------------------------------


def test_zpl_has_one_format_a_label_with_set_c_bars_qr_and_digits():
    stream = zpl.labels(TUBES, title="Round 1", copies=2)
    formats = re.findall(r"\^XA(.*?)\^XZ", stream, re.S)
    assert len(formats) == len(TUBES)
    for code, body in zip(TUBES, formats, strict=True):
        assert f"^BY2,2.0,80\n^BCN,80,N,N,N,N^FD>;{code}^FS" in body
        assert f"^BQN,2,4^FDMA,{code}^FS" in body
        shown = re.findall(r"\^A0N,24,24\^FD([0-9 ]+)\^FS", body)
        assert " ".join(shown) == grouped(code)
        assert body.count("^FD") == body.count("^FS")
        assert body.endswith("^PQ2")


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("a^XZ~JA", "a_5EXZ_7EJA"),
        ("under_score", "under_5Fscore"),
        ("two\nlines", "two lines"),
        ("第1轮", "第1轮"),
    ],
)
def test_a_title_cannot_command_a_zebra(title, written):
    stream = zpl.labels(TUBES[:1], title=title)
    assert f"^FH_^FD{written}^FS" in stream
    assert stream.count("^XZ") == 1
    assert "~" not in stream


def test_tspl_prints_each_label_with_set_c_bars_qr_and_digits():
    stream = tspl.labels(TUBES, copies=3)
    assert stream.startswith("SIZE 40 mm,30 mm\r\nGAP 2 mm,0 mm\r\n")
    assert stream.count("CLS\r\n") == stream.count("PRINT 1,3\r\n") == len(TUBES)
    for code in TUBES:
        assert f'"128M",80,0,0,2,2,"!105{code}"' in stream
        assert f'M,4,A,0,"{code}"' in stream


def test_a_title_cannot_command_a_tspl_printer():
    stream = tspl.labels(TUBES[:1], title='x"\r\nPRINT 99\n')
    assert [line for line in stream.split("\r\n") if line.startswith("PRINT")] == ["PRINT 1,1"]
    assert '\\["]' in stream
    assert '"TSS24.BF2"' in tspl.labels(TUBES[:1], title="第1轮")


@pytest.mark.parametrize("language", [zpl, tspl])
def test_streams_refuse_what_set_c_or_the_label_cannot_hold(language):
    with pytest.raises(ValueError, match="even number"):
        language.labels(["QD1234567890"])
    with pytest.raises(ValueError, match="do not fit"):
        language.labels(TUBES, width_mm=30)


@pytest.mark.parametrize(("dpi", "module"), [(203, 2), (300, 3), (600, 6)])
def test_streams_keep_a_quarter_millimetre_on_every_print_head(dpi, module):
    assert f"^BY{module}," in zpl.labels(TUBES[:1], dpi=dpi)
    assert f',0,0,{module},{module},"!105' in tspl.labels(TUBES[:1], dpi=dpi)


# --- half-used sheets, printers that are off, pictures ---------------------------------------------


def test_labels_that_are_gone_stay_empty_and_the_rest_moves_to_the_next_sheet(tmp_path):
    codes = make_codes(Kind.TUBE, range(44))
    data = pdf.label_sheet(codes, title="Tubes", kind=Kind.TUBE, used=3)
    assert len(PdfReader(BytesIO(data)).pages) == 2
    assert decoded(render(data, tmp_path), only="Code128") == sorted(codes[:42])
    assert decoded(render(data, tmp_path, page=2), only="Code128") == sorted(codes[42:])


def test_a_printer_that_is_off_is_put_right_by_millimetres(tmp_path):
    def first(shift: Shift) -> tuple[int, int]:
        data = pdf.label_sheet(TUBES[:1], title="", kind=Kind.TUBE, shift=shift)
        found = zxingcpp.read_barcodes(render(data, tmp_path))
        corner = next(b for b in found if "128" in str(b.format)).position.top_left
        return corner.x, corner.y

    (x, y), (right, down) = first(Shift()), first(Shift(2, 3))
    assert (right - x, down - y) == pytest.approx((2 / 25.4 * 203, 3 / 25.4 * 203), abs=3)


@pytest.mark.parametrize("layout", pdf.LAYOUTS.values(), ids=lambda layout: layout.name)
def test_the_picture_of_a_sheet_shows_as_many_labels_as_the_sheet(layout):
    codes = make_codes(Kind.TUBE, range(100))
    drawn = picture.first_page(codes, layout, used=2, head="LR-12 <1>")
    page = ElementTree.fromstring(drawn)
    spaces = {"s": "http://www.w3.org/2000/svg"}
    assert len(page.findall(".//s:g/s:text", spaces)) == 2 * (layout.per_page - 2)
    assert "LR-12 &lt;1&gt;" in drawn
