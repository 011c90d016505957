"""One module a slice, each with `CASES`; see tests/access.py for how to write one."""

from __future__ import annotations

import importlib
import pkgutil

from tests.access import Case


def all_cases() -> list[Case]:
    found: list[Case] = []
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        found += importlib.import_module(f"{__name__}.{module.name}").CASES
    return found
