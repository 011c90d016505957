"""HTTP of the door: journals in, receipts out; what phones ask for; checks for screens."""

from screening.field.api import carried, checks, journal, phones
from screening.field.api.frame import bp

__all__ = ["bp", "carried", "checks", "journal", "phones"]
