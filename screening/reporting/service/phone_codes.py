"""One-time codes to the registered phone. Whoever asks learns nothing: known and unknown numbers are
answered alike and cost the same, since only the worker looks who it is."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from screening import clock, outbox
from screening.accounts import throttle
from screening.accounts.rules import ATTACK_FROM
from screening.db import apart, fetch, run
from screening.errors import NotFound, Problem
from screening.registry import seals
from screening.registry.service.persons import ring
from screening.reporting.resident_rules import CODE_DIGITS, CODE_MINUTES, LAST

LIFE = timedelta(minutes=CODE_MINUTES.value)
AT_ONCE = 200  # asked codes in one transaction of the worker
TEXT = (
    "【采送检报】查询验证码 {code}，{minutes} 分钟内有效，只用一次，请勿转告他人。"
    "Your look-up code is {code}, valid for {minutes} minutes."
)


class PhoneNeeded(Problem):
    status = 422
    code = "phone_needed"
    zh = "请输入登记的电话号码和证件号码后四位。"
    en = "Type the registered telephone number and the last four of the document number."


class NoSuchPhoneCode(NotFound):
    code = "no_such_phone_code"
    zh = "验证码不对，或者已经过期、已经用过；请核对短信，或重新获取。"
    en = "The code is wrong, over or used; compare the message, or ask for a new one."


class Asked(NamedTuple):
    """Who is meant, as hashes only."""

    wanted: bytes
    phone_hash: bytes
    last4_hash: bytes

    def hash(self, code: str) -> bytes:
        return ring().hash("phone_code", f"{self.wanted.hex()}|{code}")


def read_asked(phone: str, last4: str) -> Asked:
    """Raises PhoneNeeded, BadPhone: what was typed, never whether somebody has it."""
    number, tail = seals.normalise_phone(phone), last4.strip().upper()
    if number is None or len(tail) != LAST.value:
        raise PhoneNeeded()
    keys = ring()
    last4_hash = seals.last4_hash(keys, tail)
    assert last4_hash is not None
    wanted = keys.hash("phone_code", f"{number}|{tail}")
    return Asked(wanted, seals.phone_hash(keys, number), last4_hash)


def _attempt(purpose: str, asked: Asked, address: str | None) -> throttle.Try:
    return throttle.attempt(purpose, asked.wanted.hex(), throttle.address_of(address))


# A code that runs is not replaced: nobody can drown a phone in messages, or end another's code.
_ASK = (
    "INSERT INTO phone_code AS p (wanted, phone_hash, last4_hash, asked_at) "
    "VALUES (%s, %s, %s, %s) ON CONFLICT (wanted) DO UPDATE SET asked_at = EXCLUDED.asked_at, "
    "until = NULL, code_hash = NULL, cell_id = NULL, person_id = NULL "
    "WHERE coalesce(p.until, p.asked_at + %s) <= EXCLUDED.asked_at"
)


def ask_code(phone: str, last4: str, *, address: str | None) -> None:
    """Note that a code is wanted. Raises TooMany, PhoneNeeded, BadPhone; else always the same."""
    asked = read_asked(phone, last4)
    throttle.begin(_attempt("phone_code_ask", asked, address))
    run(_ASK, (*asked, clock.real_now(), LIFE))


def use_code(phone: str, last4: str, code: str, *, address: str | None) -> tuple[int, int]:
    """(cell, person) of a right code, which ends with it. Raises NoSuchPhoneCode, TooMany, PhoneNeeded,
    BadPhone."""
    asked = read_asked(phone, last4)
    this = _attempt("phone_code", asked, address)
    throttle.begin(this)
    rows = fetch(
        "DELETE FROM phone_code WHERE wanted = %s AND code_hash = %s AND until > %s "
        "RETURNING cell_id, person_id",
        (asked.wanted, asked.hash(_digits(code)), clock.real_now()),
    )
    if not rows:
        throttle.failed(this)
        _end_if_guessed(asked, this)
        raise NoSuchPhoneCode()
    throttle.passed(this)
    return rows[0][0], rows[0][1]


def _end_if_guessed(asked: Asked, this: throttle.Try) -> None:
    """Six digits fall to a guesser with thousands of addresses, each of which may try: after many
    wrong ones under this phone each further one ends the code that runs, and no new one comes
    before its time. The slip and the resident code open the result meanwhile. Written apart, since
    the request itself fails."""
    with apart() as conn:
        conn.execute(
            b"UPDATE phone_code SET code_hash = NULL WHERE wanted = %s AND code_hash IS NOT NULL "
            b"AND EXISTS (SELECT 1 FROM throttle WHERE key = %s AND fails >= %s AND since > %s)",
            (asked.wanted, this.soft[0], ATTACK_FROM.value, clock.real_now() - throttle.MEMORY),
        )


def _digits(code: str) -> str:
    """As typed, full-width digits and spaces too."""
    return "".join(str(int(c)) for c in code if c.isdecimal())


# --- the worker's part --------------------------------------------------------------------------


class Owner(NamedTuple):
    cell: int
    person: int
    phone: str


def send_codes() -> int:
    """Look who the asked codes are for and write the messages; how many were written."""
    now = clock.real_now()
    run("DELETE FROM phone_code WHERE asked_at < %s", (now - 6 * LIFE,))
    rows = [
        Asked(bytes(w), bytes(p), bytes(t))
        for w, p, t in fetch(
            "SELECT wanted, phone_hash, last4_hash FROM phone_code WHERE until IS NULL "
            "ORDER BY asked_at LIMIT %s FOR UPDATE SKIP LOCKED",
            (AT_ONCE,),
        )
    ]
    owners = _owners(rows)
    for asked in rows:
        _settle(asked, owners.get(asked))
    return len(owners)


def _settle(asked: Asked, owner: Owner | None) -> None:
    until = clock.real_now() + LIFE
    if owner is None:
        run("UPDATE phone_code SET until = %s WHERE wanted = %s", (until, asked.wanted))
        return
    code = "".join(str(secrets.randbelow(10)) for _ in range(CODE_DIGITS.value))
    run(
        "UPDATE phone_code SET until = %s, code_hash = %s, cell_id = %s, person_id = %s "
        "WHERE wanted = %s",
        (until, asked.hash(code), owner.cell, owner.person, asked.wanted),
    )
    text = TEXT.format(code=code, minutes=CODE_MINUTES.value)
    outbox.notice(owner.cell, owner.phone, text, until=until, at=clock.now(), seal=ring().seal)


def _owners(asked: Sequence[Asked]) -> Mapping[Asked, Owner]:
    """The one person of each phone with these last digits; nobody where two have them."""
    phones = sorted({a.phone_hash for a in asked})
    if not phones:
        return {}
    pairs: dict[tuple[int, int], set[bytes]] = defaultdict(set)
    for phone, cell, person in fetch(
        "SELECT phone_hash, cell_id, person_id FROM phone_key WHERE phone_hash = ANY(%s)",
        (phones,),
    ):
        pairs[cell, person].add(bytes(phone))
    found: dict[tuple[bytes, bytes], list[Owner]] = defaultdict(list)
    for cell, person, tail, sealed in fetch(
        "SELECT cell_id, person_id, last4_hash, sealed FROM person "
        "WHERE cell_id = ANY(%s) AND person_id = ANY(%s) AND last4_hash IS NOT NULL",
        (sorted({c for c, _ in pairs}), sorted({p for _, p in pairs})),
    ):
        phone = seals.open_person(ring(), sealed).phone
        for phone_hash in pairs.get((cell, person), ()):
            if phone and seals.phone_hash(ring(), phone) == phone_hash:
                found[phone_hash, bytes(tail)].append(Owner(cell, person, phone))
    return {
        a: found[a.phone_hash, a.last4_hash][0]
        for a in asked
        if len(found[a.phone_hash, a.last4_hash]) == 1
    }
