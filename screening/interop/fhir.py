"""FHIR R4 resources from a released result, pure: Specimen, Group, Observation, DiagnosticReport.

A pool has a Group as its subject, as in HL7's own example of pooled serum. Nobody has a name here:
members are references by a pseudonym that only this server can make."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from screening.interop import loinc
from screening.lab.rules.well_rules import Outcome

Resource = dict[str, Any]
SYSTEM = "urn:x-screening"
PARTS = re.compile(r"[^A-Za-z0-9]+")


class Measured(NamedTuple):
    """One target of the test. `state`: detected, not_detected, uncertain or unknown."""

    name: str
    ct: float | None
    state: str
    control: bool = False

    @property
    def part(self) -> str:
        return PARTS.sub("-", self.name).strip("-").lower() or "target"


class Tube(NamedTuple):
    """One version of one tube's result with all that the resources say of it."""

    barcode: str
    version: int
    outcome: int
    before: int | None  # the outcome of the version before
    released_at: datetime
    sampled: tuple[datetime, datetime]
    received_at: datetime | None
    members: Sequence[str]
    lab: str
    lab_id: int | None
    targets: Sequence[Measured]
    reason: str | None = None

    @property
    def status(self) -> str:
        """Of the report: a new version that says the same of a changed list is amended, one that
        says otherwise corrected."""
        if self.before is None:
            return "final"
        return "amended" if self.before == self.outcome else "corrected"


_STATES = {
    "detected": (loinc.DETECTED, "POS"),
    "not_detected": (loinc.NOT_DETECTED, "NEG"),
    "uncertain": (loinc.UNCERTAIN, "IND"),
}


# --- resources ----------------------------------------------------------------------------------


def specimen(t: Tube) -> Resource:
    first, last = t.sampled
    told: Resource = {
        **_base("Specimen", t.barcode, t),
        "identifier": [_number("tube", t.barcode)],
        "accessionIdentifier": _number("tube", t.barcode),
        "status": "available",
        "type": {"text": "拭子 swab"},
        "subject": _subject(t),
        "collection": {"collectedPeriod": {"start": at(first), "end": at(last)}},
        "container": [{"identifier": [_number("tube", t.barcode)]}],
    }
    if t.received_at:
        told["receivedTime"] = at(t.received_at)
    if len(t.members) > 1:
        told["note"] = [{"text": f"pooled specimen from {len(t.members)} individuals"}]
    return told


def group(t: Tube) -> Resource:
    return {
        **_base("Group", t.barcode, t),
        "identifier": [_number("tube", t.barcode)],
        "active": True,
        "type": "person",
        "actual": True,
        "quantity": len(t.members),
        "member": [{"entity": _person(m)} for m in t.members],
    }


def observations(t: Tube) -> list[Resource]:
    """The whole first, then one for each target."""
    return [_whole(t), *(_of_target(t, m) for m in t.targets)]


def _whole(t: Tube) -> Resource:
    code = {"coding": [_coding(loinc.LOINC, loinc.RNA)], "text": "SARS-CoV-2 RNA"}
    told = _observation(t, "rna", code, t.status)
    known = loinc.OUTCOMES.get(Outcome(t.outcome))
    told |= _value(*known) if known else _absent("error")
    if len(t.targets):
        told["hasMember"] = [_ref("Observation", f"{t.barcode}.{m.part}") for m in t.targets]
    return told


def _of_target(t: Tube, m: Measured) -> Resource:
    codes = loinc.UNKNOWN if m.control else loinc.codes_of(m.name)
    coding = [_coding(loinc.LOINC, codes.presence)] if codes.presence else []
    local = _coding(f"{SYSTEM}:target", m.part)
    text = f"{m.name} (internal control)" if m.control else m.name
    told = _observation(t, m.part, {"coding": [*coding, local], "text": text}, "final")
    known = _STATES.get(m.state)
    told |= _value(*known) if known else _absent("unknown")
    if m.ct is not None:
        told["component"] = [_threshold(codes.ct, m)]
    return told


