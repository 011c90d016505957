"""Reception by one scan: a seal takes the box in, its last tube ends it, wells count as receipts."""

from __future__ import annotations

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.db import db, fetch
from screening.lab.service import rule_sets
from screening.transport.rules import BatchStage
from screening.tube.codes import Kind, make_code
from screening.tube.rules import Stage, Verb
from tests import make, world
from tests.field.test_desk_pages import Desk, filled, given_over, notices, packed, tube_of

ARRIVED, DISCREPANT, RECONCILED = (
    int(s) for s in (BatchStage.ARRIVED, BatchStage.DISCREPANT, BatchStage.RECONCILED)
)


@pytest.fixture
def city(db_session):
    return world.city()


@pytest.fixture
def box(city, app, client, clean_database):
    """(seal, tubes) of a sealed box of three tubes on its way here."""
    table = Desk(client, Role.SAMPLER, city.sites[0])
    table.url = f"/sampling/{city.sites[0].site_id}"
    tubes = [filled(table, city, 2, first=2 * i) for i in range(3)]
    packer = Desk(app.test_client(), Role.PACKER, city.sites[0])
    packer.url = f"/packing/{city.sites[0].site_id}"
    batch, seal = packed(packer, tubes), make_code(Kind.SEAL, make.number())
    packer.act(f"{packer.url}/seal", batch=batch, n=3, seal=seal)
    given_over(city, packer, seal)
    return seal, tubes


@pytest.fixture
def bench(city, app, box):
    desk = Desk(app.test_client(), Role.LAB_TECHNICIAN, city.lab)
    desk.url = f"/reception/{city.lab.lab_id}"
    return desk


def batch():
    db.session.rollback()
    return fetch("SELECT stage, received, known FROM batch")[0]


def test_a_seal_takes_the_box_in_and_the_next_scan_only_opens_it(bench, box):
    seal, _ = box
    bench.act(f"{bench.url}/scan", code=seal)
    assert batch() == (ARRIVED, 0, 3)
    bench.act(f"{bench.url}/scan", code=seal)
    arrivals = "SELECT count(*) FROM batch_fact WHERE verb = %s"
    assert fetch(arrivals, (int(Verb.ARRIVE),)) == [(1,)]
    assert "未扫到" in bench.text


def test_the_box_is_done_at_its_last_tube_and_says_so(bench, box):
    seal, tubes = box
    bench.act(f"{bench.url}/scan", code=seal)
    for tube in tubes[:2]:
        bench.act(f"{bench.url}/scan", seal=seal, code=tube)
    assert batch() == (ARRIVED, 2, 3)
    bench.act(f"{bench.url}/scan", seal=seal, code=tubes[2])
    assert ("ok", "这一箱清点完毕，全部签收。") in notices(bench.text)
    assert batch() == (RECONCILED, 3, 3)
    assert fetch("SELECT count(*) FROM ticket WHERE state = 'open'") == [(0,)]


def test_a_tube_without_its_box_named_is_received_as_one_of_its_box(bench, box):
    seal, tubes = box
    bench.act(f"{bench.url}/scan", code=seal)
    page = bench.act(f"{bench.url}/scan", code=tubes[0])
    assert page.request.args["seal"] == seal
    assert batch() == (ARRIVED, 1, 3)


def test_the_wells_receive_a_box_that_was_taken_by_its_seal_alone(bench, box, city):
    seal, tubes = box
    bench.act(f"{bench.url}/scan", code=seal)
    rule_sets.ensure_defaults(at=clock.now())
    db.session.commit()
    lab = city.lab.lab_id
    rule = next(v.rule_id for v in rule_sets.list_versions() if v.name == "general-ct40")
    bench.act(f"/lab/{lab}/plates", code="P1", rule_id=str(rule), size="96")
    bench.act(f"/lab/{lab}/scan", code="P1")
    for n, tube in enumerate(tubes, 1):
        bench.act(f"/lab/{lab}/scan", code=tube)
        assert batch()[1] == n
    assert batch() == (RECONCILED, 3, 3)
    assert [tube_of(t)["stage"] for t in tubes] == [Stage.PLATED] * 3
    assert fetch("SELECT kind FROM command") == [("plate",)] * 3


