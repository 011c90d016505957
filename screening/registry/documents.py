"""Identity documents, pure: one canonical form each, so that a person is found however it is typed.

`normalise` gives what is hashed (`Document.key`). A region in a number is never a reason to refuse
it: new areas appear and residence permits carry none (`odd_region` only warns).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from screening.registry.check_digits import gb11643
from screening.registry.countries import country_code
from screening.registry.document_kinds import (
    WORDS,
    BadDocument,
    DocType,
    DocumentCheck,
    DocumentCountry,
    DocumentDate,
    DocumentForm,
    DocumentLength,
    DocumentMissing,
    DocumentSpreadsheet,
    UnknownDocumentType,
    doc_type,
)
from screening.registry.scans import normalise_scan

__all__ = [
    "WORDS",
    "BadDocument",
    "DocType",
    "Document",
    "DocumentCheck",
    "DocumentCountry",
    "DocumentDate",
    "DocumentForm",
    "DocumentLength",
    "DocumentMissing",
    "DocumentSpreadsheet",
    "UnknownDocumentType",
    "birth_date",
    "doc_type",
    "last4",
    "mask",
    "newborn",
    "normalise",
    "odd_region",
    "recognise",
]

# GB/T 2260, first two digits; 81-83 stand on residence permits, a leading 9 on foreigners' cards.
_PROVINCES = (
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 "
    "61 62 63 64 65 71 81 82 83"
)
PROVINCES = frozenset(_PROVINCES.split())
OLDEST = 1850  # a birth year before this is a misread, not a person


@dataclass(frozen=True)
class Document:
    """A document in its canonical form; `number` of a passport starts with its country: GB-…"""

    type: DocType
    number: str

    @property
    def key(self) -> str | None:
        """What is hashed to find the person; None when there is no document to find by."""
        return None if self.type is DocType.NONE else f"{self.type.value}:{self.number}"

    @property
    def country(self) -> str | None:
        """Two letters of a passport's country."""
        return self.number.partition("-")[0] if self.type is DocType.PASSPORT else None


def normalise(
    kind: DocType | str, text: str | None, country: str | None = None, *, today: date | None = None
) -> Document:
    """The canonical document; raises a BadDocument. With `today`, no birth date lies after it.

    A number of one kind given under a sibling's name (a residence permit as "ID card") gets its
    own type, so that both ways of entering it find the same person.
    """
    kind = kind if isinstance(kind, DocType) else doc_type(kind)
    if kind is DocType.NONE:
        return Document(kind, "")
    plain = normalise_scan(text or "")
    if not plain:
        raise DocumentMissing
    if re.fullmatch(r"[0-9](?:\.[0-9]+)?E\+?[0-9]+", plain):
        raise DocumentSpreadsheet
    document = (
        _passport(plain, country) if kind is DocType.PASSPORT else _READERS[kind](plain, kind)
    )
    born = birth_date(document)
    if today and born and born > today:
        raise DocumentDate
    return document


def recognise(text: str) -> Document:
    """The document a number typed without its kind most probably is; raises a BadDocument.

    15 and 18 characters are taken for a citizen number first, whose fault is then the one told.
    """
    plain = normalise_scan(text)
    citizen = len(plain) in (15, 18) and plain[:1].isdigit()
    for kind in (
        DocType.RESIDENT_ID,
        DocType.HOME_RETURN,
        DocType.TAIWAN_PERMIT,
        DocType.FOREIGN_RESIDENCE,
        DocType.PASSPORT,
    ):
        try:
            return normalise(kind, plain)
        except BadDocument:
            if citizen:
                raise
    raise DocumentForm


def newborn(guardian: Document, born: date, order: int = 1) -> Document:
    """A child without paper: known by its guardian, its birth date and its order among twins."""
    return Document(DocType.NEWBORN, f"{guardian.key}/{born:%Y%m%d}/{order}")


def birth_date(document: Document) -> date | None:
    """The birth date that the number itself states; None if it states none."""
    if document.type is DocType.NEWBORN:
        return _date(document.number.split("/")[1])
    citizen = document.type in (DocType.RESIDENT_ID, DocType.HMT_RESIDENCE)
    if citizen or (document.type is DocType.FOREIGN_RESIDENCE and len(document.number) == 18):
        return _date(document.number[6:14])
    return None


def odd_region(document: Document) -> bool:
    """Whether a citizen number names no province known to GB/T 2260: worth a look, no refusal."""
    return document.type is DocType.RESIDENT_ID and document.number[:2] not in PROVINCES


def last4(document: Document) -> str:
    """The four characters people are asked for; a newborn answers with its guardian's."""
    number = document.number
    if document.type is DocType.NEWBORN:
        number = number.split("/")[0]
    return number[-4:]


def mask(document: Document) -> str:
    """What screens and lists show: never the birth date, never enough to guess the rest."""
    if document.type is DocType.NEWBORN:
        guardian, _, order = document.number.split("/")
        kind, _, number = guardian.partition(":")
        return f"{mask(Document(DocType(kind), number))}/{order}"
    head, dash, number = document.number.rpartition("-")
    prefix = head + dash if document.type is DocType.PASSPORT else ""
    number = number if prefix else document.number
    shown, tail = (3, 4) if len(number) >= 15 else (1, 3) if len(number) >= 7 else (0, 2)
    hidden = max(len(number) - shown - tail, 0)
    return prefix + number[:shown] + "*" * hidden + number[len(number) - tail :]


