"""Pure rules of the laboratory: rule sets as data, wells, duty, what goes first."""
