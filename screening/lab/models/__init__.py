"""Tables of the laboratory; most lie in the cell of their laboratory or of their tube."""

from screening.lab.models import alerts, archive, bench, duty, plates, rule_sets, runs, use

__all__ = ["alerts", "archive", "bench", "duty", "plates", "rule_sets", "runs", "use"]
