"""Proofs: made once a swab and version, signed in two forms; the list of those withdrawn."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from screening.accounts.audit import note
from screening.crypto import b64
from screening.db import fetch, insert, new_id
from screening.errors import Problem
from screening.interop import dcc, hc1, proof_codes, queries, rules
from screening.interop.keys import cose_id
from screening.interop.latin import latin_of, parts_of
from screening.interop.queries import ProofRow
from screening.interop.rules import Specimen
from screening.registry import seals
from screening.registry.code_keys import ring
from screening.registry.names import mask_name
from screening.reporting import doors
from screening.reporting.lookup import recent_rounds
from screening.reporting.queries import Story

ISSUER = "CN"
_COLUMNS = (
    "cell_id", "proof_id", "person_id", "round_id", "barcode", "specimen_id", "version", "sharers",
    "sampled_at", "expires_at", "made_at",
)  # fmt: skip


class NoProofNow(Problem):
    status = 409
    code = "no_proof_now"
    zh = "目前不能出具证明，请稍后再查；如收到通知，请按通知办理。"
    en = "No proof can be given now; look again later, and follow any notice that you receive."


class NoNegative(Problem):
    status = 409
    code = "no_negative_result"
    zh = "没有已发布的阴性结果，不能出具证明。"
    en = "There is no released negative result, so no proof can be given."


class ProofPast(Problem):
    status = 409
    code = "proof_past"
    zh = "最近一次阴性结果的采样时间已超过 {hours} 小时，请重新采样。"
    en = (
        "The newest negative result was sampled more than {hours} hours ago; have a new swab taken."
    )


_REFUSED = {rules.NOT_NOW: NoProofNow, rules.NONE: NoNegative, rules.PAST: ProofPast}


class Issued(NamedTuple):
    """A proof with both of its texts. `name` and `last4` as printed; no document is in it."""

    row: ProofRow
    name: str
    last4: str
    lab: str
    text: str
    certificate: str

    @property
    def number(self) -> str:
        return f"{self.row.proof_id:016X}"

    @property
    def hours(self) -> int:
        return rules.HOURS.value


def issue(
    code: str, last4: str = "", number: str = "", *, address: str | None, at: datetime
) -> Issued:
    """The proof of whoever shows the code on the slip, or the resident code with the last four.

    Raises NoProofNow, NoNegative, ProofPast, and what doors.open_door raises."""
    story = doors.open_door(code, last4, number, address=address, at=at, rounds=recent_rounds())
    chosen = rules.choose(queries.specimens_of(story), at)
    if isinstance(chosen, str):
        raise _REFUSED[chosen](hours=rules.HOURS.value)
    cell, person = story.cell, story.person
    row = _make(*_owner(story, chosen), chosen, at)
    if row.withdrawn_at is not None:
        raise NoProofNow()
    note("proof_shown", "person", person, cell=cell, detail={"proof": row.proof_id})
    return _signed(cell, person, row, chosen)


def _owner(story: Story, chosen: Specimen) -> tuple[int, int]:
    """Under which number the swab was taken: there a correction of its tube looks for proofs."""
    for other in story.others:
        if any(s.specimen_id == chosen.number for s in other.swabs):
            return other.cell, other.person
    return story.cell, story.person


def _make(cell: int, person: int, s: Specimen, at: datetime) -> ProofRow:
    """The stored proof; asked again, the same one, so that its number stays.

    Raises NoProofNow when a correction came between the look and now: it waits for the tube's row
    as we do, so that one of the two sees the other."""
    rows = fetch(
        "SELECT version FROM tube WHERE cell_id = %s AND round_id = %s AND barcode = %s FOR SHARE",
        (s.tube_cell, s.round_id, s.barcode),
    )
    if not rows or rows[0][0] != s.version:
        raise NoProofNow()
    ends = rules.expires(s.sampled_at)
    row = (cell, new_id(), person, s.round_id, s.barcode, s.number, s.version, s.members,
           s.sampled_at, ends, at)  # fmt: skip
    insert("proof", _COLUMNS, [row], "ON CONFLICT DO NOTHING")
    return queries.get_proof(cell, s.number, s.version)


def _signed(cell: int, person: int, row: ProofRow, s: Specimen) -> Issued:
    sealed, last4_known = _sealed(cell, person)
    details = seals.open_person(ring(), sealed)
    tail = details.number[-4:] if last4_known else ""
    lab = queries.lab_names([s.lab_id]).get(s.lab_id, "") if s.lab_id else ""
    key_id, key = ring().code_key()
    told = proof_codes.Proof(
        row.proof_id, row.sampled_at, row.made_at, rules.HOURS.value, row.sharers, tail,
        mask_name(details.name),
    )  # fmt: skip
    surname, given = parts_of(details.name)
    tested = dcc.Tested(
        surname, given, latin_of(surname, given), (details.birth or "")[:4], row.sampled_at, lab,
        lab or "screening", row.proof_id,
    )  # fmt: skip
    certificate = hc1.Certificate(ISSUER, row.made_at, row.expires_at, dcc.entry_of(tested))
    return Issued(
        row, told.name, tail, lab, proof_codes.write(told, key_id, key),
        hc1.write(certificate, cose_id(key.public_key()), key),
    )  # fmt: skip


def _sealed(cell: int, person: int) -> tuple[bytes, bool]:
    rows = fetch(
        "SELECT sealed, last4_hash IS NOT NULL FROM person WHERE cell_id = %s AND person_id = %s",
        (cell, person),
    )
    return rows[0]


def verifier(at: datetime) -> dict[str, object]:
    """All that a verifier takes along: the keys and the signed list of withdrawn proofs."""
    keys = ring()
    key_id, key = keys.code_key()
    numbers = queries.withdrawn_numbers(at)
    return {
        "keys": [
            {"id": kid, "point": b64(point), "cose": b64(cose_id(point))}
            for kid, point in keys.code_points().items()
        ],
        "list": b64(proof_codes.write_list(numbers, at, key_id, key)),
        "old_after": rules.LIST_HOURS.value * 3600,
    }
