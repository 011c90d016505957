"""Kinds of identity documents: their names, and why a number of one is refused. Pure."""

from __future__ import annotations

import re
from enum import StrEnum

from screening.errors import Problem


class DocType(StrEnum):
    """Kinds of documents met at the table."""

    RESIDENT_ID = "resident_id"  # GB 11643, 18 characters; 15 until 2013
    HMT_RESIDENCE = "hmt_residence"  # Hong Kong, Macau, Taiwan residence permit, 18 characters
    HOME_RETURN = "home_return"  # mainland travel permit of Hong Kong and Macau residents
    TAIWAN_PERMIT = "taiwan_permit"  # mainland travel permit of Taiwan residents
    FOREIGN_RESIDENCE = "foreign_residence"  # foreigners' permanent residence card
    PASSPORT = "passport"
    OFFICER_CARD = "officer_card"
    HOUSEHOLD_BOOK = "household_book"
    NEWBORN = "newborn"  # no paper yet: the guardian's document, the birth date, the order
    NONE = "none"


WORDS: dict[DocType, tuple[str, str]] = {
    DocType.RESIDENT_ID: ("居民身份证", "Resident identity card"),
    DocType.HMT_RESIDENCE: ("港澳台居民居住证", "Residence permit (Hong Kong, Macau, Taiwan)"),
    DocType.HOME_RETURN: ("港澳居民来往内地通行证", "Mainland travel permit (Hong Kong, Macau)"),
    DocType.TAIWAN_PERMIT: ("台湾居民来往大陆通行证", "Mainland travel permit (Taiwan)"),
    DocType.FOREIGN_RESIDENCE: ("外国人永久居留身份证", "Foreign permanent resident card"),
    DocType.PASSPORT: ("护照", "Passport"),
    DocType.OFFICER_CARD: ("军官证", "Officer card"),
    DocType.HOUSEHOLD_BOOK: ("户口簿", "Household book"),
    DocType.NEWBORN: ("新生儿", "Newborn"),
    DocType.NONE: ("无证件", "No document"),
}
# What lists call them.
_SAID = {
    "身份证": DocType.RESIDENT_ID,
    "二代身份证": DocType.RESIDENT_ID,
    "ID card": DocType.RESIDENT_ID,
    "港澳居民居住证": DocType.HMT_RESIDENCE,
    "台湾居民居住证": DocType.HMT_RESIDENCE,
    "港澳台居住证": DocType.HMT_RESIDENCE,
    "回乡证": DocType.HOME_RETURN,
    "港澳通行证": DocType.HOME_RETURN,
    "港澳居民通行证": DocType.HOME_RETURN,
    "台胞证": DocType.TAIWAN_PERMIT,
    "台湾通行证": DocType.TAIWAN_PERMIT,
    "台湾居民通行证": DocType.TAIWAN_PERMIT,
    "外国人永久居留证": DocType.FOREIGN_RESIDENCE,
    "外国护照": DocType.PASSPORT,
    "士兵证": DocType.OFFICER_CARD,
    "警官证": DocType.OFFICER_CARD,
    "户口本": DocType.HOUSEHOLD_BOOK,
    "新生儿无证件": DocType.NEWBORN,
    "无": DocType.NONE,
}
_TYPES: dict[str, DocType] = {name.lower(): kind for name, kind in _SAID.items()}
for _kind, _names in WORDS.items():
    _TYPES |= {name.lower(): _kind for name in (_kind.value, *_names)}


def doc_type(text: str) -> DocType:
    """The type behind a code, or a Chinese or English name; raises UnknownDocumentType."""
    plain = re.sub(r"[\s()（）]", "", text).lower()
    found = _TYPES.get(plain) or _TYPES.get(text.strip().lower())
    if found is None:
        raise UnknownDocumentType
    return found


class BadDocument(Problem):
    """A document number that cannot be right as it stands; the subclass says why."""

    status = 422
    code = "bad_document"
    zh = "证件号码有误。"
    en = "The document number is not right."


class UnknownDocumentType(BadDocument):
    code = "document_type"
    zh = "不认识这种证件类型。"
    en = "This kind of document is not known."


class DocumentMissing(BadDocument):
    code = "document_missing"
    zh = "没有证件号码。"
    en = "The document number is missing."


class DocumentLength(BadDocument):
    code = "document_length"
    zh = "证件号码有 {length} 位，应为 {wanted} 位。"
    en = "The document number has {length} characters; it should have {wanted}."


class DocumentForm(BadDocument):
    code = "document_form"
    zh = "号码的写法不符合所选的证件类型，请核对类型和号码。"
    en = "The number does not look like this kind of document; check both."


class DocumentCheck(BadDocument):
    code = "document_check_digit"
    zh = "证件号码最后一位校验不对，可能输错了一位。"
    en = "The last character of the number does not fit; one character is probably wrong."


class DocumentDate(BadDocument):
    code = "document_birth_date"
    zh = "证件号码里的出生日期不存在。"
    en = "The birth date in the number cannot be."


class DocumentCountry(BadDocument):
    code = "document_country"
    zh = "护照要写明国家或地区。"
    en = "A passport needs its country, as a code or a name."


class DocumentSpreadsheet(BadDocument):
    code = "document_spreadsheet"
    zh = "号码被表格软件改成了科学计数，后几位已丢失；请把这一列设为文本后重新填写。"
    en = "A spreadsheet turned the number into 1.1E+17 and lost digits; make the column text."
