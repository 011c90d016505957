"""Write the lock files: what the virtual environment holds and requirements*.txt lead to."""

import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
HEAD = "# Written by `make lock` from {source}; do not edit.\n"


def wanted(source: Path) -> list[Requirement]:
    lines = (re.sub(r"(^|\s)#.*", "", text).strip() for text in source.read_text().splitlines())
    return [Requirement(text) for text in lines if text and not text.startswith("-r")]


def closure(needed: list[Requirement]) -> dict[str, str]:
    """Every distribution that the requirements lead to, with the version that is installed."""
    found: dict[str, str] = {}
    todo = [(r, extra) for r in needed for extra in ("", *r.extras)]
    seen = set()
    while todo:
        requirement, extra = todo.pop()
        name = canonicalize_name(requirement.name)
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        held = distribution(name)
        if not requirement.specifier.contains(held.version, prereleases=True):
            raise SystemExit(f"{name} {held.version} is installed, but {requirement} is wanted.")
        found[name] = held.version
        for text in held.requires or []:
            child = Requirement(text)
            if child.marker is None or child.marker.evaluate({"extra": extra}):
                todo += [(child, e) for e in ("", *child.extras)]
    return found


def write(name: str, source: str, pins: dict[str, str], above: str = "") -> None:
    lines = [f"{package}=={version}\n" for package, version in sorted(pins.items())]
    (ROOT / name).write_text(HEAD.format(source=source) + above + "".join(lines))
    print(f"{name}: {len(lines)} packages")


def main() -> None:
    try:
        runs = closure(wanted(ROOT / "requirements.txt"))
        checks = closure(wanted(ROOT / "requirements-dev.txt"))
    except PackageNotFoundError as missing:
        raise SystemExit(f"{missing}: install requirements-dev.txt first.") from None
    write("requirements.lock.txt", "requirements.txt", runs)
    only_checks = {name: version for name, version in checks.items() if name not in runs}
    above = "-r requirements.lock.txt\n"
    write("requirements-dev.lock.txt", "requirements-dev.txt", only_checks, above)
    subprocess.run([sys.executable, "-m", "pip", "check"], check=True)


if __name__ == "__main__":
    main()
