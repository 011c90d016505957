"""Pages of accounts: the door, oneself, accounts, devices, audit."""

from screening.accounts.pages import audit, authenticator, devices, door, oneself, staff, temporary
from screening.accounts.pages.frame import bp

__all__ = ["audit", "authenticator", "bp", "devices", "door", "oneself", "staff", "temporary"]
