"""Clocks and counters: CPU of process trees from /proc, percentiles, the results file."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results" / "latest.json"
TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pids: Sequence[int]) -> float:
    """User + system seconds of these processes, with their children's reaped time."""
    return sum(_spent(f"/proc/{pid}/stat") for pid in pids) / TICK


def database_seconds(name: str) -> float:
    """The same of all connections to one database: other clusters and databases of the machine do
    not count, nor do the few processes that serve all of them (log writer, checkpoints)."""
    total = 0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode().split()
        except OSError:
            continue
        if words[:1] == ["postgres:"] and name in words:
            total += _spent(f"/proc/{entry.name}/stat")
    return total / TICK


def _spent(stat: str) -> int:
    """Ticks; none of a process that has ended."""
    try:
        text = Path(stat).read_text()
    except OSError:
        return 0
    rest = text[text.rindex(")") + 2 :].split()
    return sum(int(rest[i]) for i in (11, 12, 13, 14))


def children(pid: int) -> list[int]:
    """A process and its direct children."""
    out = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [pid, *map(int, out.stdout.split())]


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def machine() -> dict[str, object]:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    model = next(
        (ln.split(":")[1].strip() for ln in Path("/proc/cpuinfo").read_text().splitlines()
         if ln.startswith("model name")),
        platform.machine(),
    )  # fmt: skip
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpus": os.cpu_count(),
        "cpu": model,
        "commit": commit.stdout.strip(),
    }


def write(rows: list[dict[str, object]]) -> None:
    """bench/results/latest.json: a list of {name, value, unit, floor, ratio, p50_ms, p99_ms,
    cpu_ms_per_unit}; the machine stands in machine.json beside it."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(rows, indent=1) + "\n")
    (RESULTS.parent / "machine.json").write_text(json.dumps(machine(), indent=1) + "\n")


def keep(row: Mapping[str, object]) -> None:
    """One row in the place of the older one of its name; names with _ are for the screen only."""
    held = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    new = {k: v for k, v in row.items() if not k.startswith("_")}
    write([*(r for r in held if r["name"] != row["name"]), new])
