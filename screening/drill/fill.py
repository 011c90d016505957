"""`python -m screening.drill.fill`: loads the demo's city, tells how far it is, leaves its papers."""

from __future__ import annotations

import importlib
import sys

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from screening import clock
from screening.drill.handover import keep
from screening.drill.load import load
from screening.drill.plan import make_plan
from screening.drill.scenery import LOCAL


def main() -> int:
    """Load the demo's city into the database of the environment."""
    app = importlib.import_module("wsgi").app
    folder = app.extensions["settings"].instance
    at = clock.now()
    plan = make_plan(day=at.astimezone(LOCAL).date())
    total = sum(c.people for c in plan.communities)
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    )
    with app.app_context(), bar:
        task = bar.add_task("Residents of a made city", total=total)
        city = load(plan, at=at, tick=lambda more: bar.advance(task, more))
        keep(city, folder)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
