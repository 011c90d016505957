"""Persons: search and look-up by POST, so that nothing personal stands in an address."""

from __future__ import annotations

from typing import Any

from screening import clock
from screening.accounts import guard
from screening.accounts.guard import current_actor, require
from screening.errors import Fault, Faults
from screening.openapi import gives, takes
from screening.places.queries import place_of_area
from screening.registry import schemas as s
from screening.registry import search as finding
from screening.registry.api.frame import bp
from screening.registry.documents import BadDocument, Document, normalise
from screening.registry.names import normalise_name
from screening.registry.person_codes import make_resident_code
from screening.registry.residence import Residence
from screening.registry.scopes import BOTH_PERSONS, MERGE, OLD_HOME, PERSON, REGISTRARS
from screening.registry.seals import normalise_phone
from screening.registry.service import merging, persons
from screening.registry.service.persons import Newcomer


def documents_of(rows: list[dict[str, Any]]) -> list[Document]:
    """Canonical documents of a list. Raises Faults with the place of each wrong one."""
    found: list[Document] = []
    faults: list[Fault] = []
    for number, row in enumerate(rows, start=1):
        try:
            found.append(normalise(row["type"], row["number"], row["country"]))
        except BadDocument as problem:
            faults.append(Fault(problem, field=f"documents.{number}", row=number))
    if faults:
        raise Faults(faults)
    return found


@bp.post("/persons/search")
@require(*REGISTRARS, at=guard.area())
@takes(s.SearchSchema)
@gives(s.PersonSchema, many=True)
def search_persons(args: dict[str, Any]) -> Any:
    """By document, telephone, whole name, last four, or part of a name within one community.

    Documents and telephones come back masked; every person shown is audited."""
    wanted = s.SearchSchema().wanted(args)
    return finding.search(wanted, place_of_area(args["area_id"]))


@bp.post("/persons/lookup")
@require(*REGISTRARS, at=guard.area())
@takes(s.LookupSchema)
@gives(s.PersonRefSchema, many=True)
def lookup_persons(args: dict[str, Any]) -> Any:
    """For each document the person's ids, null where nobody within the area has it."""
    pairs = finding.lookup(documents_of(args["documents"]), place_of_area(args["area_id"]))
    return [{"cell_id": p and p[0], "person_id": p and p[1]} for p in pairs]


@bp.post("/persons")
@require(*REGISTRARS, at=guard.area("community_id"))
@takes(s.NewPersonSchema)
@gives(s.RegisteredSchema, 201)
def register_person(args: dict[str, Any]) -> Any:
    """Write a resident down at a desk; somebody already known is found, not written twice."""
    document = normalise(args["type"], args["number"], args["country"], today=clock.now().date())
    newcomer = Newcomer(
        name=normalise_name(args["name"]),
        document=document,
        phone=normalise_phone(args["phone"]),
        birth=args["birth"].isoformat() if args["birth"] else None,
        unit=args["unit"],
        room=args["room"],
        mark="|".join((str(args["community_id"]), args["unit"] or "", args["room"] or "",
                       args["name"], str(args["birth"] or ""))),
        residence=Residence[args["residence"].upper()] if args["residence"] else None,
    )  # fmt: skip
    cell, person_id = persons.register(newcomer, args["community_id"], at=clock.now())
    return {
        "cell_id": cell,
        "person_id": person_id,
        "code": make_resident_code(cell, person_id),
    }


@bp.get("/persons/<int:cell>/<int:person_id>")
@require(*REGISTRARS, at=PERSON)
@gives(s.PersonSchema)
def get_person(cell: int, person_id: int) -> Any:
    """One person; the read is audited."""
    return finding.get_person(cell, person_id)


@bp.post("/persons/<int:cell>/<int:person_id>/move")
@require(*REGISTRARS, at=OLD_HOME)
@takes(s.MoveSchema)
@gives(None, 204)
def move_person(cell: int, person_id: int, args: dict[str, Any]) -> Any:
    """The person lives in another community from now on."""
    by = current_actor().staff_id
    persons.move(cell, person_id, args["community_id"], by=by, at=clock.now())
    return "", 204


@bp.post("/persons/<int:cell>/<int:person_id>/merge")
@require(*REGISTRARS, at=BOTH_PERSONS)
@takes(s.MergeSchema)
@gives(s.MergedSchema, 201)
def merge_person(cell: int, person_id: int, args: dict[str, Any]) -> Any:
    """The person was registered twice: later scans find the other row. Where both have swabs it
    waits for a second person."""
    into = (args["into_cell"], args["into_id"])
    by = current_actor().staff_id
    return merging.ask((cell, person_id), into, args["reason"], by=by, at=clock.now())


@bp.post("/persons/merges/<int:merge_id>/decision")
@require(*REGISTRARS, at=MERGE)
@takes(s.DecideMergeSchema)
@gives(s.MergedSchema)
def decide_merge(merge_id: int, args: dict[str, Any]) -> Any:
    """Confirm as the second person, or say no."""
    merging.decide(merge_id, yes=args["yes"], by=current_actor().staff_id, at=clock.now())
    return merging.get_merge(merge_id)


@bp.post("/persons/merges/<int:merge_id>/undo")
@require(*REGISTRARS, at=MERGE)
@takes(s.UndoMergeSchema)
@gives(s.MergedSchema)
def undo_merge(merge_id: int, args: dict[str, Any]) -> Any:
    """They are two human beings after all: each row stands for itself again, with its own swabs."""
    merging.undo(merge_id, args["reason"], by=current_actor().staff_id, at=clock.now())
    return merging.get_merge(merge_id)
