"""Cards with resident codes, with or without a new look-up code for the own results."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from screening.accounts.roles import Actor
from screening.reporting import service as reporting
from screening.tube import prints
from screening.tube.printers import pdf


def cards(
    community_id: int, persons: Collection[int], actor: Actor, *, with_codes: bool, at: datetime
) -> bytes:
    """A PDF of cards, ten a page. `with_codes`: the older look-up codes of these persons end, the
    new ones stand on this paper and nowhere else. Raises NothingToPrint."""
    found = prints.resident_cards(community_id, persons, at=at)
    if not found:
        raise pdf.NothingToPrint()
    printed = [card for _, card in found]
    if with_codes:
        codes = reporting.issue_codes([who for who, _ in found], by=actor.staff_id, at=at)
        printed = [
            card._replace(lines=[*card.lines, "结果查询码", code])
            for card, (code, _) in zip(printed, codes, strict=True)
        ]
    stamp = prints.stamp(actor, "", at=at)
    return pdf.badges(printed, stamp=stamp, font=prints.font())
