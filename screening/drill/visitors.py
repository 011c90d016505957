"""Made people whom no register of the scope holds: at checkpoints, at the station, from abroad."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random

from screening.drill import names, traits
from screening.drill.families import adult
from screening.drill.papers import Papers
from screening.drill.population import DAY, PersonRow

# Areas from which no resident of population.py comes, so that no number can meet one of theirs.
HOMES = ("320102", "500103", "610104", "370202", "210102")
ABROAD = 0.15


def make_visitors(count: int, seed: int = 7, *, day: date = DAY) -> Iterator[PersonRow]:
    """`count` travellers with a resident card or a passport, a phone, and no address here."""
    rng = Random(f"visitors {seed}")
    papers = Papers()
    for number in range(count):
        member = adult(rng, day, rng.choice("MMF"), 20, 58)
        abroad = rng.choice(names.COUNTRIES) if rng.random() < ABROAD else None
        if abroad:
            # A resident's passport never begins with V (see papers.py).
            name, doc, paper = names.latin_name(rng, abroad), "passport", papers.passport(rng)
            paper = f"V{paper}"
        else:
            name, doc = member.name, "resident_id"
            paper = papers.resident(rng, rng.choice(HOMES), member.birth, member.sex)
        group, employer = traits.key_group(rng, traits.years(member.birth, day))
        yield PersonRow(
            ref=f"v{number:06d}",
            name=name,
            doc_type=doc,
            doc_number=paper,
            country=abroad or "CHN",
            phone=papers.phone(rng),
            birth=member.birth,
            sex=member.sex,
            community="",
            grid="",
            building="",
            unit="",
            room="",
            household="",
            key_group=group,
            employer=employer,
        )
