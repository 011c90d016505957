"""A folder that instruments write into: which files have come to rest, and where they go after.

Knows nothing of laboratories; time comes in as seconds since the epoch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from screening.lab.judgement.run_clock import Limit

QUIET_SECONDS = Limit(
    5, "house; instruments and network copies write without a pause of that length"
)
DONE, REFUSED = "done", "refused"
UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".lock")


class Look(NamedTuple):
    """How a file stood at one look."""

    size: int
    changed: float


def look(folder: Path) -> dict[str, Look]:
    """The files of the folder itself that may be run files: no links, no names of half files."""
    found = {}
    for entry in os.scandir(folder):
        if entry.name.startswith((".", "~$")) or entry.name.lower().endswith(UNFINISHED):
            continue
        if entry.is_file(follow_symlinks=False):
            stat = entry.stat(follow_symlinks=False)
            found[entry.name] = Look(stat.st_size, stat.st_mtime)
    return found


def at_rest(before: Mapping[str, Look], now: Mapping[str, Look], clock: float) -> list[str]:
    """Files that stand as they stood at the look before and were not written to for a while, the
    oldest first. An empty file is one whose content is still to come."""
    quiet = clock - QUIET_SECONDS.value
    still = [n for n, seen in now.items() if before.get(n) == seen and seen.size]
    return sorted((n for n in still if now[n].changed <= quiet), key=lambda n: now[n].changed)


def put_away(folder: Path, name: str, to: str, digest: str, why: str = "") -> Path | None:
    """Move a file into a subfolder, never over another one; a refused one gets its reason beside
    it. None when somebody else took it."""
    target = folder / to
    target.mkdir(exist_ok=True)
    path = target / name
    if path.exists():
        path = target / f"{Path(name).stem}-{digest[:8]}{Path(name).suffix}"
    try:
        os.replace(folder / name, path)
    except FileNotFoundError:
        return None
    if why:
        path.with_name(path.name + ".txt").write_text(why, encoding="utf-8")
    return path
