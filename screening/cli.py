"""Commands: `flask --app wsgi ...`. Slices that have a `commands` room bring their own."""

from __future__ import annotations

import importlib
import importlib.util

from flask import Flask


def init_cli(app: Flask) -> None:
    for name in ("accounts", "registry", "field", "lab", "ledger", "coverage", "dashboard"):
        path = f"screening.{name}.commands"
        if importlib.util.find_spec(path) is not None:
            app.cli.add_command(importlib.import_module(path).group)
