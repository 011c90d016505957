"""`flask --app wsgi lab ...`: put the documented rule sets in place."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from screening import clock
from screening.db import db
from screening.lab.service import rule_sets

group = AppGroup("lab", help="Laboratories.")


@group.command("rule-sets")
def seed() -> None:
    """Put the three documented rule sets in place; those that exist stay as they are."""
    rule_sets.ensure_defaults(at=clock.now())
    db.session.commit()
    for version in rule_sets.list_in_force(at=clock.now()):
        click.echo(f"{version.name} v{version.version}  {version.body['kit']}")
