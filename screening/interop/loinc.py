"""Codes of other people's lists that a FHIR export carries, each with its meaning beside it.

Presence is coded for respiratory specimens, the cycle threshold for specimens in general: the lists
in use have no N gene threshold for respiratory ones."""

from __future__ import annotations

from typing import NamedTuple

from screening.lab.rules.well_rules import Outcome

LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
SERVICE = "http://terminology.hl7.org/CodeSystem/v2-0074"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"

PANEL = "94531-1"  # SARS-CoV-2 RNA panel, respiratory specimen
RNA = "94500-6"  # SARS-CoV-2 RNA, presence, respiratory specimen
CT_UNIT = "{Ct_value}"


class Target(NamedTuple):
    """Presence in respiratory specimens, cycle threshold in specimens; None where no list has one."""

    presence: str | None
    ct: str | None


TARGETS = {
    "ORF1AB": Target("94559-2", "94511-3"),
    "N": Target("94533-7", "94510-5"),
    "S": Target(None, "94643-4"),
    "RDRP": Target(None, "94645-9"),
}
_ALIASES = {"ORF1A/B": "ORF1AB", "ORF": "ORF1AB", "ORF1": "ORF1AB", "NGENE": "N", "SGENE": "S"}
UNKNOWN = Target(None, None)

DETECTED = ("260373001", "Detected")
NOT_DETECTED = ("260415000", "Not detected")
UNCERTAIN = ("419984006", "Inconclusive")
OUTCOMES = {
    Outcome.NEGATIVE: (NOT_DETECTED, "NEG"),
    Outcome.POSITIVE: (DETECTED, "POS"),
    Outcome.INCONCLUSIVE: (UNCERTAIN, "IND"),
}


def codes_of(target: str) -> Target:
    """By the target's usual names; the numbered genes of the CDC's kit are both N."""
    plain = target.upper().replace(" ", "").replace("-", "")
    if plain in ("N1", "N2", "N3"):
        plain = "N"
    return TARGETS.get(_ALIASES.get(plain, plain), UNKNOWN)
