"""A dry run: past runs judged again by a proposed version, with nothing of them changed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.db import db
from screening.lab.rules.rule_sets import GENERAL, to_dict
from screening.lab.rules.well_rules import Outcome
from screening.lab.service import dry_runs, rule_sets
from tests import make
from tests.lab.bench import GREY, HOT, peek

NEG, POS, INC, INV = (int(o) for o in Outcome)
AT_39 = (39.0, 39.5, 28.0)  # positive below 40, nothing below 37
LEFT_ALONE = ("run", "call", "tube", "custody", "alert", "plate", "well", "ticket", "result")


def body(limit: float = 40.0, **change) -> dict:
    """The general rule with other limits for both targets."""
    base = to_dict(GENERAL)
    targets = [t | {"positive_below": limit} for t in base["targets"]]
    return base | {"targets": targets} | change


def propose(wanted: dict):
    made = rule_sets.propose(wanted, by=1, at=clock.now())
    db.session.commit()
    return made


def tried(made, **kw):
    trial = dry_runs.make(made.rule_id, by=2, at=clock.now(), **kw)
    db.session.commit()
    return trial.report


@pytest.fixture
def past(bench):
    """A plate of the past: one hot tube, one at Ct 39, one with a single target, two clean."""
    plate = bench.plate()
    tubes = bench.received(5)
    bench.load(plate, tubes)
    cts = dict(zip(tubes, (HOT, AT_39, GREY), strict=False))
    bench.run(plate, bench.file(plate, cts))
    return tubes


def everything() -> dict[str, list]:
    return {t: peek(f"SELECT * FROM {t} ORDER BY 1, 2, 3") for t in LEFT_ALONE}


def test_the_uk_threshold_is_seen_before_it_is_approved(bench, past):
    """A limit of 37 loses the tube at 39: shown by number, old word and new word."""
    found = tried(propose(body(37)))
    assert (found.runs, found.tubes, found.changed) == (1, 5, 1)
    (line,) = found.lines
    assert (line.barcode, line.old, line.new) == (past[1], POS, NEG)
    assert line.cts["ORF1ab"] == 39.0
    assert (found.lost, found.won) == (1, 0)


def test_the_same_rule_again_changes_nothing(bench, past):
    found = tried(propose(to_dict(GENERAL)))
    assert (found.runs, found.changed, found.plates, found.lines) == (1, 0, [], [])


def test_a_dry_run_writes_nothing_but_itself(bench, past):
    before = everything()
    tried(propose(body(30)))
    assert everything() == before


def test_another_policy_for_one_target_is_shown_as_what_it_would_make_of_them(bench, past):
    found = tried(propose(to_dict(GENERAL) | {"single_target": "positive"}))
    assert [(x.barcode, x.old, x.new) for x in found.lines] == [(past[2], INC, POS)]
    assert found.pairs == {f"{INC}>{POS}": 1}
    assert (found.lost, found.won) == (0, 0)


def test_a_plate_whose_controls_would_fail_is_listed_whole(bench, past):
    strict = to_dict(GENERAL)
    strict["controls"] = strict["controls"] | {"positive_max_ct": 30}
    found = tried(propose(strict))
    (plate,) = found.plates
    assert (plate.plate, plate.old, plate.new) == ("P1", "evaluated", "invalid")
    assert plate.faults == ["positive_late"]
    assert plate.tubes == 5


def test_a_kit_with_a_target_more_would_have_made_no_negative(bench, past):
    third = {"name": "S", "positive_below": 40}
    found = tried(propose(body() | {"targets": [*body()["targets"], third]}))
    assert found.pairs[f"{NEG}>{INV}"] == 2


def test_signals_that_would_be_lost_are_listed_first(bench):
    plate = bench.plate()
    tubes = bench.received(3)
    bench.load(plate, tubes)
    bench.run(plate, bench.file(plate, {tubes[0]: (36.0, None, 28.0), tubes[2]: AT_39}))
    found = tried(propose(body(37, single_target="positive")))
    assert [(x.old, x.new) for x in found.lines] == [(POS, NEG), (INC, POS)]


def test_runs_of_other_days_and_other_rules_are_not_judged(bench, past):
    made = propose(body(37))
    later = dry_runs.make(made.rule_id, by=2, at=clock.now() + timedelta(days=3), days=2)
    assert later.report.runs == 0
    other = propose(body(37) | {"name": "another", "kit": "another kit"})
    assert tried(other).runs == 0


def test_a_new_name_for_the_same_kit_is_tried_on_what_the_kit_s_rules_judged(bench, past):
    assert tried(propose(body(37) | {"name": "another"})).changed == 1


@pytest.mark.parametrize("days", [0, -1, 91])
def test_how_far_a_dry_run_looks_back_is_limited(bench, days):
    with pytest.raises(dry_runs.TooFarBack):
        dry_runs.make(propose(body(37)).rule_id, by=2, at=clock.now(), days=days)


def test_only_the_newest_runs_are_judged_and_the_rest_is_counted(bench, past, monkeypatch):
    monkeypatch.setattr(dry_runs, "MOST_RUNS", dry_runs.MOST_RUNS._replace(value=1))
    plate = bench.plate("P2")
    bench.load(plate, bench.received(1))
    bench.run(plate, bench.file(plate))
    found = tried(propose(body(37)))
    assert (found.runs, found.left_out, found.tubes) == (1, 1, 1)


# --- on the page and over HTTP ------------------------------------------------------------------


def signed_in(client, at, role=Role.LAB_REVIEWER):
    mark = make.sign_in(client, make.staff(role, at), cookie=True)
    return lambda path, **form: client.post(path, data=form, headers=mark)


def test_a_reviewer_sees_the_tubes_and_approves_on_what_was_seen(bench, past, client):
    made = propose(body(37))
    post = signed_in(client, bench.city.lab)
    page = f"/lab/rule-sets/{made.rule_id}/dry-run"
    assert client.get(page).status_code == 200
    approval = f"/lab/rule-sets/{made.rule_id}/approve"
    assert post(approval).status_code == 409
    assert post(page, days="7").status_code == 303
    shown = client.get(page).get_data(as_text=True)
    assert past[1] in shown
    assert past[0] not in shown
    assert "targets[ORF1ab].positive_below" in shown
    trial = rule_sets.dry_runs.list_trials(made.rule_id)[0]
    assert post(approval, trial_id=trial.trial_id).status_code == 303
    assert rule_sets.get_version(made.rule_id).valid_from is not None


def test_a_reviewer_of_another_laboratory_sees_counts_and_no_tube(bench, past, client):
    made = propose(body(37))
    elsewhere = make.lab(make.area("community", make.area("street", make.area("county"))))
    post = signed_in(client, elsewhere)
    page = f"/lab/rule-sets/{made.rule_id}/dry-run"
    post(page, days="7")
    shown = client.get(page).get_data(as_text=True)
    assert past[1] not in shown
    assert "另有 1 管" in shown


def test_a_number_of_days_that_is_none_is_told_at_its_field(bench, client):
    made = propose(body(37))
    post = signed_in(client, bench.city.lab)
    back = post(f"/lab/rule-sets/{made.rule_id}/dry-run", days="4000")
    assert back.status_code == 422
    assert "1 至 90 天" in back.get_data(as_text=True)


@pytest.mark.parametrize("text", ["[" * 39_000, "1" * 5_000, "{", "[1]", '{"name": "\\ud800"}', ""])
def test_a_proposal_that_is_no_rule_set_is_told_at_its_field(bench, client, text):
    mark = make.sign_in(client, make.staff(Role.ADMINISTRATOR, None), cookie=True)
    back = client.post("/lab/rule-sets", data={"body": text}, headers=mark)
    assert back.status_code == 422
    assert "判读规则有误" in back.get_data(as_text=True)
