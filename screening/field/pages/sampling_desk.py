"""What the sampling desk shows: the tube in hand, who is in it, the others open here."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for

from screening.accounts.guard import current_actor
from screening.accounts.roles import Role
from screening.collection import checks
from screening.errors import NotFound
from screening.field.pages.frame import Here
from screening.forms import text
from screening.i18n import current_lang
from screening.places.queries import place_of_site
from screening.registry.document_kinds import WORDS as DOCUMENTS
from screening.registry.document_kinds import DocType
from screening.registry.rules import MODES as MODE_WORDS
from screening.transport.tracing import Member, list_masked, void_words
from screening.tube import words
from screening.tube.codes import CodeProblem, grouped
from screening.tube.labels import read_tube
from screening.tube.open_tubes import list_open
from screening.tube.queries import find_keys, get_tube
from screening.tube.rules import MARKS, NOT_IN_TUBE, Stage, Void

SAMPLERS = (Role.SAMPLER, Role.SITE_SUPERVISOR)
PAGE = "field/sampling.html"


def desk_of(h: Here, barcode: str = "") -> dict[str, Any]:
    rule = checks.rule_at(h.at)
    row = tube_here(h, barcode) if barcode else None
    return {
        "h": h,
        "tube": row and tube_view(row),
        "open_tubes": [
            {**t, "mode": mode_word(t["mode"]), "href": url_for(".sampling_desk", site_id=h.site.site_id,
                                                              tube=t["barcode"])}
            for t in list_open(h.at.site.cell_id, h.site.site_id, [h.at.round_id, 0])
            if t["barcode"] != barcode
        ],
        "modes": [(m.value, (w.zh, w.en)[current_lang() == "en"]) for m, w in MODE_WORDS.items()],
        "rule": rule,
        "documents": [
            (k.value, w[current_lang() == "en"])
            for k, w in DOCUMENTS.items() if k is not DocType.NONE
        ],
        "supervisor": current_actor().may((Role.SITE_SUPERVISOR,), place(h)),
        "marks": [(k, words.VOIDS[v][current_lang() == "en"]) for k, v in MARKS.items()],
    }  # fmt: skip


def place(h: Here) -> Any:
    return place_of_site(h.site.site_id)


def mode_word(mode: int) -> str:
    return words.MODES[mode][current_lang() == "en"] if mode else ""  # type: ignore[index]


def tube_here(h: Here, barcode: str) -> dict[str, Any] | None:
    """A tube opened at this site; None for one that no journal has opened. Raises NotFound."""
    key = find_keys([barcode]).get(barcode)
    if key is None:
        return None
    row = get_tube(key)
    if row["site_id"] != h.site.site_id:
        raise NotFound()
    return {**row, "key": key}


def tube_view(row: dict[str, Any]) -> dict[str, Any]:
    members = list_masked(row["key"], row["home_cells"])
    inside = [m for m in members if Void(m.void) not in NOT_IN_TUBE]
    return {
        **row,
        "number": grouped(row["barcode"]),
        "mode_word": mode_word(row["mode"]),
        "open": row["stage"] == Stage.OPEN,
        "full": bool(row["pool_size"]) and len(inside) >= row["pool_size"],
        "stage_word": words.STAGE_WORDS[Stage(row["stage"])][current_lang() == "en"],
        "can_reopen": row["stage"] == Stage.CLOSED,
        "inside": len(inside),
        "people": [member_line(m) for m in reversed(members)],
    }


def member_line(m: Member) -> dict[str, Any]:
    word = void_words(m.void)[current_lang() == "en"]
    return {
        **m._asdict(),
        "live": not m.void,
        "state": {"tone": "ok" if not m.void else "unknown", "text": word},
    }


def back(site_id: int, tube: str = "") -> Any:
    return redirect(url_for(".sampling_desk", site_id=site_id, tube=tube or None), 303)


def tube_code() -> str:
    """The tube a form is about. Raises NotFound for what is none."""
    try:
        return read_tube(text("tube"))
    except CodeProblem:
        raise NotFound() from None
