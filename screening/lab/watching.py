"""Takes the files of a watched folder in, one transaction each; a restart repeats nothing.

A file is moved only after its transaction has ended: one that was taken in and not yet moved when
the power failed is known again by its content."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy.exc import OperationalError

from screening import clock
from screening.db import db
from screening.lab.bench import folder as folders
from screening.lab.bench.folder import DONE, REFUSED, Look
from screening.lab.readers import MAX_BYTES
from screening.lab.readers.refusals import TooBig
from screening.lab.service import tray
from screening.lab.service.tray import Came

Say = Callable[[str], None]


def take_once(
    lab_id: int, folder: Path, before: Mapping[str, Look], *, by: int, say: Say
) -> dict[str, Look]:
    """One look: take in what has come to rest since `before`; how the folder stands now."""
    now = folders.look(folder)
    for name in folders.at_rest(before, now, time.time()):
        try:
            _take(lab_id, folder, name, now[name], by=by, say=say)
        except OSError as why:  # locked by its writer, or gone: the next look sees it again
            say(f"{name}: {why.strerror or 'cannot be read'}, tried again")
        except OperationalError:
            db.session.rollback()
            say("the database does not answer, tried again")
            break
    return now


def _take(lab_id: int, folder: Path, name: str, seen: Look, *, by: int, say: Say) -> None:
    path = folder / name
    if seen.size > MAX_BYTES:
        came, digest = Came(name, "refused", problem=TooBig(limit=f"{MAX_BYTES // 2**20} MB")), ""
    else:
        data = path.read_bytes()
        if len(data) != seen.size:
            return  # it is being written again
        digest = hashlib.sha256(data).hexdigest()
        came = tray.take(lab_id, data, name, by=by, at=clock.now())
        db.session.commit()
    why = ""
    if came.problem is not None:
        why = f"{came.problem.sentence('zh')}\n{came.problem.sentence('en')}\n"
    folders.put_away(folder, name, REFUSED if why else DONE, digest or f"{seen.size:08d}", why)
    say(_line(came))


def _line(came: Came) -> str:
    said = {
        "matched": f"plate {came.plate}, to be confirmed",
        "already": f"imported before, plate {came.plate}",
        "waiting": f"in the tray ({came.why})",
    }
    problem = came.problem.sentence("en") if came.problem else ""
    return f"{came.name}: {said.get(came.state, f'refused: {problem}')}"
