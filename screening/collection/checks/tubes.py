"""May this tube be opened, filled, closed here?"""

from __future__ import annotations

from screening.collection.checks.answers import say
from screening.collection.checks.here import At, looser, pool_words, round_asks, rule_at, zone_words
from screening.i18n import dt, hm
from screening.places import queries as places
from screening.registry import rules as registry_rules
from screening.registry.scans import CodeProblem
from screening.tube import words
from screening.tube.answers import STOP, Answer, refused
from screening.tube.label_queries import find_label
from screening.tube.labels import read_tube
from screening.tube.queries import find_keys, get_tube
from screening.tube.rules import Stage


def check_open(where: At, text: str, mode: str, size: int) -> list[Answer]:
    """May this number be opened here, in this mode, for so many? (3, 4, 8, 17, 19, 20, 50)"""
    try:
        barcode = read_tube(text, practice=where.practice)
    except CodeProblem as p:
        return [refused(p)]
    out = round_asks(where)
    out += _used(where, barcode) or _label(barcode)
    rule = rule_at(where, ())
    if rule is not None and looser(mode, size, rule):
        out.append(say("pooling_forbidden", **pool_words(rule), **zone_words(where)))
    if not any(a.tone == STOP for a in out):
        out.append(
            say("tube_ok", **pool_words(registry_rules.Pool(registry_rules.Mode(mode), size)))
        )
    return out


def _used(where: At, barcode: str) -> list[Answer]:
    key = find_keys([barcode]).get(barcode)
    if key is None:
        return []
    row = get_tube(key)
    site = row["site_id"]
    when = dt(row["opened_at"] or row["since"])
    if row["stage"] == Stage.OPEN and site == where.site.site_id:
        return [say("tube_open_here", when=when, members=row["members"])]
    name = places.get_site(site).name if site else "—"
    zh, en = words.STAGE_WORDS[Stage(row["stage"])]
    return [say("tube_used", where=name, when=when, stage=zh, stage_en=en, tube=barcode)]


def _label(barcode: str) -> list[Answer]:
    label = find_label(barcode)
    if label is None:
        return [say("foreign_label")]
    if label.state:
        zh, en = words.LABEL_STATES[label.state]
        return [say("label_off", state=zh, state_en=en)]
    return []


def check_close(where: At, text: str, n: int) -> list[Answer]:
    """Does the sampler's count agree with the persons bound? (1, 2, 23)"""
    try:
        barcode = read_tube(text, practice=where.practice)
    except CodeProblem as p:
        return [refused(p)]
    row = open_tube(where, barcode)
    if isinstance(row, Answer):
        return [row]
    if n == 0 and row["members"] == 0:
        return [say("close_empty")]
    out = []
    if n != row["members"]:
        out.append(say("count_differs", n=n, members=row["members"]))
    if row["pool_size"] and n > row["pool_size"]:
        out.append(say("over_count", n=n, size=row["pool_size"]))
    return out or [say("close_ok", n=n)]


def open_tube(where: At, barcode: str) -> dict | Answer:
    """The open tube's row, or why nobody can be put into it here."""
    key = find_keys([barcode]).get(barcode)
    if key is None:
        return say("tube_not_open")
    row = get_tube(key)
    if row["stage"] != Stage.OPEN:
        return say("tube_closed", when=hm(row["closed_at"] or row["since"]))
    if row["site_id"] not in (None, where.site.site_id):
        return say("tube_elsewhere", where=places.get_site(row["site_id"]).name)
    return {**row, "key": key}
