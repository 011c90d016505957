"""Packages for the authority: every outcome, each tube version once, nobody's choice."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.db import db, fetch, run
from screening.interop import packages
from screening.interop.packages import NoReceipt, OtherDigest, OtherReceipt, PackageWrong
from tests import make
from tests.reporting.bench import BAD, GREY, NEG, POS


def build() -> int | None:
    number = packages.build(clock.now())
    db.session.commit()
    return number


def written(tmp_path) -> list[tuple[dict, list[dict], bytes]]:
    """(head, rows, the bytes that the hash is of) of each file."""
    packages.send(tmp_path, clock.now())
    db.session.commit()
    out = []
    for path in sorted(tmp_path.iterdir()):
        head, rows = path.read_bytes().split(b"\n", 1)
        out.append((json.loads(head), [json.loads(x) for x in rows.splitlines()], rows))
    return out


def test_a_package_holds_every_outcome_with_counts_and_hash(bench, tmp_path):
    tubes = {bench.fill(4 * i, 4): o for i, o in enumerate((NEG, POS, GREY, BAD))}
    for tube, outcome in tubes.items():
        bench.through(tube, outcome=outcome)
    number = build()
    ((head, rows, data),) = written(tmp_path)
    assert {r["tube"]: r["outcome"] for r in rows} == {t: int(o) for t, o in tubes.items()}
    assert head["counts"] == {"negative": 1, "positive": 1, "inconclusive": 1, "invalid": 1}
    assert (head["package"], head["versions"]) == (f"{number:016X}", 4)
    assert head["sha256"] == hashlib.sha256(data).hexdigest()


def test_each_version_leaves_once_and_packages_are_a_chain(bench, tmp_path):
    tube = bench.fill(0, 4)
    bench.through(tube)
    build()
    bench.release(tube)  # again: nothing happens
    assert build() is None
    bench.correct(tube, NEG)
    build()
    first, second = written(tmp_path)
    assert [(r["tube"], r["version"]) for _, rows, _ in (first, second) for r in rows] == [
        (tube, 1), (tube, 2),
    ]  # fmt: skip
    assert (first[0]["previous"], second[0]["previous"]) == (None, first[0]["sha256"])


def test_what_was_not_released_is_in_no_package(bench):
    tube = bench.fill(0, 4)
    bench.test(tube, outcome=POS)
    bench.sign_both(tube)
    assert (build(), packages.count_waiting()) == (None, 0)


def test_a_row_that_says_otherwise_than_the_result_stops_the_package(bench):
    """Lanzhou: positives in the list of negatives."""
    tube = bench.fill(0, 4)
    bench.through(tube, outcome=POS)
    run("UPDATE result SET outcome = 1 WHERE barcode = %s /* fan-out: test */", (tube,))
    db.session.commit()
    with pytest.raises(PackageWrong):
        packages.build(clock.now())
    db.session.rollback()
    assert packages.count_waiting() == 1


def test_a_row_that_stands_there_twice_stops_the_package(bench):
    bench.through(bench.fill(0, 4))
    run(
        "INSERT INTO outbox SELECT cell_id, outbox_id + 1, topic, ref, body, state, attempts, "
        "due_at, made_at FROM outbox /* fan-out: test */"
    )
    db.session.commit()
    with pytest.raises(PackageWrong):
        packages.build(clock.now())
    db.session.rollback()


def test_a_file_written_again_after_a_crash_is_the_same(bench, tmp_path):
    bench.through(bench.fill(0, 4))
    build()
    packages.send(tmp_path, clock.now())
    (path,) = tmp_path.iterdir()
    before = path.read_bytes()
    db.session.rollback()
    assert packages.send(tmp_path, clock.now()) == 1
    db.session.commit()
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [before]
    assert packages.send(tmp_path, clock.now()) == 0


def test_nothing_of_a_package_lies_open_in_the_database(bench):
    tube = bench.fill(0, 4)
    bench.through(tube)
    build()
    assert tube.encode() not in fetch("SELECT body FROM result_package")[0][0]


# --- receipts -----------------------------------------------------------------------------------


def one(bench) -> packages.PackageRow:
    bench.through(bench.fill(0, 4))
    build()
    (row,) = packages.list_packages()
    return row


def test_a_receipt_is_recorded_once(bench):
    row = one(bench)
    assert [p.package_id for p in packages.list_packages(unreceipted=True)] == [row.package_id]
    for _ in range(2):
        got = packages.receive(row.package_id, "A-7", row.sha256.upper(), by=1, at=clock.now())
        assert got.receipt == "A-7"
    assert packages.list_packages(unreceipted=True) == []
    with pytest.raises(OtherReceipt):
        packages.receive(row.package_id, "A-8", row.sha256, by=1, at=clock.now())


def test_a_receipt_for_other_bytes_is_refused(bench):
    row = one(bench)
    with pytest.raises(OtherDigest):
        packages.receive(row.package_id, "A-7", "0" * 64, by=1, at=clock.now())
    with pytest.raises(NoReceipt):
        packages.receive(row.package_id, " ", row.sha256, by=1, at=clock.now())


def test_packages_without_a_receipt_grow_old_in_sight(bench):
    row = one(bench)
    late = row.made_at + timedelta(minutes=packages.LATE.value, seconds=1)
    assert not row.late(row.made_at) and row.late(late)


def test_the_page_shows_what_waits_and_takes_the_receipt(bench, client):
    row = one(bench)
    who = {"Authorization": f"Bearer {make.token(make.staff(Role.DISPATCHER, None))}"}
    page = client.get("/packages", headers=who).get_data(as_text=True)
    assert row.number in page and row.sha256[:12] in page
    answer = client.post(
        f"/packages/{row.number}/receipt",
        data={"receipt": "A-7", "sha256": row.sha256},
        headers=who,
    )
    assert answer.status_code == 303
    told = client.get("/api/v1/packages", headers=who).json
    assert [(p["number"], p["receipt"]) for p in told] == [(row.number, "A-7")]
    assert client.get("/api/v1/packages?unreceipted=true", headers=who).json == []


def test_there_is_no_way_in(app):
    """Nothing takes a file, a list or a choice; only a receipt can be written."""
    ways = {
        (rule.rule, method)
        for rule in app.url_map.iter_rules()
        if "packages" in rule.rule
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS", "GET"}
    }
    assert ways == {
        ("/packages/<number>/receipt", "POST"),
        ("/api/v1/packages/<number>/receipt", "POST"),
    }
