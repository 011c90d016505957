"""Accounts over HTTP: sign-in, oneself, accounts, devices, enrolment codes, audit."""

from screening.accounts.api import audit, devices, oneself, staff
from screening.accounts.api.frame import bp

__all__ = ["audit", "bp", "devices", "oneself", "staff"]
