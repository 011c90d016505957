"""Files as other offices send them, made up."""

from __future__ import annotations

import csv
import io

HEAD = ["姓名", "证件号码", "电话", "社区代码", "单位", "备注"]


def table(*rows: list[str], encoding: str = "utf-8", head: list[str] | None = None) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head or HEAD)
    writer.writerows(rows)
    return out.getvalue().encode(encoding)
