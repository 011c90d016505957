"""`lab read` over a thousand cyclers' files: seconds for all, in one process, start included."""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from bench import measure
from screening.config import ROOT

FILES = 1000
REAL = ROOT.parent / "shared" / "data" / "pcr" / "open"  # real files, where they are at hand
WELLS = [f"{row}{column}" for row in "ABCDEFGH" for column in range(1, 13)]
say = Console().print


def main(args: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as folder:
        made = _made(Path(folder))
        _measure("96 wells × 3 targets, made", made)
        real = sorted(p for p in REAL.iterdir() if p.is_file()) if REAL.is_dir() else []
        if real:
            many = (real * (FILES // len(real) + 1))[:FILES]
            _measure(f"{len(real)} real files in turn", many)
        else:
            say("real files are not at hand: left out")
    return 0


def _made(folder: Path) -> list[Path]:
    """Plates of 96 wells and three targets, a signal here and there, no two alike."""
    out = []
    for n in range(FILES):
        lines = ["well,sample,target,ct"]
        for i, well in enumerate(WELLS):
            for target, ct in (("ORF1ab", 24.1), ("N", 25.3), ("IC", 27.0)):
                seen = target == "IC" or (i + n) % 48 == 0
                value = f"{ct + (i * n) % 50 / 10:.2f}" if seen else "Undetermined"
                lines.append(f"{well},{n:07d}{i:07d},{target},{value}")
        path = folder / f"run{n:04d}.csv"
        path.write_text("\n".join(lines) + "\n")
        out.append(path)
    return out


def _measure(what: str, files: list[Path]) -> None:
    began, cpu = time.perf_counter(), _cpu()
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "lab", "read", "--json", *map(str, files)],
        cwd=ROOT, env=os.environ, capture_output=True, check=False,
    )  # fmt: skip
    spent, cpu = time.perf_counter() - began, _cpu() - cpu
    size = sum(f.stat().st_size for f in files) / 1e6
    refused = done.stderr.count(b'"type"') or done.stderr.count(b"\n")
    wells = done.stdout.count(b"\n")
    say(f"{what}: {len(files):,} files, {size:.0f} MB in {spent:.1f} s ({cpu:.1f} s of CPU); "
        f"{wells:,} lines read, {refused} lines of refusals")  # fmt: skip
    measure.keep({"name": f"lab read, {what}", "value": round(spent, 1), "unit": "s",
                  "cpu_s": round(cpu, 1), "files": len(files), "megabytes": round(size, 1)})  # fmt: skip


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
