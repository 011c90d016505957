"""Pages of the ledger: unaccounted for, its lists, devices, sign-off."""

from screening.ledger.pages import devices, lists, overview, signing
from screening.ledger.pages.frame import bp

__all__ = ["bp", "devices", "lists", "overview", "signing"]
