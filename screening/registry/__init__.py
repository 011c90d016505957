"""Persons, households, cohorts, zones, rounds, exemptions and their imports."""
