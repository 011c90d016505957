"""Tables of rule sets: their versions, and the dry runs that an approval rests on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from screening.db import Base


class RuleVersion(Base):
    """A version of an interpretation rule set; `body` as in rules.rule_sets. Two persons stand for it."""

    __tablename__ = "rule_set"
    rule_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    version: Mapped[int]
    body: Mapped[dict]
    made_by: Mapped[int | None]
    made_at: Mapped[datetime]
    approved_by: Mapped[int | None]
    valid_from: Mapped[datetime | None]
    valid_to: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("name", "version"),)


class RuleTrial(Base):
    """A dry run of a proposed version over past runs: `body` as in judgement.dry_run.Report. It is what
    an approval rests on; `against` is the version in force then. Never changed."""

    __tablename__ = "rule_trial"
    trial_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rule_id: Mapped[int]
    against: Mapped[int | None]
    made_by: Mapped[int]
    made_at: Mapped[datetime]
    since: Mapped[datetime]
    body: Mapped[dict]
    __table_args__ = (Index("ix_rule_trial_rule", "rule_id"),)
