"""May this person go into this tube now?"""

from __future__ import annotations

from screening.collection.checks.answers import WORDS, say
from screening.collection.checks.here import At, looser, pool_words, round_asks, rule_at
from screening.collection.checks.people import Known, find_person
from screening.collection.checks.tubes import open_tube
from screening.errors import Problem
from screening.i18n import hm
from screening.places import queries as places
from screening.registry import queries as registry
from screening.tube import entries as e
from screening.tube import rules
from screening.tube.answers import LOOK, STOP, Answer, answer, refused
from screening.tube.labels import read_tube
from screening.tube.queries import list_members, list_specimens_of
from screening.tube.rules import Mode, Purpose

RESULT_LANE = 2  # person.lane: single tube, lane 2 (an open callback or re-check)


def check_bind(
    where: At, text: str, who: e.Who, *, reason: str | None = None, seen: bool = False
) -> tuple[list[Answer], Known | None]:
    """May this person go into this tube now? (1, 6, 8-12, 17, 18; a called-back person never
    into a pool.) The last answer of an accepted one reads the name back (13)."""
    try:
        barcode = read_tube(text, practice=where.practice)
        known, out = find_person(who, seen=seen)
    except Problem as p:
        return [refused(p)], None
    tube = open_tube(where, barcode)
    if isinstance(tube, Answer):
        return [tube, *out], known
    out += round_asks(where)
    if tube["pool_size"] and tube["members"] >= tube["pool_size"]:
        out.append(say("tube_full", members=tube["members"]))
    if known is not None:
        out += _person(where, tube, known, reason)
    if not any(a.tone == STOP for a in out):
        out.append(_read_back(tube, known))
    return out, known


def _read_back(tube: dict, known: Known | None) -> Answer:
    seat = next_seat(tube)
    full = tube["pool_size"] and tube["members"] + 1 >= tube["pool_size"]
    name = known.name if known else "—"
    document = known.document if known else ""
    return say("last_seat" if full else "bind_ok", name=name, seat=seat, document=document)


def next_seat(tube: dict) -> int:
    """The seat after the highest one ever given: seats are never used twice."""
    members = list_members(tube["key"], tube["home_cells"])
    return max((b.seat for b in members), default=0) + 1


def _person(where: At, tube: dict, known: Known, reason: str | None) -> list[Answer]:
    row = known.row
    if row.lane == RESULT_LANE and tube["mode"] != Mode.SINGLE:
        return [say("single_lane")]  # no reason is shown: others stand in the queue
    out = _sampled(where, tube, known, reason)
    out += _allowed(where, tube, known)
    out += _household(tube, known, reason)
    policy = registry.find_policy(where.round_id)
    if policy is not None and where.round_id and policy.area_paths:
        path = registry.person_path(row)
        if not any(path.startswith(p) for p in policy.area_paths):
            home = places.find_area(row.community_id)
            out.append(say("outside_area", area=home.name if home else "—"))
    return out


def _sampled(where: At, tube: dict, known: Known, reason: str | None) -> list[Answer]:
    person = known.row.person_id
    held = list_specimens_of(known.cell, where.round_id, [person]).get(person, [])
    live = sorted((x for x in held if not x[0].void), key=lambda x: x[0].order)
    for bind, barcode, _ in live:
        if barcode == tube["barcode"]:
            return [say("twice_in_tube", seat=bind.seat)]
    if known.row.lane == RESULT_LANE:
        return []  # called back: a second swab is what is wanted
    for bind, barcode, _ in live:
        if bind.purpose == Purpose.SCREEN:
            words = {"when": hm(bind.at), "tube": barcode, "reason_allowed": True}
            return [answer(WORDS, "already_sampled", tone=LOOK if reason else "", **words)]
    return []


def _allowed(where: At, tube: dict, known: Known) -> list[Answer]:
    cohorts = set(
        registry.cohorts_of(known.cell, [known.row.person_id], where.at).get(
            known.row.person_id, frozenset()
        )
    )
    if known.row.key_group:
        cohorts.add(known.row.key_group)
    rule = rule_at(where, cohorts)
    mode = {v: k for k, v in rules.MODES.items()}.get(Mode(tube["mode"] or Mode.POOLED), "pooled")
    if rule is None or not looser(mode, tube["pool_size"], rule):
        return []
    return [say("single_needed", **pool_words(rule))]


def _household(tube: dict, known: Known, reason: str | None) -> list[Answer]:
    if tube["mode"] != Mode.HOUSEHOLD:
        return []
    members = [b for b in list_members(tube["key"], tube["home_cells"]) if not b.void]
    rows = registry.persons_by_cell((b.home_cell, b.person_id) for b in members)
    if all(r.household_id == known.row.household_id for r in rows.values()):
        return []
    tone = LOOK if reason else ""
    return [answer(WORDS, "mixed_household", tone=tone, reason_allowed=True)]
