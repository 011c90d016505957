"""Plates as instruments take them: sample set-ups for QuantStudio and CFX, and a plain CSV (pure).

Control wells and marks are in every set-up, so that the result file has them; free wells are not."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from screening.lab.plates import layout, plate_plan
from screening.lab.plates.layout import Size
from screening.lab.rules.rule_sets import RuleSet, TargetRule

# what stands as the sample's name in a control's well; the run readers' words for them
NAMES = {"ntc": "NTC", "pc": "PC", "mark": "MARK", "blank": "BLANK"}
_BLOCKS = {96: "96-Well 0.2-mL Block", 384: "384-Well Block"}
_CRLF = "\r\n"


class Filled(NamedTuple):
    """One well of a set-up with the targets that are read in it."""

    well: str
    name: str
    kind: str
    targets: Sequence[TargetRule]


class Plate(NamedTuple):
    """What a set-up is made from: the plate's code, its kit's rule, its wells in row order."""

    code: str
    size: Size
    wells: list[Filled]


def plate_of(
    code: str, size: Size, rule: RuleSet, controls: Mapping[str, str], tubes: Mapping[str, str]
) -> Plate:
    """`tubes`: well → barcode. Kits with a well for each target take their targets in the order
    of the wells."""
    held = {w: (word.partition(":")[0], word) for w, word in controls.items()}
    held |= {w: ("tube", barcode) for w, barcode in tubes.items()}
    seats: dict[str, int] = {}
    targets: dict[str, Sequence[TargetRule]] = {}
    every = rule.every_target
    for w in layout.wells_by_column(size):
        if w in held:
            kind, word = held[w]
            group = word if kind == "tube" or ":" in word else w
            n = seats[group] = seats.get(group, -1) + 1
            targets[w] = [every[n % len(every)]] if rule.uniplex else every
    wells = [
        Filled(w, held[w][1] if held[w][0] == "tube" else NAMES[held[w][0]], held[w][0], targets[w])
        for w in plate_plan.in_order(size, "row")
        if w in held and held[w][0] != "blank"
    ]
    return Plate(code, size, wells)


def quantstudio(plate: Plate) -> bytes:
    """Tab text with a [Sample Setup], as the instrument's own template export has it."""
    head = {
        "Block Type": _BLOCKS[plate.size],
        "Chemistry": "TAQMAN",
        "Experiment Barcode": plate.code,
        "Experiment Name": plate.code,
        "Experiment Type": "Standard Curve",
        "Quantification Cycle Method": "Ct",
    }
    lines = [f"* {name} = {value}" for name, value in head.items()]
    columns = (
        "Well", "Well Position", "Sample Name", "Sample Color", "Biogroup Name", "Biogroup Color",
        "Target Name", "Target Color", "Task", "Reporter", "Quencher", "Quantity", "Comments",
    )  # fmt: skip
    lines += ["", "[Sample Setup]", "\t".join(columns)]
    width = layout.SHAPES[plate.size][1]
    for w in plate.wells:
        row, col = layout.place(w.well)
        task = "NTC" if w.kind == "ntc" else "UNKNOWN"
        lines += [
            "\t".join((str(row * width + col + 1), w.well, w.name, "", "", "", t.name, "", task,
                       t.dye or "", "None", "", plate.code))
            for t in w.targets
        ]  # fmt: skip
    return (_CRLF.join(lines) + _CRLF).encode()


def cfx(plate: Plate) -> bytes:
    """The plate set-up that CFX Manager and Maestro import; one row a well, targets by the plate's
    own fluorophores."""
    rows = []
    for w in plate.wells:
        row, col = layout.place(w.well)
        named = w.targets[0].name if len(w.targets) == 1 else ""
        rows.append([chr(65 + row), col + 1, named, w.name, plate.code])
    return _csv(("Row", "Column", "*Target Name", "*Sample Name", "*Biological Group"), rows)


def plain(plate: Plate) -> bytes:
    """Well and name, for everything else; read back as a sample sheet."""
    rows = [[w.well, w.name, plate.code] for w in plate.wells]
    return _csv(("well", "tube", "plate"), rows)


def _csv(header: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=_CRLF)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()


class Form(NamedTuple):
    """A kind of set-up: what writes it, how its file ends, its media type."""

    write: Callable[[Plate], bytes]
    ending: str
    media: str


FORMS = {
    "quantstudio": Form(quantstudio, "txt", "text/plain; charset=utf-8"),
    "cfx": Form(cfx, "csv", "text/csv; charset=utf-8"),
    "plain": Form(plain, "csv", "text/csv; charset=utf-8"),
}
