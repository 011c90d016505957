"""Areas, sites and laboratories: where things are."""
