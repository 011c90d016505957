"""A rule set as fields: out and in unchanged, numbers changed, every wrong field told at once."""

from __future__ import annotations

import pytest

from screening.accounts.roles import Role
from screening.errors import Faults
from screening.lab.rules import rule_form
from screening.lab.rules.rule_sets import DEFAULTS, GENERAL, RuleSet, from_dict, to_dict
from screening.lab.service import rule_sets
from screening.registry.rules import COHORTS
from tests import make


def read(rule: RuleSet = GENERAL, **typed: str) -> RuleSet:
    fields = {k.replace("__", "."): v for k, v in typed.items()}
    shown = rule_form.values(to_dict(rule), COHORTS)
    assert fields.keys() <= shown.keys()
    return from_dict(rule_form.read(to_dict(rule), shown | fields, COHORTS))


@pytest.mark.parametrize("rule", DEFAULTS.values(), ids=lambda r: r.name)
def test_out_and_in_again_is_the_same_rule_set(rule) -> None:
    assert read(rule) == rule


def test_numbers_are_changed_and_the_rest_stays() -> None:
    made = read(
        targets__0__positive_below="37,5", targets__0__grey_below="40", controls__clean_from="",
        controls__negatives="3", cohort_cutoffs__recovered="", cohort_cutoffs__port=" 38 ",
        single_target="positive", source="kit leaflet 2026",
    )  # fmt: skip
    assert (made.targets[0].positive_below, made.targets[0].grey_below) == (37.5, 40)
    assert (made.targets[1], made.kit) == (GENERAL.targets[1], GENERAL.kit)
    assert (made.controls.clean_from, made.controls.negatives) == (None, 3)
    assert made.cohort_cutoffs == {"port": 38}
    assert (made.single_target, made.source) == ("positive", "kit leaflet 2026")


def test_fields_that_a_form_does_not_have_stay_as_they_are() -> None:
    assert from_dict(rule_form.read(to_dict(GENERAL), {}, COHORTS)) == GENERAL


def test_every_wrong_field_is_told() -> None:
    wrong = {
        "targets.0.positive_below": "", "targets.1.positive_below": "abc", "max_ct": "nan",
        "controls.clean_from": "x", "single_target": "negative", "cohort_cutoffs.port": "inf",
    }  # fmt: skip
    with pytest.raises(Faults) as told:
        rule_form.read(to_dict(GENERAL), wrong, COHORTS)
    assert {f.field for f in told.value.faults} == wrong.keys()


def test_a_version_is_drafted_by_its_fields_and_its_dry_run_follows(bench, client) -> None:
    mark = make.sign_in(client, make.staff(Role.ADMINISTRATOR, None), cookie=True)
    base = next(v for v in rule_sets.list_versions() if v.name == GENERAL.name)
    page = f"/lab/rule-sets/{base.rule_id}/draft"
    assert client.get(page).status_code == 200
    typed = rule_form.values(to_dict(GENERAL), COHORTS)
    wrong = client.post(page, data=typed | {"max_ct": "many"}, headers=mark)
    assert wrong.status_code == 422
    assert "这里须填数字" in wrong.get_data(as_text=True)
    assert 'value="many"' in wrong.get_data(as_text=True)
    done = client.post(page, data=typed | {"targets.0.positive_below": "37"}, headers=mark)
    newest = rule_sets.list_versions()
    made = next(v for v in newest if v.name == GENERAL.name)
    assert done.headers["Location"].endswith(f"/lab/rule-sets/{made.rule_id}/dry-run")
    assert (made.version, made.rule.targets[0].positive_below) == (2, 37)
    assert made.valid_from is None
