"""What every reader gives back: a run file as plain values, one reading per well and target."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import msgspec

IMPOSSIBLE = "impossible_ct"
UNREADABLE = "unreadable_ct"
NO_VALUE = "no_value"
OMITTED = "omitted"
TWICE = "twice"
OPEN_END = "open_end"
UNKNOWN_MAKER = "unknown_maker"
DISTINCT = 12  # house; different Ct values from which on a file cannot be like another by chance

_WORDS = {
    IMPOSSIBLE: ("Ct 值不可能（{wells}）", "impossible Ct ({wells})"),
    UNREADABLE: ("Ct 单元格无法读取（{wells}）", "Ct cell cannot be read ({wells})"),
    NO_VALUE: ("没有 Ct 值，也没有“未检出”标记（{wells}）", "neither a Ct nor a word for “not detected” ({wells})"),
    OMITTED: ("操作者在仪器软件中排除了（{wells}）", "left out by the operator in the instrument software ({wells})"),
    TWICE: ("同一孔同一靶标出现多次（{wells}）", "the same well and target more than once ({wells})"),
    UNKNOWN_MAKER: ("未识别仪器型号，按列名读取，请核对", "unknown maker; read by its column names"),
    OPEN_END: ("文件最后一行没有换行符，可能被截断", "the last line has no line end; the file may be cut off"),
}  # fmt: skip


class WellReading(msgspec.Struct, frozen=True, kw_only=True):
    """One well, one target (or channel).

    `ct` is None when nothing was detected or nothing was measured; `measured` tells the two apart:
    it is False where the file holds no value at all, so silence never reads as a negative.
    An impossible `ct` is kept as it stands.
    """

    well: str
    sample: str | None = None
    target: str | None = None
    ct: float | None = None
    raw: str | None = None
    dye: str | None = None
    task: str | None = None
    call: str | None = None
    measured: bool = True
    omitted: bool = False


class Remark(msgspec.Struct, frozen=True):
    """Something odd in a file that was read all the same."""

    code: str
    wells: list[str] = []

    def sentence(self, lang: str = "zh") -> str:
        return _WORDS[self.code][lang == "en"].format(wells=", ".join(self.wells))


class RunFile(msgspec.Struct, frozen=True, kw_only=True):
    """A run file as read. `sha256` is of the bytes, `content_sha256` of what they say."""

    instrument: str
    rows: list[WellReading]
    sha256: str
    plate_barcode: str | None = None
    started: str | None = None
    ended: str | None = None
    serial: str | None = None
    warnings: list[Remark] = []

    @property
    def wells(self) -> list[str]:
        """The wells the file speaks of, each once, in file order."""
        return list(dict.fromkeys(row.well for row in self.rows))

    @property
    def values_sha256(self) -> str | None:
        return _values(self.rows)

    @property
    def content_sha256(self) -> str:
        """The same for a file that was opened and saved again under another name or encoding."""
        said = sorted(
            (r.well, r.target or "", r.dye or "", r.sample or "", _rounded(r.ct), r.omitted)
            for r in self.rows
        )
        return sha256(
            msgspec.json.encode([self.started, self.ended, self.serial, said])
        ).hexdigest()


def _values(rows: Sequence[WellReading]) -> str | None:
    """The same for the same numbers under other names, in other wells or of another hour; None of
    too few to tell. No two runs of a cycler show the same Ct values (Shuozhou)."""
    seen = sorted(f"{r.ct:.2f}" for r in rows if r.ct is not None)
    if len(set(seen)) < DISTINCT:
        return None
    return sha256(",".join(seen).encode()).hexdigest()


def _rounded(ct: float | None) -> str:
    # spreadsheets store 17 digits, text exports 3: a saved-again file must stay the same file
    return "" if ct is None else f"{ct:.3f}"
