"""Rounds on the desk: planned, drafted, set going, ended."""

from screening.registry.pages.rounds import acts, drafts, form, plans
from screening.registry.pages.rounds.form import ids

__all__ = ["acts", "drafts", "form", "ids", "plans"]
