"""Whom a set of entries means: resident codes, documents, minimum identity; in sets, by cell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from cryptography.exceptions import InvalidTag

from screening.collection.queries import SiteRow, find_site
from screening.crypto import unb64
from screening.errors import Problem
from screening.registry import queries as registry
from screening.registry import seals
from screening.registry.documents import DocType, Document, normalise
from screening.registry.person_codes import read_resident_code
from screening.registry.queries import PersonRow
from screening.registry.service import Newcomer, make_provisional
from screening.registry.service.persons import ring
from screening.tube import entries as e


@dataclass
class Resolved:
    """`of` maps an entry's line id to (cell, person); `rows` what is known of each."""

    of: dict[int, tuple[int, int]] = field(default_factory=dict)
    rows: dict[tuple[int, int], PersonRow] = field(default_factory=dict)


class UnknownPerson(Problem):
    status = 422
    code = "unknown_person"
    zh = "居民码对应的人员不存在，请改扫身份证。"
    en = "Nobody is known by this resident code; use the ID card."


class Unreadable(Problem):
    status = 422
    code = "unreadable_person"
    zh = "人员信息无法解读。"
    en = "The person's details cannot be read."


Parked = list[tuple[e.Told, str]]


def resolve(told: Sequence[e.Told], parked: Parked, *, at: datetime) -> Resolved:
    """Find or make the person of every bind and move. What cannot be read goes to `parked`."""
    out = Resolved()
    documents: dict[bytes, list[tuple[e.Told, Newcomer]]] = defaultdict(list)
    for t in told:
        who = getattr(t.entry, "who", None)
        if who is None:
            continue
        try:
            if who.code is not None:
                out.of[t.line_id] = read_resident_code(who.code)
            else:
                newcomer = _newcomer(who, t)
                documents[_hash(newcomer)].append((t, newcomer))
        except Problem as p:
            parked.append((t, p.code))
    _look_up(documents, out, at)
    out.rows = registry.persons_by_cell(out.of.values())
    for t in told:
        if t.line_id in out.of and out.of[t.line_id] not in out.rows:
            parked.append((t, UnknownPerson.code))
    return out


def _look_up(
    documents: dict[bytes, list[tuple[e.Told, Newcomer]]], out: Resolved, at: datetime
) -> None:
    known = registry.persons_of_documents(documents)
    new: dict[tuple[int, int], list[bytes]] = defaultdict(list)
    for h, uses in documents.items():
        if h in known:
            person, cell = known[h]
            for t, _ in uses:
                out.of[t.line_id] = (cell, person)
        elif (site := find_site(uses[0][0].entry.site)) is not None:
            new[site.cell_id, community_of(site)].append(h)
    for (cell, community), hashes in sorted(new.items()):
        made = make_provisional(
            [documents[h][0][1] for h in hashes], cell=cell, community=community, at=at
        )
        for h, (person, home) in zip(hashes, made, strict=True):
            for t, _ in documents[h]:
                out.of[t.line_id] = (home, person)


def community_of(site: SiteRow) -> int:
    """The community a site stands in: the fifth id of its path, or its own area above that."""
    ids = [int(p) for p in site.path.strip("/").split("/")]
    return ids[4] if len(ids) > 4 else site.area_id


def identity_told(who: e.Who, t: e.Told) -> bytes:
    """The keyed hash by which an entry names somebody without a code. Raises Problem."""
    return _hash(_newcomer(who, t))


def _hash(newcomer: Newcomer) -> bytes:
    keys = ring()
    found = seals.doc_hash(keys, newcomer.document)
    return found if found is not None else seals.no_doc_hash(keys, newcomer.mark)


def _newcomer(who: e.Who, t: e.Told) -> Newcomer:
    """The identity as told; a document that cannot be right still names the same person again."""
    if who.sealed is not None:
        who = _unseal(who.sealed)
    phone = _phone(who.phone or (who.doc.phone if who.doc else None))
    if who.doc is None:
        if not who.name:
            raise Unreadable()
        return Newcomer(who.name, Document(DocType.NONE, ""), phone, mark=f"line:{t.line_id}")
    name = who.doc.name or who.name or "?"
    try:
        document = normalise(who.doc.type, who.doc.number, who.doc.country)
    except Problem:
        mark = f"odd:{who.doc.type}:{who.doc.number.strip().upper()}"
        return Newcomer(name, Document(DocType.NONE, ""), phone, mark=mark)
    return Newcomer(name, document, phone)


def _phone(text: str | None) -> str | None:
    try:
        return seals.normalise_phone(text)
    except seals.BadPhone:
        return None


def _unseal(text: str) -> e.Who:
    try:
        return e.who_decoder.decode(ring().unseal(unb64(text)))
    except (InvalidTag, ValueError, msgspec.DecodeError):
        raise Unreadable() from None
