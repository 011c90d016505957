"""The grand walk: every route x every role x inside, outside and signed out, with real objects.

How to add a route. In `tests/access_cases/<slice>.py`:

    from tests import make
    from tests.access import Case, World

    def box_of(side):                       # makes a fresh object, so that writes can repeat
        return {"values": {"box_id": make_box(side.site)}, "json": {"count": 3}}

    CASES = [
        Case("transport_api.seal_box", "POST",
             inside=lambda w: box_of(w.a), outside=lambda w: box_of(w.b)),
    ]

`inside` and `outside` get the world and give the keyword arguments of a request: `values` (path
parameters) and whatever Flask's test client takes (`json`, `data`, `query_string`, `headers`).
They run inside an app context, once for each request; what must exist once only goes through
`w.once("name", maker)`. The world has two sides, `w.a` (inside) and `w.b` (outside), each with
county, street, community, site, lab; every role has a person at both sides and one over the
city; `w.acting` is who sends the request that is being made.

What is then tried, by itself:
- each role of the view, at side a, with the inside request: 2xx or 3xx;
- the same person with the outside request, and the same role of side b with the inside request:
  403 or 404 (lists of own rows may answer, but no word of the other side may occur in them;
  other filtered views may also answer 422);
- a view of the whole city (`at=CITY`): a person of one county is refused;
- every other role, even with the whole city as scope: 403; nobody signed in: 401 or the door;
- no refusal writes to any table but audit and throttle: every statement is heard, and around the
  first refusal of a route every table is compared besides.

`stand`: where a role has to stand for this route when its usual place (HOMES) does not fit.
`reason`: for views with `at=ANYWHERE`, why no place can be asked for (they act on oneself only,
or on what everybody may see). `ok`: the exact status where 2xx/3xx is too wide.
`inside_marker`, `outside_marker`: strings that must, or must not, occur in the inside answer of
every role; the names of side b never may.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Flask

from screening.accounts.guard import ANYWHERE, CITY, Rule
from screening.accounts.queries import token_hash
from screening.accounts.roles import Role
from screening.db import db, fetch
from tests import make, statements

# tables that a refusal may touch; seals and schedules belong to the worker
TRACES = {"audit", "audit_head", "throttle", "alembic_version"}
SKIPPED = {"static"}


@dataclass
class Side:
    """One half of the world, with names that occur nowhere else."""

    county: make.MadeArea
    street: make.MadeArea
    community: make.MadeArea
    site: make.MadeSite
    lab: make.MadeLab

    @property
    def words(self) -> list[str]:
        return [x.name for x in (self.street, self.community, self.site, self.lab)]


HOMES: dict[Role, Callable[[Side], make.Spot]] = {
    Role.SAMPLER: lambda s: s.site,
    Role.PACKER: lambda s: s.site,
    Role.SITE_SUPERVISOR: lambda s: s.site,
    Role.COURIER: lambda s: s.county,
    Role.LAB_TECHNICIAN: lambda s: s.lab,
    Role.LAB_REVIEWER: lambda s: s.lab,
    Role.COMMUNITY_WORKER: lambda s: s.community,
    Role.DISTRICT_HEAD: lambda s: s.county,
    Role.DISPATCHER: lambda s: s.county,
    Role.ADMINISTRATOR: lambda s: s.county,
    Role.AUDITOR: lambda s: s.county,
}


Caller = tuple[make.MadeStaff, str]  # with the token of a live session


@dataclass
class World:
    """Two counties side by side; people are made when first asked for."""

    app: Flask
    city: make.MadeArea
    a: Side
    b: Side
    acting: make.MadeStaff | None = None  # who sends the request that is being made
    _kept: dict[Any, Any] = field(default_factory=dict)

    def once(self, name: Any, maker: Callable[[], Any]) -> Any:
        if name not in self._kept:
            self._kept[name] = maker()
        return self._kept[name]

    def person(self, role: Role, at: make.Spot) -> Caller:
        """A staff member and a token of a live session."""
        place = make.place_of(at)

        def hire() -> Caller:
            who = make.staff(role, place, password=None)
            return who, make.token(who)

        kept = self.once(("person", role, place), hire)
        alive = "SELECT 1 FROM login_session WHERE token_hash = %s AND revoked_at IS NULL"
        if not fetch(alive, (token_hash(kept[1]),)):  # a case may have signed the person out
            kept = self._kept["person", role, place] = (kept[0], make.token(kept[0]))
        return kept


def make_world(app: Flask) -> World:
    city = make.area("city")

    def side(word: str) -> Side:
        county = make.area("county", city, name=f"{word}县区")
        street = make.area("street", county, name=f"{word}街道")
        community = make.area("community", street, name=f"{word}社区")
        return Side(
            county,
            street,
            community,
            make.site(community, name=f"{word}采样点"),
            make.lab(community, name=f"{word}检测室"),
        )

    return World(app, city, side("甲岭"), side("乙湾"))


Request = Callable[[World], dict[str, Any]]


@dataclass(frozen=True)
class Case:
    endpoint: str
    method: str = "GET"
    inside: Request = lambda w: {}
    outside: Request | None = None
    ok: int | None = None
    stand: Mapping[Role, Callable[[Side], make.Spot]] = field(default_factory=dict)
    inside_marker: Callable[[World], Sequence[str]] = lambda w: ()
    outside_marker: Callable[[World], Sequence[str]] = lambda w: ()
    reason: str = ""

    @property
    def id(self) -> str:
        return f"{self.method} {self.endpoint}"


class Walk:
    """One case, walked. Every method fails with a sentence."""

    def __init__(self, world: World, case: Case) -> None:
        self.world, self.case, self.app = world, case, world.app
        self.rule: Rule = rule_of(world.app, case.endpoint)
        self.client = world.app.test_client(use_cookies=False)
        self.looked = False  # whether every table was compared around a refusal

    def send(self, request: Request, who: Caller | None) -> Any:
        with self.app.app_context():
            self.world.acting = who[0] if who else self.world.acting
            kw = dict(request(self.world))
            db.session.commit()
            db.session.remove()
        headers = {"Accept": "text/html", **kw.pop("headers", {})}
        if who:
            headers["Authorization"] = f"Bearer {who[1]}"
        url = self.app.url_map.bind("localhost").build(
            self.case.endpoint, kw.pop("values", {}), method=self.case.method
        )
        statements.touched.clear()
        return self.client.open(url, method=self.case.method, headers=headers, **kw)

    def caller(self, role: Role, side: Side | None) -> Caller:
        with self.app.app_context():
            home = self.case.stand.get(role, HOMES[role])
            who = self.world.person(role, home(side) if side else None)
            db.session.remove()
        return who

    def walk(self) -> None:
        if self.rule.public:
            return self._check_ok(self.send(self.case.inside, None), "anybody")
        if self.rule.at is ANYWHERE:
            assert self.case.reason, f"{self.case.id}: at=ANYWHERE needs a reason in its case"
        for role in Role:
            if role in self.rule.roles:
                self._allowed(role)
            else:
                self._refused(self.case.inside, self.caller(role, None), f"{role}", {403})
        self._signed_out()

    def _allowed(self, role: Role) -> None:
        whole_city = self.rule.at is CITY
        r = self.send(self.case.inside, self.caller(role, None if whole_city else self.world.a))
        self._check_ok(r, f"{role} inside")
        self._check_words(r, self.world.b.words, f"{role} inside")
        self._check_words(r, self.case.outside_marker(self.world), f"{role} inside")
        missing = [m for m in self.case.inside_marker(self.world) if m not in text_of(r)]
        assert not missing, f"{self.case.id}: {role} inside was not shown {missing}"
        if whole_city:
            own = self.caller(role, self.world.a)
            self._refused(self.case.inside, own, f"{role} of one county", {403, 404})
        elif self.rule.at is not ANYWHERE:
            self._outside(role)

    def _outside(self, role: Role) -> None:
        tries = [(self.case.inside, self.world.b, self.world.a.words, f"{role} from outside")]
        if self.case.outside is not None:
            mine = (self.case.outside, self.world.a, self.world.b.words, f"{role} reaching outside")
            tries.append(mine)
        for request, side, foreign, who in tries:
            caller = self.caller(role, side)
            if self.rule.at.filtered and self.case.method == "GET":
                r = self.send(request, caller)
                assert r.status_code < 500, f"{self.case.id}: {who} got {r.status_code}"
                self._check_words(r, foreign, who)
            else:
                wide = {403, 404, 422} if self.rule.at.filtered else {403, 404}
                self._refused(request, caller, who, wide)

    def _signed_out(self) -> None:
        r = self._refused(self.case.inside, None, "nobody", {401, 302, 303})
        if r.status_code != 401:
            assert "/session" in r.headers["Location"], f"{self.case.id}: not led to the door"

    def _refused(self, request: Request, caller: Caller | None, who: str, codes: set[int]) -> Any:
        """No statement wrote to a table; around the first refusal every table is compared too."""
        held: dict[str, Any] = {}
        whole, self.looked = not self.looked, True

        def prepared(world: World) -> dict[str, Any]:
            kw = request(world)
            db.session.commit()
            held.update(tables() if whole else {})
            return kw

        r = self.send(prepared, caller)
        changed = statements.touched - TRACES
        assert r.status_code in codes, (
            f"{self.case.id}: {who} was not refused: {r.status_code} {text_of(r)[:300]}"
        )
        if whole:
            with self.app.app_context():
                after = tables()
                db.session.remove()
            changed |= {t for t in after if after[t] != held.get(t)}
        assert not changed, f"{self.case.id}: refused, yet {who} left a trace in {sorted(changed)}"
        return r

    def _check_ok(self, r: Any, who: str) -> None:
        said = f"{self.case.id}: {who} got {r.status_code} {text_of(r)[:400]}"
        if self.case.ok is not None:
            assert r.status_code == self.case.ok, said
        else:
            assert r.status_code < 400, said
        assert "/session?" not in r.headers.get("Location", ""), f"{said}: led to the door"

    def _check_words(self, r: Any, words: Sequence[str], who: str) -> None:
        if r.status_code >= 300:
            return
        text = text_of(r)
        seen = [w for w in words if w in text]
        assert not seen, f"{self.case.id}: {who} was shown {seen}"


def text_of(r: Any) -> str:
    """The answer as text; of a printed sheet what can be read."""
    return r.get_data().decode(errors="replace")


def rule_of(app: Flask, endpoint: str) -> Rule:
    return app.view_functions[endpoint].requires  # type: ignore[attr-defined]


def routes(app: Flask) -> list[tuple[str, str]]:
    """(endpoint, method) of every route but static files."""
    return sorted(
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in SKIPPED
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )


def tables() -> dict[str, tuple]:
    """For every table that ever held a row: how many there are, and which transactions wrote them.

    Asked anew each time: the partitions of a test's rounds come and go, most of them empty.
    """
    rows = fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
        "AND relkind = 'r' AND pg_relation_size(oid) > 0"
    )
    names = sorted(r[0] for r in rows if r[0] not in TRACES)
    one = "SELECT '{t}', count(*), coalesce(sum(xmin::text::bigint), 0) FROM \"{t}\""
    rows = fetch(" UNION ALL ".join(one.format(t=t) for t in names) + " /* fan-out: test */")
    return {name: (count, wrote) for name, count, wrote in rows}
