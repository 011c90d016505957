"""Pure rules of exported files: cells no spreadsheet takes for a formula, limits, states."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Any

RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def neutral(value: Any) -> Any:
    """A cell that no spreadsheet will take for a formula; wide signs count, Excel folds them."""
    if isinstance(value, str) and value.startswith(RISKY):
        return "'" + value
    return value


def csv_line(values: Iterable[Any]) -> str:
    out = StringIO()
    csv.writer(out).writerow([neutral("" if v is None else v) for v in values])
    return out.getvalue()
