"""HTTP of the door: journals in, receipts out; what phones ask for; checks for screens."""

from screening.field.api import checks, journal, phones
from screening.field.api.frame import bp

__all__ = ["bp", "checks", "journal", "phones"]
