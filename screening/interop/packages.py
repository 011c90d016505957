"""Packages for the authority: built from what was released, each tube version once, with its hash.

Whoever could choose what goes into a package could leave a positive out of it. So there is no way to
write, change or filter one: the worker takes everything that waits, holds each row against the
released result, counts, and chains the package to the one before."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from screening import outbox
from screening.accounts.audit import note
from screening.db import fetch, insert, new_id, run
from screening.errors import Conflict, NotFound, Problem
from screening.lab.rules.well_rules import Outcome
from screening.registry.service.persons import ring
from screening.reporting.queries import list_results
from screening.reporting.rules import Limit
from screening.reporting.service.packages import AAD, TOPIC
from screening.tube.queries import Key

AT_ONCE = 500  # tube versions of one cell in one package
LATE = Limit(60, "house; minutes after which a package without a receipt is shown as late")
BODY_AAD = "result_package.body"
_LOCK = 0x7061636B  # one worker builds at a time, since each package names the one before


class NoSuchPackage(NotFound):
    code = "no_such_package"
    zh = "没有这个结果包。"
    en = "There is no such package."


class OtherDigest(Conflict):
    code = "package_digest"
    zh = "回执的校验值与结果包不符，请对方核对收到的文件。"
    en = "The receipt's hash is not the package's; ask the receiver to check the file."


class OtherReceipt(Conflict):
    code = "package_receipt"
    zh = "这个结果包已有另一个回执。"
    en = "This package has another receipt already."


class NoReceipt(Problem):
    status = 422
    code = "no_receipt"
    zh = "请填写回执编号。"
    en = "Give the number of the receipt."


class PackageWrong(RuntimeError):
    """What waits does not say what was released: nothing goes out until somebody has looked."""


class PackageRow(NamedTuple):
    package_id: int
    made_at: datetime
    rows: int
    counts: dict[str, int]
    digest: bytes
    previous: bytes | None
    sent_at: datetime | None
    receipt: str | None
    receipt_at: datetime | None
    receipt_by: int | None

    @property
    def number(self) -> str:
        return f"{self.package_id:016X}"

    @property
    def sha256(self) -> str:
        return self.digest.hex()

    def late(self, at: datetime) -> bool:
        return self.receipt_at is None and at - self.made_at > timedelta(minutes=LATE.value)


_COLUMNS = ", ".join(PackageRow._fields)


# --- building -----------------------------------------------------------------------------------


def build(at: datetime) -> int | None:
    """One package of everything that waits; its number, None when nothing does."""
    fetch("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    waiting = list(_waiting(at))
    if not waiting:
        return None
    _check([told for _, _, told in waiting])
    lines = [orjson.dumps({"id": str(number), **told}) for _, number, told in waiting]
    rows = b"".join(line + b"\n" for line in lines)
    counts = Counter(Outcome(told["outcome"]).name.lower() for _, _, told in waiting)
    digest, previous, number = hashlib.sha256(rows).digest(), _previous(), new_id()
    every = {o.name.lower(): counts[o.name.lower()] for o in Outcome}
    head = {
        "package": f"{number:016X}", "made_at": at, "versions": len(lines), "counts": every,
        "sha256": digest.hex(), "previous": previous.hex() if previous else None,
    }  # fmt: skip
    sealed = ring().seal(orjson.dumps(head, option=orjson.OPT_UTC_Z) + b"\n" + rows, BODY_AAD)
    columns = ("package_id", "made_at", "rows", "counts", "digest", "previous", "body")
    insert("result_package", columns, [(number, at, len(lines), every, digest, previous, sealed)])
    for cell, row, _ in waiting:
        outbox.settle(cell, row, outbox.SENT, at=at)
    return number


def _waiting(at: datetime) -> Iterable[tuple[int, int, dict[str, Any]]]:
    """(cell, outbox row, what it says) of every version that no package holds yet."""
    for (cell,) in fetch(
        "SELECT DISTINCT cell_id FROM outbox WHERE state = 0 AND due_at <= %s AND topic = %s "
        "ORDER BY 1 /* fan-out: worker */",
        (at, TOPIC),
    ):
        for number, body in fetch(
            "SELECT outbox_id, body FROM outbox WHERE cell_id = %s AND topic = %s AND state = 0 "
            "AND due_at <= %s ORDER BY outbox_id LIMIT %s FOR UPDATE",
            (cell, TOPIC, at, AT_ONCE),
        ):
            told = orjson.loads(ring().open(bytes(body), AAD))
            yield cell, number, told | {"cell": cell}


def _check(rows: Sequence[Mapping[str, Any]]) -> None:
    """Every row is what was released, and stands there once. Raises PackageWrong."""
    keys = {Key(r["tube"], r["cell"], r["round"]) for r in rows}
    released = {
        (x.barcode, x.cell_id, x.round_id, x.version): x.outcome
        for versions in list_results(keys).values()
        for x in versions
    }
    said = [(r["tube"], r["cell"], r["round"], r["version"]) for r in rows]
    twice = [tube for tube, n in Counter(said).items() if n > 1]
    other = [s for s, r in zip(said, rows, strict=True) if released.get(s) != r["outcome"]]
    if twice or other:
        raise PackageWrong(f"{len(twice)} versions twice, {len(other)} unlike the result")


def _previous() -> bytes | None:
    rows = fetch("SELECT digest FROM result_package ORDER BY package_id DESC LIMIT 1")
    return bytes(rows[0][0]) if rows else None


# --- sending ------------------------------------------------------------------------------------


def send(folder: Path, at: datetime) -> int:
    """Write the packages that are not in the folder yet, one file each; how many.

    A crash in between writes the same file again: its name and its bytes are the package's."""
    rows = fetch(
        "SELECT package_id, body FROM result_package WHERE sent_at IS NULL ORDER BY package_id "
        "FOR UPDATE SKIP LOCKED"
    )
    for number, body in rows:
        _write(folder / f"{number:016X}.ndjson", ring().open(bytes(body), BODY_AAD))
        run("UPDATE result_package SET sent_at = %s WHERE package_id = %s", (at, number))
    return len(rows)


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all: the receiver may be looking."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(".part")
    with fresh.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)


