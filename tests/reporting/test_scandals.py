"""The public failures of mass screening, played from end to end: what stops each, and in what words.

Sources of the cases: domain 3 (Lanzhou, Shuozhou, Beijing, Shijiazhuang, England)."""

from __future__ import annotations

import json

import pytest

from screening import clock
from screening.db import db, fetch, insert, run
from screening.errors import Faults
from screening.lab import queries
from screening.lab.plates.problems import FileUsed
from screening.lab.queries.holds import list_holds
from screening.lab.service import dry_runs, plates, rule_sets, runs
from screening.lab.service.rule_sets import OwnProposal
from screening.registry.service.persons import ring
from screening.reporting.refusals import Refused
from screening.reporting.service import decisions
from screening.tube.rules import Stage
from tests import make
from tests.lab import bench as lab_bench
from tests.lab.bench import CLEAN, HOT, peek, stages
from tests.reporting import bench as desk_bench
from tests.reporting.bench import NEG, PIN, POS


@pytest.fixture
def desk(app, client, db_session):
    """A laboratory with its bench (`desk.lab`) and its review desk, in one city."""
    with app.test_request_context():
        made = desk_bench.set_up(client)
        made.lab = lab_bench.set_up(made.city, client)
        yield made


def on_plate(desk, n: int, code: str = "P1") -> tuple[list[str], queries.PlateRow]:
    tubes, plate = desk.lab.received(n), desk.lab.plate(code)
    desk.lab.load(plate, tubes)
    return tubes, plate


def refused(desk, *tubes: str) -> dict[str, str]:
    """Code → Chinese sentence of everything that stands against the release of these tubes."""
    with pytest.raises(Refused) as e:
        desk.release(*tubes)
    db.session.rollback()
    return {f.problem.code: f.problem.sentence("zh") for f in e.value.faults}


def sent() -> list[tuple[str, str]]:
    """(tube, outcome) of everything that is on its way out of the house."""
    rows = fetch("SELECT body FROM outbox WHERE topic = 'results'")
    told = [json.loads(ring().open(bytes(body), "outbox.body")) for (body,) in rows]
    return sorted((t["tube"], t["outcome"]) for t in told)


# --- Lanzhou: positives in the negative package, hours after they had been told -------------------


def test_lanzhou_a_tube_told_as_positive_does_not_leave_as_negative(desk):
    tubes, plate = on_plate(desk, 3)
    bench = desk.lab
    spilt = {"A1": HOT}  # a dirty control: the plate is void, its positive is told all the same
    bench.run(plate, bench.file(plate, {tubes[0]: HOT}, controls=spilt))
    assert peek("SELECT kind, barcode FROM alert") == [("provisional", tubes[0])]
    second = bench.plate("P2")
    bench.load(second, tubes)
    bench.run(second, bench.file(second))  # now all of them look negative
    desk.sign_both(*tubes)
    out = desk.release(*tubes)
    assert sorted(out.released) == sorted(tubes[1:])
    assert [p.code for p in out.refused] == ["alert_conflict"]
    assert refused(desk, tubes[0]) == {
        "alert_conflict": f"试管 {tubes[0]} 的结果与未处理的预警矛盾，不能发布。"
    }
    assert sent() == sorted((t, int(NEG)) for t in tubes[1:])
    assert desk.tickets("alert_conflict") == [tubes[0]]


def test_lanzhou_no_request_puts_a_result_into_a_package(app):
    """What leaves is written by release and correction alone; nothing takes rows, lists or files."""
    doors = {
        (rule.rule, method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"GET", "HEAD", "OPTIONS"}
        if "package" in rule.rule
    }
    assert not [d for d in doors if "receipt" not in d[0]]


# --- Shuozhou: one file under two entries; results for people who were never sampled ---------------


def test_shuozhou_one_file_is_not_the_result_of_two_plates(desk):
    first, one = on_plate(desk, 2, "P1")
    second, two = on_plate(desk, 2, "P2")
    data = desk.lab.file(one, names=False)
    desk.lab.run(one, data)
    for again in (data, data.replace(b"\n", b"\r\n")):
        with pytest.raises(FileUsed) as e:
            desk.lab.preview(two, again)
        assert e.value.sentence("zh") == (
            "这份结果属于板 P1，同一文件不能用于两块板；没有任何结果被采用。"
        )
    assert stages(*second) == [int(Stage.PLATED)] * 2
    assert stages(*first) == [int(Stage.TESTED)] * 2


