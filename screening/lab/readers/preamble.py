"""What a file says of its run above, beside or below the table: instrument, start, plate code."""

from __future__ import annotations

import re
from collections.abc import Mapping

from screening.lab.readers.columns import key

HEAD = 60  # rows; the longest preamble seen has 43


def facts(tables: Mapping[str, list[list[str]]]) -> dict[str, str]:
    """'* Block Type = …', '# Block Type: …' and two-cell rows alike, by header key; first wins."""
    found: dict[str, str] = {}
    for rows in tables.values():
        for row in rows[:HEAD]:
            name, value = _pair(row)
            if value:
                found.setdefault(key(name), value)
    return found


def chosen(about: Mapping[str, str], names: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Our words for what the file says; only what it does say."""
    said = {
        field: next((about[k] for k in keys if about.get(k)), "") for field, keys in names.items()
    }
    return {field: value for field, value in said.items() if value not in ("", "NA", "null")}


def _pair(row: list[str]) -> tuple[str, str]:
    cells = [c.strip() for c in row if c.strip()]
    if len(cells) == 2 and not cells[0].startswith(("*", "#")):
        return cells[0], cells[1]
    name, _, value = re.sub(r"^[*#]\s*", "", ",".join(cells)).replace(" = ", ": ").partition(": ")
    return name, value.strip()
