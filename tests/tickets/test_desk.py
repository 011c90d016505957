"""The desk: taken, solved together, checked by another, carried out on the tube."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.db import db, fetch
from screening.tickets import desk, queries
from screening.tickets.service import Finding, open_all
from screening.tube.queries import find_keys, list_tubes
from screening.tube.rules import Stage
from tests import make, world


@pytest.fixture
def city(db_session):
    return world.city()


class Desk:
    """Two supervisors of the first site, and tubes with tickets."""

    def __init__(self, city, client):
        self.city, self.client = city, client
        self.solver = make.staff(Role.SITE_SUPERVISOR, city.sites[0])
        self.checker = make.staff(Role.SITE_SUPERVISOR, city.sites[0])
        self.phone = city.phone()

    def short_tube(self):
        """Closed as eight with seven bound: the list is incomplete."""
        tube = self.city.tube()
        first = self.city.used * 10
        self.phone.fill(tube, self.city.codes(first, 7), close=False)
        self.phone.write("close", tube=tube, n=8)
        return tube

    def send(self):
        r = self.phone.send(self.client)
        assert r.status_code == 200 and not r.json["parked"], r.json

    def post(self, what, who, **body):
        return self.client.post(
            f"/api/v1/tickets/{what}", json=body, headers=make.sign_in(self.client, who)
        )

    def get(self, who, **query):
        r = self.client.get(
            "/api/v1/tickets", query_string=query, headers=make.sign_in(self.client, who)
        )
        assert r.status_code == 200, r.json
        return r.json["tickets"]

    def tickets(self, kind="list_incomplete"):
        return [
            {"cell_id": t["cell_id"], "ticket_id": t["ticket_id"]}
            for t in self.get(self.solver, kind=kind)
        ]


@pytest.fixture
def work(city, client):
    return Desk(city, client)


def tube_of(barcode):
    return list_tubes(find_keys([barcode]).values())[0]


def test_an_incomplete_list_is_completed_from_paper_by_two_persons(work):
    tube = work.short_tube()
    work.send()
    assert tube_of(tube)["holds"]
    (ticket,) = work.tickets()
    r = work.post("solve", work.solver, tickets=[{**ticket, "n": 8}], solution="list_completed")
    assert (r.status_code, r.json["code"]) == (409, "ticket_list_differs")
    r = work.post("solve", work.solver, tickets=[{**ticket, "n": 7}], solution="list_completed")
    assert r.status_code == 204
    r = work.post("check", work.solver, tickets=[ticket], agree=True)
    assert (r.status_code, r.json["code"]) == (403, "ticket_oneself")
    assert tube_of(tube)["holds"], "nothing moves before the second person"
    db.session.rollback()
    assert work.post("check", work.checker, tickets=[ticket], agree=True).status_code == 204
    db.session.rollback()
    row = tube_of(tube)
    assert (row["confirmed"], row["complete"], row["holds"]) == (7, True, 0)
    closed = queries.get_ticket(int(ticket["cell_id"]), int(ticket["ticket_id"]))
    assert (closed.state, closed.closed_how, closed.checked_by) == (
        "closed", "checked", work.checker.staff_id,
    )  # fmt: skip
    marks = fetch("SELECT count(*) FROM dirty WHERE cell_id = %s", (closed.cell_id,))
    assert marks[0][0]


def test_alike_tickets_are_declared_lost_in_one_action_and_their_members_need_a_new_swab(work):
    tubes = [work.short_tube() for _ in range(3)]
    work.send()
    tickets = work.tickets()
    assert len(tickets) == 3
    assert work.post("take", work.solver, tickets=tickets).status_code == 204
    r = work.post("solve", work.solver, tickets=tickets, solution="declared_lost", note="找了两遍")
    assert r.status_code == 204
    assert work.post("check", work.checker, tickets=tickets, agree=True).status_code == 204
    db.session.rollback()
    assert {tube_of(t)["stage"] for t in tubes} == {Stage.LOST}
    cell = work.city.sites[0].cell_id
    voids = fetch("SELECT count(*) FROM specimen WHERE cell_id = %s AND void = 10", (cell,))
    assert voids[0][0] == 21
    kinds = fetch(
        "SELECT kind, count(*) FROM command WHERE cell_id = %s AND staff_id = %s GROUP BY 1",
        (cell, work.checker.staff_id),
    )
    assert kinds == [("ticket_lose", 1)], "one command for all three"
    assert work.get(work.solver) == []


def test_tickets_of_two_kinds_are_not_solved_together(work):
    work.short_tube()
    work.send()
    (ticket,) = work.tickets()
    site = work.city.sites[0]
    open_all(
        [Finding(site.cell_id, work.city.round_id, "late_box", "77", clock.now(), site.site_id)],
        at=clock.now(),
    )
    db.session.commit()
    both = [ticket, *work.tickets("late_box")]
    r = work.post("solve", work.solver, tickets=both, solution="resample")
    assert (r.status_code, r.json["code"]) == (422, "tickets_not_alike")


def test_a_refused_solution_is_open_again_and_shows_why(work):
    work.short_tube()
    work.send()
    tickets = work.tickets()
    work.post("solve", work.solver, tickets=tickets, solution="resample")
    r = work.post("check", work.checker, tickets=tickets, agree=False, note="再找一次")
    assert r.status_code == 204
    (t,) = work.get(work.solver)
    assert (t["state"], t["solution"], t["note"]) == ("open", None, "再找一次")


def test_a_hold_settled_by_two_persons_lets_the_tube_go(work):
    tube, late = work.city.tube(), work.city.phone()
    work.phone.fill(tube, work.city.codes(0, 3), close=False)
    work.send()
    late.write("close", tube=tube, n=3)
    batch, box = f"{work.city.sites[0].cell_id}-{7:016x}", "10"
    from screening.tube.codes import Kind, make_code

    box = make_code(Kind.BOX, 5)
    late.write("box_open", batch=batch, box=box)
    late.write("pack", batch=batch, box=box, tube=tube)
    late.write("bind", tube=tube, seat=4, who={"code": work.city.codes(3, 1)[0]})
    late.write("close", tube=tube, n=4)
    r = late.send(work.client)
    assert r.status_code == 200 and not r.json["parked"], r.json
    assert tube_of(tube)["holds"]
    tickets = work.tickets("added_after_pack")
    db.session.rollback()
    assert (
        work.post("solve", work.solver, tickets=tickets, solution="checked_physically").status_code
        == 204
    )
    assert work.post("check", work.checker, tickets=tickets, agree=True).status_code == 204
    db.session.rollback()
    assert tube_of(tube)["holds"] == 0


def test_a_tube_declared_lost_by_mistake_is_found_again(work):
    tube = work.short_tube()
    work.send()
    tickets = work.tickets()
    work.post("solve", work.solver, tickets=tickets, solution="declared_lost")
    work.post("check", work.checker, tickets=tickets, agree=True)
    site = work.city.sites[0]
    finding = Finding(
        site.cell_id, work.city.round_id, "declared_lost", tube, clock.now(), site.site_id
    )
    open_all([finding], at=clock.now())
    db.session.commit()
    again = work.tickets("declared_lost")
    assert work.post("solve", work.solver, tickets=again, solution="found").status_code == 204
    assert work.post("check", work.checker, tickets=again, agree=True).status_code == 204
    db.session.rollback()
    assert tube_of(tube)["stage"] == Stage.CLOSED


def test_what_is_taken_is_not_taken_twice(work):
    work.short_tube()
    work.send()
    tickets = work.tickets()
    assert work.post("take", work.solver, tickets=tickets).status_code == 204
    r = work.post("take", work.checker, tickets=tickets)
    assert (r.status_code, r.json["code"]) == (409, "ticket_taken")
    assert work.post("give-back", work.solver, tickets=tickets).status_code == 204
    assert work.post("take", work.checker, tickets=tickets).status_code == 204


def test_notes_are_counted_and_searchable_but_never_queued(work):
    site = work.city.sites[0]
    at = clock.now() - timedelta(hours=1)
    tube = work.short_tube()
    work.send()
    open_all(
        [Finding(site.cell_id, work.city.round_id, "opened_twice", tube, at, site.site_id)], at=at
    )
    db.session.commit()
    assert [t["kind"] for t in work.get(work.solver)] == ["list_incomplete"]
    assert [t["kind"] for t in work.get(work.solver, weight="note")] == ["opened_twice"]
    found = work.get(work.solver, barcode=tube)
    assert {t["kind"] for t in found} == {"list_incomplete", "opened_twice"}
    desk.count_tickets()
    db.session.commit()
    headers = make.sign_in(work.client, work.solver)
    counts = work.client.get("/api/v1/tickets/counts", headers=headers).json
    assert {(c["kind"], c["weight"], c["n"]) for c in counts} == {
        ("list_incomplete", "hold", 1), ("opened_twice", "note", 1),
    }  # fmt: skip


def test_counts_follow_and_vanish_with_the_tickets(work):
    work.short_tube()
    work.send()
    assert desk.count_tickets() == 1
    assert desk.count_tickets() == 0, "nothing changed, nothing written"
    db.session.commit()
    tickets = work.tickets()
    work.post("solve", work.solver, tickets=tickets, solution="resample")
    work.post("check", work.checker, tickets=tickets, agree=True)
    db.session.rollback()
    desk.count_tickets()
    cell = work.city.sites[0].cell_id
    left = fetch("SELECT kind FROM ticket_count WHERE cell_id = %s", (cell,))
    assert ("list_incomplete",) not in left


def test_a_list_is_paged_without_loss_by_deadline(work):
    for _ in range(3):
        work.short_tube()
    work.send()
    headers = make.sign_in(work.client, work.solver)
    seen, after = [], None
    while True:
        query = {"limit": 2, **({"after": after} if after else {})}
        r = work.client.get("/api/v1/tickets", query_string=query, headers=headers).json
        seen += [t["subject_id"] for t in r["tickets"]]
        after = r["next"]
        if not after:
            break
    assert len(seen) == len(set(seen)) == 3


def test_the_page_solves_and_checks_without_scripts(work):
    work.short_tube()
    work.send()
    (ticket,) = work.tickets()
    key = f"{ticket['cell_id']}-{ticket['ticket_id']}"
    mine = make.sign_in(work.client, work.solver, cookie=True)
    page = work.client.get("/tickets?kind=list_incomplete", headers={"Accept": "text/html"})
    assert page.status_code == 200 and key in page.text and "名单已补全" in page.text
    one = work.client.get(f"/tickets/{ticket['cell_id']}/{ticket['ticket_id']}")
    assert one.status_code == 200 and "双方记录" in one.text
    form = {"t": key, "csrf_token": mine["X-CSRF-Token"], "act": "solve", f"n-{key}": "7"}
    html = {"Accept": "text/html"}
    r = work.client.post("/tickets/act", data={**form, "solution": "accepted"}, headers=html)
    assert r.status_code == 422 and "不能这样处理" in r.text
    r = work.client.post("/tickets/act", data={**form, "solution": "list_completed"}, headers=html)
    assert r.status_code == 303
    r = work.client.post("/tickets/act", data={**form, "act": "agree"}, headers=html)
    assert r.status_code == 403
    theirs = make.sign_in(work.client, work.checker, cookie=True)
    form["csrf_token"] = theirs["X-CSRF-Token"]
    r = work.client.post("/tickets/act", data={**form, "act": "agree"}, headers=html)
    assert r.status_code == 303 and work.get(work.solver) == []


def test_a_laboratory_sees_the_tickets_of_its_tubes_wherever_they_were_opened(work):
    other = work.city.sites[1]
    now = clock.now()
    finding = Finding(
        other.cell_id, work.city.round_id, "controls_failed", "1", now, None, work.city.lab.lab_id
    )
    open_all([finding], at=now)
    db.session.commit()
    technician = make.staff(Role.LAB_TECHNICIAN, work.city.lab)
    assert [t["kind"] for t in work.get(technician)] == ["controls_failed"]


def test_the_laboratory_does_not_complete_a_list_from_paper(work):
    tube = work.short_tube()
    work.send()
    finding = Finding(
        work.city.sites[0].cell_id, work.city.round_id, "not_closed", tube, clock.now(), None,
        work.city.lab.lab_id,
    )  # fmt: skip
    open_all([finding], at=clock.now())
    db.session.commit()
    technician = make.staff(Role.LAB_TECHNICIAN, work.city.lab)
    (t,) = work.get(technician)
    key = {"cell_id": t["cell_id"], "ticket_id": t["ticket_id"], "n": 7}
    assert (
        work.post("solve", technician, tickets=[key], solution="list_completed").status_code == 403
    )