@pytest.mark.parametrize("where", ["", "另一实验室 "])
def test_shuozhou_a_copy_under_other_names_and_another_hour_is_no_second_result(desk, where):
    """The file of one plate, edited: the other plate's code and tubes, its control wells, its hour."""
    one_tubes, one = on_plate(desk, 14)
    seen = [(None, None, 24.0 + i / 7) for i in range(14)]
    desk.lab.run(one, desk.lab.file(one, dict(zip(one_tubes, seen, strict=True)), code="P1"))
    if where:
        away = make.lab(name=where.strip())
        for table in ("run", "plate"):
            run(f"UPDATE {table} SET cell_id = %s, lab_id = %s", (away.cell_id, away.lab_id))
    tubes, two = on_plate(desk, 14, "P2")
    forged = desk.lab.file(two, dict(zip(tubes, reversed(seen), strict=True)), code="P2")
    shown = desk.lab.run(two, forged)
    assert shown.run.state == "quarantined" and set(stages(*tubes)) == {int(Stage.PLATED)}
    assert [(d["code"], d["found"]) for d in shown.verdict["differences"]] == [
        ("same_values", f"{where}P1")
    ]


def test_shuozhou_a_tube_that_nobody_was_sampled_into_gives_no_result(desk):
    bench, tube = desk.lab, desk.city.tube()
    plate = bench.plate()
    bench.scan(plate, tube)
    bench.run(plate, bench.file(plate))
    desk.sign_both(tube)
    why = refused(desk, tube)
    assert why["no_persons"] == f"试管 {tube} 没有人员，结果暂不发布。"
    assert sent() == []


# --- England: a wrong threshold, found by outsiders; rows that fell off the end --------------------

STRICT = 25.0  # a cut-off fifteen cycles too early
SEEN = (33.0, 34.0, 28.0)  # a positive by the rule set, a negative by that cut-off


def wrong_rule(desk, approve: bool) -> None:
    now = clock.now()
    general = rule_sets.get_version(desk.lab.rules["general-ct40"])
    body = json.loads(json.dumps(general.body))
    for target in body["targets"]:
        target["positive_below"], target["grey_below"] = STRICT, None
    made = rule_sets.propose(body, by=1, at=now)
    trial = dry_runs.make(made.rule_id, by=1, at=now)
    db.session.commit()
    with pytest.raises(OwnProposal):
        rule_sets.approve(made.rule_id, by=1, at=now, trial_id=trial.trial_id)
    db.session.rollback()
    if approve:
        rule_sets.approve(made.rule_id, by=2, at=now, trial_id=trial.trial_id)
        db.session.commit()
        desk.lab.rules["general-ct40"] = made.rule_id


def test_england_a_wrong_cut_off_shows_in_the_dry_run_before_anybody_can_approve_it(desk):
    tubes, plate = on_plate(desk, 2)
    desk.lab.run(plate, desk.lab.file(plate, {tubes[0]: SEEN}))
    wrong_rule(desk, approve=False)
    (body,) = fetch("SELECT body FROM rule_trial")[0]
    assert tubes[0] in json.dumps(body)  # positive would have become negative


def test_england_a_laboratory_that_no_longer_finds_positives_is_held(desk):
    """Two persons approved it nevertheless; the other laboratories keep finding five per cent."""
    wrong_rule(desk, approve=True)
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    columns = ("cell_id", "lab_id", "hour", "tubes", "signals")
    lab = desk.lab.lab
    insert("lab_hour", columns, [(lab.cell_id, 999, hour, 2000, 100)])
    insert("lab_hour", columns, [(lab.cell_id, lab.lab_id, hour, 300, 0)])
    db.session.commit()
    tubes, plate = on_plate(desk, 3)
    shown = desk.lab.run(plate, desk.lab.file(plate, {tubes[0]: SEEN}))
    assert [c["outcome"] for c in shown.calls] == [int(NEG)] * 3
    assert shown.verdict["holds"] == ["lab_low"]
    assert peek("SELECT kind, state FROM ticket WHERE kind = 'run_held'") == [("run_held", "open")]
    desk.sign_both(*tubes)
    why = refused(desk, *tubes)
    assert set(why) == {"watched"} and "实验室阳性率偏低" in why["watched"]
    assert sent() == []


def test_england_a_file_that_lost_rows_gives_no_result(desk):
    tubes, plate = on_plate(desk, 3)
    whole = desk.lab.file(plate).splitlines()
    shown = desk.lab.run(plate, b"\n".join(whole[:-3]) + b"\n")
    assert shown.run.state == "quarantined" and stages(*tubes) == [int(Stage.PLATED)] * 3


# --- Beijing: pooled tubes mixed again into fewer wells --------------------------------------------


def test_beijing_no_well_takes_a_second_tube_and_what_was_not_tested_does_not_go_out(desk):
    (one, other), plate = desk.lab.received(2), desk.lab.plate()
    well = desk.lab.load(plate, [one])[one]
    with pytest.raises(Faults) as e:
        plates.fill(desk.lab_id, plate.plate_id, {well: other}, by=1, at=clock.now())
    db.session.rollback()
    assert one in e.value.faults[0].problem.sentence("zh")
    desk.lab.run(plate, desk.lab.file(plate))
    desk.sign_both(one)
    assert desk.release(one).released == [one]
    with pytest.raises(Refused) as e:
        desk.review(other, step=1)
    db.session.rollback()
    assert e.value.faults[0].problem.sentence("zh") == f"试管 {other} 还没有检测结果。"


