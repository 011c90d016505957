"""From an alert to the report of its tube, for those who may open it."""

from __future__ import annotations

from screening.accounts.roles import Role
from screening.db import fetch
from tests import make
from tests.reporting.bench import POS


def test_an_alert_leads_a_district_head_to_the_report_of_its_tube(desk, client):
    tube = desk.fill(0, 2)
    desk.alert(tube, "hand", POS)
    cell, number = fetch("SELECT cell_id, alert_id FROM alert")[0]
    rules = [
        r.rule for r in client.application.url_map.iter_rules() if r.endpoint == "lab_pages.alert"
    ]
    path = rules[0].replace("<int:cell>", str(cell)).replace("<int:alert_id>", str(number))
    make.sign_in(client, desk.head, cookie=True)
    assert f"/bulletins/near?tube={tube}" in client.get(path).get_data(as_text=True)
    worker = make.staff(Role.DISPATCHER, desk.head.place)
    make.sign_in(client, worker, cookie=True)
    page = client.get(path)
    assert page.status_code != 200 or "/bulletins/near" not in page.get_data(as_text=True)
