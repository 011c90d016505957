"""检: receipt, plates, runs, rules, alerts."""
