"""FHIR R4: held against a maintained model of it, HL7's own examples, and the release's versions."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import pytest

from screening.db import fetch, run
from screening.interop import fhir, loinc, released
from screening.interop.fhir import Measured
from tests import make
from tests.reporting.bench import BAD, GREY, NEG, POS

DATA = Path(__file__).parents[3] / "shared" / "data" / "fhir"
needed = pytest.mark.skipif(not DATA.exists(), reason="shared/data/fhir is not here")

# The model library does not enforce codes; these are R4's own lists, as far as we use them.
STATUS = {
    "DiagnosticReport": {"final", "amended", "corrected"},
    "Observation": {"final", "amended", "corrected"},
    "Specimen": {"available"},
    "Group": set(),
}


def model(kind: str):
    return getattr(importlib.import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)


def checked(resource: dict) -> dict:
    """The resource, once the model takes it and every code and id is one that R4 knows."""
    kind = resource["resourceType"]
    model(kind).model_validate(resource)
    if "status" in resource and kind in STATUS:
        assert resource["status"] in STATUS[kind]
    if "id" in resource:
        assert re.fullmatch(r"[A-Za-z0-9.\-]{1,64}", resource["id"])
    return resource


def everything(barcode: str) -> dict[str, list[dict]]:
    out: dict[str, list[dict]] = {}
    for found in fhir.everything(released.newest(barcode)):
        out.setdefault(found["resourceType"], []).append(checked(found))
    return out


def codes(resource: dict, system: str) -> list[str]:
    return [c["code"] for c in resource["code"].get("coding", []) if c["system"] == system]


@pytest.mark.parametrize(("outcome", "said"), [
    (NEG, "260415000"), (POS, "260373001"), (GREY, "419984006"), (BAD, None),
])  # fmt: skip
def test_a_released_pool_is_a_report_a_specimen_a_group_and_observations(bench, outcome, said):
    tube = bench.fill(0, 5)
    bench.through(tube, outcome=outcome)
    found = everything(tube)
    (report,), (specimen,), (group,) = (
        found["DiagnosticReport"], found["Specimen"], found["Group"]
    )  # fmt: skip
    assert report["status"] == "final"
    assert specimen["subject"] == {"reference": f"Group/{tube}"} == report["subject"]
    assert group["quantity"] == 5 == len(group["member"])
    whole, *targets = found["Observation"]
    assert [r["reference"] for r in report["result"]] == [
        f"Observation/{o['id']}" for o in found["Observation"]
    ]
    assert [c["coding"][0]["code"] for c in report.get("conclusionCode", [])] == [said] * bool(said)
    assert ("valueCodeableConcept" in whole) == (said is not None)
    assert [o["id"] for o in targets] == [f"{tube}.orf1ab"]


def test_a_single_tube_has_a_person_for_its_subject_and_no_group(bench):
    tube = bench.fill(0, 1, mode="single")
    bench.through(tube)
    found = everything(tube)
    assert "Group" not in found
    assert found["Specimen"][0]["subject"]["type"] == "Patient"


def test_targets_carry_the_right_codes(bench):
    tube = bench.fill(0, 5)
    bench.through(tube, outcome=POS)
    whole, target = everything(tube)["Observation"]
    assert codes(whole, loinc.LOINC) == ["94500-6"]
    assert codes(target, loinc.LOINC) == ["94559-2"]
    (threshold,) = target["component"]
    assert codes(threshold, loinc.LOINC) == ["94511-3"]
    assert threshold["valueQuantity"] == {
        "value": 33.1, "unit": "Ct", "system": "http://unitsofmeasure.org", "code": "{Ct_value}",
    }  # fmt: skip


def luhn(code: str) -> bool:
    body, check = code.split("-")
    total = sum(sum(divmod(int(d) * (2 - i % 2), 10)) for i, d in enumerate(reversed(body)))
    return -total % 10 == int(check)


def test_every_code_has_its_check_digit():
    used = [loinc.PANEL, loinc.RNA, *(c for t in loinc.TARGETS.values() for c in t if c)]
    assert [c for c in used if not luhn(c)] == []


@pytest.mark.parametrize(("name", "presence", "ct"), [
    ("ORF1ab", "94559-2", "94511-3"), ("ORF1a/b", "94559-2", "94511-3"),
    ("N", "94533-7", "94510-5"), ("N1", "94533-7", "94510-5"), ("N gene", "94533-7", "94510-5"),
    ("S", None, "94643-4"), ("RdRp", None, "94645-9"), ("FAM", None, None), ("E", None, None),
])  # fmt: skip
def test_which_code_a_target_has(name, presence, ct):
    assert loinc.codes_of(name) == (presence, ct)


def test_a_correction_is_a_new_version_and_the_old_one_stays(bench, client):
    tube = bench.fill(0, 5)
    bench.through(tube)
    bench.alert(tube, "hand", POS)
    bench.correct(tube, POS)
    first, second = (checked(fhir.report(t)) for t in released.versions(tube))
    assert (first["status"], second["status"]) == ("final", "corrected")
    assert (first["meta"]["versionId"], second["meta"]["versionId"]) == ("1", "2")
    assert (first["conclusion"], second["conclusion"]) == ("Not detected", "Detected")
    whole, target = everything(tube)["Observation"]
    assert whole["status"] == "corrected"
    assert "valueCodeableConcept" not in target and "dataAbsentReason" in target
    assert target["component"][0]["valueQuantity"]["value"] == 33.1


def test_a_changed_list_with_the_same_outcome_is_amended(bench):
    tube = bench.fill(0, 5)
    bench.through(tube)
    bench.correct(tube, NEG)
    assert fhir.report(released.newest(tube))["status"] == "amended"


def test_nobody_can_be_recognised(bench):
    tube = bench.fill(0, 5)
    bench.through(tube)
    text = json.dumps(everything(tube), ensure_ascii=False)
    for cell, person, code in bench.city.people[:5]:
        assert not [w for w in (str(person), code, f"MADE{person}", "居民") if w in text]
        assert released.pseudonym(cell, person) in text


def test_the_specimen_was_never_taken_after_its_receipt(bench):
    tube = bench.fill(0, 5)
    bench.through(tube)
    run(
        "UPDATE tube SET received_at = opened_at - interval '1 hour' WHERE barcode = %s "
        "/* fan-out: test */",
        (tube,),
    )
    (specimen,) = everything(tube)["Specimen"]
    end = specimen["collection"]["collectedPeriod"]["end"]
    assert end <= specimen["receivedTime"]


@pytest.mark.parametrize("name", ["ORF1a/b", "N", "内标", "RNase P (RP)"])
def test_ids_keep_to_their_letters_whatever_a_target_is_called(name):
    assert re.fullmatch(r"[a-z0-9\-]+", Measured(name, None, "unknown").part)


# --- over HTTP ----------------------------------------------------------------------------------


def reader(bench) -> dict[str, str]:
    return {"Authorization": f"Bearer {make.token(bench.reviewer)}"}


def test_a_search_gives_the_report_and_all_that_it_refers_to(bench, client):
    tube = bench.fill(0, 5)
    bench.through(tube)
    answer = client.get(f"/fhir/DiagnosticReport?identifier={tube}", headers=reader(bench))
    assert (answer.status_code, answer.mimetype) == (200, "application/fhir+json")
    bundle = json.loads(answer.data)
    model("Bundle").model_validate(bundle)
    modes = [e["search"]["mode"] for e in bundle["entry"]]
    assert (bundle["total"], modes[0], set(modes[1:])) == (1, "match", {"include"})
    there = {f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in bundle["entry"]}
    said = set(re.findall(r'"reference": ?"([^"]+)"', json.dumps(bundle)))
    assert said <= there
    for link in there:
        one = client.get(f"/fhir/{link}", headers=reader(bench))
        assert json.loads(one.data) in [e["resource"] for e in bundle["entry"]], link
    read = fetch("SELECT count(*) FROM audit WHERE action = 'fhir_read' /* fan-out: test */")
    assert read[0][0] == 1 + len(there)


def test_history_gives_every_version(bench, client):
    tube = bench.fill(0, 5)
    bench.through(tube)
    bench.correct(tube, NEG)
    answer = client.get(f"/fhir/DiagnosticReport/{tube}/_history", headers=reader(bench))
    bundle = json.loads(answer.data)
    model("Bundle").model_validate(bundle)
    numbers = [e["resource"]["meta"]["versionId"] for e in bundle["entry"]]
    assert numbers == ["2", "1"]
    old = client.get(f"/fhir/DiagnosticReport/{tube}/_history/1", headers=reader(bench))
    assert json.loads(old.data)["status"] == "final"


def test_what_was_not_released_is_not_there(bench, client):
    tube = bench.fill(0, 5)
    bench.test(tube, outcome=POS)
    run("UPDATE tube SET lab_id = %s WHERE barcode = %s /* fan-out: test */", (bench.lab_id, tube))
    from screening.db import db

    db.session.commit()
    answer = client.get(f"/fhir/DiagnosticReport/{tube}", headers=reader(bench))
    assert answer.status_code == 404
    outcome = json.loads(answer.data)
    model("OperationOutcome").model_validate(outcome)
    assert outcome["issue"][0]["code"] == "not-found"


def test_nobody_reads_without_a_session(bench, client):
    tube = bench.fill(0, 5)
    bench.through(tube)
    answer = client.get(f"/fhir/Specimen/{tube}")
    assert answer.status_code == 401
    assert json.loads(answer.data)["issue"][0]["code"] == "login"


def test_the_capability_statement_is_one(client):
    answer = client.get("/fhir/metadata")
    told = json.loads(answer.data)
    model("CapabilityStatement").model_validate(told)
    assert (told["fhirVersion"], told["kind"]) == ("4.0.1", "instance")
    named = {r["type"] for r in told["rest"][0]["resource"]}
    assert named == {"DiagnosticReport", "Specimen", "Group", "Observation"}


# --- other people's examples --------------------------------------------------------------------


def example(name: str) -> dict:
    return json.loads((DATA / name).read_text())


@needed
def test_our_pool_has_the_shape_of_the_published_pooled_specimen(bench):
    tube = bench.fill(0, 5)
    bench.through(tube)
    (ours,), theirs = everything(tube)["Specimen"], example("hl7_r4/Specimen-pooled-serum.json")
    wanted = {"accessionIdentifier", "type", "subject", "collection", "container", "note"}
    assert wanted <= set(ours) & set(theirs)
    assert ours["subject"]["reference"].split("/")[0] == "Group"
    assert theirs["subject"]["reference"].split("/")[0] == "Group"
    assert "individuals" in ours["note"][0]["text"] and "individuals" in theirs["note"][0]["text"]


@needed
def test_a_corrected_observation_has_the_shape_of_the_published_one(bench):
    tube = bench.fill(0, 5)
    bench.through(tube)
    bench.alert(tube, "hand", POS)
    bench.correct(tube, POS)
    ours = everything(tube)["Observation"][0]
    theirs = example("covid/simplereport_observationCorrection.json")
    for field in ("resourceType", "status"):
        assert ours[field] == theirs[field]
    assert codes(ours, loinc.LOINC) == codes(theirs, loinc.LOINC)
    shape = {"status", "code", "valueCodeableConcept", "interpretation", "issued"}
    assert shape <= set(ours) & set(theirs)
    for r in (ours, theirs):
        assert r["valueCodeableConcept"]["coding"][0]["system"] == loinc.SNOMED


@needed
@pytest.mark.parametrize("kind", ["Specimen", "DiagnosticReport", "Observation", "Bundle"])
def test_the_model_takes_the_published_examples(kind):
    """Only then is its word on ours worth anything."""
    paths = sorted((DATA / "hl7_r4").glob(f"{kind}-*.json"))
    for path in paths:
        model(kind).model_validate(json.loads(path.read_text()))
    assert len(paths) >= 5
