"""FHIR bundles, refusals and the statement of what this endpoint can, pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from screening.interop.fhir import Resource, at


def bundle(kind: str, resources: Iterable[Resource], base: str, *, matches: int = 1) -> Resource:
    """`kind` searchset (the first `matches` were asked for, the rest is included) or history."""
    entries = []
    for place, found in enumerate(resources):
        entry = {"fullUrl": f"{base}/{found['resourceType']}/{found['id']}", "resource": found}
        if kind == "searchset":
            entry["search"] = {"mode": "match" if place < matches else "include"}
        else:
            url = f"{found['resourceType']}/{found['id']}"
            entry["request"] = {"method": "PUT", "url": url}
            entry["response"] = {"status": "200", "lastModified": found["meta"]["lastUpdated"]}
        entries.append(entry)
    total = matches if kind == "searchset" else len(entries)
    return {"resourceType": "Bundle", "type": kind, "total": total, "entry": entries}


def refusal(code: str, sentence: str, severity: str = "error") -> Resource:
    issue = {"severity": severity, "code": code, "diagnostics": sentence}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def capability(base: str, version: str, made: datetime) -> Resource:
    """What this endpoint can: reading released results, and nothing else."""
    read = [{"code": "read"}]
    kinds = [{"type": k, "interaction": read} for k in ("Specimen", "Group", "Observation")]
    search = [{"code": c} for c in ("read", "vread", "history-instance", "search-type")]
    kinds.append({
        "type": "DiagnosticReport", "interaction": search, "versioning": "versioned",
        "searchParam": [{"name": "identifier", "type": "token",
                         "documentation": "the tube's number"}],
    })  # fmt: skip
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": at(made),
        "kind": "instance",
        "software": {"name": "Screening", "version": version},
        "implementation": {"description": "Released results, without names", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [{
            "mode": "server",
            "security": {"description": "a session token as Authorization: Bearer"},
            "resource": kinds,
        }],
    }  # fmt: skip
