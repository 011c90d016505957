"""Whose a seal is: facts that name only a seal find their batch, or wait for it."""

from __future__ import annotations

from datetime import datetime

from screening.db import fetch, insert
from screening.tickets.service import Finding
from screening.transport import queries
from screening.transport.rules import Fact
from screening.transport.service.work import Outcome, Work


def tell_seals(work: Work, out: Outcome, at: datetime) -> None:
    """Enter new seals in the directory; fetch the facts that waited for them."""
    if not work.seals:
        return
    rows = [(s, ref[0], ref[1], 0) for s, ref in sorted(work.seals.items())]
    columns = ("seal", "cell_id", "batch_id", "round_id")
    insert("seal_key", columns, rows, "ON CONFLICT (seal) DO NOTHING")
    held = queries.find_seals(work.seals)
    for seal, ref in work.seals.items():
        if held[seal] != ref:
            out.findings.append(
                Finding(
                    ref[0], 0, "sealed_twice", seal, at, sides={"batches": [held[seal][1], ref[1]]}
                )
            )
    waiting = fetch(
        f"DELETE FROM batch_fact WHERE cell_id = 0 AND seal = ANY(%s) "
        f"RETURNING {queries.FACT_COLUMNS}",
        (list(work.seals),),
    )
    for row in waiting:
        fact = Fact(*row)
        work.facts[held[str(fact.seal)]].append(fact)


def resolve(work: Work) -> None:
    """Give the facts that name only a seal to its batch; the rest wait in cell 0."""
    seals = queries.find_seals({s for _, s in work.by_seal})
    rest = []
    for fact in work.facts.pop(queries.NOWHERE, []):
        ref = seals.get(str(fact.seal))
        if ref is None:
            rest.append(fact)
        else:
            work.facts[ref].append(fact)
    if rest:
        work.facts[queries.NOWHERE] = rest
