"""The files that the drill's thermocyclers write: a plate's wells in, an export file out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

TARGETS = ("ORF1ab", "N", "IC")
Cts = Sequence[float | None]
CLEAN: Cts = (None, None, 28.0)
POSITIVE_CONTROL: Cts = (33.0, 34.0, 30.0)
BLANK: Cts = (None, None, 29.0)


def plain_csv(
    controls: Mapping[str, str], wells: Mapping[str, str], hot: Mapping[str, Cts], plate: str
) -> bytes:
    """One line a well and target: `controls` (well → kind), `wells` (well → tube), and what the
    tubes in `hot` show; every other tube is clean."""
    shown: dict[str, Cts] = {
        well: POSITIVE_CONTROL if kind == "pc" else BLANK for well, kind in controls.items()
    }
    shown |= {well: hot.get(tube, CLEAN) for well, tube in wells.items()}
    lines = ["well,sample,target,ct,plate"]
    for well, values in shown.items():
        name = wells.get(well) or controls[well]
        for target, ct in zip(TARGETS, values, strict=True):
            lines.append(f"{well},{name},{target},{'Undetermined' if ct is None else ct},{plate}")
    return ("\n".join(lines) + "\n").encode()
