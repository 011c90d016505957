"""The field app's own unit tests (Vitest, tests/pwa/*.test.js) run with everything else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
VITEST = ROOT / "node_modules" / "vitest" / "vitest.mjs"
WANTED = (20, 19)  # what Vite asks for


def node() -> str:
    """A Node.js that is new enough: the machine's, else the set-up's wheel. Skips with a sentence."""
    for found in filter(None, (shutil.which("node"), str(ROOT / ".venv" / "bin" / "node"))):
        try:
            said = subprocess.run([found, "--version"], capture_output=True, text=True).stdout
        except OSError:
            continue
        version = re.match(r"v(\d+)\.(\d+)", said)
        if version and (int(version[1]), int(version[2])) >= WANTED:
            return found
    missing("Node.js 20.19 or newer is not here, so the field app's unit tests did not run.")


def missing(sentence: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.mark.timeout(600)
def test_the_field_app_keeps_its_own_promises():
    found = node()
    if not VITEST.exists():
        missing("Vitest is not installed: `make setup-dev` does; the app's unit tests did not run.")
    ran = subprocess.run(
        [found, str(VITEST), "run", "--reporter=default", "--no-color"],
        cwd=ROOT, capture_output=True, encoding="utf-8", env=os.environ | {"CI": "true"},
    )  # fmt: skip
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-8000:]
