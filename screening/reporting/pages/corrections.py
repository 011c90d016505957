"""One tube's result by version, and its correction by two persons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.accounts.queries import names_of
from screening.errors import Problem
from screening.forms import refused, text
from screening.i18n import _
from screening.lab.queries import alerts_of, reaches
from screening.lab.queries.labs import list_labs
from screening.lab.scopes import reach_of
from screening.places.queries import place_of_lab
from screening.reporting import queries, rules, scopes, service, words
from screening.reporting.pages.frame import bp
from screening.reporting.queries import CallbackRow, CorrectionRow, ResultRow
from screening.tube.queries import Key, get_key, get_tube, list_binds


@bp.get("/reporting/tubes/<barcode>")
@require(*scopes.SIGNERS, at=scopes.TUBE)
def show_tube(barcode: str) -> Any:
    """The versions of a tube's result, how far its callbacks have come, and the correction form."""
    return render_template("reporting/tube.html", **_view(barcode))


def _view(barcode: str) -> dict[str, Any]:
    key = get_key(barcode)
    tube = get_tube(key)
    versions = queries.list_results([key]).get(key, [])
    called = queries.callbacks_of_tube(key, tube["home_cells"])
    names = names_of({by for v in versions for by in (v.released_by, v.second_by)})
    pool = rules.pool_state([(c.state, c.outcome, c.attempt) for c in called])
    return {
        "barcode": barcode,
        "tube": tube,
        "alerts": _alerts(key),
        "waits": queries.find_waiting(key),
        "form": request.form,
        "versions": [
            {
                "version": v.version,
                "outcome": words.outcome(v.outcome),
                "released_at": v.released_at,
                "members": len(v.members),
                "by": " / ".join(names.get(b, ("", "?"))[1] for b in (v.released_by, v.second_by)),
                "reason": v.reason,
            }
            for v in versions
        ],
        "called": _called(called),
        "seen": _seen(tube, versions),
        "pool": words.word(words.POOLS, pool) if called else "",
        "outcomes": [(code, words.word(words.OUTCOMES, code)) for code in words.OUTCOMES],
        "may_correct": current_actor().may(scopes.RELEASERS, place_of_lab(tube["lab_id"])),
    }


def _alerts(key: Key) -> list[dict[str, Any]]:
    """Doors to the alerts of the tube that this person may see, the latest first."""
    found = alerts_of(key.cell_id, key.round_id, [key.barcode], settled=True).get(key.barcode, [])
    reach = reach_of(current_actor())
    return [
        {
            "text": _("预警（已处理）") if a.settled_at else _("预警"),
            "href": url_for("lab_pages.alert", cell=a.cell_id, alert_id=a.alert_id),
        }
        for a in reversed(found)
        if reaches(reach, a)
    ]


def _called(called: Sequence[CallbackRow]) -> list[dict[str, Any]]:
    """Members who stand alike are one row: a laboratory sees no names."""
    alike = Counter(
        (c.reason, c.state, c.due_at, c.outcome, c.attempt, c.single_barcode) for c in called
    )
    return [
        {
            "people": n,
            "state": words.word(words.CALLBACK_STATES, state),
            "reason": words.word(words.REASONS, reason),
            "due_at": due_at,
            "outcome": words.outcome(outcome),
            "attempt": words.word(words.ATTEMPTS, attempt),
            "single": single,
        }
        for (reason, state, due_at, outcome, attempt, single), n in alike.items()
    ]


def _seen(tube: dict[str, Any], versions: list[ResultRow]) -> list[dict[str, Any]]:
    """Who read a member while a version held that has been corrected since (edge case 33)."""
    if len(versions) < 2:
        return []
    key = versions[0].key
    binds = list_binds(tube["home_cells"], key.round_id, [key.barcode])[key.barcode]
    persons = {b.person_id for b in binds}
    first, last = versions[0].released_at, versions[-1].released_at
    found = queries.seen_by(tube["home_cells"], persons, first, last)
    names = names_of(found)
    return [
        {"who": {"text": names.get(k, ("", "?"))[1], "sub": names.get(k, ("", ""))[0]}, "at": at}
        for k, at in found.items()
    ]


@bp.post("/reporting/tubes/<barcode>/correction")
@require(*scopes.RELEASERS, at=scopes.TUBE)
def ask_correction(barcode: str) -> Any:
    """Ask for a correction; another reviewer confirms it."""
    tube = get_tube(get_key(barcode))
    given = text("outcome", 2)
    try:
        service.ask_correction(
            barcode, int(given) if given.isdigit() else 0, text("reason", 500),
            lab_id=tube["lab_id"], by=current_actor(), secret=text("secret", 256), at=clock.now(),
        )  # fmt: skip
    except Problem as problem:
        return refused(problem, "reporting/tube.html", **_view(barcode))
    flash(_("更正已提交，等另一名审核员确认。"), "ok")
    return redirect(url_for(".list_corrections"), 303)


@bp.get("/reporting/corrections")
@require(*scopes.SIGNERS, at=OWN_ROWS)
def list_corrections() -> Any:
    """Corrections of the own laboratories: what waits, and what was decided."""
    return render_template("reporting/corrections.html", **_list())


def _list() -> dict[str, Any]:
    me = current_actor()
    rows = queries.list_corrections(list_labs(me.places(scopes.SIGNERS)))
    names = names_of({by for r in rows for by in (r.asked_by, r.settled_by)})
    return {"rows": [_line(r, names, me) for r in rows]}


def _line(r: CorrectionRow, names: dict, me: Any) -> dict[str, Any]:
    asked = r.state == rules.ASKED
    may = asked and me.may(scopes.RELEASERS, place_of_lab(r.lab_id))
    return {
        "barcode": {"text": r.barcode, "href": url_for(".show_tube", barcode=r.barcode)},
        "outcome": words.outcome(r.outcome),
        "reason": r.reason,
        "asked_at": r.asked_at,
        "asked_by": names.get(r.asked_by, ("", ""))[1],
        "settled_by": names.get(r.settled_by or 0, ("", ""))[1],
        "state": {"tone": "look" if asked else "ok",
                  "text": words.word(words.CORRECTIONS, r.state)},
        "act": may,
        "mine": r.asked_by == me.staff_id,
        "cell": r.cell_id,
        "number": r.correction_id,
        "says": words.word(words.OUTCOMES, r.outcome),
        "tube": r.barcode,
    }  # fmt: skip


@bp.post("/reporting/corrections/<int:cell>/<int:correction_id>")
@require(*scopes.RELEASERS, at=scopes.CORRECTION)
def settle_correction(cell: int, correction_id: int) -> Any:
    """Confirm or refuse what another person asked for."""
    agree = text("agree") == "1"
    try:
        service.settle_correction(
            cell, correction_id, agree=agree, by=current_actor(), secret=text("secret", 256),
            at=clock.now(),
        )  # fmt: skip
    except Problem as problem:
        return refused(problem, "reporting/corrections.html", **_list())
    flash(_("已更正，新版本已发出。") if agree else _("更正未同意，原结果不变。"), "ok")
    return redirect(url_for(".list_corrections"), 303)
