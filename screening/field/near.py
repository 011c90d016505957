"""What belongs to a place without being it: the rounds that sample there, laboratories, staff."""

from __future__ import annotations

from screening import clock
from screening.accounts.queries import staff_at
from screening.accounts.roles import Role
from screening.places import queries as places
from screening.places.rules import COUNTY, EVERYWHERE, Place
from screening.registry import queries as registry
from screening.registry.queries import RoundPolicy
from screening.registry.rules import RoundState
from screening.registry.service.rounds import labs_of
from screening.transport.redirect_news import list_news
from screening.transport.words import REDIRECTIONS
from screening.tube.codes import Kind, make_code

COMING = (Role.COURIER, Role.SITE_SUPERVISOR, Role.SAMPLER, Role.PACKER, Role.COMMUNITY_WORKER)


def rounds_at(site_id: int, path: str) -> list[RoundPolicy]:
    """The open rounds over a site; the one it samples for comes first: a cohort round that names
    the site before a mass round around it, then the latest before others."""
    rounds = [
        p
        for p in registry.open_rounds()
        if p.at_site(site_id) and (p.covers(path) or any(a.startswith(path) for a in p.area_paths))
    ]
    return sorted(
        rounds,
        key=lambda p: (
            p.state != RoundState.SAMPLING, p.kind != "cohort" or p.site_ids is None, -p.round_id
        ),
    )  # fmt: skip


def labs_near(path: str, default: int | None) -> list[places.LabRow]:
    """Laboratories of a site's county, and the round's own for this site."""
    near = places.list_labs([_county(path)])
    if default and default not in [lab.lab_id for lab in near]:
        near.insert(0, places.get_lab(default))
    return near


def _county(path: str) -> Place:
    ids = path.strip("/").split("/")
    return Place("area", int(ids[min(COUNTY, len(ids) - 1)]),
                 "/" + "/".join(ids[: COUNTY + 1]) + "/")  # fmt: skip


def site_lines(path: str) -> list[dict[str, str]]:
    """Sites of a site's county by name: where a courier's next box comes from."""
    return [{"id": str(s.site_id), "name": s.name} for s in places.list_sites([_county(path)])]


def redirect_lines(path: str) -> list[dict[str, object]]:
    """Boxes of a site's county that go to another laboratory than was meant, until they arrive."""
    news = list_news(places.cells_under(_county(path).path))
    names = {x.lab_id: x.name for x in places.list_labs([EVERYWHERE])} if news else {}
    return [
        {
            "batch": n.wire, "seal": n.seal, "box": n.box_code, "redirect": str(n.redirect),
            "at": clock.to_ms(n.at), "from": names.get(n.from_lab or 0, ""), "to": str(n.to_lab),
            "lab": names.get(n.to_lab, ""), "seen_at": clock.to_ms(n.seen_at) if n.seen_at else None,
            "why": dict(zip(("zh", "en"), REDIRECTIONS.get(n.reason, ("", "")), strict=True)),
        }
        for n in news
    ]  # fmt: skip


def lab_lines(site_id: int, path: str, rounds: list[RoundPolicy]) -> list[dict[str, object]]:
    """Laboratories as a phone offers them."""
    default = labs_of(rounds[0].round_id).get(site_id) if rounds else None
    return [
        {"id": str(lab.lab_id), "name": lab.name, "default": lab.lab_id == default}
        for lab in labs_near(path, default)
    ]


def staff_lines(place: Place) -> list[dict[str, object]]:
    """Who may stand at a place: its own people, and those of the areas above who come by."""
    return [
        {
            "id": str(s.staff_id),
            "no": s.staff_no,
            "name": s.name,
            "badge": make_code(Kind.BADGE, s.staff_id),
            "roles": [str(r) for r in s.roles],
        }
        for s in staff_at(place, COMING, at=clock.real_now())
    ]
