"""The audit: beside every write and read, outliving refusals, sealed so that tampering shows."""

from __future__ import annotations

import pytest

from screening.accounts import audit, queries, service
from screening.accounts.roles import Role
from screening.db import fetch, run
from tests import make

CELL = 77


@pytest.fixture
def sealed(db_session):
    for n in range(5):
        service.note("changed", "tube", n, cell=CELL, detail={"to": n, "from": None, "b": "文"})
    audit.seal_cell(CELL)
    service.note_read_person(CELL, [1, 2, 3])
    audit.seal_cell(CELL)
    return db_session


def test_sealed_rows_make_one_whole_chain(sealed):
    verdict = service.verify_audit(CELL)
    assert (verdict.sealed, verdict.waiting, verdict.whole) == (8, 0, True)


def test_what_is_not_sealed_yet_is_counted_as_waiting(sealed):
    service.note("later", cell=CELL)
    assert service.verify_audit(CELL).waiting == 1
    assert audit.seal_audit() == 1
    assert service.verify_audit(CELL) == audit.Verdict(CELL, 9, 0, None)


@pytest.mark.parametrize(
    "tamper",
    [
        "UPDATE audit SET subject_id = '9' WHERE link = 3",
        "UPDATE audit SET staff_id = 1 WHERE link = 3",
        "UPDATE audit SET detail = '{}' WHERE link = 3",
        "UPDATE audit SET at = at + interval '1 microsecond' WHERE link = 3",
        "DELETE FROM audit WHERE link = 3",
        "UPDATE audit SET chain = NULL, link = NULL WHERE link = 3",
        "UPDATE audit SET link = CASE link WHEN 3 THEN 103 ELSE link END",
    ],
)
def test_a_changed_or_removed_row_is_named(sealed, tamper):
    run(f"{tamper} {'AND' if 'WHERE' in tamper else 'WHERE'} cell_id = {CELL}")
    assert service.verify_audit(CELL).broken_at == 3


def test_a_cut_tail_is_missed(sealed):
    run("DELETE FROM audit WHERE cell_id = %s AND link > 6", (CELL,))
    assert service.verify_audit(CELL).broken_at == 7


def test_a_cut_tail_is_missed_even_when_the_head_is_set_back(sealed):
    run("DELETE FROM audit WHERE cell_id = %s AND link > 6", (CELL,))
    run(
        "UPDATE audit_head SET link = 6, chain = (SELECT chain FROM audit WHERE cell_id = %s "
        "AND link = 6) WHERE cell_id = %s",
        (CELL, CELL),
    )
    assert not service.verify_audit(CELL).whole


def test_a_late_commit_with_an_older_id_is_sealed_after_the_others(sealed):
    run("INSERT INTO audit (cell_id, audit_id, at, action) VALUES (%s, 1, now(), 'late')", (CELL,))
    audit.seal_cell(CELL)
    assert fetch("SELECT link FROM audit WHERE cell_id = %s AND audit_id = 1", (CELL,)) == [(9,)]
    assert service.verify_audit(CELL).whole


def test_the_worker_seals_every_cell(db_session):
    from screening.accounts import jobs

    service.note("a", cell=1)
    service.note("b", cell=2)
    jobs.seal_audit()
    assert [service.verify_audit(c).sealed for c in (1, 2)] == [1, 1]
    assert audit.unsealed_cells() == []


def test_a_note_says_who_is_signed_in(client, db_session):
    who = make.staff(Role.SAMPLER, make.site())
    client.delete("/api/v1/session", headers=make.sign_in(client, who))
    rows = fetch("SELECT staff_id, subject_id FROM audit WHERE cell_id = 0 AND action = 'sign_out'")
    assert rows == [(who.staff_id, str(who.staff_id))]


def test_a_refusal_outlives_its_request(client, db_session):
    who = make.staff(Role.SAMPLER, make.site())
    assert client.get("/api/v1/audit", headers=make.sign_in(client, who)).status_code == 403
    rows = fetch("SELECT staff_id, subject_id FROM audit WHERE cell_id = 0 AND action = 'refused'")
    assert rows == [(who.staff_id, "accounts_api.list_audit")]


def test_a_write_that_is_rolled_back_takes_its_note_along(client, db_session):
    site = make.site()
    make.staff(Role.SAMPLER, site, staff_no="TAKEN")
    headers = make.sign_in(client, make.staff(Role.ADMINISTRATOR))
    grants = [{"role": "sampler", "scope": "site", "scope_id": str(site.site_id)}]
    r = client.post("/api/v1/accounts", headers=headers,
                    json={"staff_no": "TAKEN", "name": "x", "grants": grants})  # fmt: skip
    assert (r.status_code, r.json["code"]) == (409, "number_taken")
    assert fetch("SELECT count(*) FROM audit WHERE cell_id = 0 AND action = 'staff_made'") == [(0,)]


def test_an_auditor_of_a_county_reads_its_cells_only(client, db_session):
    mine, other = make.area("street"), make.area("street")
    county = make.staff(Role.AUDITOR, make.place_of(mine))
    for street in (mine, other):
        service.note("seen", "street", street.area_id, cell=street.cell_id)
    service.note("seen", "city", 0)
    db_session.commit()
    r = client.get("/api/v1/audit", headers=make.sign_in(client, county))
    assert [i["subject_id"] for i in r.json["items"]] == [str(mine.area_id)]
    all_of = client.get("/api/v1/audit?action=seen",
                        headers=make.sign_in(client, make.staff(Role.AUDITOR)))  # fmt: skip
    assert len(all_of.json["items"]) == 3


def test_the_audit_is_paged_and_filtered(client, db_session):
    for n in range(5):
        service.note("step", "tube", n)
    db_session.commit()
    headers = make.sign_in(client, make.staff(Role.AUDITOR))
    first = client.get("/api/v1/audit?action=step&limit=3", headers=headers).json
    rest = client.get(f"/api/v1/audit?action=step&limit=3&before={first['next']}",
                      headers=headers).json  # fmt: skip
    assert [i["subject_id"] for i in first["items"] + rest["items"]] == ["4", "3", "2", "1", "0"]
    assert rest["next"] is None


def test_the_audit_page_names_people_and_filters_by_number(client, db_session):
    who = make.staff(Role.SAMPLER, name="王五")
    service.note("stepped", "tube", "T1", staff_id=who.staff_id)
    service.note("stepped", "tube", "T2")
    db_session.commit()
    make.sign_in(client, make.staff(Role.AUDITOR), cookie=True)
    text = client.get(f"/audit?number={who.staff_no}", headers={"Accept": "text/html"})
    page = text.get_data(as_text=True)
    assert "王五" in page
    assert ">T1<" in page and ">T2<" not in page  # a staff number may hold T2 as well
    assert queries.names_of([who.staff_id]) == {who.staff_id: (who.staff_no, "王五")}
