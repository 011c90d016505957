"""What somebody still holds: roles that ended, and places that are gone, are nobody's."""

from __future__ import annotations

from screening.accounts.queries import actor_of, actors_of
from screening.accounts.roles import Role
from screening.db import run
from tests import make


def test_an_actor_holds_what_has_not_ended_and_whose_place_is_there(app, db_session):
    with app.app_context():
        site = make.site()
        who = make.staff(Role.SITE_SUPERVISOR, site)
        make.grant(who, Role.PACKER, site)
        assert {g.role for g in actor_of(who.staff_id).grants} == {"site_supervisor", "packer"}
        run("UPDATE grant_role SET until = '2020-01-01' WHERE role = 'packer'")
        assert {g.role for g in actor_of(who.staff_id).grants} == {"site_supervisor"}
        run("UPDATE grant_role SET scope_id = 999999 WHERE staff_id = %s", (who.staff_id,))
        assert actor_of(who.staff_id).grants == ()
        run("UPDATE staff SET active = false WHERE staff_id = %s", (who.staff_id,))
        assert actors_of([who.staff_id]) == {}