def _threshold(code: str | None, m: Measured) -> Resource:
    coding = {"coding": [_coding(loinc.LOINC, code)]} if code else {}
    return {
        "code": coding | {"text": f"{m.name} Ct"},
        "valueQuantity": {
            "value": m.ct,
            "unit": "Ct",
            "system": loinc.UCUM,
            "code": loinc.CT_UNIT,
        },
    }


def _observation(t: Tube, part: str, code: Resource, status: str) -> Resource:
    return {
        **_base("Observation", f"{t.barcode}.{part}", t),
        "status": status,
        "category": [{"coding": [_coding(loinc.CATEGORY, "laboratory")]}],
        "code": code,
        "subject": _subject(t),
        "effectiveDateTime": at(t.sampled[1]),
        "issued": at(t.released_at),
        "performer": [_lab(t)],
        "specimen": _ref("Specimen", t.barcode),
    }


def report(t: Tube) -> Resource:
    told: Resource = {
        **_base("DiagnosticReport", t.barcode, t),
        "identifier": [_number("report", f"{t.barcode}.{t.version}")],
        "status": t.status,
        "category": [{"coding": [_coding(loinc.SERVICE, "MB")]}],
        "code": {"coding": [_coding(loinc.LOINC, loinc.PANEL)], "text": "SARS-CoV-2 RNA"},
        "subject": _subject(t),
        "effectiveDateTime": at(t.sampled[1]),
        "issued": at(t.released_at),
        "performer": [_lab(t)],
        "specimen": [_ref("Specimen", t.barcode)],
        "result": [_ref("Observation", o["id"]) for o in observations(t)],
    }
    known = loinc.OUTCOMES.get(Outcome(t.outcome))
    if known:
        (code, display), _ = known
        told["conclusionCode"] = [{"coding": [_coding(loinc.SNOMED, code, display)]}]
        told["conclusion"] = display
    else:
        told["conclusion"] = "Invalid: a new specimen is needed"
    return told


def everything(t: Tube) -> list[Resource]:
    """The report first, then all that it refers to."""
    pooled = [group(t)] if len(t.members) > 1 else []
    return [report(t), specimen(t), *pooled, *observations(t)]


# --- parts --------------------------------------------------------------------------------------


def _base(kind: str, number: str, t: Tube) -> Resource:
    meta = {"versionId": str(t.version), "lastUpdated": at(t.released_at)}
    return {"resourceType": kind, "id": number, "meta": meta}


def _subject(t: Tube) -> Resource:
    return _ref("Group", t.barcode) if len(t.members) > 1 else _person(t.members[0])


def _person(pseudonym: str) -> Resource:
    return {"type": "Patient", "identifier": _number("person", pseudonym)}


def _lab(t: Tube) -> Resource:
    told: Resource = {"type": "Organization", "display": t.lab or "—"}
    if t.lab_id is not None:
        told["identifier"] = _number("laboratory", str(t.lab_id))
    return told


def _value(coded: tuple[str, str], interpretation: str) -> Resource:
    return {
        "valueCodeableConcept": {"coding": [_coding(loinc.SNOMED, *coded)]},
        "interpretation": [{"coding": [_coding(loinc.INTERPRETATION, interpretation)]}],
    }


def _absent(why: str) -> Resource:
    return {"dataAbsentReason": {"coding": [_coding(loinc.ABSENT, why)]}}


def _ref(kind: str, number: str) -> Resource:
    return {"reference": f"{kind}/{number}"}


def _number(what: str, value: str) -> Resource:
    return {"system": f"{SYSTEM}:{what}", "value": value}


def _coding(system: str, code: str, display: str = "") -> Resource:
    return {"system": system, "code": code} | ({"display": display} if display else {})


def at(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
