"""`lab read`: files in, one JSON object a line out; without database, keys or web."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = Path(__file__).parent / "files"


def lab_read(*files: Path, instance: Path, text: bool = False) -> subprocess.CompletedProcess[str]:
    """The command as a laboratory's computer runs it; a database address that answers nobody."""
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "lab", "read",
         *(["--json"] if not text else []), *map(str, files)],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
        env={**os.environ, "DATABASE_URL": "postgresql://127.0.0.1:1/none",
             "SCREENING_INSTANCE": str(instance)},
    )  # fmt: skip


def test_each_well_and_target_is_one_json_object(tmp_path: Path) -> None:
    file = FILES / "made_generic.csv"
    done = lab_read(file, instance=tmp_path / "none")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert {tuple(r) for r in rows} == {("file", "well", "sample", "target", "ct")}
    assert {r["file"] for r in rows} == {str(file)}
    assert any(r["ct"] is None for r in rows)
    assert any(isinstance(r["ct"], float) for r in rows)


def test_no_database_and_no_keys_are_touched(tmp_path: Path) -> None:
    done = lab_read(FILES / "made_generic.csv", instance=tmp_path / "none")
    assert done.returncode == 0
    assert not (tmp_path / "none").exists()


def test_a_refused_file_is_a_problem_on_stderr_and_the_rest_go_on(tmp_path: Path) -> None:
    bad, good = FILES / "made_cut_off.csv", FILES / "made_generic.csv"
    done = lab_read(bad, tmp_path / "absent.csv", good, instance=tmp_path)
    problems = [json.loads(line) for line in done.stderr.splitlines()]
    assert done.returncode == 2
    assert [p["file"] for p in problems] == [str(bad), str(tmp_path / "absent.csv")]
    assert problems[0]["code"] == "run_file_cut_off"
    assert problems[0]["detail"]
    assert {json.loads(line)["file"] for line in done.stdout.splitlines()} == {str(good)}


def test_without_json_a_person_can_read_it(tmp_path: Path) -> None:
    done = lab_read(FILES / "made_generic.csv", instance=tmp_path, text=True)
    assert "wells" in done.stdout
    assert "A1" in done.stdout