# --- Shijiazhuang: a positive pool that was not reported --------------------------------------------


def alerts() -> list[tuple]:
    return peek("SELECT kind, barcode FROM alert ORDER BY alert_id")


def test_shijiazhuang_the_alert_is_there_as_soon_as_the_file_is_in(desk):
    tubes, plate = on_plate(desk, 3)
    desk.lab.run(plate, desk.lab.file(plate, {tubes[1]: HOT}))
    assert alerts() == [("positive", tubes[1])]


def test_shijiazhuang_a_positive_file_cannot_be_put_away_unseen(desk):
    tubes, plate = on_plate(desk, 3)
    shown = desk.lab.preview(plate, desk.lab.file(plate, {tubes[1]: HOT}))
    assert runs.discard(desk.lab_id, shown.run.run_id, by=7, at=clock.now()) == 1
    db.session.commit()
    assert alerts() == [("provisional", tubes[1])]
    assert queries.get_run(desk.lab.lab, shown.run.run_id).state == "quarantined"
    desk.lab.run(plate, desk.lab.file(plate))  # the same plate, edited to be clean
    desk.sign_both(*tubes)
    out = desk.release(*tubes)
    assert sorted(out.released) == sorted([tubes[0], tubes[2]])
    assert [p.code for p in out.refused] == ["alert_conflict"]


def test_shijiazhuang_nor_by_adopting_an_edited_copy(desk):
    tubes, plate = on_plate(desk, 3)
    desk.lab.preview(plate, desk.lab.file(plate, {tubes[1]: HOT}))
    desk.lab.run(plate, desk.lab.file(plate))
    assert alerts() == [("provisional", tubes[1])]


def test_shijiazhuang_a_clean_file_that_was_put_away_alerts_nobody(desk):
    _, plate = on_plate(desk, 2)
    shown = desk.lab.preview(plate, desk.lab.file(plate))
    assert runs.discard(desk.lab_id, shown.run.run_id, by=7, at=clock.now()) == 0
    assert alerts() == [] and peek("SELECT count(*) FROM original") == [(0,)]


# --- what two persons may do about it ---------------------------------------------------------------


def test_a_hold_is_lifted_by_two_persons_and_the_plate_goes_out(desk):
    tubes, plate = on_plate(desk, 4)
    desk.lab.run(plate, desk.lab.file(plate, dict.fromkeys(tubes, HOT)))
    held = list_holds([desk.lab.lab])
    assert {h.kind for h in held} == {"adjacent", "plate_high"}
    assert len(alerts()) == 4  # a hold keeps back the release, never the alert
    desk.sign_both(*tubes)
    assert set(refused(desk, *tubes)) == {"watched"}
    for h in held:
        lift = {"secret": PIN, "at": clock.now()}
        first, second = desk.actor(desk.reviewer), desk.actor(desk.second)
        decisions.lift_hold(desk.lab_id, h.hold_id, "同一家庭四管", by=first, **lift)
        with pytest.raises(decisions.OwnLift):
            decisions.lift_hold(desk.lab_id, h.hold_id, "", by=first, **lift)
        row = decisions.lift_hold(desk.lab_id, h.hold_id, "", by=second, **lift)
        assert (row.asked_by, row.lifted_by) == (first.staff_id, second.staff_id)
        with pytest.raises(decisions.AlreadyLifted):
            decisions.lift_hold(desk.lab_id, h.hold_id, "", by=second, **lift)
    db.session.commit()
    assert len(desk.release(*tubes).released) == 4
    assert sent() == sorted((t, int(POS)) for t in tubes)
    assert peek("SELECT state FROM ticket WHERE kind = 'run_held'") == [("closed",)]


@pytest.mark.parametrize("how", ["keep", "rerun"])
def test_where_the_instrument_says_otherwise_a_named_person_decides(desk, how):
    (tube,), plate = on_plate(desk, 1)
    shown = desk.lab.run(plate, desk.lab.file(plate, {tube: CLEAN}))
    from tests.reporting.test_gates import said_by_instrument

    said_by_instrument(desk, shown.run.run_id, "instrument_doubt")
    desk.sign_both(tube)
    assert set(refused(desk, tube)) == {"undecided"}
    by = desk.actor(desk.reviewer)
    decisions.decide(tube, how, "曲线平直", lab_id=desk.lab_id, by=by, secret=PIN, at=clock.now())
    db.session.commit()
    assert peek('SELECT how, "by" FROM decision') == [(how, by.staff_id)]
    if how == "keep":
        assert desk.release(tube).released == [tube]
        with pytest.raises(Exception) as e:
            decisions.decide(tube, how, "再看", lab_id=desk.lab_id, by=by, secret=PIN,
                             at=clock.now())  # fmt: skip
        assert e.value.code in ("not_tested", "nothing_differs")
    else:
        assert stages(tube) == [int(Stage.RECEIVED)]
