"""Would this be accepted? What each screen asks before it acts; the links' checks, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from screening.collection import checks as sampling
from screening.collection.queries import find_site
from screening.db import fetch
from screening.errors import NotFound, Problem
from screening.places import queries as places
from screening.places.rules import Place
from screening.registry.scans import NothingRead
from screening.transport import checks as transport
from screening.tube import entries as e
from screening.tube.answers import Answer, refused

ACTS = (
    "open", "bind", "close", "box_open", "pack", "seal", "hand_over", "arrive", "receive",
    "unpacked",
)  # fmt: skip


def check(args: Mapping[str, Any], *, at: datetime) -> list[Answer]:
    """The answers for one act of a screen. Nothing is written but the audit of a name read.

    `args` as api.ActCheckIn loads them. Raises NotFound for an act at a place that does not fit."""
    return _CHECKS[args["act"]](args, at)


def _at(args: Mapping[str, Any], at: datetime) -> sampling.At:
    site = find_site(args.get("site_id"))
    if site is None:
        raise NotFound()
    return sampling.At(site, args["round_id"], at, args["practice"])


def _open(args: Mapping[str, Any], at: datetime) -> list[Answer]:
    return sampling.check_open(_at(args, at), args["tube"], args["mode"], args["size"])


def _bind(args: Mapping[str, Any], at: datetime) -> list[Answer]:
    where = _at(args, at)
    try:
        who = who_of(args, practice=where.practice)
    except Problem as p:
        return [refused(p)]
    out, _ = sampling.check_bind(
        where, args["tube"], who, reason=args["reason"] or None, seen=args["seen"]
    )
    return out


def who_of(args: Mapping[str, Any], *, practice: bool = False) -> e.Who:
    """The person a screen means: a scan (`text`), or document, name and phone as typed.

    Raises what `read_who` raises, and NothingRead."""
    if args.get("text"):
        who = sampling.read_who(args["text"], practice=practice)
        if who.doc is not None:
            who.doc.name, who.doc.phone = args.get("name") or None, args.get("phone") or None
        return who
    name, phone = args.get("name") or None, args.get("phone") or None
    if args.get("doc_type") and args.get("doc_number"):
        return e.Who(
            doc=e.Document(
                type=args["doc_type"], number=args["doc_number"],
                country=args.get("doc_country") or None, name=name, phone=phone,
            )
        )  # fmt: skip
    if name is None:
        raise NothingRead()
    return e.Who(name=name, phone=phone)


def _close(args: Mapping[str, Any], at: datetime) -> list[Answer]:
    return sampling.check_close(_at(args, at), args["tube"], args["n"])


def _box_open(args: Mapping[str, Any], at: datetime) -> list[Answer]:
    cell = _at(args, at).site.cell_id
    return transport.check_box_open(cell, args["box"], practice=args["practice"])


def _pack(args: Mapping[str, Any], at: datetime) -> list[Answer]:
    return transport.check_pack(args["batch"], args["tube"], practice=args["practice"])


def _seal(args: Mapping[str, Any], at: datetime) -> list[Answer]:
    differences: Sequence[Mapping[str, Any]] = args["differences"]
    return transport.check_seal(
        args["batch"], args["seal"] or None, args["n"], differences, practice=args["practice"]
    )


def _hand_over(args: Mapping[str, Any], at: datetime) -> list[Answer]:
    return transport.check_hand_over(
        args["seals"], args["n"], temperature=args["temperature"],
        difference=args["reason"] or None, practice=args["practice"],
    )  # fmt: skip


def _arrive(args: Mapping[str, Any], at: datetime) -> list[Answer]:
    n = args["n"] if args["counted"] else None
    return transport.check_arrive(args["seal"], n, args["temperature"], practice=args["practice"])


def _receive(args: Mapping[str, Any], at: datetime) -> list[Answer]:
    return transport.check_receive(args["tube"], args["seal"] or None, practice=args["practice"])


def _unpacked(args: Mapping[str, Any], at: datetime) -> list[Answer]:
    return transport.check_unpacked(args["seal"])


_CHECKS: dict[str, Callable[[Mapping[str, Any], datetime], list[Answer]]] = {
    "open": _open, "bind": _bind, "close": _close, "box_open": _box_open, "pack": _pack,
    "seal": _seal, "hand_over": _hand_over, "arrive": _arrive, "receive": _receive,
    "unpacked": _unpacked,
}  # fmt: skip


# --- which place a check concerns -----------------------------------------------------------


def place_of(values: Mapping[str, Any]) -> Place:
    """The one place a check names: its site or its laboratory; and every box it names must be of
    that place, so that nobody reads another site's counts. Raises NotFound."""
    site, lab = values.get("site_id"), values.get("lab_id")
    if bool(site) == bool(lab):
        raise NotFound()
    try:
        if lab:
            return places.place_of_lab(int(lab))
        _own_batch(values.get("batch"), int(site or 0))
        return places.place_of_site(int(site or 0))
    except (TypeError, ValueError):
        raise NotFound() from None


def _own_batch(wire: Any, site_id: int) -> None:
    if not wire:
        return
    cell, _, random = str(wire).partition("-")
    rows = fetch(
        "SELECT site_id FROM batch WHERE cell_id = %s AND batch_id = %s",
        (int(cell), int(random[:16], 16) >> 1),
    )
    if rows and rows[0][0] not in (None, site_id):
        raise NotFound()
