"""The bench on pages: work list, plates, runs, rule sets, alerts."""

from screening.lab.pages import alerts, bench, plates, result_lists, rule_sets, runs, scan
from screening.lab.pages.frame import bp

__all__ = ["alerts", "bench", "bp", "plates", "result_lists", "rule_sets", "runs", "scan"]
