"""What the head of a laboratory watches, pure: controls, positivity, load, retention."""
