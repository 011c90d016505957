"""What leaders are told: 日报, 专报, round-closing reports, frozen once and printed alike ever after."""
