"""Who is meant by a scan or typing, and what is odd about how they were named."""

from __future__ import annotations

from typing import NamedTuple

from screening import clock
from screening.collection import persons
from screening.collection.checks.answers import say
from screening.collection.known import find_known
from screening.registry import code_keys, seals
from screening.registry import queries as registry
from screening.registry import rules as registry_rules
from screening.registry.documents import BadDocument, DocType, normalise, recognise
from screening.registry.names import mask_name, same_name
from screening.registry.person_codes import make_resident_code, read_resident_code
from screening.registry.queries import PersonRow
from screening.registry.scans import CodeProblem, normalise_scan
from screening.registry.signed_codes import is_resident
from screening.tube import entries as e
from screening.tube.answers import STOP, Answer, refused
from screening.tube.codes import Kind, PracticeCode, WrongKind, read_code


def read_who(text: str, *, practice: bool = False) -> e.Who:
    """What a scan or typing at the table stands for: a resident code, or a document by its number.

    A signed code becomes the plain one, which is what journals keep. Raises WrongKind (19),
    BadCodeSignature, CodeExpired, BadCheckDigits, OddCharacters (20), BadDocument (11), PracticeCode (50)."""
    plain = normalise_scan(text)
    if is_resident(plain):
        return e.Who(code=make_resident_code(*code_keys.read_person(plain, at=clock.now())))
    try:
        reading = read_code(plain)
    except CodeProblem:
        found = recognise(plain)
        return e.Who(doc=e.Document(type=found.type.value, number=plain))
    if reading.practice and not practice:
        raise PracticeCode()
    raise WrongKind(seen=reading.kind.word, wanted=Kind.RESIDENT.word)


class Known(NamedTuple):
    """Who stands at the table, as far as the register knows."""

    cell: int
    row: PersonRow
    name: str
    document: str


def find_person(who: e.Who, *, seen: bool = False) -> tuple[Known | None, list[Answer]]:
    """The person meant, and what is odd about how they were named (11, 12, 10)."""
    if who.code is not None:
        pair: tuple[int, int] | None = read_resident_code(who.code)
        told = None
    else:
        pair, told, odd = _by_document(who, seen)
        if odd and odd[0].tone == STOP:
            return None, odd
    known = find_known(pair) if pair else None
    if known is None:
        if who.code is not None:
            return None, [refused(persons.UnknownPerson())]
        return None, [*odd, say("not_in_roster")]
    found = Known(pair[0], known.row, mask_name(known.name), known.document)  # type: ignore[index]
    out = [] if who.code is not None else odd
    if told and not same_name(told, known.name):
        out = [*out, say("name_differs", name=found.name)]
    if known.row.flags & registry_rules.Flag.PROVISIONAL:
        out = [*out, say("not_in_roster")]
    return found, out


def _by_document(who: e.Who, seen: bool) -> tuple[tuple[int, int] | None, str | None, list[Answer]]:
    keys = persons.ring()
    if who.doc is None:
        return None, who.name, []
    told = who.doc.name or who.name
    try:
        document = normalise(who.doc.type, who.doc.number, who.doc.country)
    except BadDocument as p:
        if not seen:
            return None, told, [refused(p)]
        mark = f"odd:{who.doc.type}:{who.doc.number.strip().upper()}"  # as persons.resolve has it
        found = registry.persons_of_documents([seals.no_doc_hash(keys, mark)])
        return _first(found), told, [say("check_seen")]
    if document.type is DocType.NONE:
        return None, told, []
    hashed = seals.doc_hash(keys, document)
    return _first(registry.persons_of_documents([hashed] if hashed else [])), told, []


def _first(found: dict[bytes, tuple[int, int]]) -> tuple[int, int] | None:
    return next(((cell, person) for person, cell in found.values()), None)
