"""A day of a small town as a script of happenings, each through the door that it really takes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from screening import clock
from screening.accounts.roles import Role
from screening.coverage import service as coverage
from screening.db import db, fetch, insert, new_id, run
from screening.lab.rules.well_rules import Outcome
from screening.places.queries import TREE
from screening.registry.queries import ROUNDS
from screening.registry.rules import Flag
from screening.registry.service import exemptions, persons
from screening.reminders import service as reminders
from screening.tickets.desk import count_tickets
from screening.tube import service as tubes
from screening.tube.codes import Kind, make_code
from screening.tube.queries import get_key, get_tube
from screening.tube.rules import NEXT, Stage, Verb
from tests import devices, make, world
from tests.coverage.recount import One, recount
from tests.reporting.bench import PIN, Bench

# (what, and three numbers that choose among what is there)
Happening = tuple[str, int, int, int]
WHAT = (
    "swab", "swab", "swab", "swab", "swab_as_resample", "unbind", "mark", "receive", "receive",
    "reject", "lose", "find", "release", "release", "correct", "excuse", "excuse", "end_excuse",
    "contact", "contact", "contact", "visit", "move_home", "move_home", "merge", "stranger",
    "flag", "cohort", "leave_cohort", "wait", "count", "sign_off", "newcomer",
)  # fmt: skip
CODES = ("medical", "infant", "away", "quarantined")
SAYS = (
    "will_come", "already_done", "away", "refused", "unreachable", "exempt_pending", "visit",
    "later", "absent", "moved",
)  # fmt: skip
OUTCOMES = (Outcome.NEGATIVE, Outcome.NEGATIVE, Outcome.POSITIVE, Outcome.INVALID)


class Town:
    """Two streets; the first has a community of two grids with houses and one without. Everybody
    is due in the first round, market people of the first street in the second too."""

    def __init__(self, client: Any) -> None:
        self.county = make.area("county")
        streets = [make.area("street", self.county) for _ in range(2)]
        self.communities = [make.area("community", s) for s in (streets[0], *streets)]
        self.grids = [make.area("grid", self.communities[0]) for _ in range(2)]
        self.houses = [make.area("building", g) for g in (self.grids[0], *self.grids)]
        sites = [make.site(c) for c in self.communities[1:]]
        lab = make.lab(self.communities[0])
        TREE.forget()
        self.rounds = [world.start_round([self.county]), world.start_round([streets[0]])]
        insert("round_cohort", ("round_id", "cohort"), [(self.rounds[1], "market")])
        ROUNDS.forget()
        people = [p for c, n in zip(self.communities, (6, 4, 4), strict=True)
                  for p in world.people(c, n)]  # fmt: skip
        self.client, self.merged = client, set()
        self.refs: list[tuple[str, str]] = []
        self.signed_at: datetime | None = None
        self.signed_people: list[One] = []
        self.city = world.City(self.rounds[0], sites, lab, people, self._labels())
        self._house()
        who = [make.staff(r, lab, pin=PIN) for r in
               (Role.LAB_TECHNICIAN, Role.LAB_REVIEWER, Role.LAB_REVIEWER)]  # fmt: skip
        self.bench = Bench(self.city, client, *who)
        self.head = make.staff(Role.DISTRICT_HEAD)
        self.tubes: list[str] = []
        db.session.commit()

    def _labels(self) -> int:
        first, run_id = make.number() * 1000, new_id()
        columns = ("run_id", "kind", "first", "count", "made_at", "practice")
        insert("label_run", columns, [(run_id, "tube", first, 60, clock.now(), False)])
        blank = [(make_code(Kind.TUBE, first + i), run_id, 0) for i in range(60)]
        insert("tube_key", ("barcode", "run_id", "state"), blank)
        return first

    def _house(self) -> None:
        """Five of the first community live in houses, two by two in households; three trade."""
        for i, (cell, person, _) in enumerate(self.city.people):
            house = self.houses[i % 3] if i < 5 else None
            run(
                "UPDATE person SET building_id = %s, grid_id = %s, household_id = %s, key_group = %s, "
                "created_at = %s, residence = nullif(%s, 0) WHERE cell_id = %s AND person_id = %s",
                (
                    house and house.area_id, house and int(house.path.split("/")[-3]), 1 + i // 2,
                    "market" if i in (1, 7, 11) else None,
                    clock.now() - timedelta(days=0 if i == 8 else 30), i % 4, cell,
                    person,
                ),
            )  # fmt: skip

    def play(self, script: Sequence[Happening]) -> None:
        for what, a, b, c in script:
            getattr(self, f"_{what}")(a, b, c)
            db.session.commit()

    def _one(self, a: int) -> tuple[int, int, str]:
        return self.city.people[a % len(self.city.people)]

    # --- swabs and tubes ------------------------------------------------------------------

    def _swab(self, a: int, b: int, c: int, purpose: str = "screen") -> None:
        """Up to three people at one table, in one of the rounds."""
        round_id = self.rounds[c % 5 == 0]
        phone = devices.phone(site=self.city.sites[b % 2], round=round_id)
        tube = self.city.tube()
        phone.write("open", tube=tube, mode="pooled", size=10)
        who = dict.fromkeys(self._one(a + i * 3)[2] for i in range(1 + b % 3))
        refs = [
            phone.write("bind", tube=tube, seat=i, who={"code": code}, purpose=purpose)
            for i, code in enumerate(who, 1)
        ]
        if c % 4:
            phone.write("close", tube=tube, n=len(refs))
        self.bench.send(phone)
        self.bench.sent[tube] = (phone, refs)
        self.refs += [(tube, r) for r in refs]
        self.tubes.append(tube)

    def _swab_as_resample(self, a: int, b: int, c: int) -> None:
        self._swab(a, b, c, ("resample", "recheck")[c % 2])

    def _unbind(self, a: int, b: int, c: int) -> None:
        if self.refs:
            tube, ref = self.refs[a % len(self.refs)]
            self.bench.go_on(tube, "unbind", ref=ref, reason="错")

    def _mark(self, a: int, b: int, c: int) -> None:
        if self.refs:
            tube, ref = self.refs[a % len(self.refs)]
            what = ("not_swabbed", "spilled", "broken", "other")[b % 4]
            self.bench.go_on(tube, "mark", ref=ref, what=what)

    def _stranger(self, a: int, b: int, c: int) -> None:
        """Somebody who stands in no register, by passport; may be found in it later."""
        phone, tube = self.city.phone(b % 2), self.city.tube()
        doc = {
            "type": "passport",
            "number": f"E{7000 + a % 3}{self.county.area_id}",
            "name": "来客",
        }
        phone.write("open", tube=tube, mode="single", size=1)
        ref = phone.write("bind", tube=tube, seat=1, who={"doc": doc})
        phone.write("close", tube=tube, n=1)
        self.bench.send(phone)
        self.bench.sent[tube] = (phone, [ref])
        self.refs.append((tube, ref))
        self.tubes.append(tube)
        for cell, person in fetch(
            "SELECT cell_id, person_id FROM specimen WHERE barcode = %s /* fan-out: test */",
            (tube,),
        ):
            if (cell, person) not in {p[:2] for p in self.city.people}:
                self.city.people.append((cell, person, world.make_resident_code(cell, person)))

    def _receive(self, a: int, b: int, c: int) -> None:
        self._at_bench(a, "receive")

    def _reject(self, a: int, b: int, c: int) -> None:
        self._at_bench(a, "reject", reason=("leak", "late", "other")[b % 3])

    def _at_bench(self, a: int, kind: str, **body: Any) -> None:
        if self.tubes:
            phone = self.city.bench()
            phone.write(kind, tube=self.tubes[a % len(self.tubes)], **body)
            self.bench.send(phone)

    def _lose(self, a: int, b: int, c: int) -> None:
        self._command(a, Verb.LOSE, "lose")

    def _find(self, a: int, b: int, c: int) -> None:
        tube = self.tubes[a % len(self.tubes)] if self.tubes else None
        if tube and (lost := self._line(tube, Verb.LOSE)):
            self._command(a, Verb.FIND, "find", answers=lost)

    def _line(self, tube: str, verb: Verb) -> int | None:
        found = fetch("SELECT max(line_id) FROM custody WHERE barcode = %s AND verb = %s "
                      "/* fan-out: test */", (tube, int(verb)))  # fmt: skip
        return found[0][0]

    def _command(self, a: int, verb: Verb, kind: str, **told: Any) -> None:
        if not self.tubes:
            return
        tube = self.tubes[a % len(self.tubes)]
        key, now = get_key(tube), clock.now()
        if Stage(get_tube(key)["stage"]) in NEXT[verb]:
            _, merged = tubes.advance(
                verb, {tube: told}, kind=kind, cell=key.cell_id, round_id=key.round_id, by=1,
                at=now, recorded_at=now,
            )  # fmt: skip
            tubes.mark_dirty(merged.values())

    def _release(self, a: int, b: int, c: int) -> None:
        """Tested, reviewed by two people, released: the whole way of the desk."""
        ready = [t for t in self.tubes if self._ready(t)]
        if ready:
            tube = ready[a % len(ready)]
            self.bench.test(tube, outcome=OUTCOMES[b % 4])
            coverage.mark(fetch(  # as the laboratory's own door does
                "SELECT cell_id, round_id, community_id FROM specimen WHERE barcode = %s "
                "/* fan-out: test */", (tube,)
            ))  # fmt: skip
            if c % 3:
                self.bench.sign_both(tube)
                self.bench.release(tube)

    def _ready(self, tube: str) -> bool:
        row = get_tube(get_key(tube))
        return row["complete"] and not row["holds"] and row["stage"] in NEXT[Verb.PLATE]

    def _correct(self, a: int, b: int, c: int) -> None:
        out = [t for t in self.tubes if get_tube(get_key(t))["stage"] == Stage.RELEASED]
        if out:
            tube = out[a % len(out)]
            is_now = get_tube(get_key(tube))["outcome"]
            others = [
                o for o in (Outcome.NEGATIVE, Outcome.POSITIVE, Outcome.INVALID) if o != is_now
            ]
            self.bench.correct(tube, others[b % len(others)])

    # --- the register and the telephone -----------------------------------------------------

    def _excuse(self, a: int, b: int, c: int) -> None:
        until = clock.now() + timedelta(hours=1 + c % 4) if c % 2 else None
        exemptions.exempt(
            [self._one(a)[:2]], CODES[b % 4], round_id=(0, *self.rounds)[b % 3], until=until,
            by=self.head.staff_id, at=clock.now() - timedelta(hours=3 * (c % 3 == 0)),
        ) if until is None or c % 3 else None  # fmt: skip

    def _end_excuse(self, a: int, b: int, c: int) -> None:
        held = fetch("SELECT cell_id, exemption_id FROM exemption WHERE callback_id IS NULL "
                     "ORDER BY 2 /* fan-out: test */")  # fmt: skip
        if held:
            exemptions.end_exemption(*held[a % len(held)], at=clock.now())

    def _contact(self, a: int, b: int, c: int) -> None:
        cell, person, _ = self._one(a)
        outcome = SAYS[b % len(SAYS)]
        needs = {"away": True, "later": True, "will_come": bool(c % 2), "visit": bool(c % 2)}
        until = clock.now() + timedelta(hours=1 + c % 3) if needs.get(outcome) else None
        reminders.note_contact(
            cell, person, self._open(c), outcome, kind="call", until=until,
            by=self.head.staff_id, at=clock.now(),
        )  # fmt: skip

    def _open(self, c: int) -> int:
        return self.rounds[1] if c % 4 == 0 and self.signed_at is None else self.rounds[0]

    def _visit(self, a: int, b: int, c: int) -> None:
        phone = self.city.phone(b % 2)
        outcome = ("done", "absent", "refused", "moved", "come_back")[b % 5]
        ref = phone.write("visit", who={"code": self._one(a)[2]}, outcome=outcome)
        if c % 4 == 0:
            phone.write("visit", who={"code": self._one(a)[2]}, outcome="undone", ref=ref)
        self.bench.send(phone)

    def _move_home(self, a: int, b: int, c: int) -> None:
        """Within the street, or to the other one: the row stays where it is stored."""
        cell, person, _ = self._one(a)
        persons.move(cell, person, self.communities[b % 3].area_id, by=1, at=clock.now())

    def _merge(self, a: int, b: int, c: int) -> None:
        """Two numbers were one human being, sometimes over several steps."""
        twin, into = self._one(a)[:2], self._one(b)[:2]
        if twin != into and not {twin, into} & self.merged:
            persons.merge(twin, into, by=1, at=clock.now())
            self.merged.add(twin)

    def _flag(self, a: int, b: int, c: int) -> None:
        flag = (Flag.DECEASED, Flag.LEFT, Flag.CANNOT_WALK, Flag.PROVISIONAL)[b % 4]
        add = {"add": flag} if c % 2 else {"drop": flag}
        persons.mark(*self._one(a)[:2], **add)

    def _cohort(self, a: int, b: int, c: int) -> None:
        since = clock.now() + timedelta(hours=(c % 3) - 1)
        until = since + timedelta(hours=2) if b % 2 else None
        exemptions.put_in_cohort([self._one(a)[:2]], "market", since=since, until=until)

    def _leave_cohort(self, a: int, b: int, c: int) -> None:
        exemptions.leave_cohort(*self._one(a)[:2], "market", at=clock.now())

    def _newcomer(self, a: int, b: int, c: int) -> None:
        """Somebody comes to the desk and is written down after the start."""
        (made,) = world.people(self.communities[b % 3], 1)
        self.city.people.append(made)
        coverage.register_changed([(made[0], self.communities[b % 3].area_id)])

    # --- time -----------------------------------------------------------------------------

    def _wait(self, a: int, b: int, c: int) -> None:
        """An hour or two pass: promises, exemptions and lists run out."""
        real, later = clock.real_now(), clock.now() + timedelta(minutes=45 + 30 * (a % 4))
        clock.configure(f"{later.isoformat()}/{real.isoformat()}/1")

    def _count(self, a: int, b: int, c: int) -> None:
        """The worker comes by in the middle."""
        self.work()

    def work(self) -> None:
        """What the worker does every few seconds, once."""
        now = clock.now()
        exemptions.lapse(at=now)
        coverage.mark_new()
        coverage.mark_passed(at=now)
        coverage.take_marks(at=now)
        db.session.commit()

    def _sign_off(self, a: int, b: int, c: int) -> None:
        """The market round is signed; nothing that comes later changes its numbers."""
        if self.signed_at is None:
            self.signed_at = clock.now()
            count_tickets()  # the worker has counted them before anybody signs
            run(
                "UPDATE round SET state = 'closed', stopped_at = %s, signed_at = %s "
                "WHERE round_id = %s",
                (self.signed_at, self.signed_at, self.rounds[1]),
            )
            ROUNDS.forget()
            self.signed_people = recount(self.rounds[1], at=self.signed_at)
            coverage.freeze_signed()

    def close(self) -> None:
        """The town sleeps: its rounds concern no other town."""
        run("UPDATE round SET state = 'closed' WHERE round_id = ANY(%s)", (self.rounds,))
        run("DELETE FROM dirty /* fan-out: test */")
        db.session.commit()
        ROUNDS.forget()
        clock.configure(None)
