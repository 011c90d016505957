"""What the chain knows of one person, over all rounds: swabs, their tubes' way, results, callbacks,
contacts. Every page that shows a person's history gets these lines."""

from __future__ import annotations

from screening.db import fetch
from screening.i18n import _
from screening.registry.queries import ROUNDS
from screening.registry.timeline import Line, tells
from screening.reporting import queries, rules, words
from screening.reporting.words import word
from screening.tube.queries import Key, list_lines
from screening.tube.rules import NOT_IN_TUBE, Verb

LINK = {
    Verb.PACK: "deliver",
    Verb.HAND_OVER: "deliver",
    Verb.ARRIVE: "deliver",
    Verb.LOSE: "deliver",
    Verb.RECEIVE: "test",
    Verb.PLATE: "test",
    Verb.TEST: "test",
    Verb.RERUN: "test",
    Verb.REJECT: "test",
}


def _name(verb: Verb) -> str:
    names = {
        Verb.PACK: _("装箱"),
        Verb.HAND_OVER: _("交接"),
        Verb.ARRIVE: _("送达"),
        Verb.RECEIVE: _("实验室收样"),
        Verb.PLATE: _("上机"),
        Verb.TEST: _("已检测，待审核"),
        Verb.RERUN: _("复测"),
        Verb.REJECT: _("退样"),
        Verb.LOSE: _("报遗失"),
    }
    return names[verb]


@tells
def lines_of_person(cell: int, person: int) -> list[Line]:
    """Swabs, custody, results, callbacks and contacts of one person, in no order."""
    swabs = queries.swabs_of_person(cell, person, ROUNDS.get())
    out = [_swab(s) for s in swabs]
    tubes = {s.key for s in swabs if s.void not in NOT_IN_TUBE}
    ids = {s.specimen_id for s in swabs}
    for key in sorted(tubes):
        out += _way(key)
    for key, versions in queries.list_results(tubes).items():
        out += [_result(key, v) for v in versions if ids & set(v.members)]
    for row in queries.callbacks_of_person(cell, person):
        out += _callback(row)
    return out + _contacts(cell, person)


def _swab(s: queries.SwabRow) -> Line:
    note = _("样本作废") if s.void else ""
    if s.void in NOT_IN_TUBE:
        note = _("已解除关联")
    tone = "look" if s.void else ""
    return Line(s.at, _("采样"), where=s.barcode, note=note, link="collect", tone=tone)


def _way(key: Key) -> list[Line]:
    lines = list_lines(key.cell_id, key.round_id, [key.barcode]).get(key.barcode, [])
    return [
        Line(ln.at, _name(Verb(ln.verb)), where=key.barcode, link=LINK[Verb(ln.verb)])
        for ln in lines
        if ln.verb in LINK
    ]


def _result(key: Key, row: queries.ResultRow) -> Line:
    pooled = row.outcome in rules.CALLS_BACK and len(row.members) > 1
    said = _("待复核") if pooled else word(words.OUTCOMES, row.outcome)
    title = _("发布：%(outcome)s", outcome=said)
    if row.version > 1:
        title = _("更正：%(outcome)s", outcome=said)
    note = _("%(n)s 人同管", n=len(row.members)) if len(row.members) > 1 else ""
    tone = "" if row.outcome == 1 else "look"
    return Line(row.released_at, title, where=key.barcode, note=note, link="report", tone=tone)


def _callback(row: queries.CallbackRow) -> list[Line]:
    why = word(words.REASONS, row.reason)
    out = [Line(row.opened_at, _("要求单采复核"), where=row.barcode, note=why, link="report",
                tone="look")]  # fmt: skip
    if row.closed_at is not None:
        said = word(words.CALLBACK_STATES, row.state)
        note = word(words.OUTCOMES, row.outcome) if row.outcome else ""
        out.append(Line(row.closed_at, _("复核：%(state)s", state=said), note=note, link="report"))
    if row.attempt_at is not None:
        out.append(Line(row.attempt_at, _("联系"), note=word(words.ATTEMPTS, row.attempt)))
    return out


def _contacts(cell: int, person: int) -> list[Line]:
    """From the table of the floor above, as it is."""
    rows = fetch(
        "SELECT at, kind, outcome FROM contact WHERE cell_id = %s AND person_id = %s",
        (cell, person),
    )
    return [Line(at, _("催检联系"), note=f"{kind} {outcome}") for at, kind, outcome in rows]
