"""Use cases of the laboratory by noun: rule_sets, plates, runs, alerts."""
