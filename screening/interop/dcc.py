"""The content of a European certificate (schema 1.3): what must stand in it, and our test entry."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from cryptography import x509

from screening.interop.hc1 import NotValid, Step

VERSION = "1.3.0"
COVID, NAAT, RAPID = "840539006", "LP6464-4", "LP217198-3"
NOT_DETECTED, DETECTED = "260415000", "260373001"
VALUES = {"tg": (COVID,), "tt": (NAAT, RAPID), "tr": (NOT_DETECTED, DETECTED)}
GROUPS = {
    "t": ("tg", "tt", "sc", "tr", "co", "is", "ci"),
    "v": ("tg", "vp", "mp", "ma", "dn", "sd", "dt", "co", "is", "ci"),
    "r": ("tg", "fr", "co", "is", "df", "du", "ci"),
}
LONGEST = 80
# Extended key usages that say what a key may sign; a key that names none may sign all.
USES = {
    f"1.3.6.1.4.1.{arc}1847.2021.1.{n}": group
    for arc in ("", "0.")
    for n, group in ((1, "t"), (2, "v"), (3, "r"))
}
_BIRTH = re.compile(r"((19|20)\d\d(-\d\d){0,2})?")
_NAME = re.compile(r"[A-Z<]*")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d(:?\d\d)?)")


# --- checking -----------------------------------------------------------------------------------


def check(body: Mapping[str, Any]) -> None:
    """Raises NotValid with the first thing that the schema does not allow."""
    for fault in faults(body):
        raise NotValid(Step.SCHEMA, fault)


def faults(body: Mapping[str, Any]) -> Iterator[str]:
    """What the schema does not allow in a certificate."""
    groups = [g for g in GROUPS if g in body]
    if len(groups) != 1:
        yield "one group of t, v, r"
    if not re.fullmatch(r"\d+\.\d+\.\d+", str(body.get("ver", ""))):
        yield "ver"
    if not isinstance(body.get("dob"), str) or not _BIRTH.fullmatch(body["dob"]):
        yield "dob"
    yield from _faults_of_name(body.get("nam"))
    for group in groups:
        rows = body[group]
        if not isinstance(rows, list) or len(rows) != 1 or not isinstance(rows[0], dict):
            yield f"{group}: one entry"
        else:
            yield from _faults_of_entry(group, rows[0])


def _faults_of_name(name: Any) -> Iterator[str]:
    if not isinstance(name, dict) or not ({"fnt", "gnt"} & set(name)):
        yield "nam"
        return
    for field, value in name.items():
        odd = field in ("fnt", "gnt") and not _NAME.fullmatch(str(value))
        if not isinstance(value, str) or len(value) > LONGEST or odd:
            yield f"nam.{field}"


def _faults_of_entry(group: str, entry: Mapping[str, Any]) -> Iterator[str]:
    for field in GROUPS[group]:
        if field not in entry:
            yield f"{group}.{field}"
    for field in ("is", "ci", "nm", "tc"):
        if field in entry and (not isinstance(entry[field], str) or len(entry[field]) > LONGEST):
            yield f"{group}.{field}"
    if not re.search(r"[A-Z]{1,10}", str(entry.get("co", ""))):
        yield f"{group}.co"
    if group == "t" and not _TIME.fullmatch(str(entry.get("sc", ""))):
        yield "t.sc"


def unknown_words(body: Mapping[str, Any]) -> list[str]:
    """Codes of a test entry that no value set knows: well formed, and yet no result to act upon."""
    entry = (body.get("t") or [{}])[0]
    return [f"t.{field}" for field, known in VALUES.items() if entry.get(field) not in known]


def check_use(certificate: x509.Certificate, body: Mapping[str, Any]) -> None:
    """Raises NotValid where the key's certificate does not allow to sign this group.

    A key without extended usages may sign all; one that names usages none of which is for health
    certificates may sign all too, unless the usage is that of travel documents (ICAO 9303)."""
    try:
        named = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return
    oids = [o.dotted_string for o in named]
    allowed = {USES[o] for o in oids if o in USES}
    if any(o.startswith("2.23.136.1.1.14.") for o in oids) and not allowed:
        raise NotValid(Step.USE, "a key for travel documents")
    if allowed and not allowed & set(body):
        raise NotValid(Step.USE, "a key for other certificates")


# --- our own ------------------------------------------------------------------------------------


class Tested(NamedTuple):
    """A negative test of one person as the certificate tells it. `number` is the proof's."""

    surname: str
    given: str
    latin: tuple[str, str]  # both in Latin letters
    birth: str
    sampled: datetime
    centre: str
    issuer: str
    number: int


def entry_of(t: Tested) -> dict[str, Any]:
    """The body of a certificate with one test entry: not detected, by amplification."""
    return {
        "ver": VERSION,
        "nam": {
            "fn": _cut(t.surname),
            "fnt": icao(t.latin[0]),
            "gn": _cut(t.given),
            "gnt": icao(t.latin[1]),
        },
        "dob": t.birth if _BIRTH.fullmatch(t.birth) else "",
        "t": [
            {
                "tg": COVID,
                "tt": NAAT,
                "nm": "RT-PCR",
                "sc": f"{t.sampled:%Y-%m-%dT%H:%M:%SZ}",
                "tr": NOT_DETECTED,
                "tc": _cut(t.centre),
                "co": "CN",
                "is": _cut(t.issuer),
                "ci": number_of(t.number),
            }
        ],
    }


def number_of(number: int) -> str:
    """The certificate's identifier with its check letter."""
    plain = f"URN:UVCI:01:CN:{number:016X}"
    return f"{plain}#{check_letter(plain)}"


_CHECKED = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/:"


def check_letter(text: str) -> str:
    """Luhn modulo 38, as the annex on identifiers has it."""
    total, factor = 0, 2
    for letter in reversed(text):
        high, low = divmod(factor * _CHECKED.index(letter), len(_CHECKED))
        total += high + low
        factor = 3 - factor
    return _CHECKED[-total % len(_CHECKED)]


def icao(latin: str) -> str:
    """A name in the letters of a travel document; letters that are not Latin are left out."""
    plain = unicodedata.normalize("NFKD", latin).upper()
    words = re.sub(r"[^A-Z \-<]", "", plain)
    return re.sub(r"[ \-<]+", "<", words).strip("<")[:LONGEST]


def _cut(text: str) -> str:
    return text[:LONGEST]
