"""The tool chain keeps its promises: locked packages, no hosts, explained targets, clean imports."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCKS = sorted(ROOT.glob("requirements*.lock.txt"))
PROMISED = {"flask", "flask-sqlalchemy", "marshmallow", "qrcode", "pillow", "gunicorn"}
INNER_ROOMS = {"api", "pages", "schemas"}  # only their own slice and the roof import them


def lines(path: Path) -> list[str]:
    found = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return [line for line in found if line and not line.startswith("-r ")]


def ranges(name: str) -> dict[str, Requirement]:
    found = [Requirement(line) for line in lines(ROOT / name)]
    return {canonicalize_name(r.name): r for r in found}


def pins(name: str) -> dict[str, str]:
    return dict(line.split("==", 1) for line in lines(ROOT / name))


# --- packages -------------------------------------------------------------------------------


@pytest.mark.parametrize("lock", LOCKS, ids=lambda p: p.name)
def test_a_lock_holds_exact_versions_and_no_host(lock):
    exact = re.compile(r'[a-z0-9-]+==[0-9][\w.]*(; python_version [<>=]+ "3\.\d+")?')
    assert [line for line in lines(lock) if not exact.fullmatch(line)] == []


def test_the_packages_agreed_on_are_among_the_dependencies():
    assert set(ranges("requirements.txt")) >= PROMISED


def test_every_dependency_is_locked_within_its_range():
    for name, lock in (
        ("requirements.txt", "requirements.lock.txt"),
        ("requirements-dev.txt", "requirements-dev.lock.txt"),
    ):
        held = pins("requirements.lock.txt") | pins(lock)
        wrong = {
            package: held.get(package)
            for package, wanted in ranges(name).items()
            if not wanted.specifier.contains(held.get(package, ""), prereleases=True)
        }
        assert not wrong, name


def test_what_is_installed_is_what_is_locked():
    locked = pins("requirements.lock.txt") | pins("requirements-dev.lock.txt")
    assert {name: version(name) for name in locked} == locked


def test_the_browser_packages_are_locked_by_content_and_without_a_host():
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    fetched = {name: entry for name, entry in packages.items() if name}
    assert fetched
    assert [name for name, entry in fetched.items() if "resolved" in entry] == []
    assert [name for name, entry in fetched.items() if not entry.get("integrity")] == []


# --- set-up ---------------------------------------------------------------------------------


def test_the_browser_lock_is_whole_on_every_platform_and_names_no_host():
    held = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert [name for name, one in held.items() if "resolved" in one] == []
    wanted = {
        other
        for one in held.values()
        for other in (*one.get("dependencies", ()), *one.get("optionalDependencies", ()))
    }
    kept = {name.rpartition("node_modules/")[2] for name in held}
    assert sorted(wanted - kept) == []  # else `npm ci` refuses the lock


def test_an_old_python_can_read_the_set_up_and_say_what_is_missing():
    ast.parse((ROOT / "scripts" / "setup.py").read_text(), feature_version=(3, 6))


def test_the_browser_assets_are_there_after_set_up():
    vendor = ROOT / "static" / "vendor"
    if not vendor.exists():
        pytest.skip("static/vendor is not built: run `make setup`")
    for name in (
        "bootstrap/bootstrap.min.css",
        "bootstrap/bootstrap.bundle.min.js",
        "swagger-ui/swagger-ui-bundle.js",
        "swagger-ui/swagger-ui.css",
        "fonts/NotoSansSC-Regular.ttf",
        "field/app.js",
        "field/zxing_reader.wasm",
    ):
        assert (vendor / name).stat().st_size > 50_000, name


def test_every_target_of_the_makefile_is_explained_by_help():
    text = (ROOT / "Makefile").read_text()
    declared = re.search(r"^\.PHONY:((?:.|\\\n)*?)(?<!\\)$", text, re.M)
    assert declared
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in declared[1].replace("\\\n", " ").split():
        assert re.search(rf"make {target} +\w", shown.stdout), target


def test_integration_calls_exactly_the_test_command():
    script = (ROOT / ".ci" / "run").read_text().strip().splitlines()
    assert script[-1] == "exec make test"
    assert "set -euo pipefail" in script


# --- imports (what the contracts of pyproject.toml cannot say) --------------------------------


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_slice_imports_the_pages_the_api_or_the_schemas_of_another():
    wrong = []
    for path in sorted((ROOT / "screening").glob("*/**/*.py")):
        home = path.relative_to(ROOT / "screening").parts[0]
        for name in imports_of(path):
            _, slice_name, room = (*name.split("."), "", "")[:3]
            if name.startswith("screening.") and slice_name != home and room in INNER_ROOMS:
                wrong.append(f"{path.relative_to(ROOT)}: {name}")
    assert not wrong
