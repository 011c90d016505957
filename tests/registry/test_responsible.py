"""Who answers for a site or a laboratory is named on its page, by staff number."""

from __future__ import annotations

import pytest

from screening.accounts.roles import Role
from screening.db import db, fetch
from tests import make, world

FORMS = {
    "site": {"name": "某采样点", "kind": "community", "tables": "2", "phone": "", "opens": ""},
    "lab": {"name": "某实验室", "capacity": "900"},
}


@pytest.fixture
def desk(app, client, db_session):
    with app.test_request_context():
        city = world.city(streets=1, persons=1)
        keeper = make.staff(Role.SITE_SUPERVISOR, city.sites[0])
        head = {**make.sign_in(client, make.staff(Role.ADMINISTRATOR)), "Accept": "text/html"}
        db.session.commit()
        yield {"site": city.sites[0].site_id, "lab": city.lab.lab_id}, keeper, head


def kept(kind: str, number: int) -> int | None:
    db.session.rollback()
    return fetch(f"SELECT responsible_id FROM {kind} WHERE {kind}_id = %s", (number,))[0][0]


@pytest.mark.parametrize("kind", FORMS)
def test_whoever_answers_for_a_place_is_named_by_number_and_shown_again(client, desk, kind):
    ids, keeper, head = desk
    path = f"/{kind}s/{ids[kind]}"
    named = {**FORMS[kind], "responsible": keeper.staff_no}
    assert client.post(path, data=named, headers=head).status_code == 303
    assert kept(kind, ids[kind]) == keeper.staff_id
    assert f'value="{keeper.staff_no}"' in client.get(path, headers=head).text
    r = client.post(path, data={**FORMS[kind], "responsible": "nobody-1"}, headers=head)
    assert r.status_code == 422 and "没有这个工号" in r.text and 'value="nobody-1"' in r.text
    assert client.post(path, data=FORMS[kind], headers=head).status_code == 303
    assert kept(kind, ids[kind]) == keeper.staff_id, "a form that does not ask takes nobody away"
    client.post(path, data={**FORMS[kind], "responsible": ""}, headers=head)
    assert kept(kind, ids[kind]) is None
