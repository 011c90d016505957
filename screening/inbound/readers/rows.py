"""One row of an inbound list: a person, or every fault of the row (never the values)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from screening.errors import Fault, Faults
from screening.places.queries import Node
from screening.places.readers.tables import untame
from screening.registry import documents, seals
from screening.registry.documents import BadDocument, Document
from screening.registry.names import normalise_name
from screening.registry.readers.columns import (
    FAULT_COLUMN,
    MissingColumn,
    RepeatedColumn,
    UnknownColumn,
)
from screening.registry.readers.register import LONGEST
from screening.registry.readers.row_faults import (
    MissingName,
    OutsideArea,
    RowFault,
    RowProblem,
    TooFewColumns,
    TooLong,
    TooManyColumns,
)

# our word: the names that offices give the column, the first one is what we write
COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("姓名", "name"),
    "doc_type": ("证件类型", "document type"),
    "doc_number": ("证件号码", "身份证号", "身份证号码", "document number"),
    "country": ("国家地区", "国籍", "国家（地区）", "country"),
    "phone": ("电话", "手机", "手机号", "手机号码", "联系电话", "phone"),
    "area": ("社区代码", "社区编码", "网格编码", "区划代码", "area code"),
    "address": ("地址", "住址", "现住址", "居住地址", "address"),
    "employer": ("单位", "工作单位", "employer"),
    "note": ("备注", "说明", "轨迹", "note"),
}
REQUIRED = ("name",)
_KNOWN = {re.sub(r"\s", "", name).lower(): key for key, names in COLUMNS.items() for name in names}
LONG = {"address", "note"}


class NobodyToFind(RowProblem):
    code = "inbound_nobody"
    zh = "证件号码和电话至少要有一个。"
    en = "A document or a telephone number is needed."


class UnknownArea(RowProblem):
    code = "inbound_unknown_area"
    zh = "辖区代码不存在。"
    en = "There is no area with this code."


class Row(NamedTuple):
    """A row that is right, in canonical form."""

    number: int
    name: str
    document: Document | None
    phone: str | None
    area: Node | None
    address: str
    employer: str
    note: str


def find_columns(header: Sequence[str]) -> Mapping[str, int]:
    """{our word: index}. Raises Faults naming everything that is wrong with the first row."""
    found: dict[str, int] = {}
    faults: list[Fault] = []
    for index, title in enumerate(header):
        plain = re.sub(r"[\s\ufeff]", "", title).lower()
        key = _KNOWN.get(plain)
        if plain in (FAULT_COLUMN, "序号"):
            continue
        if key is None:
            faults.append(Fault(UnknownColumn(number=index + 1), row=1, column=str(index + 1)))
        elif key in found:
            faults.append(Fault(RepeatedColumn(name=COLUMNS[key][0]), row=1, column=str(index + 1)))
        else:
            found[key] = index
    missing = [COLUMNS[key][0] for key in REQUIRED if key not in found]
    if not {"doc_number", "phone"} & set(found):
        missing.append(COLUMNS["doc_number"][0])
    faults += [Fault(MissingColumn(name=name), row=1, column=name) for name in missing]
    if faults:
        raise Faults(faults)
    return found


class RowReader:
    """Reads the rows of one list. `tree` finds an area by code, `scope` is the path within which
    the list may be assigned."""

    def __init__(
        self, columns: Mapping[str, int], width: int, tree: Mapping[str, Node], scope: str,
        today: date,
    ) -> None:  # fmt: skip
        self._columns, self._width = columns, width
        self._tree, self._scope, self._today = tree, scope, today

    def read(self, number: int, cells: Sequence[str]) -> Row | list[RowFault] | None:
        """The person of row `number`, or the row's faults; None for an empty row."""
        if not any(c.strip() for c in cells):
            return None
        if len(cells) < self._width:
            return [RowFault(number, None, TooFewColumns.code)]
        if any(cells[self._width :]):
            return [RowFault(number, None, TooManyColumns.code)]
        v = {key: untame(cells[i].strip()) for key, i in self._columns.items()}
        faults = [_fault(number, key, TooLong.code) for key, text in v.items()
                  if len(text) > LONGEST * (5 if key in LONG else 1)]  # fmt: skip
        name = normalise_name(v["name"])
        if not name:
            faults.append(_fault(number, "name", MissingName.code))
        document = self._document(number, v, faults)
        phone = self._phone(number, v.get("phone", ""), faults)
        if not v.get("doc_number") and not v.get("phone"):
            faults.append(RowFault(number, None, NobodyToFind.code))
        area = self._area(number, v.get("area", ""), faults)
        if faults:
            return faults
        return Row(number, name, document, phone, area, v.get("address", ""),
                   v.get("employer", ""), v.get("note", ""))  # fmt: skip

    def _document(self, row: int, v: Mapping[str, str], faults: list[RowFault]) -> Document | None:
        if not v.get("doc_number"):
            return None
        try:
            return documents.normalise(
                v.get("doc_type") or documents.DocType.RESIDENT_ID, v["doc_number"],
                v.get("country") or None, today=self._today,
            )  # fmt: skip
        except BadDocument as fault:
            column = "doc_type" if isinstance(fault, documents.UnknownDocumentType) else (
                "country" if isinstance(fault, documents.DocumentCountry) else "doc_number")  # fmt: skip
            faults.append(_fault(row, column, type(fault).code, fault.details))
            return None

    def _phone(self, row: int, text: str, faults: list[RowFault]) -> str | None:
        try:
            return seals.normalise_phone(text)
        except seals.BadPhone as fault:
            faults.append(_fault(row, "phone", fault.code))
            return None

    def _area(self, row: int, code: str, faults: list[RowFault]) -> Node | None:
        if not code:
            return None
        node = self._tree.get(code)
        if node is None:
            faults.append(_fault(row, "area", UnknownArea.code))
        elif not node.path.startswith(self._scope):
            faults.append(_fault(row, "area", OutsideArea.code))
        else:
            return node
        return None


def _fault(row: int, key: str, code: str, details: dict | None = None) -> RowFault:
    return RowFault(row, COLUMNS[key][0], code, details or None)