def _date(digits: str) -> date:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError as fault:
        raise DocumentDate from fault
    if born.year < OLDEST:
        raise DocumentDate
    return born


def _citizen(plain: str, kind: DocType) -> Document:
    """18 characters of GB 11643; the 15-digit form becomes the 18 of a birth in the 1900s."""
    number = plain.replace("-", "")
    if re.fullmatch("[0-9]{15}", number):
        number = f"{number[:6]}19{number[6:]}"
        number += gb11643(number)
    if len(number) != 18:
        wanted = "15 / 18" if kind is DocType.RESIDENT_ID else "18"
        raise DocumentLength(length=len(number), wanted=wanted)
    if not re.fullmatch("[0-9]{17}[0-9X]", number):
        raise DocumentForm
    _date(number[6:14])
    if gb11643(number[:17]) != number[17]:
        raise DocumentCheck
    own = _citizen_type(number)
    if kind not in (own, DocType.RESIDENT_ID):
        raise DocumentForm
    return Document(own, number)


def _citizen_type(number: str) -> DocType:
    if number[0] == "9":
        return DocType.FOREIGN_RESIDENCE
    return DocType.HMT_RESIDENCE if number[:2] in ("81", "82", "83") else DocType.RESIDENT_ID


def _foreign_residence(plain: str, kind: DocType) -> Document:
    """Since 2023: 9, province, country, birth date, sequence, check; before: 3 letters, 12 digits."""
    number = plain.replace("-", "")
    if re.fullmatch("[A-Z]{3}[0-9]{12}", number):
        return Document(kind, number)
    if len(number) not in (15, 18):
        raise DocumentLength(length=len(number), wanted="15 / 18")
    if len(number) == 15 or number[0] != "9":
        raise DocumentForm
    return Document(kind, _citizen(number, DocType.RESIDENT_ID).number)


def _permit(plain: str, kind: DocType) -> Document:
    """A travel permit: the number for life; two digits more on older ones only count the issues."""
    number = re.sub(r"\([A-Z0-9]{1,2}\)$", "", plain).replace("-", "")
    digits, letter = (number[1:], number[:1]) if kind is DocType.HOME_RETURN else (number, "")
    if not re.fullmatch("[0-9]+", digits) or letter not in ("", "H", "M"):
        raise DocumentForm
    if len(digits) not in (8, 10):
        extra = len(letter)
        raise DocumentLength(length=len(number), wanted=f"{8 + extra} / {10 + extra}")
    return Document(kind, letter + digits[:8])


def _passport(plain: str, country: str | None) -> Document:
    if not country and (written := re.fullmatch("([A-Z]{2,3})-(.+)", plain)):
        country, plain = written[1], written[2]
    number = plain.replace("-", "")
    code = country_code(country)
    if code is None:
        raise DocumentCountry
    if not 5 <= len(number) <= 15:
        raise DocumentLength(length=len(number), wanted="5 - 15")
    if not re.fullmatch("[0-9A-Z]+", number):
        raise DocumentForm
    return Document(DocType.PASSPORT, f"{code}-{number}")


def _officer_card(plain: str, kind: DocType) -> Document:
    """“军字第1234567号” and “军1234567” are the same card."""
    number = re.sub("[字第号-]", "", plain)
    if not re.fullmatch("[\u4e00-\u9fff]{0,4}[0-9A-Z]{4,15}", number):
        raise DocumentForm
    return Document(kind, number)


def _household_book(plain: str, kind: DocType) -> Document:
    """The book's number and, after a hyphen, the member's page: a book alone is a household."""
    if not re.fullmatch("[0-9A-Z]{4,20}(?:-[0-9]{1,2})?", plain):
        raise DocumentForm
    book, dash, page = plain.partition("-")
    return Document(kind, book + dash + (page.zfill(2) if dash else ""))


def _newborn(plain: str, kind: DocType) -> Document:
    """<guardian's number, or type:number>/<birth date, 8 digits>[/<order>]; hyphens serve too."""
    written = re.fullmatch(r"(?:([A-Z_]+):)?(.+?)[/-]([0-9]{8})(?:[/-]([0-9]{1,2}))?", plain)
    if not written:
        raise DocumentForm
    if written[1] in ("NEWBORN", "NONE"):
        raise DocumentForm
    guardian = normalise(written[1], written[2]) if written[1] else recognise(written[2])
    return newborn(guardian, _date(written[3]), int(written[4] or 1))


_READERS: dict[DocType, Callable[[str, DocType], Document]] = {
    DocType.RESIDENT_ID: _citizen,
    DocType.HMT_RESIDENCE: _citizen,
    DocType.HOME_RETURN: _permit,
    DocType.TAIWAN_PERMIT: _permit,
    DocType.FOREIGN_RESIDENCE: _foreign_residence,
    DocType.OFFICER_CARD: _officer_card,
    DocType.HOUSEHOLD_BOOK: _household_book,
    DocType.NEWBORN: _newborn,
}
