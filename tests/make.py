"""Makers: each builds one valid row (and what it hangs on) and commits it.

    street = make.area("street")                        # its city and county are made too
    site, lab = make.site(street), make.lab(street)     # or make.site(): a street is made too
    nurse = make.staff(Role.SAMPLER, site)              # place: area, site, lab or None (everywhere)
    headers = make.sign_in(client, nurse)               # a Bearer token
    phone = make.device(site)                           # phone.key signs journals

They need an app context (the fixture `db_session`). What comes back is plain values, so that it
outlives the session. Other slices add makers here below their own heading.
"""

from __future__ import annotations

import itertools
import secrets
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from flask import current_app
from sqlalchemy import func

from screening import clock, crypto
from screening.accounts.models import Device, Grant, LoginSession, Staff
from screening.accounts.queries import token_hash
from screening.accounts.roles import EVERYWHERE, Place, Role
from screening.db import db, new_id
from screening.places.models import LEVELS, Area, Lab, Site

_count = itertools.count(1)
SINCE = date(2020, 1, 1)


def number() -> int:
    """A number that no other maker of this process has drawn."""
    return next(_count)


def keep(*rows: Any) -> None:
    """Write the rows and commit."""
    db.session.add_all(rows)
    db.session.commit()


# --- places -------------------------------------------------------------------------------------


class MadeArea(NamedTuple):
    area_id: int
    code: str
    name: str
    level: int
    path: str
    cell_id: int

    @property
    def place(self) -> Place:
        return Place("area", self.area_id, self.path)


class MadeSite(NamedTuple):
    site_id: int
    code: str
    name: str
    area: MadeArea
    cell_id: int
    kind: str

    @property
    def place(self) -> Place:
        return Place("site", self.site_id, self.area.path)


class MadeLab(NamedTuple):
    lab_id: int
    code: str
    name: str
    area: MadeArea
    cell_id: int

    @property
    def place(self) -> Place:
        return Place("lab", self.lab_id, self.area.path)


def area(level: str = "street", parent: MadeArea | None = None, **values: Any) -> MadeArea:
    """A node of `level` (province … building) under `parent`; without one its line is made too."""
    at = LEVELS.index(level)
    if parent is None and at > 1:
        parent = area(LEVELS[at - 1])
    n = number()
    area_id = values.pop("area_id", None) or _next_area_id()
    above = parent.path if parent else "/"
    cell = (parent.cell_id if parent and parent.cell_id else 0) or (area_id if at >= 3 else 0)
    row = {
        "area_id": area_id,
        "code": f"{n:012d}",
        "name": f"{level} {n}",
        "level": at,
        "path": f"{above}{area_id}/",
        "cell_id": cell,
        **values,
    }
    keep(Area(parent_id=parent.area_id if parent else None, valid_from=SINCE, **row))
    return MadeArea(*(row[f] for f in MadeArea._fields))


def _next_area_id() -> int:
    """Small, as cells must fit the printed resident code; the service counts on from it."""
    return db.session.query(func.coalesce(func.max(Area.area_id), 1000) + 1).scalar()


def site(at: MadeArea | None = None, kind: str = "community", **values: Any) -> MadeSite:
    """A collection site in a community (made below a street where needed)."""
    at = at or area("street")
    if at.level < LEVELS.index("community"):
        at = area("community", at)
    n = number()
    row = {"site_id": new_id(), "code": f"S{n:04d}", "name": f"site {n}", **values}
    keep(Site(kind=kind, area_id=at.area_id, cell_id=at.cell_id, tables=2, **row))
    return MadeSite(row["site_id"], row["code"], row["name"], at, at.cell_id, kind)


def lab(at: MadeArea | None = None, **values: Any) -> MadeLab:
    at = at or area("street")
    n = number()
    row = {"lab_id": new_id(), "code": f"L{n:03d}", "name": f"lab {n}", **values}
    row.setdefault("capacity", 5000)
    keep(Lab(area_id=at.area_id, cell_id=at.cell_id, **row))
    return MadeLab(row["lab_id"], row["code"], row["name"], at, at.cell_id)


