"""Cells of files that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Any


def neutral(value: Any) -> Any:
    """A cell that no spreadsheet will take for a formula."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return value


def csv_line(values: Iterable[Any]) -> str:
    out = StringIO()
    csv.writer(out).writerow([neutral("" if v is None else v) for v in values])
    return out.getvalue()
