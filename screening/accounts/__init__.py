"""Who asks, what they may do, with which device; throttles and audit."""
