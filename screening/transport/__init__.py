"""送: boxes, seals, batches and hand-overs."""
