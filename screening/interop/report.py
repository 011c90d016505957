"""The proof on paper, in both languages: who, when sampled, with how many, until when, two codes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm

from screening.i18n import ZONE
from screening.interop.service import Issued
from screening.tube.printers.paper import EDGE, Sheet, Stamp

TITLE = "核酸检测阴性证明 · Proof of a negative nucleic acid test"
_ROW = 12 * mm
_SIDE, _OTHER = 62 * mm, 74 * mm  # of the two codes; the European one is denser


def sheet(proof: Issued, *, font: Path | str | None, verify_at: str) -> bytes:
    """One A4 page. `verify_at` is the verifier's address."""
    stamp = Stamp(at=_local(proof.row.made_at), run=proof.number)
    page = Sheet(title=TITLE, stamp=stamp, pages=1, font=font)
    page.begin_page()
    left, y = 2.5 * EDGE, A4[1] - 34 * mm
    for zh, en, value in _lines(proof):
        page.text(left, y + 4.2 * mm, zh, 11)
        page.text(left, y, en, 8)
        page.text(left + 58 * mm, y + 2 * mm, value, 15, max_width=A4[0] - left - 58 * mm - EDGE)
        y -= _ROW
    y -= 4 * mm
    page.qr(proof.text, left, y - _SIDE, _SIDE)
    page.qr(proof.certificate, A4[0] - left - _OTHER, y - _OTHER, _OTHER)
    below = y - _OTHER - 6 * mm
    page.text(left, below, "离线核验 · verify offline", 9)
    page.text(left, below - 4 * mm, verify_at, 8, max_width=80 * mm)
    page.text(A4[0] - left - _OTHER, below, "境外通用格式 · form for other countries (HC1)", 9)
    page.text(
        A4[0] - left - _OTHER,
        below - 4 * mm,
        "含完整姓名和出生年份 · holds the full name and year of birth",
        8,
    )
    for number, line in enumerate(_notes(proof)):
        page.text(left, below - (14 + 5 * number) * mm, line, 8, max_width=A4[0] - 2 * left)
    page.end_page()
    return page.finish()


def _lines(proof: Issued) -> list[tuple[str, str, str]]:
    row = proof.row
    return [
        ("姓名", "name", proof.name),
        ("证件号码后四位", "last four of the document", proof.last4 or "—"),
        ("采样时间", "sampled", _time(row.sampled_at)),
        ("结果", "result", "阴性 negative"),
        ("检测方式", "tube", _shared(row.sharers)),
        ("检测机构", "laboratory", proof.lab or "—"),
        ("有效至", "valid until", f"{_time(row.expires_at)}（{proof.hours} h）"),
        ("证明编号", "number", proof.number),
    ]


def _shared(sharers: int) -> str:
    if sharers <= 1:
        return "单人单管 · alone in the tube"
    return f"混采，{sharers} 人同管 · {sharers} people shared the tube"


def _notes(proof: Issued) -> list[str]:
    return [
        "结果更正后本证明作废；请扫码核验，以核验结果为准。",
        "A correction of the result withdraws this proof; scan to verify. What the verifier says holds.",
        "有效时间自采样起算。Hours are counted from the sampling. Asia/Shanghai, UTC+8.",
    ]


def _local(at: datetime) -> datetime:
    return at.astimezone(ZONE)


def _time(at: datetime) -> str:
    return f"{_local(at):%Y-%m-%d %H:%M}"