def test_a_rejected_tube_does_not_keep_its_box_open(bench, box):
    seal, tubes = box
    bench.act(f"{bench.url}/scan", code=seal)
    for tube in tubes[:2]:
        bench.act(f"{bench.url}/scan", seal=seal, code=tube)
    bench.act(f"{bench.url}/reject", seal=seal, tube=tubes[2], reason="empty")
    assert batch() == (RECONCILED, 2, 3)


def test_what_never_comes_out_of_the_box_is_a_ticket(bench, box):
    seal, tubes = box
    bench.act(f"{bench.url}/scan", code=seal)
    for tube in tubes[:2]:
        bench.act(f"{bench.url}/scan", seal=seal, code=tube)
    bench.act(f"{bench.url}/finish", seal=seal)
    assert batch() == (DISCREPANT, 2, 3)
    assert fetch("SELECT kind, subject_id FROM ticket WHERE state = 'open'") == [
        ("missing_at_lab", tubes[2])
    ]


@pytest.mark.parametrize("kind", [Kind.BOX, Kind.BADGE, Kind.SITE])
def test_another_kind_of_code_is_refused_with_its_name(bench, kind):
    r = bench.post(f"{bench.url}/scan", code=make_code(kind, 7))
    assert r.status_code == 409 and 'class="scan scan-stop"' in bench.text


@pytest.mark.parametrize(("command", "reason"), [("CMD-LEAK", "leak"), ("CMD-REJECT", "other")])
def test_a_command_at_the_door_rejects_the_tube_after_it_and_only_that(bench, box, command, reason):
    seal, tubes = box
    bench.act(f"{bench.url}/scan", code=seal)
    page = bench.act(f"{bench.url}/scan", seal=seal, code=command)
    awaits = page.request.args["awaits"]
    bench.act(f"{bench.url}/scan", seal=seal, code=tubes[0], awaits=awaits)
    assert "awaits" not in bench.get(f"{bench.url}?seal={seal}").request.args
    bench.act(f"{bench.url}/scan", seal=seal, code=tubes[1])
    assert [tube_of(t)["stage"] for t in tubes[:2]] == [Stage.REJECTED, Stage.RECEIVED]
    told = fetch("SELECT data->>'reason' FROM custody WHERE verb = %s", (int(Verb.REJECT),))
    assert told == [(reason,)]


@pytest.mark.parametrize("command", ["CMD-NTC", "CMD-NEXT", "CMD-FOO"])
def test_a_command_that_does_nothing_at_the_door_says_so(bench, box, command):
    r = bench.post(f"{bench.url}/scan", code=command)
    assert r.status_code == 409 and f"指令码 {command} " in bench.text


def test_undo_at_the_door_cancels_what_is_awaited(bench, box):
    seal, _ = box
    bench.act(f"{bench.url}/scan", seal=seal, code="CMD-LEAK")
    page = bench.act(f"{bench.url}/scan", seal=seal, code="CMD-UNDO", awaits="leak")
    assert "awaits" not in page.request.args
    assert "已取消，没有退样" in page.text


def test_a_rejected_tube_stands_so_in_its_box_and_undo_says_that_it_stays(bench, box):
    seal, tubes = box
    bench.act(f"{bench.url}/scan", code=seal)
    bench.act(f"{bench.url}/scan", seal=seal, code=tubes[0], awaits="leak")
    bench.get(f"{bench.url}?seal={seal}")
    line = bench.text[bench.text.index("箱内清单") :].partition(tubes[0])[2].partition("</tr>")[0]
    assert "已退样" in line
    page = bench.act(f"{bench.url}/scan", seal=seal, code="CMD-UNDO")
    assert "这里没有可撤销的步骤" in page.text and tube_of(tubes[0])["stage"] == Stage.REJECTED


def test_the_field_says_how_the_last_tube_stands_after_a_reload(bench, box):
    seal, tubes = box
    bench.act(f"{bench.url}/scan", code=seal)
    page = bench.act(f"{bench.url}/scan", seal=seal, code=tubes[0])
    for _ in range(2):
        bench.get(page.request.full_path)
        read = bench.text[bench.text.index("data-scan-last") :][:400]
        assert tubes[0] in read and "已签收" in read