# --- staff and devices --------------------------------------------------------------------------


class MadeStaff(NamedTuple):
    staff_id: int
    staff_no: str
    role: Role
    place: Place
    password: str | None
    pin: str | None


class MadeDevice(NamedTuple):
    device_id: int
    site: MadeSite | None
    lab: MadeLab | None
    cell_id: int
    key: ec.EllipticCurvePrivateKey


Spot = MadeArea | MadeSite | MadeLab | Place | None


def place_of(spot: Spot) -> Place:
    if spot is None:
        return EVERYWHERE
    return spot if isinstance(spot, Place) else spot.place


def staff(
    role: Role | str,
    at: Spot = None,
    *,
    password: str | None = None,
    pin: str | None = None,
    **values: Any,
) -> MadeStaff:
    """A staff member with one role over one place; password and PIN only where a test needs them
    (hashing is slow on purpose). `values`: columns of Staff, or name, phone."""
    from screening.accounts import secret_words

    held, n = place_of(at), number()
    who = {"name": values.pop("name", f"职员{n}"), "phone": values.pop("phone", "")}
    row: dict[str, Any] = {"staff_id": new_id(), "staff_no": f"T{n:05d}", **values}
    made = Staff(
        sealed=current_app.extensions["keys"].seal(orjson.dumps(who), "staff.sealed"),
        password_hash=secret_words.hashed(password) if password else None,
        pin_hash=secret_words.hashed(pin) if pin else None,
        created_at=clock.real_now(),
        **row,
    )
    keep(made)
    made_staff = MadeStaff(row["staff_id"], row["staff_no"], Role(role), held, password, pin)
    grant(made_staff, role, held)
    return made_staff


def grant(who: MadeStaff, role: Role | str, at: Spot = None, until: datetime | None = None) -> int:
    """One more role of the same person; the grant's id."""
    held = place_of(at)
    row = Grant(
        grant_id=new_id(),
        staff_id=who.staff_id,
        role=Role(role),
        scope=held.kind,
        scope_id=held.id,
        until=until,
    )
    grant_id = row.grant_id
    keep(row)
    return grant_id


def token(who: MadeStaff) -> str:
    """A live session of `who`, without going through the door."""
    text, now = secrets.token_urlsafe(32), clock.real_now()
    keep(
        LoginSession(
            token_hash=token_hash(text),
            staff_id=who.staff_id,
            created_at=now,
            expires_at=now + timedelta(hours=1),
        )
    )
    return text


def sign_in(client: Any, who: MadeStaff, *, cookie: bool = False) -> dict[str, str]:
    """Headers that sign `who` in; with `cookie` the client holds the cookie instead, as a browser
    does, and the headers carry the form token."""
    text = token(who)
    if not cookie:
        return {"Authorization": f"Bearer {text}"}
    client.set_cookie("sid", text)
    mark = current_app.extensions["keys"].token("csrf", token_hash(text).hex())
    return {"X-CSRF-Token": mark}


def device(at: MadeSite | MadeLab | None = None, **values: Any) -> MadeDevice:
    """An enrolled phone of a site or lab, with its private key in hand."""
    at = at or site()
    key = crypto.new_device_key()
    mine = {"site_id": at.site_id} if isinstance(at, MadeSite) else {"lab_id": at.lab_id}
    row: dict[str, Any] = {"device_id": new_id(), "name": f"phone {number()}", **mine, **values}
    keep(
        Device(
            kind="phone",
            cell_id=at.cell_id,
            public_key=crypto.public_bytes(key.public_key()),
            enrolled_at=clock.real_now(),
            **row,
        )
    )
    return MadeDevice(
        row["device_id"],
        at if isinstance(at, MadeSite) else None,
        at if isinstance(at, MadeLab) else None,
        at.cell_id,
        key,
    )