def number_of(text: str) -> int:
    """From the 16 digits that are printed. Raises NoSuchPackage."""
    try:
        return int(text, 16)
    except ValueError:
        raise NoSuchPackage() from None


# --- receipts -----------------------------------------------------------------------------------


def receive(package_id: int, receipt: str, sha256: str, *, by: int, at: datetime) -> PackageRow:
    """Record what the receiver answered; said again it changes nothing.

    Raises NoSuchPackage, NoReceipt, OtherDigest, OtherReceipt."""
    rows = fetch(
        f"SELECT {_COLUMNS} FROM result_package WHERE package_id = %s FOR UPDATE", (package_id,)
    )
    if not rows:
        raise NoSuchPackage()
    found, receipt = _row(rows[0]), receipt.strip()
    if not receipt:
        raise NoReceipt()
    if sha256.strip().lower() != found.sha256:
        raise OtherDigest()
    if found.receipt is not None:
        if found.receipt != receipt:
            raise OtherReceipt()
        return found
    run(
        "UPDATE result_package SET receipt = %s, receipt_at = %s, receipt_by = %s "
        "WHERE package_id = %s",
        (receipt, at, by, package_id),
    )
    note("package_receipt", "package", found.number)
    return found._replace(receipt=receipt, receipt_at=at, receipt_by=by)


def list_packages(*, unreceipted: bool = False, limit: int = 100) -> list[PackageRow]:
    """Those without a receipt, oldest first; or all, newest first."""
    rows = fetch(
        f"SELECT {_COLUMNS} FROM result_package "
        + ("WHERE receipt_at IS NULL ORDER BY package_id " if unreceipted else "")
        + ("" if unreceipted else "ORDER BY package_id DESC ")
        + "LIMIT %s",
        (limit,),
    )
    return [_row(r) for r in rows]


def count_waiting() -> int:
    """Released versions that no package holds yet."""
    return fetch(
        "SELECT /* fan-out: what waits is few and has an index of its own */ count(*) FROM outbox "
        "WHERE state = 0 AND topic = %s",
        (TOPIC,),
    )[0][0]


def _row(values: tuple) -> PackageRow:
    found = PackageRow(*values)
    return found._replace(digest=bytes(found.digest))
