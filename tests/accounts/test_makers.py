"""The makers make rows that the real queries find."""

from screening.accounts import queries
from screening.accounts.roles import Role
from screening.places import queries as places
from tests import make


def test_a_made_street_is_its_own_cell_and_what_lies_below_shares_it(db_session):
    street = make.area("street")
    community = make.area("community", street)
    assert street.cell_id == street.area_id == community.cell_id
    assert places.cells_under(street.path) == [street.cell_id]


def test_made_staff_are_signed_in_with_their_role_and_place(db_session):
    site = make.site()
    actor = queries.find_actor(make.token(make.staff(Role.SAMPLER, site)))
    assert actor.may([Role.SAMPLER], site.place)
    assert not actor.may([Role.SAMPLER], make.site().place)
    assert not actor.may([Role.PACKER], site.place)
