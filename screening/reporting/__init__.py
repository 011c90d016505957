"""报: reviews, releases, corrections, callbacks, resident look-up."""
