"""Alerts: seen once, settled by rule, raised by hand, shown to whom they concern."""

from __future__ import annotations

import pytest

from screening import clock
from screening.db import db
from screening.lab import queries
from screening.lab.service import alerts
from screening.places.rules import EVERYWHERE, Place
from screening.tube.queries import NoSuchTube
from tests import make
from tests.lab.bench import HOT


@pytest.fixture
def alert(bench):
    (tube,) = bench.received(1)
    plate = bench.plate()
    bench.scan(plate, tube)
    bench.run(plate, bench.file(plate, {tube: HOT}))
    (found,) = queries.list_alerts(queries.reach([bench.city.lab.place], []))
    return found


def seen(alert, by=1):
    return alerts.acknowledge(alert.cell_id, alert.alert_id, by=by, at=clock.now())


def settled(alert, how="contamination", by=2):
    return alerts.settle(alert.cell_id, alert.alert_id, how, by=by, at=clock.now())


def test_the_first_acknowledgement_stands(alert):
    first = seen(alert, 1)
    assert seen(alert, 2) == first and first.seen_by == 1


def test_an_alert_is_settled_once_and_after_it_was_seen(alert):
    with pytest.raises(alerts.NotSeenYet):
        settled(alert)
    seen(alert)
    with pytest.raises(alerts.UnknownSettlement):
        settled(alert, "whatever")
    assert settled(alert).settled_how == "contamination"
    with pytest.raises(alerts.AlertSettled):
        settled(alert)


def test_a_settled_alert_leaves_the_open_list_but_stays_on_record(alert, bench):
    seen(alert)
    settled(alert)
    own = queries.reach([bench.city.lab.place], [])
    assert queries.list_alerts(own) == []
    assert [a.alert_id for a in queries.list_alerts(own, open_only=False)] == [alert.alert_id]
    assert queries.alerts_of(alert.cell_id, alert.round_id, [alert.barcode]) == {}


def test_an_alert_by_hand_is_settled_by_somebody_else(bench):
    (tube,) = bench.sampled(1)
    raised = alerts.raise_by_hand(bench.lab.lab_id, tube, by=5, at=clock.now())
    assert (raised.kind, raised.outcome, raised.lab_id) == ("hand", 2, bench.lab.lab_id)
    seen(raised, 5)
    with pytest.raises(alerts.OwnAlert):
        settled(raised, by=5)


def test_an_alert_needs_a_tube_that_is_known(bench):
    with pytest.raises(NoSuchTube):
        alerts.raise_by_hand(bench.lab.lab_id, bench.city.tube(), by=5, at=clock.now())


def street_of(site):
    """The place of a site's street."""
    path = site.area.path.rstrip("/").rsplit("/", 1)[0] + "/"
    return Place("area", int(path.split("/")[-2]), path)


def test_who_watches_over_less_than_a_street_is_shown_no_alert(alert, bench):
    assert queries.list_alerts(queries.reach([], [bench.city.sites[0].area.place])) == []


def test_alerts_reach_the_laboratory_and_those_who_watch_over_the_tubes_area(alert, bench):
    street, other = (street_of(s) for s in bench.city.sites)
    db.session.commit()
    assert queries.count_alerts(queries.reach([bench.city.lab.place], [])) == (1, 1)
    assert queries.count_alerts(queries.reach([], [street])) == (1, 1)
    assert queries.count_alerts(queries.reach([], [other])) == (0, 0)
    assert queries.count_alerts(queries.reach([], [EVERYWHERE])) == (1, 1)
    assert queries.count_alerts(queries.reach([make.lab(bench.city.sites[0].area).place], [])) == (
        0,
        0,
    )
