"""One row of a register file: an entry, or every fault of the row (never the values)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from operator import mul
from typing import NamedTuple

from screening.errors import Problem
from screening.places.queries import Node
from screening.places.readers.tables import untame
from screening.places.rules import COMMUNITY
from screening.registry import documents, seals
from screening.registry.check_digits import GB11643_CHECKS, GB11643_WEIGHTS
from screening.registry.documents import BadDocument, DocType, Document
from screening.registry.names import normalise_name
from screening.registry.readers.columns import COLUMNS
from screening.registry.readers.row_faults import (
    BadYes,
    ImpossibleDate,
    MissingName,
    OutsideArea,
    RowFault,
    TooFewColumns,
    TooLong,
    TooManyColumns,
    UnknownCommunity,
    UnknownGroup,
    UnknownResidence,
    UnknownSex,
)
from screening.registry.residence import Residence, read_residence
from screening.registry.rules import COHORTS, KEY_GROUPS, Flag

LONGEST = 200  # characters of one cell; a longer one is a paste gone wrong


class Entry(NamedTuple):
    """A row that is right, in canonical form."""

    row: int
    document: Document
    name: str
    phone: str | None
    home: Node
    grid: str
    building: str
    unit: str
    room: str
    household: str
    guardian: str
    birth: str | None
    key_group: str | None
    employer: str | None
    residence: Residence | None
    flags: int


_GROUPS = {COHORTS[code].zh: code for code in KEY_GROUPS} | {code: code for code in KEY_GROUPS}
_YES = {"是": True, "y": True, "yes": True, "1": True, "有": True, "true": True, "√": True}
_NO = {"": False, "否": False, "n": False, "no": False, "0": False, "无": False, "false": False}
_SAYS = _YES | _NO
_SEXES = frozenset(("", "男", "女", "m", "f", "1", "2"))  # asked for by lists, kept nowhere
_FLAGS = (("immobile", Flag.CANNOT_WALK), ("rental", Flag.RENTAL), ("dormitory", Flag.DORMITORY))
_PLAIN_NAME = re.compile("[\u4e00-\u9fff]{2,8}")
_PLAIN_PHONE = re.compile("1[3-9][0-9]{9}")
_PLAIN_ID = re.compile("[1-7][0-9]{16}[0-9X]")
_OFFSET = 48 * sum(GB11643_WEIGHTS)
_DATE = re.compile(r"([0-9]{4})[-/.年]?([0-9]{1,2})[-/.月]?([0-9]{1,2})日?(?: 00:00:00)?")


class RegisterReader:
    """Reads the rows of one file. `tree` finds a community by code, `scope` is the path within
    which the importer may write, `today` the last possible birth date."""

    def __init__(
        self, columns: Mapping[str, int], width: int, tree: Mapping[str, Node], scope: str,
        today: date,
    ) -> None:  # fmt: skip
        self._at = [columns.get(key) for key in COLUMNS]
        self._width = width
        self._tree = tree
        self._scope = scope
        self._today = today
        self._last = f"{today:%Y%m%d}"

    def read(self, number: int, cells: Sequence[str]) -> Entry | list[RowFault] | None:
        """The entry of row `number`, or its faults; None for an empty row."""
        if not any(cells):
            return None
        shape = self._shape(cells)
        if shape is not None:
            return [RowFault(number, None, shape.code)]
        v = [untame(cells[i].strip()) if i is not None else "" for i in self._at]
        faults: list[RowFault] = []
        (name, kind, number_text, country, phone_text, code, grid, building, unit, room, household,
         guardian, birth_text, sex, group_text, employer, said, *says) = v  # fmt: skip
        if not name:
            faults.append(_fault(number, "name", MissingName))
        if len(max(v, key=len)) > LONGEST:
            faults.append(RowFault(number, None, TooLong.code))
        document = self._document(number, kind, number_text, country, faults)
        phone = self._phone(number, phone_text, faults)
        home = self._home(number, code, faults)
        birth = self._birth(number, birth_text, document, faults)
        group = _GROUPS.get(group_text.lower()) if group_text else None
        if group_text and group is None:
            faults.append(_fault(number, "key_group", UnknownGroup))
        if sex.lower() not in _SEXES:
            faults.append(_fault(number, "sex", UnknownSex))
        residence = self._residence(number, said, faults)
        flags = self._flags(number, says, faults) | (int(Flag.KEY_GROUP) if group else 0)
        if faults:
            return faults
        assert document is not None
        assert home is not None
        plain = name if _PLAIN_NAME.fullmatch(name) else normalise_name(name)
        return Entry(
            number, document, plain, phone, home, grid, building, unit, room, household, guardian,
            birth, group, employer or None, residence, flags,
        )  # fmt: skip

    def _shape(self, cells: Sequence[str]) -> type[Problem] | None:
        if len(cells) < self._width:
            return TooFewColumns
        return TooManyColumns if any(cells[self._width :]) else None

    def _document(
        self, row: int, kind: str, text: str, country: str, faults: list[RowFault]
    ) -> Document | None:
        if kind in ("", "居民身份证") and _plain_id(text, self._last):
            return Document(DocType.RESIDENT_ID, text)
        try:
            return documents.normalise(
                kind or DocType.RESIDENT_ID, text, country or None, today=self._today
            )
        except BadDocument as fault:
            wrong = isinstance(fault, documents.UnknownDocumentType)
            column = "doc_type" if wrong else "doc_number"
            column = "country" if isinstance(fault, documents.DocumentCountry) else column
            faults.append(
                RowFault(row, COLUMNS[column][0], type(fault).code, fault.details or None)
            )
            return None

    def _phone(self, row: int, text: str, faults: list[RowFault]) -> str | None:
        if _PLAIN_PHONE.fullmatch(text):
            return text
        try:
            return seals.normalise_phone(text)
        except seals.BadPhone:
            faults.append(_fault(row, "phone", seals.BadPhone))
            return None

    def _home(self, row: int, code: str, faults: list[RowFault]) -> Node | None:
        node = self._tree.get(code)
        if node is None or node.level != COMMUNITY:
            faults.append(_fault(row, "community", UnknownCommunity))
            return None
        if not node.path.startswith(self._scope):
            faults.append(_fault(row, "community", OutsideArea))
            return None
        return node

    def _birth(
        self, row: int, text: str, document: Document | None, faults: list[RowFault]
    ) -> str | None:
        if text:
            said = read_date(text)
            if said is None or said > self._today.isoformat():
                faults.append(_fault(row, "birth", ImpossibleDate))
            return said
        born = documents.birth_date(document) if document else None
        return born.isoformat() if born else None

    def _residence(self, row: int, text: str, faults: list[RowFault]) -> Residence | None:
        try:
            return read_residence(text) if text else None
        except KeyError:
            faults.append(_fault(row, "residence", UnknownResidence))
            return None

    def _flags(self, row: int, says: Sequence[str], faults: list[RowFault]) -> int:
        flags = 0
        for text, (column, flag) in zip(says, _FLAGS, strict=True):
            said = _SAYS.get(text.lower())
            if said is None:
                faults.append(_fault(row, column, BadYes))
            elif said:
                flags |= flag
        return int(flags)


def _fault(row: int, column: str, problem: type[Problem]) -> RowFault:
    return RowFault(row, COLUMNS[column][0], problem.code)


def _plain_id(text: str, last: str) -> bool:
    """Whether the text is a resident number already in its canonical form: the common case,
    decided as documents.normalise would, at a tenth of its price."""
    if not _PLAIN_ID.fullmatch(text) or text[6:14] > last:
        return False
    total = sum(map(mul, text.encode(), GB11643_WEIGHTS)) - _OFFSET
    return GB11643_CHECKS[total % 11] == text[17] and _real_day(text[6:14])


@lru_cache(maxsize=65536)
def _real_day(digits: str) -> bool:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year >= documents.OLDEST
    except ValueError:
        return False


@lru_cache(maxsize=65536)
def read_date(text: str) -> str | None:
    """ISO date of the ways in which lists write dates; None if there is no such day."""
    found = _DATE.fullmatch(text)
    try:
        return date(*map(int, found.groups())).isoformat() if found else None
    except ValueError:
        return None
