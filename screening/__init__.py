"""Screening: carries a city's mass nucleic-acid screening through collect, deliver, test, report."""
